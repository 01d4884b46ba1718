/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much work a vif may cause on a poller in one round. Private to dp.
 *
 * Theory of operation: deficit round robin, with work as the unit. Each function that does
 * something for a frame subtracts its cost from poller->work: the bytes of a copy, and the
 * constants below for everything else. When a vif has used its quantum, its next frames wait in its
 * ring or in port->held. The last operation may overdraw the quantum, and the next rounds repay
 * that. Unused work is not carried over. Sending the backlog of a guest that was slow to take it is
 * charged to that guest, up to half of its quantum. All queues of a vif on one poller share one
 * quantum; a vif with queues on several pollers has one on each.
 *
 * Weights: a vif is hungry if it had more to send than its quantum. The heaviest vif that was
 * hungry in the last round gets LIMIT_WORK and LIMIT_BURST frames, the others in proportion to
 * their weights. A vif that has been hungry for a while in which no other vif sent anything gets
 * LIMIT_WORK_ALONE.
 * Threads: belongs to the poller.
 * Source: Shreedhar and Varghese, "Efficient Fair Queuing Using Deficit Round Robin" (1995).
 */
#ifndef VPE_DP_SHARE_H
#define VPE_DP_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/limits.h"

/* The share of one vif or other port on one poller. */
struct share {
	int64_t work;     /* left in this round; nothing at 0 or below */
	uint32_t round;   /* in which the share was filled */
	unsigned part;    /* quantum in frames, while others compete */
	unsigned left;    /* left of `part` in this round */
	bool hungry;      /* had more to give in this round */
	bool active;      /* gave something in this round, or had more to give */
	uint32_t rotated; /* round in which `last` was set */
	unsigned last;    /* index in poller->own[] of the vif's queue that last had its turn */
};

struct sharing {
	uint32_t round;
	unsigned weight_max;          /* of the vifs that were hungry in the last round */
	unsigned n_hungry;            /* number of those vifs */
	unsigned weight_next, n_next; /* the same for this round, so far */
	unsigned n_active;            /* active vifs in this round, so far */
	unsigned n_alone;             /* rounds with a hungry vif in which no other was active */
	struct share of[LIMIT_PORTS]; /* by port id */
};

/* Begins a round. */
void sharing_next_round(struct sharing *sharing);

/*
 * Returns the share of port `id`, filled for this round. `weight` is 0 for an uplink, which has a
 * fixed share.
 */
struct share *sharing_get(struct sharing *sharing, unsigned id, unsigned weight);

/* Number of frames that a queue with that share may take now. */
unsigned sharing_frames(const struct sharing *sharing, const struct share *share);

/*
 * Ends a queue's turn, in which it took `n_frames` frames and left `work` of its share. `hungry`:
 * it had more to give.
 */
void sharing_end_turn(struct sharing *sharing, struct share *share, unsigned weight,
		      unsigned n_frames, int64_t work, bool hungry);

#endif
