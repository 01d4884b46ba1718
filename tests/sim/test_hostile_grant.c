/* SPDX-License-Identifier: BSD-3-Clause */
/* Hostile cases: grants, the rx ring, and a hypervisor that refuses. XSA-361 to 367, 392, 396, 403, 500. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dp/vif/port_vif.h"
#include "sim/hostile.h"
#include "sim/test_sim.h"

#define GNTST_WORST (-13) /* grant_table.h: GNTST_no_space */

/* One packet with this reference: its slot is answered with an error and the guest lives. */
static void
bad_ref(struct hostile *h, uint32_t ref)
{
	netif_tx_request_t slot = hostile_slot(h, 5, 60, 0);
	uint64_t before = hostile_drops(h, DROP_GRANT_COPY);

	slot.gref = ref;
	guest_tx_slot(h->bad, &slot);
	hostile_publish(h, 0, 1, 0);
	sim_check(hostile_drops(h, DROP_GRANT_COPY) == before + 1, "reference %u is not counted", ref);
}

static void
tx_bad_refs(void)
{
	struct hostile h;

	hostile_start(&h);
	uint8_t *page = fake_page_alloc(h.bad->params.domid);
	uint32_t revoked = fake_grant(page, SIM_SELF, FAKE_GRANT_READ_ONLY);
	fake_grant_end(h.bad->params.domid, revoked);
	bad_ref(&h, 0);
	bad_ref(&h, FAKE_GRANT_REF_FIRST - 1);
	bad_ref(&h, UINT32_MAX);
	bad_ref(&h, revoked);
	bad_ref(&h, fake_grant(page, 77, FAKE_GRANT_READ_ONLY));
	bad_ref(&h, fake_grant_sub_page(page, SIM_SELF, 10, 40));
	fake_page_free(page);
	hostile_stop(&h);
}

/* A ring page or a sub-page that covers the packet is as good as any other page. */
static void
tx_odd_refs(void)
{
	struct hostile h;

	hostile_start(&h);
	uint8_t *page = fake_page_alloc(h.bad->params.domid);
	const uint32_t refs[] = {
		h.bad->tx_ref, h.bad->rx_ref, fake_grant_sub_page(page, SIM_SELF, 0, 60),
		fake_grant(page, SIM_SELF, FAKE_GRANT_READ_WRITE),
	};
	for (unsigned i = 0; i < 4; i++) {
		netif_tx_request_t slot = hostile_slot(&h, 5, 60, 0);

		slot.gref = refs[i];
		guest_tx_slot(h.bad, &slot);
		hostile_publish(&h, 1, 0, 0);
	}
	fake_page_free(page);
	hostile_stop(&h);
}

/* One bad reference at each place of a burst costs that packet alone. */
static void
tx_bad_ref_in_burst(void)
{
	static struct guest_frame got;
	struct hostile h;

	hostile_start(&h);
	for (unsigned bad = 0; bad < 64; bad++) {
		unsigned n_got = 0;

		for (uint16_t i = 0; i < 64; i++) {
			struct frame f = flow_frame(h.bad, h.n1, FRAME_RAW, 80, i);
			netif_tx_request_t slot = hostile_slot(&h, i, 80, 0);

			frame_build(&f, h.bad->tx_buffers[i].page);
			if (i == bad)
				slot.gref = 1;
			guest_tx_slot(h.bad, &slot);
		}
		guest_log_clear(h.bad);
		guest_tx_publish(h.bad);
		for (unsigned i = 0; i < 64; i++) {
			struct frame f = flow_frame(h.bad, h.n1, FRAME_RAW, 80, i);

			if (i != bad && flow_receive(h.n1, &got))
				n_got += frame_equal(&f, FRAME_COMPLETE, got.data, got.len);
		}
		if (!flow_await_responses(h.bad, 64) ||
		    !sim_check(n_got == 63 && guest_log_count(h.bad, NETIF_RSP_ERROR) == 1 &&
				       guest_log_count(h.bad, NETIF_RSP_OKAY) == 63,
			       "bad one at %u: %u arrived", bad, n_got))
			break;
	}
	hostile_stop(&h);
}

