/* SPDX-License-Identifier: BSD-3-Clause */
/* Hostile cases: the slots and indices of the tx ring. XSA-39, 155, 216, 392, 423, 432, 448. */
#include <string.h>

#include "sim/hostile.h"
#include "sim/test_sim.h"

static void
prod_jumps(uint32_t distance)
{
	struct hostile h;

	hostile_start(&h);
	guest_tx_set_req_prod(h.bad, h.bad->tx.rsp_cons + distance);
	sim_expect_fault(h.bad, "impossible number");
	hostile_stop(&h);
}

static void
prod_above_ring(void)
{
	prod_jumps(NETIF_RING_SIZE + 1);
}

static void
prod_backwards(void)
{
	prod_jumps(UINT32_MAX);
}

static void
prod_half_round(void)
{
	prod_jumps(0x80000000u);
}

/* The whole ring at once is allowed. */
static void
prod_whole_ring(void)
{
	struct hostile h;

	hostile_start(&h);
	for (uint16_t i = 0; i < NETIF_RING_SIZE; i++) {
		netif_tx_request_t slot = hostile_slot(&h, i, 60, 0);

		guest_tx_slot(h.bad, &slot);
	}
	hostile_publish(&h, NETIF_RING_SIZE, 0, 0);
	hostile_stop(&h);
}

static void
last_slot_missing(void)
{
	struct hostile h;

	hostile_start(&h);
	netif_tx_request_t slot = hostile_slot(&h, 0, 60, NETTXF_more_data);
	guest_tx_slot(h.bad, &slot);
	hostile_publish_fatal(&h, "missing");
	hostile_stop(&h);
}

static void
chain_of_18(void)
{
	struct hostile h;

	hostile_start(&h);
	hostile_chain(&h, 18, 60, 1);
	hostile_publish(&h, 18, 0, 0);
	hostile_stop(&h);
}

static void
chain_of_19(void)
{
	struct hostile h;

	hostile_start(&h);
	hostile_chain(&h, 19, 60, 1);
	hostile_publish(&h, 19, 0, 0);
	hostile_stop(&h);
}

static void
chain_of_20_and_21(void)
{
	struct hostile h;

	hostile_start(&h);
	hostile_chain(&h, 20, 60, 1);
	hostile_publish(&h, 0, 20, 0);
	hostile_chain(&h, 21, 60, 1);
	hostile_publish(&h, 0, 21, 0);
	CHECK_EQ(hostile_drops(&h, DROP_GUEST_SLOTS), 2);
	hostile_stop(&h);
}

static void
chain_of_22(void)
{
	struct hostile h;

	hostile_start(&h);
	hostile_chain(&h, 22, 60, 1);
	hostile_publish_fatal(&h, "too many slots");
	hostile_stop(&h);
}

static void
chain_of_whole_ring(void)
{
	struct hostile h;

	hostile_start(&h);
	for (uint16_t i = 0; i < NETIF_RING_SIZE; i++) {
		netif_tx_request_t slot = hostile_slot(&h, i, 60, NETTXF_more_data);

		guest_tx_slot(h.bad, &slot);
	}
	hostile_publish_fatal(&h, "too many slots");
	hostile_stop(&h);
}

/* Packets before the fatal one in the same burst are still forwarded, and answered. */
static void
good_before_fatal(void)
{
	struct hostile h;

	hostile_start(&h);
	struct frame f = flow_frame(h.bad, h.n1, FRAME_UDP4, 99, 1);
	netif_tx_request_t slot = hostile_slot(&h, 100, 99, 0);
	frame_build(&f, h.bad->tx_buffers[100].page);
	guest_tx_slot(h.bad, &slot);
	hostile_chain(&h, 22, 60, 1);
	guest_log_clear(h.bad);
	hostile_publish_fatal(&h, "too many slots");
	CHECK(flow_expect(h.n1, &f, FRAME_COMPLETE));
	CHECK(flow_await_responses(h.bad, 1));
	CHECK_EQ(h.bad->tx_log[0].id, 100);
	hostile_stop(&h);
}

static void
first_smaller_than_rest(void)
{
	struct hostile h;

	hostile_start(&h);
	hostile_chain(&h, 3, 60, 40);
	hostile_publish(&h, 0, 3, 0);
	hostile_chain(&h, 19, 60, 4000);
	hostile_publish(&h, 0, 19, 0);
	hostile_stop(&h);
}

static void
longest_frame(void)
{
	struct hostile h;

	hostile_start(&h);
	for (uint16_t i = 0; i < 16; i++) { /* 65535 = 4095 + 15 * 4096 */
		netif_tx_request_t slot =
			hostile_slot(&h, i, i == 0 ? 65535 : 4096, i < 15 ? NETTXF_more_data : 0);

		guest_tx_slot(h.bad, &slot);
	}
	hostile_publish(&h, 16, 0, 0);
	CHECK_EQ(hostile_drops(&h, DROP_GUEST_SLOTS), 0);
	hostile_chain(&h, 17, 65535, 4096); /* later slots add up to 65536 */
	hostile_publish(&h, 0, 17, 0);
	hostile_stop(&h);
}

