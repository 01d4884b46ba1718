/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/counters.c. */
#include "ctl/counters.h"

#include <ctype.h>
#include <string.h>

#include "base/util.h"
#include "fake_dp.h"
#include "unit.h"

/* Names are unique and in lower case, and every counter has a unit and a meaning. */
static void
counters_get_all(void)
{
	const struct counter_set *set;
	unsigned n_sets = 0;

	for (; (set = counters_get(n_sets)) != NULL; n_sets++) {
		CHECK_NE(set->of[0], '\0');
		for (unsigned i = 0; i < set->n; i++) {
			const struct counter *counter = &set->list[i];
			CHECK_NE(counter->name[0], '\0');
			CHECK_NE(counter->unit[0], '\0');
			CHECK_NE(counter->help[0], '\0');
			CHECK(counter->size == 4 || counter->size == 8);
			for (const char *c = counter->name; *c != '\0'; c++)
				CHECK(islower((unsigned char)*c) || *c == '_');
			for (unsigned k = 0; k < i; k++) {
				CHECK_STR_NE(set->list[k].name, counter->name);
				CHECK_NE(set->list[k].offset, counter->offset);
			}
		}
	}
	CHECK_GT(n_sets, COUNTERS_N_TABLES); /* those of a vif */
}

struct seen {
	unsigned n;
	uint64_t cpu, loops, n_ports;
};

static void
see(void *arg, const struct counter *counter, uint64_t value)
{
	struct seen *seen = arg;

	seen->n++;
	if (strcmp(counter->name, "cpu") == 0)
		seen->cpu = value;
	if (strcmp(counter->name, "loops") == 0)
		seen->loops = value;
	if (strcmp(counter->name, "ports") == 0)
		seen->n_ports = value;
}

/* Members of four and of eight bytes. */
static void
counters_each_size(void)
{
	const struct dp_poller_stats stats = { .cpu = 3,
					       .n_ports = UINT32_MAX,
					       .n_loops = UINT64_MAX - 1 };
	struct seen seen = { 0 };

	counters_each(COUNTERS_POLLER, &stats, see, &seen);
	CHECK_EQ(counters_get(COUNTERS_POLLER)->n, seen.n);
	CHECK_EQ(seen.cpu, 3);
	CHECK_EQ(seen.n_ports, UINT32_MAX);
	CHECK_EQ(seen.loops, UINT64_MAX - 1);
}

struct own_stats {
	uint64_t sent;
	uint32_t size;
};

static const struct counter own_list[] = {
	COUNTER(COUNTER_SUM, own_stats, sent, "sent", "frames", "sent"),
	COUNTER(COUNTER_SETTING, own_stats, size, "size", "bytes", "of each"),
};
static const struct counter_set own_counters = { "own", own_list, ARRAY_SIZE(own_list) };

static void
read_own(const struct port *queue, void *stats)
{
	*(struct own_stats *)stats = (struct own_stats){ .sent = queue->id, .size = 7 };
}

static const struct port_ops plain_ops = { .kind = "plain" };
static const struct port_ops own_ops = { .kind = "own",
					 .counters = &own_counters,
					 .read_stats = read_own };

static void
add_value(void *arg, const struct counter *counter, uint64_t value)
{
	if (strcmp(counter->name, "rx_frames") == 0)
		*(uint64_t *)arg += value;
}

static void
count(void *arg, const struct counter *counter, uint64_t value)
{
	(void)counter;
	(void)value;
	(*(unsigned *)arg)++;
}

static void
counters_each_of_port_queues(void)
{
	static struct port second = {
		.ops = &plain_ops, .stats = { .rx_frames = 5, .n_dropped = { [DROP_VLAN] = 2 } }
	};
	static struct port port = {
		.ops = &plain_ops,
		.n_queues = 2,
		.stats = { .rx_frames = 40, .n_dropped = { [DROP_VLAN] = 1, [DROP_STORM] = 7 } }
	};
	uint64_t sum = 0, by_reason[DROP_N];
	unsigned n = 0;

	port.leader = second.leader = port.queue[0] = &port;
	port.queue[1] = &second;
	counters_each_of_port(&port, 0, 2, add_value, &sum);
	CHECK_EQ(sum, 45);
	sum = 0;
	counters_each_of_port(&port, 1, 2, add_value, &sum);
	CHECK_EQ(sum, 5);
	CHECK_EQ(counters_dropped(&port, 0, 2, by_reason), 10);
	CHECK_EQ(by_reason[DROP_VLAN], 3);
	CHECK_EQ(by_reason[DROP_STORM], 7);
	CHECK_EQ(counters_dropped(&port, 1, 2, NULL), 2);
	counters_each_of_port(&port, 0, 1, count, &n);
	CHECK_EQ(counters_get(COUNTERS_PORT)->n, n);
}

struct own_seen {
	unsigned n_sent, n_size;
	uint64_t sent, size;
};

static void
see_own(void *arg, const struct counter *counter, uint64_t value)
{
	struct own_seen *seen = arg;

	if (strcmp(counter->name, "sent") == 0) {
		seen->n_sent++;
		seen->sent = value;
	} else if (strcmp(counter->name, "size") == 0) {
		seen->n_size++;
		seen->size = value;
	}
}

/* Counters that only one kind of port has. A setting is not added up, and no queue shows it. */
static void
counters_each_of_port_own(void)
{
	static struct port second = { .ops = &own_ops, .id = 30 };
	static struct port port = { .ops = &own_ops, .n_queues = 2, .id = 12 };
	struct own_seen seen = { 0 };

	port.leader = second.leader = port.queue[0] = &port;
	port.queue[1] = &second;
	counters_each_of_port(&port, 0, 2, see_own, &seen);
	CHECK_EQ(seen.n_sent, 1);
	CHECK_EQ(seen.sent, 42);
	CHECK_EQ(seen.n_size, 1);
	CHECK_EQ(seen.size, 7);
	counters_each_of_port(&port, 1, 2, see_own, &seen);
	CHECK_EQ(seen.n_sent, 2);
	CHECK_EQ(seen.sent, 30);
	CHECK_EQ(seen.n_size, 1);
}

void test_counters(CU_pSuite suite);

void
test_counters(CU_pSuite suite)
{
	UNIT_ADD(suite, counters_get_all);
	UNIT_ADD(suite, counters_each_size);
	UNIT_ADD(suite, counters_each_of_port_queues);
	UNIT_ADD(suite, counters_each_of_port_own);
}
