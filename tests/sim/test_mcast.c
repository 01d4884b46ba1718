/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: multicast control. */
#include <stdlib.h>
#include <string.h>

#include "sim/flow.h"
#include "sim/test_sim.h"

#define JOIN XEN_NETIF_EXTRA_TYPE_MCAST_ADD
#define LEAVE XEN_NETIF_EXTRA_TYPE_MCAST_DEL

struct trio {
	struct sim s;
	struct guest *from, *to, *other;
	uint64_t n_filtered; /* what is waited for */
};

static void
trio_start(struct trio *t)
{
	sim_start(&t->s);
	t->from = sim_join(&t->s);
	t->to = sim_join(&t->s);
	t->other = sim_join(&t->s);
	CHECK(flow_exchange(t->from, t->to, 10));
}

struct address {
	uint8_t bytes[6];
};

static struct address
group(unsigned i)
{
	return (struct address){ { 0x01, 0x00, 0x5e, 0, (uint8_t)(i >> 8), (uint8_t)i } };
}

/* Sends a request of multicast control and checks the answer. */
static void
ask(struct guest *g, uint8_t type, struct address addr, int16_t status)
{
	flow_drain(g);
	guest_log_clear(g);
	CHECK_EQ(guest_mcast(g, type, addr.bytes), 0);
	CHECK(flow_await_responses(g, 2));
	CHECK_EQ(g->n_tx_log, 2);
	CHECK_EQ(g->tx_log[0].status, status);
	CHECK_EQ(g->tx_log[1].status, NETIF_RSP_NULL);
}

/*
 * Whether a frame from `from` to `dst` reaches `g`. A broadcast is sent after it, which always
 * does.
 */
static bool
reaches(struct trio *t, struct guest *g, struct address dst)
{
	static struct guest_frame got;
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static uint32_t seed;
	uint8_t data[100];
	struct frame f = flow_frame(t->from, g, FRAME_RAW, sizeof(data), ++seed);
	bool seen = false;

	flow_drain(t->from);
	memcpy(f.dst, dst.bytes, 6);
	frame_build(&f, data);
	guest_send_frame(t->from, data, sizeof(data));
	memcpy(f.dst, broadcast, 6);
	frame_build(&f, data);
	guest_send_frame(t->from, data, sizeof(data));
	while (flow_receive(g, &got)) {
		if (frame_equal(&f, FRAME_COMPLETE, got.data, got.len))
			return seen;
		seen = seen || memcmp(got.data, dst.bytes, 6) == 0;
	}
	sim_fail("the broadcast does not arrive");
	return seen;
}

static bool
filter_is_on(void *arg)
{
	struct trio *t = arg;

	return !reaches(t, t->to, group(999));
}

static uint64_t
n_filtered(const struct guest *g)
{
	return sim_port(g)->stats.n_dropped[DROP_MCAST_FILTER];
}

static bool
has_filtered(void *arg)
{
	const struct trio *t = arg;

	return n_filtered(t->to) >= t->n_filtered;
}

/* The frontend switches the filter on while it is connected. */
static void
start_filtered(struct trio *t)
{
	trio_start(t);
	front_printf(t->to, "request-multicast-control", "1");
	CHECK(flow_until(filter_is_on, t));
}

static void
mcast_join_and_leave(void)
{
	struct trio t;

	start_filtered(&t);
	uint64_t before = n_filtered(t.to);
	CHECK(!reaches(&t, t.to, group(1)));
	ask(t.to, JOIN, group(1), NETIF_RSP_OKAY);
	CHECK(reaches(&t, t.to, group(1)));
	CHECK(!reaches(&t, t.to, group(2)));
	ask(t.to, LEAVE, group(2), NETIF_RSP_OKAY);
	CHECK(reaches(&t, t.to, group(1)));
	ask(t.to, LEAVE, group(1), NETIF_RSP_OKAY);
	CHECK(!reaches(&t, t.to, group(1)));
	CHECK_EQ(n_filtered(t.to) - before, 3);
	CHECK(flow_exchange(t.from, t.to, 50)); /* unicast is not concerned */
	sim_stop(&t.s);
}

/* Of a flooded frame, only the one guest's copy is kept back, and counted for it. */
static void
mcast_flood(void)
{
	struct trio t;

	start_filtered(&t);
	uint64_t before = n_filtered(t.to);
	for (unsigned i = 0; i < 20; i++)
		CHECK(reaches(&t, t.other, group(i)));
	t.n_filtered = before + 20; /* by another poller, maybe a little later */
	CHECK(flow_until(has_filtered, &t));
	CHECK_EQ(n_filtered(t.to), before + 20);
	CHECK_EQ(n_filtered(t.other), 0);
	sim_stop(&t.s);
}