/* XSA-448: slots of no bytes, whose grants need not exist. */
static void
empty_later_slots(void)
{
	struct hostile h;

	hostile_start(&h);
	for (uint16_t i = 0; i < 19; i++) {
		netif_tx_request_t slot =
			hostile_slot(&h, i, i == 0 ? 60 : 0, i < 18 ? NETTXF_more_data : 0);

		if (i > 0)
			slot.gref = UINT32_MAX;
		guest_tx_slot(h.bad, &slot);
	}
	hostile_publish(&h, 19, 0, 0);
	CHECK_EQ(hostile_drops(&h, DROP_GRANT_COPY), 0);
	hostile_stop(&h);
}

/* XSA-432: 19 slots with few bytes in all. */
static void
many_slots_few_bytes(void)
{
	struct hostile h;

	hostile_start(&h);
	for (uint16_t total = 60; total <= 128; total += 4) {
		hostile_chain(&h, 19, total, 1);
		hostile_publish(&h, 19, 0, 0);
	}
	hostile_stop(&h);
}

/* The first slot holds no byte of its own: all are in the later ones. */
static void
first_slot_empty(void)
{
	struct hostile h;

	hostile_start(&h);
	hostile_chain(&h, 3, 60, 30);
	hostile_publish(&h, 3, 0, 0);
	hostile_stop(&h);
}

static void
too_short(void)
{
	static const uint16_t sizes[] = { 0, 1, 13 };
	struct hostile h;

	hostile_start(&h);
	for (unsigned i = 0; i < 3; i++) {
		netif_tx_request_t slot = hostile_slot(&h, 7, sizes[i], 0);

		guest_tx_slot(h.bad, &slot);
		hostile_publish(&h, 0, 1, 0);
	}
	CHECK_EQ(hostile_drops(&h, DROP_GUEST_SHORT), 3);
	hostile_stop(&h);
}

/* 14 bytes are an Ethernet frame to us, if to no NIC. */
static void
shortest(void)
{
	struct hostile h;

	hostile_start(&h);
	for (uint16_t size = 14; size < 18; size++) {
		netif_tx_request_t slot = hostile_slot(&h, 7, size, 0);

		guest_tx_slot(h.bad, &slot);
		hostile_publish(&h, 1, 0, 0);
	}
	hostile_stop(&h);
}

static void
crosses_page(uint16_t offset, uint16_t size)
{
	struct hostile h;

	hostile_start(&h);
	netif_tx_request_t slot = hostile_slot(&h, 0, size, 0);
	slot.offset = offset;
	guest_tx_slot(h.bad, &slot);
	hostile_publish_fatal(&h, "page");
	hostile_stop(&h);
}

static void
crosses_page_by_one(void)
{
	crosses_page(4095 - 58, 60);
}

static void
crosses_page_far(void)
{
	crosses_page(65535, 65535);
}

static void
crosses_page_with_rest(void)
{
	struct hostile h;

	hostile_start(&h);
	hostile_chain(&h, 2, 4198, 100); /* own part 4098 */
	hostile_publish_fatal(&h, "page");
	hostile_stop(&h);
}

static void
crosses_page_later(void)
{
	struct hostile h;

	hostile_start(&h);
	netif_tx_request_t slot = hostile_slot(&h, 0, 200, NETTXF_more_data);
	guest_tx_slot(h.bad, &slot);
	slot = hostile_slot(&h, 1, 100, 0);
	slot.offset = 4000;
	guest_tx_slot(h.bad, &slot);
	hostile_publish_fatal(&h, "page");
	hostile_stop(&h);
}

/* The sum of offset and size does not fit into their 16 bits. */
static void
crosses_page_wrapped(void)
{
	for (unsigned later = 0; later < 2; later++) {
		struct hostile h;

		hostile_start(&h);
		netif_tx_request_t slot =
			hostile_slot(&h, 0, later ? 2000 : 700, later ? NETTXF_more_data : 0);
		slot.offset = later ? 0 : 64900;
		guest_tx_slot(h.bad, &slot);
		slot = hostile_slot(&h, 1, 700, 0);
		slot.offset = 64900;
		if (later)
			guest_tx_slot(h.bad, &slot);
		hostile_publish_fatal(&h, "page");
		hostile_stop(&h);
	}
}

/* XSA-216: of a response's slot only the response is written. */
static void
response_padding(void)
{
	struct hostile h;

	hostile_start(&h);
	uint32_t at = h.bad->tx.req_prod_pvt;
	netif_tx_request_t slot = hostile_slot(&h, 77, 60, 0);
	guest_tx_slot(h.bad, &slot);
	hostile_publish(&h, 1, 0, 0);
	uint8_t want[12], *now = (uint8_t *)RING_GET_REQUEST(&h.bad->tx, at);
	memcpy(want, &slot, 12);
	memcpy(want, &(netif_tx_response_t){ .id = 77, .status = NETIF_RSP_OKAY }, 4);
	CHECK_MEM(want, now, 12);
	hostile_stop(&h);
}

