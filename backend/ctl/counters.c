/* SPDX-License-Identifier: BSD-3-Clause */
/* The description of every counter that is shown. */
#include "ctl/counters.h"

#include <assert.h>
#include <string.h>

#include "base/util.h"
#include "dp/vif/port_vif.h"

#define COUNTER(counter_kind, type, field, counter_name, counter_unit, text)                       \
	{                                                                                          \
		.name = counter_name, .unit = counter_unit, .kind = counter_kind, .help = text,    \
		.offset = offsetof(struct type, field),                                            \
		.size = sizeof(((struct type *)NULL)->field),                                      \
	}

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

static const struct counter of_vif[] = {
	COUNTER(COUNTER_SUM, port_vif_stats, n_from_guest_slots, "from_guest_slots", "slots",
		"taken from the guest's transmit ring"),
	COUNTER(COUNTER_SUM, port_vif_stats, n_to_guest_slots, "to_guest_slots", "slots",
		"filled in the guest's receive ring"),
	COUNTER(COUNTER_LEVEL, port_vif_stats, n_backlog_bytes, "backlog_bytes", "bytes",
		"waiting for the guest to post receive slots"),
	COUNTER(COUNTER_SUM, port_vif_stats, n_starved, "starved", "frames",
		"waited in the guest's ring because no packet buffer was free"),
	COUNTER(COUNTER_SUM, port_vif_stats, n_rate_from_guest, "rate_from_guest", "frames",
		"from the guest, waited for the vif's rate"),
	COUNTER(COUNTER_SUM, port_vif_stats, n_rate_to_guest, "rate_to_guest", "frames",
		"to the guest, waited for the vif's rate"),
	COUNTER(COUNTER_SUM, port_vif_stats, n_copy_errors, "copy_errors", "slots",
		"refused by Xen in a copy, both ways"),
	COUNTER(COUNTER_SUM, port_vif_stats, n_gso_csum_fixups, "gso_csum_fixups", "frames",
		"to be segmented, but not marked as having a blank checksum"),
	COUNTER(COUNTER_LEVEL, port_vif_stats, n_static_grants, "static_grants", "pages",
		"of the guest, mapped by its own grants"),
	COUNTER(COUNTER_LEVEL, port_vif_stats, n_foreign_pages, "foreign_pages", "pages",
		"of the guest, mapped by foreign_memory"),
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

static const struct {
	const char *of;
	const struct counter *list;
	unsigned n;
} tables[] = {
	[COUNTERS_PORT] = { "port", of_port, ARRAY_SIZE(of_port) },
	[COUNTERS_VIF] = { "vif", of_vif, ARRAY_SIZE(of_vif) },
	[COUNTERS_POLLER] = { "poller", of_poller, ARRAY_SIZE(of_poller) },
	[COUNTERS_SWITCH] = { "switch", of_switch, ARRAY_SIZE(of_switch) },
	[COUNTERS_BUFFERS] = { "buffers", of_buffers, ARRAY_SIZE(of_buffers) },
};
static_assert(ARRAY_SIZE(tables) == COUNTERS_N_TABLES, "one row per table");

const char *
counters_of(enum counter_table table)
{
	return tables[table].of;
}

const struct counter *
counters_get(enum counter_table table, unsigned i)
{
	return i < tables[table].n ? &tables[table].list[i] : NULL;
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

bool
counters_has_vif(const struct port *port)
{
	return strcmp(port->ops->kind, "vif") == 0;
}

static void
each_sum(enum counter_table table, const uint64_t *sum, counter_fn *fn, void *arg)
{
	for (unsigned i = 0; i < tables[table].n; i++)
		fn(arg, &tables[table].list[i], sum[i]);
}

void
counters_each_of_port(const struct port *port, unsigned first, unsigned end, counter_fn *fn,
		      void *arg)
{
	uint64_t sum[ARRAY_SIZE(of_port)] = { 0 }, vif_sum[ARRAY_SIZE(of_vif)] = { 0 };
	bool is_vif = counters_has_vif(port);

	for (unsigned q = first; q < end; q++) {
		for (unsigned i = 0; i < ARRAY_SIZE(of_port); i++)
			sum[i] += value_of(&of_port[i], &port->queue[q]->stats);
		if (!is_vif)
			continue;
		struct port_vif_stats vif;
		port_vif_get_stats(port->queue[q], &vif);
		for (unsigned i = 0; i < ARRAY_SIZE(of_vif); i++)
			vif_sum[i] += value_of(&of_vif[i], &vif);
	}
	each_sum(COUNTERS_PORT, sum, fn, arg);
	if (is_vif)
		each_sum(COUNTERS_VIF, vif_sum, fn, arg);
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