/* A frontend that knows only feature-multicast-control writes the key before it connects. */
static void
mcast_static(void)
{
	struct trio t;

	sim_start(&t.s);
	t.from = sim_join(&t.s);
	t.to = sim_add(&t.s);
	front_printf(t.to, "request-multicast-control", "1");
	CHECK(sim_connect(&t.s, t.to, FRONT_LINUX));
	CHECK(!reaches(&t, t.to, group(1)));
	ask(t.to, JOIN, group(1), NETIF_RSP_OKAY);
	CHECK(reaches(&t, t.to, group(1)));
	sim_stop(&t.s);
}

/* The list may be changed while the filter is off, and it holds when it is switched on. */
static void
mcast_list_before_filter(void)
{
	struct trio t;

	trio_start(&t);
	ask(t.to, JOIN, group(1), NETIF_RSP_OKAY);
	CHECK(reaches(&t, t.to, group(2)));
	front_printf(t.to, "request-multicast-control", "1");
	CHECK(flow_until(filter_is_on, &t));
	CHECK(reaches(&t, t.to, group(1)));
	CHECK(!reaches(&t, t.to, group(2)));
	sim_stop(&t.s);
}

static void
mcast_too_many(void)
{
	struct trio t;

	start_filtered(&t);
	for (unsigned i = 0; i < LIMIT_MCAST_ADDRS; i++)
		ask(t.to, JOIN, group(i), NETIF_RSP_OKAY);
	ask(t.to, JOIN, group(LIMIT_MCAST_ADDRS), NETIF_RSP_ERROR);
	ask(t.to, JOIN, group(5), NETIF_RSP_OKAY);
	CHECK(reaches(&t, t.to, group(0)));
	CHECK(reaches(&t, t.to, group(LIMIT_MCAST_ADDRS - 1)));
	CHECK(!reaches(&t, t.to, group(LIMIT_MCAST_ADDRS)));
	ask(t.to, LEAVE, group(5), NETIF_RSP_OKAY);
	ask(t.to, JOIN, group(LIMIT_MCAST_ADDRS), NETIF_RSP_OKAY);
	CHECK(reaches(&t, t.to, group(LIMIT_MCAST_ADDRS)));
	CHECK(!reaches(&t, t.to, group(5)));
	sim_stop(&t.s);
}

/*
 * Addresses that the filter does not concern take no place; removing what is not there does
 * nothing.
 */
static void
mcast_odd_addresses(void)
{
	static const struct address odd[] = {
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
		{ { 0 } },
		{ { 0x00, 0x16, 0x3e, 1, 2, 3 } },
	};
	struct trio t;

	start_filtered(&t);
	for (unsigned i = 0; i < 100; i++) {
		ask(t.to, JOIN, odd[i % 3], NETIF_RSP_OKAY);
		ask(t.to, LEAVE, odd[(i + 1) % 3], NETIF_RSP_OKAY);
		ask(t.to, LEAVE, group(i), NETIF_RSP_OKAY);
	}
	for (unsigned i = 0; i < LIMIT_MCAST_ADDRS; i++)
		ask(t.to, JOIN, group(i), NETIF_RSP_OKAY);
	ask(t.to, JOIN, group(LIMIT_MCAST_ADDRS), NETIF_RSP_ERROR);
	sim_stop(&t.s);
}

/* A ring full of requests again and again: all are answered, and others are served meanwhile. */
static void
mcast_storm(void)
{
	struct trio t;

	start_filtered(&t);
	for (unsigned round = 0; round < 50; round++) {
		unsigned n = 0;
		flow_drain(t.to);
		guest_log_clear(t.to);
		while (guest_mcast(t.to, n % 2 ? LEAVE : JOIN, group(round * 131 + n / 2).bytes) ==
		       0)
			n++;
		CHECK_GT(n, 0);
		CHECK(flow_await_responses(t.to, 2 * n));
		CHECK_EQ(guest_log_count(t.to, NETIF_RSP_OKAY), n);
		CHECK(flow_exchange(t.from, t.other, 5));
	}
	CHECK(!reaches(&t, t.to, group(131)));
	sim_stop(&t.s);
}

CU_TestInfo mcast_cases[] = {
	{ "mcast_join_and_leave", mcast_join_and_leave },
	{ "mcast_flood", mcast_flood },
	{ "mcast_static", mcast_static },
	{ "mcast_list_before_filter", mcast_list_before_filter },
	{ "mcast_too_many", mcast_too_many },
	{ "mcast_odd_addresses", mcast_odd_addresses },
	{ "mcast_storm", mcast_storm },
	CU_TEST_INFO_NULL,
};
