/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The description of every counter that is shown: name, unit and meaning. DPDK's telemetry socket
 * and the control socket use the same tables, so a counter has the same name in both. Tools rely on
 * the names, so a name does not change.
 *
 * Threads: any. Counters are read while pollers write them, so related counters may differ by a
 * burst. The caller must keep the port from being freed.
 */
#ifndef VPE_CTL_COUNTERS_H
#define VPE_CTL_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/drop.h"
#include "dp/engine/dp.h"

enum counter_kind {
	COUNTER_SUM,   /* never falls during the life of its object */
	COUNTER_LEVEL, /* the current value */
};

struct counter {
	const char *name;
	const char *unit;
	enum counter_kind kind;
	const char *help;
	uint16_t offset; /* of the member in the table's struct */
	uint16_t size;   /* of the member: 4 or 8 bytes */
};

enum counter_table {
	COUNTERS_PORT,    /* struct port_stats */
	COUNTERS_VIF,     /* struct port_vif_stats: vifs have these as well */
	COUNTERS_POLLER,  /* struct dp_poller_stats */
	COUNTERS_SWITCH,  /* struct sw_stats */
	COUNTERS_BUFFERS, /* struct dp_pool_stats */
	COUNTERS_N_TABLES,
};

/* Returns what has the counters of the table, in one word: "port", "poller". */
const char *counters_of(enum counter_table table);

/* Returns counter `i` of the table, or NULL if there are fewer. */
const struct counter *counters_get(enum counter_table table, unsigned i);

typedef void counter_fn(void *arg, const struct counter *counter, uint64_t value);

/* Calls `fn` for each counter of `stats`, an object of the table's struct. */
void counters_each(enum counter_table table, const void *stats, counter_fn *fn, void *arg);

/* Returns whether the port has the counters of COUNTERS_VIF as well. */
bool counters_has_vif(const struct port *port);

/*
 * Calls `fn` for each counter of the port, a leader, with the sum over queues `first` to `end` - 1.
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
