/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of counters, and the sums over the queues of a port. */
#include "ctl/counters.h"

#include <assert.h>

#include "base/util.h"
#include "ctl/ports/uplink_kind.h"
#include "dp/vif/port_vif.h"

#define COUNTERS_MAX 32u /* in one set */

static const struct counter of_port[] = {
	COUNTER(COUNTER_SUM, port_stats, rx_frames, "rx_frames", "frames",
		"received from the guest or device; not yet segmented, it counts as one"),
	COUNTER(COUNTER_SUM, port_stats, rx_bytes, "rx_bytes", "bytes",
		"received from the guest or device"),
	COUNTER(COUNTER_SUM, port_stats, tx_frames, "tx_frames", "frames",
		"sent to the guest or device"),
	COUNTER(COUNTER_SUM, port_stats, tx_bytes, "tx_bytes", "bytes",
		"sent to the guest or device"),
	COUNTER(COUNTER_SUM, port_stats, n_soft_csum, "soft_csum", "frames",
		"checksum computed in software on the way to the port"),
	COUNTER(COUNTER_SUM, port_stats, n_soft_gso, "soft_gso", "frames",
		"segmented in software on the way to the port"),
	COUNTER(COUNTER_SUM, port_stats, n_notified, "notified", "events", "sent to the guest"),
	COUNTER(COUNTER_SUM, port_stats, n_woken, "woken", "events",
		"from the guest or device, and woke the polling thread"),
	COUNTER(COUNTER_SUM, port_stats, n_reopened, "reopened", "times",
		"the device had gone and a new one was opened"),
};

static const struct counter of_poller[] = {
	COUNTER(COUNTER_LEVEL, dp_poller_stats, cpu, "cpu", "CPU", "on which the thread runs"),
	COUNTER(COUNTER_LEVEL, dp_poller_stats, n_ports, "ports", "queues", "polled by the thread"),
	COUNTER(COUNTER_SUM, dp_poller_stats, n_loops, "loops", "rounds", "of the polling loop"),
	COUNTER(COUNTER_SUM, dp_poller_stats, n_busy_loops, "busy_loops", "rounds",
		"in which a frame was handled"),
	COUNTER(COUNTER_SUM, dp_poller_stats, busy_us, "busy_us", "us", "spent in these rounds"),
	COUNTER(COUNTER_SUM, dp_poller_stats, n_sleeps, "sleeps", "times", "the thread slept"),
	COUNTER(COUNTER_SUM, dp_poller_stats, slept_us, "slept_us", "us", "spent asleep"),
	COUNTER(COUNTER_SUM, dp_poller_stats, n_copies, "copies", "grants", "copied by Xen"),
	COUNTER(COUNTER_SUM, dp_poller_stats, n_copy_calls, "copy_calls", "hypercalls",
		"for these copies"),
	COUNTER(COUNTER_SUM, dp_poller_stats, n_static_copies, "static_copies", "copies",
		"through static grants, without a hypercall"),
	COUNTER(COUNTER_SUM, dp_poller_stats, n_foreign_copies, "foreign_copies", "copies",
		"through foreign_memory, without a hypercall"),
};

static const struct counter of_switch[] = {
	COUNTER(COUNTER_LEVEL, sw_stats, n_entries, "entries", "addresses", "known"),
	COUNTER(COUNTER_SUM, sw_stats, n_learned, "learned", "addresses", "learnt"),
	COUNTER(COUNTER_SUM, sw_stats, n_moved, "moved", "addresses",
		"appeared behind another port"),
	COUNTER(COUNTER_SUM, sw_stats, n_aged, "aged", "addresses", "expired"),
	COUNTER(COUNTER_SUM, sw_stats, n_refused_port, "refused_port", "addresses",
		"not learnt because the port had its share"),
	COUNTER(COUNTER_SUM, sw_stats, n_refused_full, "refused_full", "addresses",
		"not learnt because the table was full"),
	COUNTER(COUNTER_SUM, sw_stats, n_held, "held", "addresses",
		"not moved because they moved too often"),
	COUNTER(COUNTER_SUM, sw_stats, n_flooded, "flooded", "frames",
		"sent to all ports of a bridge"),
};

