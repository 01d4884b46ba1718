/* SPDX-License-Identifier: BSD-3-Clause */
/* Hostile cases: the rx ring, and the bytes around what is copied. XSA-361 to 367, 392, 403. */
#include <errno.h>
#include <string.h>

#include "dp/vif/port_vif.h"
#include "sim/hostile.h"
#include "sim/test_sim.h"

/* n1 sends `n` frames of `len` bytes to the bad guest. */
static void
shower(struct hostile *h, unsigned n, uint32_t len)
{
	static uint8_t data[GUEST_FRAME_SIZE];

	for (unsigned i = 0; i < n; i++) {
		struct frame f = flow_frame(h->n1, h->bad, FRAME_RAW, len, i);

		frame_build(&f, data);
		for (uint64_t end = sim_deadline(); guest_send_frame(h->n1, data, f.len) != 0;) {
			flow_drain(h->n1);
			if (!sim_check(fake_now_ms() < end, "n1 cannot send"))
				return;
		}
	}
	flow_drain(h->n1);
}

static void
rx_connect(struct hostile *h, unsigned n_rx_slots, const struct toolstack_vif *vif)
{
	struct guest_params params = sim_guest_params();

	params.n_rx_slots = n_rx_slots;
	params.flags &= ~GUEST_STRICT_GRANTS;
	sim_start(&h->s);
	h->n1 = sim_add_with(&h->s, NULL, vif);
	h->n2 = sim_add_with(&h->s, NULL, vif);
	sim_connect_all(&h->s);
	CHECK(flow_exchange(h->n1, h->n2, 60)); /* known by now: none of theirs is flooded later */
	h->bad = sim_add_with(&h->s, &params, vif);
	sim_connect(&h->s, h->bad, FRONT_LINUX);
	struct frame f = flow_frame(h->bad, h->n1, FRAME_RAW, 60, 1);
	uint8_t data[60];
	frame_build(&f, data);
	guest_send_frame(h->bad, data, 60);
	CHECK(flow_expect(h->n1, &f, FRAME_COMPLETE));
}

/* XSA-392: who posts nothing gets nothing, and holds a bounded number of buffers. */
static void
rx_posts_nothing(void)
{
	struct hostile h;
	struct dp_pool_stats pools;
	struct port_vif_stats stats;

	rx_connect(&h, 0, NULL);
	shower(&h, 3000, 1514);
	dp_get_pool_stats(sim_dp(), &pools);
	CHECK_LE(pools.n_small - pools.n_small_free, LIMIT_BACKLOG_FRAMES + 3 * LIMIT_BURST);
	CHECK_GT(hostile_drops(&h, DROP_QUEUE_FULL), 2000);
	port_vif_get_stats(sim_port(h.bad), &stats);
	CHECK_LE(stats.guest.n_backlog_bytes, LIMIT_BACKLOG_BYTES);
	CHECK(flow_exchange(h.n1, h.n2, 300));
	hostile_stop(&h);
}

#define STALLED_GUESTS 9u /* times LIMIT_BACKLOG_FRAMES is more than there are buffers */

/*
 * Many guests that post nothing (paused ones do that in all innocence) must not keep all buffers
 * between them.
 */
static void
rx_nobody_posts(void)
{
	struct guest_params params = sim_guest_params();
	struct sim s;
	uint8_t data[1000];

	params.n_rx_slots = 0;
	sim_start(&s);
	struct guest *n1 = sim_add(&s), *n2 = sim_add(&s);
	for (unsigned i = 0; i < STALLED_GUESTS; i++)
		sim_add_with(&s, &params, NULL);
	sim_connect_all(&s);
	CHECK(flow_exchange(n1, n2, 60));
	for (unsigned i = 0; i < STALLED_GUESTS * (LIMIT_BACKLOG_FRAMES + 10); i++) {
		struct guest *to = s.guest[2 + i % STALLED_GUESTS];
		struct frame f = flow_frame(n1, to, FRAME_RAW, 1000, i);

		if (i < STALLED_GUESTS) { /* makes itself known */
			struct frame hello = flow_frame(to, n1, FRAME_RAW, 60, i);

			frame_build(&hello, data);
			guest_send_frame(to, data, 60);
			CHECK(flow_expect(n1, &hello, FRAME_COMPLETE));
		}
		frame_build(&f, data);
		if (!flow_send(n1, &(struct guest_packet){ .data = data, .len = f.len }))
			break;
	}
	CHECK(flow_exchange(n1, n2, 300));
	sim_stop(&s);
}

