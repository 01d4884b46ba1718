/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for a port that another poller owns. Private to dp.
 *
 * Theory of operation: each port has a crossing ring. Any poller puts frames in; the port's owner
 * takes them out.
 *
 * A poller collects the frames of one port's turn, for each target port a batch of at most
 * CROSSING_BATCH, and puts them into the rings together: when a batch is full, and at the end of
 * the turn with crossing_flush(). Nothing stays collected for longer, so a hand-off never finds a
 * frame outside of a ring. A poller leaves the others room for a batch each (`margin`), so a frame
 * that was collected fits into the ring. Only while a producer has lost its CPU inside the ring,
 * frames may not fit; then they are dropped.
 *
 * The work that a vif may have waiting in all rings together is bounded by
 * LIMIT_WORK_CROSSING. A frame beyond the bound waits at the sender, for up to
 * LIMIT_CROSSING_WAIT_MS. A vif may also have no more frames waiting than the ring has free slots,
 * so a ring always has room for a vif that sends little, however many others flood the port. An
 * uplink cannot be made to wait. It may fill half of a ring, and its frames beyond that are
 * dropped.
 *
 * Frames that the owner took out count as waiting until the end of its round. So no vif can cause
 * more work on another poller in a round than one of that poller's own vifs may.
 *
 * Preemption: a producer that loses its CPU during an enqueue must not stop the others, as it would
 * in DPDK's default ring mode. The rings use relaxed tail sync (RTS): nobody spins, and the frames
 * behind become visible when the producer runs again.
 * Threads: all pollers update the loads, without a lock. A struct crossings belongs to its poller.
 */
#ifndef VPE_DP_CROSSING_H
#define VPE_DP_CROSSING_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include "dp/port/port.h"

/* The load that one sender has waiting; one per port id. */
struct crossing_load {
	uint64_t waiting; /* frames << CROSSING_WORK_BITS | work */
} __rte_cache_aligned;

#define CROSSING_BATCH 32u   /* DPDK's usual burst */
#define CROSSING_BATCHES 8u  /* target ports at the same time; a power of two */
#define CROSSING_TOUCHED 16u /* ports to be woken at once */

_Static_assert((LIMIT_POLLERS - 1) * CROSSING_BATCH < PORT_CROSSING_SIZE / 2,
	       "the margin is in the half of a ring that uplinks may not fill");

/* Frames that are collected for one port. */
struct crossing_batch {
	struct port *to; /* NULL: the batch is free */
	unsigned n;
	unsigned n_free; /* free places in the ring when the batch was begun */
	unsigned n_max;  /* frames for which there is room, at most CROSSING_BATCH */
	struct rte_mbuf *frame[CROSSING_BATCH];
};

/* The crossings of one poller: the frames that it sends in a turn, and those it took in a round. */
struct crossings {
	struct crossing_load *load; /* LIMIT_PORTS entries, owned by the data plane */
	unsigned margin;            /* set it to CROSSING_BATCH for each other poller */

	/* out */
	struct port *in;  /* the sender of all collected frames */
	uint64_t counted; /* of these frames, not in load[] yet; in the format of `waiting` */
	uint32_t used;    /* bit i: batch[i] has frames */
	unsigned n_touched;
	/* ports whose rings got frames and whose owners are to be woken; the user empties it */
	struct port *touched[CROSSING_TOUCHED + 2 * CROSSING_BATCHES];
	struct crossing_batch batch[CROSSING_BATCHES];

	/* in */
	uint64_t taken[LIMIT_PORTS];  /* by the sender's id, in the format of `waiting` */
	uint16_t sender[LIMIT_PORTS]; /* ids whose taken[] is not 0 */
	unsigned n_senders;
};

/* Creates the port's ring. Returns 0 or -errno. */
int crossing_open(struct port *port);

/* Frees the ring and the frames in it. */
void crossing_close(struct port *port);

/*
 * Collects a frame from `in` for `to`. Returns false if there is no room now. Afterwards, call
 * crossing_is_due().
 */
bool crossing_put(struct crossings *crossings, struct port *in, struct port *to,
		  struct rte_mbuf *m);

/* Whether the owners of `touched` have to be woken before the next crossing_put(). */
static inline bool
crossing_is_due(const struct crossings *crossings)
{
	return crossings->n_touched >= CROSSING_TOUCHED;
}

/*
 * Puts all collected frames into their rings, and the ports into `touched`. What does not fit is
 * dropped and counted on the sender.
 */
void crossing_flush(struct crossings *crossings);

/* Takes up to `n` frames out of the ring and returns their number. Owner only. */
unsigned crossing_take(struct crossings *crossings, struct port *port, struct rte_mbuf **frames,
		       unsigned n);

/* Ends the round: frames taken in it no longer count as waiting. */
void crossing_end_round(struct crossings *crossings);

/* Drops the frames in the ring of a port that no poller knows any more. Control only. */
void crossing_drain(struct crossing_load *load, struct port *port);

#endif
