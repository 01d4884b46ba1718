/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks whether this machine can run a backend, and whether xen-netback serves vifs on it. Control
 * thread only.
 */
#ifndef VPE_XEN_PLATFORM_CHECK_H
#define VPE_XEN_PLATFORM_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Checks that we run on Xen and may open the devices that a backend needs. Returns 0, or a negative
 * errno with a message in `why` that names the problem and its solution.
 */
int platform_check(char *why, size_t why_size);

/*
 * For a daemon that must not share the vifs with the kernel's xen-netback. Returns 0, or -EBUSY if
 * that is loaded and would take every new vif; `why` then tells how to remove it.
 */
int platform_netback_refusal(char *why, size_t why_size);

/*
 * Whether we run in a PV domain, where pages that are neighbours for the kernel are not neighbours
 * for a device. Source: Linux, sysfs-hypervisor-xen (guest_type, since Linux 4.13).
 */
bool platform_is_pv(void);

/* Whether the kernel's xen-netback is loaded. */
bool platform_netback_loaded(void);

/* Whether a kernel driver is bound to backend vif `domid`/`devid`. */
bool platform_vif_held(unsigned domid, unsigned devid);

/* ---- the same below another root directory, for tests ---- */

bool platform_is_pv_at(const char *root);
int platform_check_at(const char *root, char *why, size_t why_size);
int platform_netback_refusal_at(const char *root, char *why, size_t why_size);
bool platform_netback_loaded_at(const char *root);
bool platform_vif_held_at(const char *root, unsigned domid, unsigned devid);

#endif