/* The same with frames that need two slots each, when there is one. */
static void
rx_posts_one_slot(void)
{
	static const struct toolstack_vif mtu9000 = { .mtu = 9000 };
	struct hostile h;

	rx_connect(&h, 1, &mtu9000);
	shower(&h, 500, 8000);
	CHECK(flow_exchange(h.n1, h.n2, 300));
	CHECK_GT(hostile_drops(&h, DROP_QUEUE_FULL), 300);
	guest_post(h.bad, GUEST_SLOTS); /* it thinks better of it */
	struct guest_frame *got = malloc(sizeof(*got));
	CHECK(flow_receive(h.bad, got));
	CHECK_EQ(got->len, 8000);
	free(got);
	hostile_stop(&h);
}

/* Frames that waited arrive when slots come, in order. */
static void
rx_posts_late(void)
{
	static struct guest_frame got;
	struct hostile h;
	unsigned n = 0;

	rx_connect(&h, 0, NULL);
	shower(&h, 200, 1000);
	guest_post(h.bad, GUEST_SLOTS);
	for (; n < 200 && flow_receive(h.bad, &got); n++) {
		struct frame f = flow_frame(h.n1, h.bad, FRAME_RAW, 1000, n);

		if (!frame_equal(&f, FRAME_COMPLETE, got.data, got.len))
			break;
	}
	CHECK_EQ(n, 200);
	hostile_stop(&h);
}

static void
rx_prod(uint32_t distance, unsigned n_taken)
{
	static struct guest_frame got;
	struct hostile h;

	rx_connect(&h, 8, NULL);
	shower(&h, n_taken, 60);
	while (n_taken-- > 0)
		CHECK(flow_receive(h.bad, &got));
	guest_rx_set_req_prod(h.bad, h.bad->rx.rsp_cons + distance);
	shower(&h, 300, 60);
	sim_expect_fault(h.bad, "impossible number");
	hostile_stop(&h);
}

static void
rx_prod_above_ring(void)
{
	rx_prod(NETIF_RING_SIZE + 1, 0);
	rx_prod(NETIF_RING_SIZE + 9, 1);
}

static void
rx_prod_backwards(void)
{
	rx_prod(UINT32_MAX, 0);
	rx_prod(UINT32_MAX, 3);
}

/*
 * Posts three slots for a frame of three pages, of which `bad` has a reference that cannot be
 * written.
 */
static void
rx_bad_slot(unsigned bad, bool read_only)
{
	static const struct toolstack_vif mtu9000 = { .mtu = 9000 };
	static struct guest_frame got;
	struct hostile h;

	rx_connect(&h, 0, &mtu9000);
	uint8_t *page = fake_page_alloc(h.bad->params.domid);
	uint32_t ref = read_only ? fake_grant(page, SIM_SELF, FAKE_GRANT_READ_ONLY) : 3;
	h.bad->params.n_rx_slots = 0;
	for (uint16_t i = 0; i < 3; i++)
		guest_rx_slot(h.bad, (uint16_t)(1000 + i),
			      i == bad ? ref : fake_grant(page, SIM_SELF, FAKE_GRANT_READ_WRITE));
	guest_rx_publish(h.bad);
	shower(&h, 1, 9000);
	CHECK(flow_receive(h.bad, &got));
	CHECK_EQ(got.n_slots, 3);
	CHECK_EQ(got.n_failed, 1);
	CHECK_STR(h.bad->broken, "");
	CHECK(hostile_still_served(&h));
	fake_page_free(page);
	hostile_stop(&h);
}

