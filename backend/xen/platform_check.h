/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether this machine can run a backend at all, and who else serves vifs on it. Control thread only. */
#ifndef VPE_XEN_PLATFORM_CHECK_H
#define VPE_XEN_PLATFORM_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Checks that we run on Xen and may open the devices that a backend needs. Returns 0, or a negative errno with one
 * sentence in `why` that says what is wrong and what to do.
 */
int platform_check(char *why, size_t why_size);

/*
 * For whoever must not share the vifs with the kernel's xen-netback: 0, or -EBUSY if it is loaded and would take
 * every vif that appears; `why` then says how to make it leave.
 */
int platform_netback_refusal(char *why, size_t why_size);

/* Whether the kernel's xen-netback is loaded. */
bool platform_netback_loaded(void);

/* Whether a kernel driver is bound to backend vif `domid`/`devid`. */
bool platform_vif_held(unsigned domid, unsigned devid);

/* ---- the same below another root directory, for tests ------------------------------------------------------ */

int platform_check_at(const char *root, char *why, size_t why_size);
int platform_netback_refusal_at(const char *root, char *why, size_t why_size);
bool platform_netback_loaded_at(const char *root);
bool platform_vif_held_at(const char *root, unsigned domid, unsigned devid);

#endif
