/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Buffers that ports hold back because their far end does not take them yet. Private to dp.
 *
 * Theory of operation: dynamic thresholds, as in switch chips. All ports of a poller share a budget
 * of each pool (POOL_USE_WAITING). A port may hold at most half of what is left of the budget; a
 * vif's queues split that. So a single stalled port holds at most a third of the budget, many
 * stalled ports hold equal parts, and something is always left for the next one.
 * Threads: the port's owner.
 */
#ifndef VPE_DP_WAITING_H
#define VPE_DP_WAITING_H

#include <stdbool.h>

#include "dp/frame/worker.h"
#include "dp/port/port.h"

/* Whether `port` may hold back another buffer of that pool. */
static inline bool
waiting_has_room(const struct port *port, enum pool_kind kind)
{
	const struct worker *w = port->owner;

	return w->n_waiting[kind] < w->n_waiting_max[kind] &&
	       port->n_waiting[kind] * 2 * port->leader->n_queues <
		       w->n_waiting_max[kind] - w->n_waiting[kind];
}

/* Counts that `port` holds `m` back (`change` is 1), or no longer does (-1). */
static inline void
waiting_count(struct port *port, const struct rte_mbuf *m, int change)
{
	enum pool_kind kind = pool_kind_of(port->owner->pools, m);

	port->n_waiting[kind] += (unsigned)change;
	port->owner->n_waiting[kind] += (unsigned)change;
}

#endif
