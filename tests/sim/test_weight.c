/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: how vifs share a poller. Most are on ports that the test itself makes, which have exactly
 * as much to give as the case wants, without a control plane.
 */
#include <poll.h>
#include <stdio.h>

#include "base/util.h"
#include "sim/hostile.h"
#include "sim/source.h"
#include "sim/test_sim.h"

#define SOURCES_MAX 3u
#define ROUNDS 2000u

struct supply {
	uint32_t weight;
	unsigned supply;
	unsigned work; /* of each frame */
};

/*
 * Has the poller count ROUNDS rounds of each: the test's own thread may have to wait for a CPU at
 * any time.
 */
static void
begin_count(struct source *source, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		__atomic_store_n(&source[i].n_to_count, ROUNDS, __ATOMIC_RELEASE);
}

static void
end_count(const struct source *source, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		while (__atomic_load_n(&source[i].n_to_count, __ATOMIC_ACQUIRE) > 0)
			poll(NULL, 0, 1);
	}
}

/*
 * Polls ports of these weights and supplies for ROUNDS rounds; `frames` gets how many each gave in
 * a round, on average.
 */
static void
share(const struct supply *supplies, unsigned n, double *frames)
{
	static struct source source[SOURCES_MAX];

	for (unsigned i = 0; i < n; i++) {
		char name[16];

		snprintf(name, sizeof(name), "source%u", i);
		source_make(&source[i], name, (uint16_t)(200 + i), supplies[i].supply);
		source[i].port.weight = supplies[i].weight;
		source[i].work = supplies[i].work;
		source_attach(&source[i]);
	}
	begin_count(source, n);
	end_count(source, n);
	for (unsigned i = 0; i < n; i++)
		frames[i] = (double)source[i].n_counted / ROUNDS;
	for (unsigned i = 0; i < n; i++)
		source_end(&source[i], 1);
}

static bool
is_about(double value, double wanted)
{
	return sim_check(value > 0.9 * wanted && value < 1.1 * wanted, "%.2f, not %.2f", value,
			 wanted);
}

static void
equal_by_default(void)
{
	const struct supply supplies[] = { { 1, 1000, 0 }, { 1, 1000, 0 }, { 1, 1000, 0 } };
	double frames[3];

	share(supplies, 3, frames);
	for (unsigned i = 0; i < 3; i++)
		CHECK(is_about(frames[i], LIMIT_BURST));
}

/* A vif's weight is the vif's: eight queues get together what one gets. */
static void
queues_share(void)
{
	static struct source many[8], one;
	uint64_t least = UINT64_MAX, most = 0, sum = 0;

	for (unsigned i = 0; i < 8; i++) {
		char name[16];

		snprintf(name, sizeof(name), "many%u", i);
		source_make(&many[i], name, 200, 1000);
		if (i > 0)
			port_add_queue(&many[0].port, &many[i].port);
	}
	source_make(&one, "one", 201, 1000);
	source_attach(&many[0]);
	source_attach(&one);
	begin_count(many, 8);
	begin_count(&one, 1);
	end_count(many, 8);
	end_count(&one, 1);
	for (unsigned i = 0; i < 8; i++) {
		sum += many[i].n_counted;
		least = util_min(least, many[i].n_counted);
		most = util_max(most, many[i].n_counted);
	}
	double ratio = (double)sum / (double)one.n_counted;
	sim_check(ratio > 0.9 && ratio < 1.1, "eight queues get %.2f times what one gets", ratio);
	sim_check(least * 5 > most * 4, "of these, one %llu frames, another %llu",
		  (unsigned long long)least, (unsigned long long)most);
	source_end(&one, 1);
	source_end(many, 8);
}

