/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for a port that another poller owns. Private to dp.
 *
 * Theory of operation: each port has a crossing ring. Any poller puts frames in; the port's owner
 * takes them out. The work that a vif may have waiting in all rings together is bounded by
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

/* Frames that a poller took in this round. */
struct crossings {
	struct crossing_load *load; /* LIMIT_PORTS entries, owned by the data plane */
	uint64_t taken[LIMIT_PORTS]; /* by the sender's id, in the format of `waiting` */
	uint16_t sender[LIMIT_PORTS]; /* ids whose taken[] is not 0 */
	unsigned n_senders;
};

/* Creates the port's ring. Returns 0 or -errno. */
int crossing_open(struct port *port);

/* Frees the ring and the frames in it. */
void crossing_close(struct port *port);

/* Puts a frame from `in` into the ring of `to`. Returns false if there is no room now. */
bool crossing_put(struct crossing_load *load, const struct port *in, struct port *to, struct rte_mbuf *m);

/* Takes up to `n` frames out of the ring and returns their number. Owner only. */
unsigned crossing_take(struct crossings *crossings, struct port *port, struct rte_mbuf **frames, unsigned n);

/* Ends the round: frames taken in it no longer count as waiting. */
void crossing_end_round(struct crossings *crossings);

/* Drops the frames in the ring of a port that no poller knows any more. Control only. */
void crossing_drain(struct crossing_load *load, struct port *port);

#endif