static const struct counter of_buffers[] = {
	COUNTER(COUNTER_LEVEL, dp_pool_stats, n_small, "small", "buffers", "for an ordinary frame"),
	COUNTER(COUNTER_LEVEL, dp_pool_stats, n_small_free, "small_free", "buffers",
		"of these, free"),
	COUNTER(COUNTER_LEVEL, dp_pool_stats, n_large, "large", "buffers",
		"for a frame of up to 64 KiB"),
	COUNTER(COUNTER_LEVEL, dp_pool_stats, n_large_free, "large_free", "buffers",
		"of these, free"),
};

static const struct counter_set tables[] = {
	[COUNTERS_PORT] = { "port", of_port, ARRAY_SIZE(of_port) },
	[COUNTERS_POLLER] = { "poller", of_poller, ARRAY_SIZE(of_poller) },
	[COUNTERS_SWITCH] = { "switch", of_switch, ARRAY_SIZE(of_switch) },
	[COUNTERS_BUFFERS] = { "buffers", of_buffers, ARRAY_SIZE(of_buffers) },
};
static_assert(ARRAY_SIZE(tables) == COUNTERS_N_TABLES, "one row per table");

const struct counter_set *
counters_get(unsigned i)
{
	if (i < COUNTERS_N_TABLES)
		return &tables[i];
	if (i == COUNTERS_N_TABLES)
		return &port_vif_counters;
	i -= COUNTERS_N_TABLES + 1;
	for (unsigned kind = 0; kind < UPLINK_N_KINDS; kind++) {
		const struct counter_set *set = uplink_kind_of(kind)->counters;
		if (set != NULL && i-- == 0)
			return set;
	}
	return NULL;
}

/* Racy: a poller may be writing the member. */
static uint64_t
value_of(const struct counter *counter, const void *stats)
{
	const char *field = (const char *)stats + counter->offset;

	if (counter->size == sizeof(uint32_t))
		return *(const uint32_t *)field;
	return *(const uint64_t *)field;
}

void
counters_each(enum counter_table table, const void *stats, counter_fn *fn, void *arg)
{
	for (unsigned i = 0; i < tables[table].n; i++)
		fn(arg, &tables[table].list[i], value_of(&tables[table].list[i], stats));
}

/* Returns the queue's struct of the set; one that only its kind has is copied to `own`. */
static const void *
stats_of(const struct counter_set *set, const struct port *queue, void *own)
{
	if (set != queue->ops->counters)
		return &queue->stats;
	queue->ops->read_stats(queue, own);
	return own;
}

static void
each_sum(const struct counter_set *set, const struct port *port, unsigned first, unsigned end,
	 counter_fn *fn, void *arg)
{
	uint64_t own[PORT_STATS_SIZE / sizeof(uint64_t)];
	uint64_t sum[COUNTERS_MAX] = { 0 };

	assert(set->n <= COUNTERS_MAX);
	for (unsigned q = first; q < end; q++) {
		const void *stats = stats_of(set, port->queue[q], own);
		for (unsigned i = 0; i < set->n; i++) {
			uint64_t value = value_of(&set->list[i], stats);
			sum[i] = set->list[i].kind == COUNTER_SETTING ? value : sum[i] + value;
		}
	}
	for (unsigned i = 0; i < set->n; i++) {
		if (set->list[i].kind != COUNTER_SETTING || end - first == port->n_queues)
			fn(arg, &set->list[i], sum[i]);
	}
}

void
counters_each_of_port(const struct port *port, unsigned first, unsigned end, counter_fn *fn,
		      void *arg)
{
	each_sum(&tables[COUNTERS_PORT], port, first, end, fn, arg);
	if (port->ops->counters != NULL)
		each_sum(port->ops->counters, port, first, end, fn, arg);
}

uint64_t
counters_dropped(const struct port *port, unsigned first, unsigned end, uint64_t by_reason[DROP_N])
{
	uint64_t all = 0;

	for (unsigned i = 0; i < DROP_N; i++) {
		uint64_t sum = 0;
		for (unsigned q = first; q < end; q++)
			sum += port->queue[q]->stats.n_dropped[i];
		if (by_reason != NULL)
			by_reason[i] = sum;
		all += sum;
	}
	return all;
}