/* The bad slot of a chain is the one that is told; nothing of the packet arrives. */
static void
tx_bad_ref_in_chain(void)
{
	struct hostile h;

	hostile_start(&h);
	for (unsigned bad = 0; bad < 5; bad++) {
		uint16_t ids[5];

		for (uint16_t i = 0; i < 5; i++) {
			netif_tx_request_t slot = hostile_slot(&h, i, i == 0 ? 100 : 20, i < 4 ? NETTXF_more_data : 0);

			if (i == bad)
				slot.gref = 2;
			ids[i] = slot.id;
			guest_tx_slot(h.bad, &slot);
		}
		guest_log_clear(h.bad);
		guest_tx_publish(h.bad);
		CU_ASSERT(flow_await_responses(h.bad, 5));
		for (unsigned i = 0; i < 5; i++)
			CU_ASSERT((h.bad->tx_log[i].status == NETIF_RSP_ERROR) == (h.bad->tx_log[i].id == ids[bad]));
	}
	CU_ASSERT(hostile_still_served(&h));
	hostile_stop(&h);
}

/* Whatever Xen says of a copy, one packet is lost and no other. */
static void
tx_any_status(void)
{
	struct hostile h;

	hostile_start(&h);
	for (int16_t status = GNTST_WORST; status < 0; status++) {
		netif_tx_request_t slot = hostile_slot(&h, 5, 60, 0);

		fake_copy_fail(0, 1, status);
		guest_tx_slot(h.bad, &slot);
		guest_log_clear(h.bad);
		guest_tx_publish(h.bad);
		CU_ASSERT(flow_await_responses(h.bad, 1));
		CU_ASSERT_EQUAL(h.bad->tx_log[0].status, NETIF_RSP_ERROR);
	}
	CU_ASSERT(hostile_still_served(&h));
	hostile_stop(&h);
}

/* gntdev fails a whole call. What it had done by then must not be believed. */
static void
copy_call_fails(void)
{
	static const int errors[] = { EFAULT, ENOMEM, EINTR, EINVAL };
	struct hostile h;

	hostile_start(&h);
	for (unsigned i = 0; i < 4; i++) {
		guest_log_clear(h.bad);
		fake_copy_fail_call(0, i, errors[i]);
		for (uint16_t id = 0; id < 8; id++) {
			netif_tx_request_t slot = hostile_slot(&h, id, 60, 0);

			guest_tx_slot(h.bad, &slot);
		}
		guest_tx_publish(h.bad);
		CU_ASSERT(flow_await_responses(h.bad, 8));
		CU_ASSERT(guest_log_count(h.bad, NETIF_RSP_ERROR) >= 8 - i);
		CU_ASSERT(hostile_still_served(&h));
	}
	hostile_stop(&h);
}

static void
flip_grants(struct guest *g, uint32_t random)
{
	struct guest_buffer *buffer = &g->tx_buffers[random & 7];

	fake_grant_end(g->params.domid, buffer->ref);
	buffer->ref = fake_grant(buffer->page, random >> 3 & 1 ? SIM_SELF : 99,
				 random >> 4 & 1 ? FAKE_GRANT_READ_ONLY : FAKE_GRANT_READ_WRITE);
	guest_reap(g);
	if (g->tx.req_prod_pvt - g->tx.rsp_cons > 200)
		return;
	netif_tx_request_t slot = { .gref = g->tx_buffers[random >> 5 & 7].ref, .id = 1, .size = 60 };
	guest_tx_slot(g, &slot);
	guest_tx_publish(g);
}

/* Grants come and go while they are copied (XSA-500). */
static void
tx_grants_flip(void)
{
	struct hostile h;

	hostile_start(&h);
	for (uint16_t i = 0; i < 8; i++)
		hostile_fill_idle(&h, i, FRAME_RAW, 60);
	hostile_mutate(&h, flip_grants, 300);
	flow_drain(h.bad);
	CU_ASSERT(hostile_still_served(&h));
	hostile_stop(&h);
}

/* ---- the rx ring ---------------------------------------------------------------------------------------- */

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
	CU_ASSERT(flow_exchange(h->n1, h->n2, 60)); /* known by now: nothing of theirs is flooded later */
	h->bad = sim_add_with(&h->s, &params, vif);
	sim_connect(&h->s, h->bad, FRONT_LINUX);
	struct frame f = flow_frame(h->bad, h->n1, FRAME_RAW, 60, 1);
	uint8_t data[60];
	frame_build(&f, data);
	guest_send_frame(h->bad, data, 60);
	CU_ASSERT(flow_expect(h->n1, &f, FRAME_COMPLETE));
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
	CU_ASSERT(pools.n_small - pools.n_small_free <= LIMIT_BACKLOG_FRAMES + 3 * LIMIT_BURST);
	CU_ASSERT(hostile_drops(&h, DROP_QUEUE_FULL) > 2000);
	port_vif_get_stats(sim_port(h.bad), &stats);
	CU_ASSERT(stats.n_backlog_bytes <= LIMIT_BACKLOG_BYTES);
	CU_ASSERT(flow_exchange(h.n1, h.n2, 300));
	hostile_stop(&h);
}

