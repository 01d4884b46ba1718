/* SPDX-License-Identifier: BSD-3-Clause */
/* The uplinks: devices of the host that are members of our bridges. Threads: control thread. */
#ifndef VPE_CTL_UPLINK_H
#define VPE_CTL_UPLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/bridge.h"
#include "ctl/ctl.h"
#include "ctl/member.h"

struct uplinks;

/*
 * Room for `n` of them, none open yet. `told`: uplinks_look() is called whenever the kernel tells of a change of some device, not only
 * when uplinks_due() says. NULL if memory is short. The arguments must outlive it.
 */
struct uplinks *uplinks_create(unsigned n, struct dp *dp, struct bridges *bridges, struct members *members, bool told);

/*
 * Opens as many as there is room for and hands them to the pollers. 0, or -errno with a sentence in `why` that names the one that does
 * not open; those before it are open then, so uplinks_leave() has to come before uplinks_destroy().
 */
int uplinks_open(struct uplinks *uplinks, const struct uplink_params *params, unsigned n, char *why, size_t why_size);

/* Looks at all links and tells the bridges; calls back uplinks whose device has gone, and opens those again whose device is back. */
void uplinks_look(struct uplinks *uplinks, uint64_t now_ms);

/* When uplinks_look() is to be called next, whatever the kernel tells; CLOCK_NEVER: only when it does. */
uint64_t uplinks_due(const struct uplinks *uplinks);

/* Calls all back. */
void uplinks_leave(struct uplinks *uplinks);

/* Whether all are back. NULL: yes. */
bool uplinks_are_out(const struct uplinks *uplinks);

/* Closes them; all must be back. NULL is allowed. */
void uplinks_destroy(struct uplinks *uplinks);

#endif
