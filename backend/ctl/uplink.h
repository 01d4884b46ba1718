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
 * Opens them all and hands them to the pollers. NULL with errno, and in `why` a sentence that names the one that does
 * not open. The other arguments must outlive it.
 */
struct uplinks *uplinks_create(const struct uplink_params *params, unsigned n, struct dp *dp, struct bridges *bridges,
			       struct members *members, char *why, size_t why_size);

/* Readable when uplinks_look() may find a link changed; -1: nothing tells. */
int uplinks_fd(const struct uplinks *uplinks);

/* Looks at all links and tells the bridges. */
void uplinks_look(struct uplinks *uplinks, uint64_t now_ms);

/* When uplinks_look() is to be called next, whether the descriptor tells or not; CLOCK_NEVER: only when it does. */
uint64_t uplinks_due(const struct uplinks *uplinks);

/* Calls all back. */
void uplinks_leave(struct uplinks *uplinks);

/* Whether all are back. NULL: yes. */
bool uplinks_are_out(const struct uplinks *uplinks);

/* Closes them; all must be back. NULL is allowed. */
void uplinks_destroy(struct uplinks *uplinks);

#endif
