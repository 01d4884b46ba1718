/* SPDX-License-Identifier: BSD-3-Clause */
/* Hostile cases: grants, and a hypervisor that refuses. XSA-361 to 367, 396, 500. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dp/vif/port_vif.h"
#include "sim/hostile.h"
#include "sim/test_sim.h"

/* One packet with this reference: its slot is answered with an error and the guest lives. */
static void
bad_ref(struct hostile *h, uint32_t ref)
{
	netif_tx_request_t slot = hostile_slot(h, 5, 60, 0);
	uint64_t before = hostile_drops(h, DROP_GRANT_COPY);

	slot.gref = ref;
	guest_tx_slot(h->bad, &slot);
	hostile_publish(h, 0, 1, 0);
	sim_check(hostile_drops(h, DROP_GRANT_COPY) == before + 1, "reference %u is not counted",
		  ref);
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
		h.bad->tx_ref,
		h.bad->rx_ref,
		fake_grant_sub_page(page, SIM_SELF, 0, 60),
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
			netif_tx_request_t slot = hostile_slot(&h, i, i == 0 ? 100 : 20,
							       i < 4 ? NETTXF_more_data : 0);

			if (i == bad)
				slot.gref = 2;
			ids[i] = slot.id;
			guest_tx_slot(h.bad, &slot);
		}
		guest_log_clear(h.bad);
		guest_tx_publish(h.bad);
		CHECK(flow_await_responses(h.bad, 5));
		for (unsigned i = 0; i < 5; i++)
			CHECK_EQ(h.bad->tx_log[i].status == NETIF_RSP_ERROR,
				 h.bad->tx_log[i].id == ids[bad]);
	}
	CHECK(hostile_still_served(&h));
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
		CHECK(flow_await_responses(h.bad, 1));
		CHECK_EQ(h.bad->tx_log[0].status, NETIF_RSP_ERROR);
	}
	CHECK(hostile_still_served(&h));
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
		fake_copy_fail_call(0, 1, i, errors[i]);
		for (uint16_t id = 0; id < 8; id++) {
			netif_tx_request_t slot = hostile_slot(&h, id, 60, 0);

			guest_tx_slot(h.bad, &slot);
		}
		guest_tx_publish(h.bad);
		CHECK(flow_await_responses(h.bad, 8));
		CHECK_GE(guest_log_count(h.bad, NETIF_RSP_ERROR), 8 - i);
		CHECK(hostile_still_served(&h));
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
	netif_tx_request_t slot = { .gref = g->tx_buffers[random >> 5 & 7].ref,
				    .id = 1,
				    .size = 60 };
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
	CHECK(hostile_still_served(&h));
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
	CU_TEST_INFO_NULL,
};
