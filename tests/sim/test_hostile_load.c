/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hostile cases: guests that keep everybody busy, many of them, and guests that go in the middle of
 * it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dp/vif/port_vif.h"
#include "sim/hostile.h"
#include "sim/test_sim.h"

#define N_HOSTILE (SIM_GUESTS - 3) /* beside two neighbours, and one place left over */

/* One more slot of a packet that never ends, as long as the ring has room. */
static void
lengthen(struct guest *g, uint32_t random)
{
	netif_tx_request_t slot = { .gref = g->tx_buffers[0].ref,
				    .id = (uint16_t)random,
				    .size = 1,
				    .flags = NETTXF_more_data };

	if (g->tx.req_prod_pvt - g->tx.rsp_cons >= NETIF_RING_SIZE)
		return;
	guest_tx_slot(g, &slot);
	__atomic_store_n(&g->tx.sring->req_prod, g->tx.req_prod_pvt, __ATOMIC_RELEASE);
}

/* The ring is refilled while it is parsed: only what was there at first counts. */
static void
chain_refilled(void)
{
	struct hostile h;

	hostile_start(&h);
	hostile_slot(&h, 0, 60, 0); /* grants it */
	hostile_mutate(&h, lengthen, 100);
	sim_expect_fault(h.bad, "a packet");
	hostile_stop(&h);
}

/* What it sends, what it receives into and its rings are the same two pages. */
static void
one_page_for_all(void)
{
	struct guest_params params = sim_guest_params();
	struct hostile h;

	params.n_rx_slots = 0;
	params.flags &= ~GUEST_STRICT_GRANTS;
	hostile_start_unconnected(&h, &params);
	sim_connect(&h.s, h.bad, FRONT_LINUX);
	for (unsigned round = 0; round < 40 && sim_port(h.bad) != NULL; round++) {
		netif_tx_request_t slot = hostile_slot(&h, (uint16_t)round, 60, 0);
		struct frame f = flow_frame(h.n1, h.bad, FRAME_RAW, 60 + round * 30, round);
		uint8_t data[1514];

		if (round > 0) /* the first one makes it known */
			slot.gref = round % 2 ? h.bad->rx_ref : h.bad->tx_ref;
		for (uint16_t i = 0; i < 4; i++)
			guest_rx_slot(h.bad, i, round % 2 ? h.bad->tx_ref : h.bad->rx_ref);
		guest_rx_publish(h.bad);
		guest_tx_slot(h.bad, &slot);
		guest_tx_publish(h.bad);
		frame_build(&f, data);
		guest_send_frame(h.n1, data, f.len);
		flow_exchange(h.n1, h.n2, 10);
	}
	hostile_stop(&h);
}

/* It runs dry and refills all the time: a matter of the rings, of which the store hears nothing. */
static void
rx_starves_and_refills(void)
{
	static struct guest_frame got;
	struct hostile h;
	uint8_t data[1000];

	hostile_start(&h);
	uint64_t n_writes = fake_store_calls(FAKE_STORE_WRITE);
	uint64_t n_got = h.bad->stats.n_rx_frames;
	for (unsigned i = 0; i < 400; i++) {
		guest_post(h.bad, i % 2 ? GUEST_SLOTS : 0);
		for (unsigned k = 0; k < 40; k++) {
			struct frame f = flow_frame(h.n1, h.bad, FRAME_RAW, 1000, k);

			frame_build(&f, data);
			guest_send_frame(h.n1, data, f.len);
		}
		flow_drain(h.n1);
		while (guest_receive(h.bad, &got))
			;
		usleep(500);
	}
	CHECK_GT(h.bad->stats.n_rx_frames - n_got, 1000);
	CHECK_EQ(fake_store_calls(FAKE_STORE_WRITE), n_writes);
	CHECK_EQ(fake_store_number(guest_back(h.bad, "carrier").text, -1), 1);
	hostile_stop(&h);
}

struct answers {
	const struct guest *g;
	uint32_t rsp_prod;
};

static bool
answered(void *arg)
{
	const struct answers *want = arg;

	return __atomic_load_n(&want->g->tx.sring->rsp_prod, __ATOMIC_ACQUIRE) == want->rsp_prod;
}

/*
 * It never takes a response and fills the ring over them: it is answered, and nobody waits for it.
 */
