/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The counters that are shown, and their description. DPDK's telemetry socket and the control
 * socket use the same tables, so a counter has the same name in both.
 *
 * Threads: any. Counters are read while pollers write them, so related counters may differ by a
 * burst. The caller must keep the port from being freed.
 */
#ifndef VPE_CTL_COUNTERS_H
#define VPE_CTL_COUNTERS_H

#include <stdint.h>

#include "base/counter.h"
#include "base/drop.h"
#include "dp/engine/dp.h"

enum counter_table {
	COUNTERS_PORT,    /* struct port_stats; a kind of port may have others as well */
	COUNTERS_POLLER,  /* struct dp_poller_stats */
	COUNTERS_SWITCH,  /* struct sw_stats */
	COUNTERS_BUFFERS, /* struct dp_pool_stats */
	COUNTERS_N_TABLES,
};

/*
 * Returns the description of set `i` of counters: the tables, then the counters that only one kind
 * of port has. NULL behind the last.
 */
const struct counter_set *counters_get(unsigned i);

typedef void counter_fn(void *arg, const struct counter *counter, uint64_t value);

/* Calls `fn` for each counter of `stats`, an object of the table's struct. */
void counters_each(enum counter_table table, const void *stats, counter_fn *fn, void *arg);

/*
 * Calls `fn` for each counter of the port, a leader, with the sum over queues `first` to `end` - 1.
 * Settings, which are the same for all queues, are left out unless these are all queues.
 */
void counters_each_of_port(const struct port *port, unsigned first, unsigned end, counter_fn *fn,
			   void *arg);

/*
 * Returns how many frames queues `first` to `end` - 1 dropped. `by_reason` (may be NULL) receives
 * the number for each reason.
 */
uint64_t counters_dropped(const struct port *port, unsigned first, unsigned end,
			  uint64_t by_reason[DROP_N]);

#endif
