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
	const struct counter *counter, *other;

	for (unsigned table = 0; table < COUNTERS_N_TABLES; table++) {
		CU_ASSERT(counters_of(table)[0] != '\0');
		for (unsigned i = 0; (counter = counters_get(table, i)) != NULL; i++) {
			CU_ASSERT(counter->name[0] != '\0' && counter->unit[0] != '\0' &&
				  counter->help[0] != '\0');
			CU_ASSERT(counter->size == 4 || counter->size == 8);
			for (const char *c = counter->name; *c != '\0'; c++)
				CU_ASSERT(islower((unsigned char)*c) || *c == '_');
			for (unsigned k = 0; k < i && (other = counters_get(table, k)) != NULL; k++)
				CU_ASSERT(strcmp(other->name, counter->name) != 0 &&
					  other->offset != counter->offset);
		}
	}
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
	CU_ASSERT_PTR_NULL(counters_get(COUNTERS_POLLER, seen.n));
	CU_ASSERT_EQUAL(seen.cpu, 3);
	CU_ASSERT_EQUAL(seen.n_ports, UINT32_MAX);
	CU_ASSERT_EQUAL(seen.loops, UINT64_MAX - 1);
}

static const struct port_ops no_vif = { .kind = "kern" };
static const struct port_ops vif = { .kind = "vif" };

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
		.ops = &no_vif, .stats = { .rx_frames = 5, .n_dropped = { [DROP_VLAN] = 2 } }
	};
	static struct port port = {
		.ops = &no_vif,
		.n_queues = 2,
		.stats = { .rx_frames = 40, .n_dropped = { [DROP_VLAN] = 1, [DROP_STORM] = 7 } }
	};
	uint64_t sum = 0, by_reason[DROP_N];
	unsigned n = 0, n_of_vif = 0;

	port.leader = second.leader = port.queue[0] = &port;
	port.queue[1] = &second;
	counters_each_of_port(&port, 0, 2, add_value, &sum);
	CU_ASSERT_EQUAL(sum, 45);
	sum = 0;
	counters_each_of_port(&port, 1, 2, add_value, &sum);
	CU_ASSERT_EQUAL(sum, 5);
	CU_ASSERT_EQUAL(counters_dropped(&port, 0, 2, by_reason), 10);
	CU_ASSERT_EQUAL(by_reason[DROP_VLAN], 3);
	CU_ASSERT_EQUAL(by_reason[DROP_STORM], 7);
	CU_ASSERT_EQUAL(counters_dropped(&port, 1, 2, NULL), 2);
	counters_each_of_port(&port, 0, 1, count, &n);
	CU_ASSERT_PTR_NULL(counters_get(COUNTERS_PORT, n));
	CU_ASSERT_PTR_NOT_NULL(counters_get(COUNTERS_PORT, n - 1));
	CU_ASSERT(!counters_has_vif(&port));
	CU_ASSERT(counters_has_vif(&(struct port){ .ops = &vif }));
	while (counters_get(COUNTERS_VIF, n_of_vif) != NULL)
		n_of_vif++;
	CU_ASSERT(n_of_vif > 5);
}

void test_counters(CU_pSuite suite);

void
test_counters(CU_pSuite suite)
{
	UNIT_ADD(suite, counters_get_all);
	UNIT_ADD(suite, counters_each_size);
	UNIT_ADD(suite, counters_each_of_port_queues);
}
