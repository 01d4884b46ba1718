/* SPDX-License-Identifier: BSD-3-Clause */
/* Hostile cases: a guest that writes to what is being read. XSA-155. */
#include <string.h>

#include "sim/hostile.h"
#include "sim/test_sim.h"

static void
toggle_prod(struct guest *g, uint32_t random)
{
	uint32_t at = g->tx.req_prod_pvt;

	__atomic_store_n(&g->tx.sring->req_prod, random & 1 ? at + 5 : at + 400, __ATOMIC_RELAXED);
}

/* The producer index never has the same value twice. */
static void
prod_toggles(void)
{
	struct hostile h;

	hostile_start(&h);
	hostile_mutate(&h, toggle_prod, 100);
	hostile_stop(&h);
}

/*
 * Our private indices rule: what the guest writes over the shared ones costs at most notifications.
 */
static void
shared_indices_overwritten(void)
{
	struct hostile h;

	hostile_start(&h);
	for (unsigned i = 0; i < 30; i++) {
		struct frame f = flow_frame(h.bad, h.n1, FRAME_RAW, 100, i);
		netif_tx_request_t slot = hostile_slot(&h, (uint16_t)i, 100, 0);

		frame_build(&f, h.bad->tx_buffers[i].page);
		guest_tx_slot(h.bad, &slot);
		h.bad->tx.sring->rsp_prod = i * 0x1234567u;
		h.bad->tx.sring->rsp_event = i * 0x7654321u;
		h.bad->tx.sring->req_event = i * 0x1111111u;
		h.bad->rx.sring->rsp_prod = i * 0x2222222u;
		h.bad->rx.sring->rsp_event = i * 0x3333333u;
		guest_tx_set_req_prod(h.bad, h.bad->tx.req_prod_pvt);
		if (!flow_expect(h.n1, &f, FRAME_COMPLETE))
			break;
	}
	hostile_stop(&h);
}

static void
flip_slots(struct guest *g, uint32_t random)
{
	netif_tx_request_t *slot = RING_GET_REQUEST(&g->tx, random >> 16);
	static const uint16_t sizes[] = { 60, 0xffff, 14, 0 };

	switch (random & 3) {
	case 0:
		slot->size = sizes[random >> 2 & 3];
		break;
	case 1:
		slot->offset = random >> 2 & 1 ? 0 : 0x0fff;
		break;
	case 2:
		slot->flags = (uint16_t)(random >> 2 & 0xf);
		break;
	case 3:
		slot->gref = random >> 2 & 1 ? g->tx_buffers[random >> 3 & 0xff].ref : random;
		break;
	}
	if ((random >> 4 & 0xff) == 0)
		__atomic_fetch_add(&g->tx.sring->req_prod, 1, __ATOMIC_RELEASE);
}

/* Slots change while they are read (XSA-155). */
static void
slots_flip(void)
{
	struct hostile h;

	hostile_start(&h);
	for (unsigned i = 0; i < GUEST_SLOTS; i++)
		hostile_fill_idle(&h, (uint16_t)i, FRAME_RAW, 60);
	hostile_mutate(&h, flip_slots, 300);
	hostile_stop(&h);
}

static void
scribble(struct guest *g, uint32_t random)
{
	static const uint8_t values[] = { 0x45, 0x4f, 0x40, 0x65, 0x60, 0xff,
					  0x00, 0x50, 0xf0, 0x06, 0x11 };

	g->tx_buffers[random & 3].page[12 + (random >> 2) % 60] = values[(random >> 9) % 11];
	if ((random >> 14 & 0x3f) == 0) {
		uint16_t id = random & 3;
		netif_tx_request_t slot = {
			.gref = g->tx_buffers[id].ref,
			.id = id,
			.size = 200,
			.flags = NETTXF_csum_blank | (random >> 3 & 1 ? NETTXF_extra_info : 0),
		};
		netif_extra_info_t e = { .type = XEN_NETIF_EXTRA_TYPE_GSO };

		e.u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4;
		e.u.gso.size = 1000;

		guest_reap(g);
		if (g->tx.req_prod_pvt - g->tx.rsp_cons > 200)
			return;
		guest_tx_slot(g, &slot);
		if (slot.flags & NETTXF_extra_info)
			guest_tx_extra(g, &e);
		guest_tx_publish(g);
	}
}

/* The payload changes while it is copied: decisions are made on what was copied. */
static void
payload_rewritten(void)
{
	struct hostile h;

	hostile_start(&h);
	for (uint16_t i = 0; i < 4; i++)
		hostile_fill_idle(&h, i, i % 2 ? FRAME_TCP4 : FRAME_TCP6, 200);
	hostile_mutate(&h, scribble, 300);
	flow_drain(h.bad);
	CHECK(hostile_still_served(&h));
	hostile_stop(&h);
}

CU_TestInfo hostile_race_cases[] = {
	{ "prod_toggles", prod_toggles },
	{ "shared_indices_overwritten", shared_indices_overwritten },
	{ "slots_flip", slots_flip },
	{ "payload_rewritten", payload_rewritten },
	CU_TEST_INFO_NULL,
};