#define STALLED_GUESTS 9u /* times LIMIT_BACKLOG_FRAMES is more than there are buffers */

/* Many guests that post nothing (paused ones do that in all innocence) must not keep all buffers between them. */
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
	CU_ASSERT(flow_exchange(n1, n2, 60));
	for (unsigned i = 0; i < STALLED_GUESTS * (LIMIT_BACKLOG_FRAMES + 10); i++) {
		struct guest *to = s.guest[2 + i % STALLED_GUESTS];
		struct frame f = flow_frame(n1, to, FRAME_RAW, 1000, i);

		if (i < STALLED_GUESTS) { /* makes itself known */
			struct frame hello = flow_frame(to, n1, FRAME_RAW, 60, i);

			frame_build(&hello, data);
			guest_send_frame(to, data, 60);
			CU_ASSERT(flow_expect(n1, &hello, FRAME_COMPLETE));
		}
		frame_build(&f, data);
		if (!flow_send(n1, &(struct guest_packet){ .data = data, .len = f.len }))
			break;
	}
	CU_ASSERT(flow_exchange(n1, n2, 300));
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
	CU_ASSERT(flow_exchange(h.n1, h.n2, 300));
	CU_ASSERT(hostile_drops(&h, DROP_QUEUE_FULL) > 300);
	guest_post(h.bad, GUEST_SLOTS); /* it thinks better of it */
	struct guest_frame *got = malloc(sizeof(*got));
	CU_ASSERT(flow_receive(h.bad, got));
	CU_ASSERT_EQUAL(got->len, 8000);
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
	CU_ASSERT_EQUAL(n, 200);
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
		CU_ASSERT(flow_receive(h.bad, &got));
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

/* Posts three slots for a frame of three pages, of which `bad` has a reference that cannot be written. */
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
	CU_ASSERT(flow_receive(h.bad, &got));
	CU_ASSERT_EQUAL(got.n_slots, 3);
	CU_ASSERT_EQUAL(got.n_failed, 1);
	CU_ASSERT_STRING_EQUAL(h.bad->broken, "");
	CU_ASSERT(hostile_still_served(&h));
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
		CU_ASSERT(flow_receive(h.bad, &got) && got.n_failed == 1);
	}
	CU_ASSERT_STRING_EQUAL(h.bad->broken, "");
	shower(&h, 1, 100);
	CU_ASSERT(flow_receive(h.bad, &got) && got.n_failed == 0);
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

/* XSA-403: nothing but the packet's own bytes leaves the guest's page, and nothing beyond the frame comes in. */
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
		struct guest_packet packet = { .data = data, .len = len, .offset = (uint16_t)(len * 3 % 2000) };

		frame_build(&f, data);
		CU_ASSERT_EQUAL(guest_send(h.bad, &packet), 0);
		CU_ASSERT(flow_expect(h.n1, &f, FRAME_COMPLETE));
		flow_drain(h.bad);
	}
	uint32_t first = h.bad->rx.rsp_cons;
	shower(&h, 1, 100);
	CU_ASSERT(flow_receive(h.bad, &got));
	const uint8_t *page = h.bad->rx_buffers[h.bad->rx_posted[first % GUEST_SLOTS]].page;
	unsigned n_touched = 0;
	for (unsigned i = 100; i < NETIF_PAGE_SIZE; i++)
		n_touched += page[i] != 0x3c;
	CU_ASSERT_EQUAL(n_touched, 0);
	hostile_stop(&h);
}

CU_TestInfo hostile_grant_cases[] = {
	{ "tx_bad_refs", tx_bad_refs },
	{ "tx_odd_refs", tx_odd_refs },
	{ "tx_bad_ref_in_burst", tx_bad_ref_in_burst },
	{ "tx_bad_ref_in_chain", tx_bad_ref_in_chain },
	{ "tx_any_status", tx_any_status },
	{ "copy_call_fails", copy_call_fails },
	{ "tx_grants_flip", tx_grants_flip },
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
