/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which poller each queue belongs to, by measured load. The semantics are those of Open vSwitch's pmd-auto-lb: nothing happens until
 * a poller is nearly always busy; then all queues that are not pinned are dealt out anew, the busiest first, each to the poller
 * that has the least; and that is done only if it evens the load out by enough.
 *
 * A poller's load is the part of its time in which it moved frames. A queue's part of that is as its work: frames, and 4 KiB of
 * bytes count as one more. Threads: control thread.
 */
#ifndef VPE_CTL_BALANCE_H
#define VPE_CTL_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ctl.h"
#include "ctl/member.h"

/* A queue as it is looked at; loads are in percent of one poller's time. */
struct balance_queue {
	struct port *queue;
	unsigned poller; /* now, and from balance_plan() on where it is to be */
	double load;
	bool fixed;      /* it is pinned, or its kind cannot move */
};

/*
 * Changes `poller` of queues that had better be elsewhere. False: nothing is to be done, and nothing is changed. Sorts `queue`.
 */
bool balance_plan(const struct balance_params *params, unsigned n_pollers, struct balance_queue *queue, unsigned n);

struct balance;

/* NULL if memory is short. */
struct balance *balance_create(const struct balance_params *params, struct dp *dp, struct members *members, uint64_t now_ms);
void balance_destroy(struct balance *balance); /* NULL is allowed */

/* Looks, if it is time to, and wishes queues elsewhere (members_place() moves them). */
void balance_run(struct balance *balance, uint64_t now_ms);

/* When balance_run() is to be called next; CLOCK_NEVER: not at all. */
uint64_t balance_due(const struct balance *balance);

#endif