/* All have more than their part: each gets its weight, and none gets nothing. */
static void
by_weight(void)
{
	const struct supply four[] = { { 4, 1000, 0 }, { 2, 1000, 0 }, { 1, 1000, 0 } };
	const struct supply most[] = { { LIMIT_WEIGHT, 1000, 0 }, { 1, 1000, 0 }, { 0, 1000, 0 } };
	double frames[3];

	share(four, 3, frames);
	CHECK(is_about(frames[0], LIMIT_BURST));
	CHECK(is_about(frames[1], LIMIT_BURST / 2));
	CHECK(is_about(frames[2], LIMIT_BURST / 4));
	share(most, 3, frames);
	CHECK(is_about(frames[0], LIMIT_BURST));
	CHECK(is_about(frames[1], LIMIT_BURST / LIMIT_WEIGHT));
	CHECK(is_about(frames[2], LIMIT_BURST)); /* an uplink */
}

/* Large frames use up a part by their work, not by their number. */
static void
by_weight_in_work(void)
{
	const struct supply supplies[] = { { 4, 1000, 65536 }, { 1, 1000, 65536 } };
	double frames[2];

	share(supplies, 2, frames);
	CHECK_GT(frames[1], 0);
	CHECK(is_about(frames[0] / frames[1], 4));
}

/* A heavy vif that does not use its part costs the others nothing. */
static void
heavy_and_modest(void)
{
	const struct supply supplies[] = { { LIMIT_WEIGHT, LIMIT_BURST / 2, 0 },
					   { 1, 1000, 0 },
					   { LIMIT_WEIGHT, 0, 0 } };
	double frames[3];

	share(supplies, 3, frames);
	CHECK(is_about(frames[0], LIMIT_BURST / 2));
	CHECK(is_about(frames[1], LIMIT_BURST));
	CHECK_EQ(frames[2], 0);
}

/* A vif that always has one small frame ready cannot take rounds from a neighbour that has many. */
static void
one_frame_a_round(void)
{
	const struct supply supplies[] = { { 1, 1, 0 }, { 1, 1000, 0 }, { LIMIT_WEIGHT, 1, 0 } };
	double frames[3];

	share(supplies, 3, frames);
	CHECK(is_about(frames[0], 1));
	CHECK(is_about(frames[1], LIMIT_BURST));
	CHECK(is_about(frames[2], 1));
}

static void
send_one(struct guest *g, uint32_t random)
{
	(void)random;
	/* One slot at a time, as soon as the last one is answered. */
	if (__atomic_load_n(&g->tx.sring->rsp_prod, __ATOMIC_ACQUIRE) != g->tx.req_prod_pvt)
		return;
	netif_tx_request_t slot = *RING_GET_REQUEST(&g->tx, 0);
	*RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt) = slot;
	g->tx.req_prod_pvt++;
	__atomic_store_n(&g->tx.sring->req_prod, g->tx.req_prod_pvt, __ATOMIC_RELEASE);
}

/* The same with real rings: single slots at the highest rate, beside neighbours that go on. */
static void
one_slot_a_poll(void)
{
	struct hostile h;

	hostile_start(&h);
	netif_tx_request_t slot = hostile_slot(&h, 0, 64, 0);
	hostile_fill_idle(&h, 0, FRAME_RAW, 64);
	for (unsigned i = 0; i < GUEST_SLOTS; i++) {
		h.bad->raw = true;
		*RING_GET_REQUEST(&h.bad->tx, i) = slot;
	}
	/* The hostile guest is a thread like any other, and may have to wait for a CPU. */
	for (uint64_t deadline = sim_deadline();
	     h.bad->tx.req_prod_pvt <= 100 && fake_now_ms() < deadline;)
		hostile_mutate(&h, send_one, 200);
	CHECK_GT(h.bad->tx.req_prod_pvt, 100);
	CHECK_EQ(front_backend_state(h.bad), 4);
	hostile_stop(&h);
}

CU_TestInfo weight_cases[] = {
	{ "equal_by_default", equal_by_default },
	{ "queues_share", queues_share },
	{ "by_weight", by_weight },
	{ "by_weight_in_work", by_weight_in_work },
	{ "heavy_and_modest", heavy_and_modest },
	{ "one_frame_a_round", one_frame_a_round },
	{ "one_slot_a_poll", one_slot_a_poll },
	CU_TEST_INFO_NULL,
};
