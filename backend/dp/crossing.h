/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames on their way to a port of another poller. Private to dp.
 *
 * Theory of operation: each port has a ring, into which any poller puts frames and which its owner empties. What a vif may have
 * waiting in all these rings together is bounded, and a frame that would be more waits at the sender, so nothing is lost by
 * that. A vif may also have no more frames waiting than the ring has free places: so, however many flood a port, the ring has
 * room for who sends little. An uplink cannot be made to wait, and may fill half of a ring.
 *
 * What the owner has taken counts as waiting until the end of its round: so no vif makes another poller do more in a round
 * than it may do with one of its own vifs.
 *
 * Preemption: a producer that loses its CPU while it puts a frame in must not stop the others, as it would in a ring of
 * DPDK's usual kind. The rings have "relaxed tail sync": the frames behind become visible when it goes on, and nobody spins.
 * Threads: loads are shared by all pollers and changed without a lock; struct crossings belongs to its poller.
 */
#ifndef VPE_DP_CROSSING_H
#define VPE_DP_CROSSING_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include "dp/port.h"

/* What a sender has waiting; one for each port id. */
struct crossing_load {
	uint64_t waiting; /* frames << CROSSING_WORK_BITS | work */
} __rte_cache_aligned;

/* What a poller has taken in this round. */
struct crossings {
	struct crossing_load *load; /* LIMIT_PORTS, of the data plane */
	uint64_t taken[LIMIT_PORTS]; /* by the sender's id, as in `waiting` */
	uint16_t sender[LIMIT_PORTS]; /* those with something in taken[] */
	unsigned n_senders;
};

/* Makes the port's ring. 0 or -errno. */
int crossing_open(struct port *port);

/* Frees the ring, with the frames in it. */
void crossing_close(struct port *port);

/* Puts a frame from `in` into the ring of `to`. False: there is no room for it now. */
bool crossing_put(struct crossing_load *load, const struct port *in, struct port *to, struct rte_mbuf *m);

/* Takes up to `n` frames out of the ring. The owner. */
unsigned crossing_take(struct crossings *crossings, struct port *port, struct rte_mbuf **frames, unsigned n);

/* The round is over: what was taken in it does not wait any more. */
void crossing_end_round(struct crossings *crossings);

/* Drops what is in the ring of a port that no poller knows any more. Control. */
void crossing_drain(struct crossing_load *load, struct port *port);

#endif