static void
responses_never_taken(void)
{
	struct hostile h;

	hostile_start(&h);
	for (unsigned round = 0; round < 20; round++) {
		for (uint16_t i = 0; i < NETIF_RING_SIZE; i++) {
			netif_tx_request_t slot = hostile_slot(&h, i, 60, 0);

			guest_tx_slot(h.bad, &slot);
		}
		__atomic_store_n(&h.bad->tx.sring->req_prod, h.bad->tx.req_prod_pvt,
				 __ATOMIC_RELEASE);
		guest_kick(h.bad, GUEST_TX);
		struct answers want = { h.bad, h.bad->tx.req_prod_pvt };
		if (!sim_check(flow_until(answered, &want), "round %u is not answered", round))
			break;
		CHECK(flow_exchange(h.n1, h.n2, 10));
	}
	struct port_vif_stats before, after;
	port_vif_get_stats(sim_port(h.bad), &before);
	CHECK(flow_exchange(h.n1, h.n2, 100));
	port_vif_get_stats(sim_port(h.bad), &after);
	CHECK_EQ(before.n_from_guest_slots, after.n_from_guest_slots);
	hostile_stop(&h);
}

static void
send_one(struct guest *g, uint32_t random)
{
	netif_tx_request_t slot = { .gref = g->tx_buffers[0].ref,
				    .id = (uint16_t)random,
				    .size = 60 };

	if (g->tx.req_prod_pvt - __atomic_load_n(&g->tx.sring->rsp_prod, __ATOMIC_ACQUIRE) >=
	    NETIF_RING_SIZE)
		return;
	guest_tx_slot(g, &slot);
	__atomic_store_n(&g->tx.sring->req_prod, g->tx.req_prod_pvt, __ATOMIC_RELEASE);
	guest_kick(g, GUEST_TX);
}

/*
 * As many short frames as it can, one at a time: each look at it takes a bounded number, and others
 * are looked at as often.
 */
static void
one_slot_floods(void)
{
	struct dp_poller_stats before, after;
	struct hostile h;

	hostile_start(&h);
	hostile_fill_idle(&h, 0, FRAME_RAW, 60);
	dp_get_poller_stats(sim_dp(), 0, &before);
	uint64_t n_frames = sim_port(h.bad)->stats.rx_frames;
	hostile_mutate(&h, send_one, 500);
	n_frames = sim_port(h.bad)->stats.rx_frames - n_frames;
	dp_get_poller_stats(sim_dp(), 0, &after);
	CHECK_GT(n_frames, 100);
	CHECK_LE(n_frames, LIMIT_BURST * (after.n_loops - before.n_loops));
	hostile_stop(&h);
}

static bool
unmapped(void *arg)
{
	const struct guest *g = arg;

	return fake_domain_mapped(g->params.domid) == 0;
}

/*
 * The grants of mapped rings are taken back, which only stops the guest from reusing the pages;
 * then it dies.
 */
static void
ring_grants_revoked(void)
{
	struct hostile h;

	hostile_start(&h);
	CHECK_FALSE(fake_grant_end(h.bad->params.domid, h.bad->tx_ref));
	CHECK_FALSE(fake_grant_end(h.bad->params.domid, h.bad->rx_ref));
	CHECK(flow_exchange(h.bad, h.n1, 50));
	uint64_t since = fake_now_ms();
	fake_domain_destroy(h.bad->params.domid, FAKE_STORE_REMOVED);
	CHECK(flow_until(unmapped, h.bad));
	CHECK_LT(fake_now_ms() - since, 1000);
	hostile_stop(&h);
}

/*
 * As a migration to the same host does it: the vif goes and comes back with other rings, while
 * frames flow to it.
 */
static void
migrated_ten_times(void)
{
	struct sim s;
	uint8_t data[1000];
	unsigned n_late = 0;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	for (unsigned i = 0; i < 10; i++) {
		CHECK(flow_exchange(a, b, 30));
		for (unsigned k = 0; k < 60; k++) {
			struct frame f =
				flow_frame(k % 2 ? a : b, k % 2 ? b : a, FRAME_RAW, 1000, k);

			frame_build(&f, data);
			guest_send_frame(k % 2 ? a : b, data, f.len);
		}
		uint64_t since = fake_now_ms();
		toolstack_remove(a);
		CHECK(flow_until(unmapped, a));
		flow_drain(b);
		guest_renew(a);
		toolstack_add(a, NULL);
		if (!sim_connect(&s, a, FRONT_LINUX) || !flow_exchange(b, c, 20))
			break;
		CHECK(flow_exchange(a, b, 5));
		n_late += fake_now_ms() - since >= 2000;
	}
	/* a busy machine delays one now and then */
	sim_check(n_late <= 2, "%u of 10 came late", n_late);
	sim_stop(&s);
}

