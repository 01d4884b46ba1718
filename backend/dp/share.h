/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a vif may make a poller do in one round. Private to dp.
 *
 * Theory of operation: deficit round robin in work. Whoever does something for a frame takes its cost off poller->work: a copy
 * by its bytes, everything else by the constants below. When a vif has used its part of a round, its next frames wait, in
 * its ring or in port->held. The last thing done may overdraw; the vif pays for that in the next rounds. A vif that has less to
 * send than its part saves nothing up. What waited for a guest because it was slow to take it counts as the guest's own, up to
 * half of its part. All queues of a vif that one poller owns share one part; a vif with queues on several pollers has a part on
 * each.
 *
 * Weights: the heaviest of those that had more to give than their part in the last round gets LIMIT_WORK and LIMIT_BURST
 * frames, the others in proportion to their weight.
 * Threads: belongs to the poller. Source: Shreedhar and Varghese, "Efficient Fair Queuing Using Deficit Round Robin" (1995).
 */
#ifndef VPE_DP_SHARE_H
#define VPE_DP_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/limits.h"

/* Costs beside the bytes that are copied, in the time that copying a byte takes: rounded figures, for orders of magnitude. */
#define WORK_FRAME 2048 /* a frame that is switched, sent to a port, or made of a part of a GSO frame */
#define WORK_SLOT 1024 /* a slot of a guest's tx ring: parsed, a grant copied, answered */
#define WORK_MAP 32768  /* a page of a guest that is mapped or unmapped */

/* Of one vif, or of another port, on one poller. */
struct share {
	int64_t work;   /* that may still be done in this round; 0 or below: nothing */
	uint32_t round; /* in which the share was filled */
	unsigned part;  /* frames that the vif may give in a round while others compete with it */
	unsigned left;  /* of these, in this round */
	bool hungry;    /* had more to give in this round */
	uint32_t rotated; /* round in which `last` was set */
	unsigned last;    /* place in poller->own[] of the vif's queue that had its turn last */
};

struct sharing {
	uint32_t round;
	unsigned weight_max; /* of the vifs that were hungry in the last round */
	unsigned n_hungry;   /* vifs that were */
	unsigned weight_next, n_next; /* the same in this round, so far */
	struct share of[LIMIT_PORTS]; /* by port id */
};

/* Begins a round. */
void sharing_next_round(struct sharing *sharing);

/* The share of port `id`, filled for this round. `weight` 0: an uplink, which has a part of its own. */
struct share *sharing_get(struct sharing *sharing, unsigned id, unsigned weight);

/* Frames that a queue with that share may take now; 0: none. */
unsigned sharing_frames(const struct sharing *sharing, const struct share *share);

/* A queue had its turn: took so many frames, left so much of share->work, and had more to give (`hungry`) or not. */
void sharing_end_turn(struct sharing *sharing, struct share *share, unsigned weight, unsigned n_frames, int64_t work, bool hungry);

#endif