static void
rx_bad_refs(void)
{
	for (unsigned bad = 0; bad < 3; bad++) {
		rx_bad_slot(bad, false);
		rx_bad_slot(bad, true);
	}
}

static void
rx_any_status(void)
{
	static struct guest_frame got;
	struct hostile h;

	rx_connect(&h, GUEST_SLOTS, NULL);
	for (int16_t status = GNTST_WORST; status < 0; status++) {
		fake_copy_fail(1, 1, status); /* the first copy is out of n1 */
		shower(&h, 1, 100);
		CHECK(flow_receive(h.bad, &got) && got.n_failed == 1);
	}
	CHECK_STR(h.bad->broken, "");
	shower(&h, 1, 100);
	CHECK(flow_receive(h.bad, &got) && got.n_failed == 0);
	hostile_stop(&h);
}

/* The buffers that the guest posts are its own ring pages: it shoots its own foot. */
static void
rx_into_own_rings(void)
{
	struct hostile h;

	rx_connect(&h, 0, NULL);
	for (unsigned round = 0; round < 20 && sim_port(h.bad) != NULL; round++) {
		for (uint16_t i = 0; i < 8; i++)
			guest_rx_slot(h.bad, i, round % 2 ? h.bad->tx_ref : h.bad->rx_ref);
		guest_rx_publish(h.bad);
		shower(&h, 8, 100 + round * 50);
		flow_exchange(h.n1, h.n2, 20);
	}
	hostile_stop(&h);
}

/*
 * XSA-403: nothing but the packet's own bytes leaves the guest's page, and nothing beyond the frame
 * comes in.
 */
static void
bytes_around(void)
{
	static struct guest_frame got;
	struct hostile h;

	rx_connect(&h, GUEST_SLOTS, NULL);
	for (unsigned i = 0; i < GUEST_SLOTS; i++) {
		memset(h.bad->tx_buffers[i].page, 0xc3, NETIF_PAGE_SIZE);
		memset(h.bad->rx_buffers[i].page, 0x3c, NETIF_PAGE_SIZE);
	}
	for (uint32_t len = 60; len < 1514; len += 31) {
		struct frame f = flow_frame(h.bad, h.n1, FRAME_RAW, len, len);
		uint8_t data[1514];
		struct guest_packet packet = { .data = data,
					       .len = len,
					       .offset = (uint16_t)(len * 3 % 2000) };

		frame_build(&f, data);
		CHECK_EQ(guest_send(h.bad, &packet), 0);
		CHECK(flow_expect(h.n1, &f, FRAME_COMPLETE));
		flow_drain(h.bad);
	}
	uint32_t first = h.bad->rx.rsp_cons;
	shower(&h, 1, 100);
	CHECK(flow_receive(h.bad, &got));
	const uint8_t *page = h.bad->rx_buffers[h.bad->rx_posted[first % GUEST_SLOTS]].page;
	unsigned n_touched = 0;
	for (unsigned i = 100; i < NETIF_PAGE_SIZE; i++)
		n_touched += page[i] != 0x3c;
	CHECK_EQ(n_touched, 0);
	hostile_stop(&h);
}

CU_TestInfo hostile_rx_cases[] = {
	{ "rx_posts_nothing", rx_posts_nothing },
	{ "rx_nobody_posts", rx_nobody_posts },
	{ "rx_posts_one_slot", rx_posts_one_slot },
	{ "rx_posts_late", rx_posts_late },
	{ "rx_prod_above_ring", rx_prod_above_ring },
	{ "rx_prod_backwards", rx_prod_backwards },
	{ "rx_bad_refs", rx_bad_refs },
	{ "rx_any_status", rx_any_status },
	{ "rx_into_own_rings", rx_into_own_rings },
	{ "bytes_around", bytes_around },
	CU_TEST_INFO_NULL,
};