/* ---- many hostile guests --------------------------------------------------------------------- */

/* Anything at all, once. */
static void
any_act(struct guest *g, uint32_t random)
{
	netif_tx_request_t slot = {
		.gref = random & 1 ? g->tx_buffers[random >> 1 & 7].ref : random,
		.id = (uint16_t)random,
		.offset = random >> 4 & 7 ? 0 : (uint16_t)random,
		.size = (uint16_t)(random >> 7 & 1 ? 60 : random >> 3),
		.flags = (uint16_t)(random >> 5 & 0xf),
	};

	switch (random >> 9 & 0xf) {
	case 0:
		guest_tx_set_req_prod(g, random);
		break;
	case 1:
		guest_rx_set_req_prod(g, g->rx.req_prod_pvt + (random >> 14 & 0x1ff));
		break;
	case 2:
		guest_rx_slot(g, (uint16_t)random, random);
		guest_rx_publish(g);
		break;
	case 3:
		fake_port_send(g->params.domid, random & 1 ? g->port_tx : g->port_rx);
		break;
	case 4:
		front_printf(g, "state", "%u", random >> 14 & 7);
		break;
	case 5:
		g->tx_buffers[random & 7].page[random >> 14 & 0x7f] = (uint8_t)random;
		break;
	default:
		guest_tx_slot(g, &slot);
		guest_tx_publish(g);
	}
}

/* Vifs that were switched off, or closed by their guest's states, are attached again. */
static void
bring_back(struct sim *s, struct guest *g)
{
	toolstack_detach(g);
	sim_check(fake_store_await(guest_back(g, "").text, NULL, sim_deadline()),
		  "vif%u is not let go", g->params.domid);
	toolstack_remove(g);
	guest_renew(g);
	toolstack_add(g, NULL);
	sim_connect(s, g, FRONT_LINUX);
}

/* SIM_SOAK_S: for how many seconds (2). */
static void
many_hostile(void)
{
	struct guest_params params = sim_guest_params();
	const char *soak = getenv("SIM_SOAK_S");
	uint64_t end = fake_now_ms() + (soak == NULL ? 2 : strtoul(soak, NULL, 10)) * 1000;
	uint32_t random = 4711;
	struct sim s;

	params.flags &= ~GUEST_STRICT_GRANTS;
	sim_start(&s);
	struct guest *n1 = sim_add(&s), *n2 = sim_add(&s);
	for (unsigned i = 0; i < N_HOSTILE; i++) {
		struct guest *g = sim_add_with(&s, &params, NULL);

		for (unsigned k = 0; k < 8; k++)
			guest_buffer_ref(g, &g->tx_buffers[k], FAKE_GRANT_READ_ONLY);
		g->raw = true;
	}
	sim_connect_all(&s);
	while (fake_now_ms() < end) {
		for (unsigned i = 0; i < N_HOSTILE * 50; i++) {
			random = random * 1664525u + 1013904223u;
			any_act(s.guest[2 + i % N_HOSTILE], random >> 3);
		}
		if (!sim_check(flow_exchange(n1, n2, 20), "the neighbours suffer"))
			break;
		bring_back(&s, s.guest[2 + random % N_HOSTILE]);
	}
	for (unsigned i = 0; i < N_HOSTILE; i++)
		bring_back(&s, s.guest[2 + i]);
	CHECK(flow_exchange(s.guest[2], n1, 50));
	sim_stop(&s);
}

CU_TestInfo hostile_load_cases[] = {
	{ "chain_refilled", chain_refilled },
	{ "one_page_for_all", one_page_for_all },
	{ "rx_starves_and_refills", rx_starves_and_refills },
	{ "responses_never_taken", responses_never_taken },
	{ "one_slot_floods", one_slot_floods },
	{ "ring_grants_revoked", ring_grants_revoked },
	{ "migrated_ten_times", migrated_ten_times },
	{ "many_hostile", many_hostile },
	CU_TEST_INFO_NULL,
};