/* Ids are the guest's own business: they come back as they are. */
static void
any_id(void)
{
	static const uint16_t ids[] = { 0, 255, 256, 1023, 0x7fff, 0xffff };
	struct hostile h;

	hostile_start(&h);
	for (unsigned i = 0; i < 6; i++) {
		netif_tx_request_t slot = hostile_slot(&h, ids[i], 60, 0);

		guest_tx_slot(h.bad, &slot);
		hostile_publish(&h, 1, 0, 0);
		CHECK_EQ(h.bad->tx_log[0].id, ids[i]);
	}
	hostile_stop(&h);
}

/* Unknown flag bits mean nothing. */
static void
unknown_flags(void)
{
	struct hostile h;

	hostile_start(&h);
	netif_tx_request_t slot = hostile_slot(&h, 1, 60, 0xfff0);
	guest_tx_slot(h.bad, &slot);
	hostile_publish(&h, 1, 0, 0);
	hostile_stop(&h);
}

/* Malformed and detached in the same moment, again and again. */
static void
fatal_and_detached(void)
{
	struct hostile h;

	hostile_start(&h);
	for (unsigned i = 0; i < 8; i++) {
		guest_tx_set_req_prod(h.bad, h.bad->tx.rsp_cons + 1000);
		if (i % 3 == 1)
			front_set_state(h.bad, XenbusStateClosing);
		toolstack_detach(h.bad);
		bool gone = fake_store_await(guest_back(h.bad, "").text, NULL, sim_deadline());
		if (!sim_check(gone, "loop %u: state %d", i, front_backend_state(h.bad)))
			break;
		toolstack_remove(h.bad);
		guest_renew(h.bad);
		toolstack_add(h.bad, NULL);
		if (!sim_connect(&h.s, h.bad, FRONT_LINUX))
			break;
	}
	hostile_stop(&h);
}

/*
 * A vif that was switched off stays so, whatever its frontend does; the toolstack can bring it
 * back.
 */
static void
fault_is_for_good(void)
{
	struct hostile h;

	hostile_start(&h);
	guest_tx_set_req_prod(h.bad, h.bad->tx.rsp_cons + 1000);
	sim_expect_fault(h.bad, "impossible");
	CHECK_EQ(fake_domain_mapped(h.bad->params.domid), 0);
	front_set_state(h.bad, XenbusStateClosing);
	front_set_state(h.bad, XenbusStateClosed);
	CHECK(front_await(h.bad, XenbusStateClosed));
	guest_renew(h.bad);
	front_set_state(h.bad, XenbusStateInitialising);
	front_publish(h.bad, FRONT_LINUX);
	front_set_state(h.bad, XenbusStateConnected);
	CHECK(flow_exchange(h.n1, h.n2, 500));
	CHECK_EQ(front_backend_state(h.bad), XenbusStateClosed);
	toolstack_detach(h.bad);
	CHECK(fake_store_await(guest_back(h.bad, "").text, NULL, sim_deadline()));
	toolstack_remove(h.bad);
	guest_renew(h.bad);
	toolstack_add(h.bad, NULL);
	CHECK(sim_connect(&h.s, h.bad, FRONT_LINUX));
	CHECK(flow_exchange(h.bad, h.n1, 50));
	hostile_stop(&h);
}

CU_TestInfo hostile_tx_cases[] = {
	{ "prod_above_ring", prod_above_ring },
	{ "prod_backwards", prod_backwards },
	{ "prod_half_round", prod_half_round },
	{ "prod_whole_ring", prod_whole_ring },
	{ "last_slot_missing", last_slot_missing },
	{ "chain_of_18", chain_of_18 },
	{ "chain_of_19", chain_of_19 },
	{ "chain_of_20_and_21", chain_of_20_and_21 },
	{ "chain_of_22", chain_of_22 },
	{ "chain_of_whole_ring", chain_of_whole_ring },
	{ "good_before_fatal", good_before_fatal },
	{ "first_smaller_than_rest", first_smaller_than_rest },
	{ "longest_frame", longest_frame },
	{ "empty_later_slots", empty_later_slots },
	{ "many_slots_few_bytes", many_slots_few_bytes },
	{ "first_slot_empty", first_slot_empty },
	{ "too_short", too_short },
	{ "shortest", shortest },
	{ "crosses_page_by_one", crosses_page_by_one },
	{ "crosses_page_far", crosses_page_far },
	{ "crosses_page_wrapped", crosses_page_wrapped },
	{ "crosses_page_with_rest", crosses_page_with_rest },
	{ "crosses_page_later", crosses_page_later },
	{ "response_padding", response_padding },
	{ "any_id", any_id },
	{ "unknown_flags", unknown_flags },
	{ "fatal_and_detached", fatal_and_detached },
	{ "fault_is_for_good", fault_is_for_good },
	CU_TEST_INFO_NULL,
};
