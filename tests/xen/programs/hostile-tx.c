/* SPDX-License-Identifier: BSD-3-Clause */
/* Hostile cases of the tx ring: slots, extra infos, grants. Called by hostile.c. */
#include <string.h>

#include "hostile.h"

#define RING NETIF_RING_SIZE

static void
prod_above(struct play *p)
{
	set_req_prod(p, p->q->tx.req_prod + RING + 1);
}

static void
prod_backwards(struct play *p)
{
	set_req_prod(p, p->q->tx.req_prod - 1);
}

static void
indices_overwritten(struct play *p)
{
	for (uint32_t i = 1; i < 30 && !p->failed; i++) {
		netif_tx_request_t slot = slot_of(p, FRAME_SIZE, 0);

		put_slot(p, &slot);
		p->q->tx.shared->rsp_prod = p->q->tx.rsp_cons + i * 0x1234567u;
		p->q->tx.shared->rsp_event = i * 0x7654321u;
		p->q->tx.shared->req_event = i * 0x1111111u;
		p->q->rx.shared->rsp_event = i * 0x3333333u;
		set_req_prod(p, p->q->tx.req_prod);
		p->q->tx.req_published = p->q->tx.req_prod;
		expect_answers(p, 1, 0, 0);
	}
}

static void
last_missing(struct play *p)
{
	netif_tx_request_t slot = slot_of(p, FRAME_SIZE, NETTXF_more_data);

	put_slot(p, &slot);
	publish(p);
}

static void
chains(struct play *p)
{
	put_chain(p, 19, 60, 1);
	expect_answers(p, 19, 0, 0);
	put_chain(p, 20, 60, 1);
	expect_answers(p, 0, 20, 0);
	put_chain(p, 21, 60, 1);
	expect_answers(p, 0, 21, 0);
	put_chain(p, 22, 60, 1);
	publish(p);
}

static void
rest_larger(struct play *p)
{
	put_chain(p, 3, 60, 40);
	expect_answers(p, 0, 3, 0);
}

static void
longest(struct play *p)
{
	put_chain(p, 16, 65535, 4096);
	expect_answers(p, 16, 0, 0);
	put_chain(p, 17, 65535, 4096);
	expect_answers(p, 0, 17, 0);
}

static void
empty_slots(struct play *p)
{
	for (unsigned i = 0; i < 19; i++) {
		netif_tx_request_t slot =
			slot_of(p, i == 0 ? 60 : 0, i < 18 ? NETTXF_more_data : 0);

		if (i > 0)
			slot.gref = UINT32_MAX;
		put_slot(p, &slot);
	}
	expect_answers(p, 19, 0, 0);
}

static void
few_bytes(struct play *p)
{
	for (uint16_t total = 60; total <= 128 && !p->failed; total += 4) {
		put_chain(p, 19, total, 1);
		expect_answers(p, 19, 0, 0);
	}
}

static void
too_short(struct play *p)
{
	static const uint16_t size[] = { 0, 1, 13 };

	for (unsigned i = 0; i < 3; i++) {
		put_chain(p, 1, size[i], 0);
		expect_answers(p, 0, 1, 0);
	}
}

static void
shortest(struct play *p)
{
	for (uint16_t size = 14; size < 18; size++) {
		put_chain(p, 1, size, 0);
		expect_answers(p, 1, 0, 0);
	}
}

static void
crosses_page(struct play *p)
{
	netif_tx_request_t slot = slot_of(p, 60, 0);

	slot.offset = 4095;
	put_slot(p, &slot);
	publish(p);
}

static void
rest_crosses_page(struct play *p)
{
	put_chain(p, 2, 4198, 100);
	publish(p);
}

static void
extra_types(struct play *p)
{
	put_chain(p, 1, 60, 0);
	expect_answers(p, 1, 0, 0);
	netif_tx_request_t slot = slot_of(p, 60, NETTXF_extra_info);
	put_slot(p, &slot);
	put_extra(p, 5, 0, 0, 0);
	expect_answers(p, 1, 0, 1);
	put_slot(p, &slot);
	put_extra(p, 255, 0, 0, 0);
	publish(p);
}

static void
extras_without_end(struct play *p)
{
	netif_tx_request_t slot = slot_of(p, 60, NETTXF_extra_info);

	put_slot(p, &slot);
	for (unsigned i = 1; i < RING; i++)
		put_extra(p, XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
	publish(p);
}

static void
extras_of_kinds(struct play *p)
{
	netif_tx_request_t slot = slot_of(p, 60, NETTXF_extra_info | NETTXF_csum_blank);

	put_slot(p, &slot);
	put_extra(p, XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, 9,
		  XEN_NETIF_GSO_TYPE_TCPV6);
	put_extra(p, XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, 1448,
		  XEN_NETIF_GSO_TYPE_TCPV4);
	put_extra(p, XEN_NETIF_EXTRA_TYPE_HASH, 0, 0, 0);
	expect_answers(p, 1, 0, 3);
}

static void
gso_sizes(struct play *p)
{
	static const uint16_t size[] = { 1, 7, 65535, 0 };
	netif_tx_request_t slot = slot_of(p, 3000, NETTXF_extra_info | NETTXF_csum_blank);

	for (unsigned i = 0; i < 4; i++) {
		put_slot(p, &slot);
		put_extra(p, XEN_NETIF_EXTRA_TYPE_GSO, 0, size[i], XEN_NETIF_GSO_TYPE_TCPV4);
		if (size[i] != 0)
			expect_answers(p, 1, 0, 1);
	}
	publish(p);
}

/* The frame is UDP; other ethertypes are put in its place. */
static void
offload_where_it_cannot_be(struct play *p)
{
	static const uint16_t type[] = { 0x0008, 0x0608, 0xdd86, 0x0081, 0xffff };
	uint16_t before;

	memcpy(&before, p->buf->page + 12, 2);
	for (unsigned i = 0; i < 5; i++) {
		memcpy(p->buf->page + 12, &type[i], 2);
		for (uint16_t size = 14; size < 80; size += 13) {
			netif_tx_request_t slot =
				slot_of(p, size, NETTXF_extra_info | NETTXF_csum_blank);

			put_slot(p, &slot);
			put_extra(p, XEN_NETIF_EXTRA_TYPE_GSO, 0, 1000, XEN_NETIF_GSO_TYPE_TCPV4);
			expect_answers(p, 1, 0, 1);
		}
	}
	memcpy(p->buf->page + 12, &before, 2);
}

static void
csum_where_it_cannot_be(struct play *p)
{
	uint8_t before = p->buf->page[14];

	/* IP's version and header length */
	for (unsigned first = 0; first < 256 && !p->failed; first += 5) {
		p->buf->page[14] = (uint8_t)first;
		put_chain(p, 1, 14, 0);
		netif_tx_request_t slot =
			slot_of(p, (uint16_t)(14 + first % 60), NETTXF_csum_blank);
		put_slot(p, &slot);
		expect_answers(p, 2, 0, 0);
	}
	p->buf->page[14] = before;
}

static void
headers_cut(struct play *p)
{
	for (uint16_t at = 1; at < 80 && !p->failed; at += 3) {
		netif_tx_request_t slot = slot_of(p, 80, NETTXF_more_data);

		put_slot(p, &slot);
		slot = slot_of(p, (uint16_t)(80 - at), 0);
		slot.offset = at;
		put_slot(p, &slot);
		expect_answers(p, 2, 0, 0);
	}
}

static void
sources_and_links(struct play *p)
{
	uint8_t before[12];

	memcpy(before, p->buf->page, 12);
	for (unsigned i = 0; i < 3000 && !p->failed; i++) {
		memcpy(p->buf->page, (uint8_t[]){ 0x01, 0x80, 0xc2, 0, 0, (uint8_t)(1 + i % 15) },
		       6);
		memcpy(p->buf->page + 6,
		       (uint8_t[]){ 2, 0xbb, 0, 0, (uint8_t)(i >> 8), (uint8_t)i }, 6);
		put_chain(p, 1, 60, 0);
		expect_answers(p, 1, 0, 0);
	}
	memcpy(p->buf->page, before, 12);
}

static void
bad_grants(struct play *p)
{
	/* 0 and 1 are the console's and xenstore's */
	static const uint32_t ref[] = { 2, 7, 30000, 0x7fffffff, UINT32_MAX };
	netif_tx_request_t slot = slot_of(p, 60, 0);

	for (unsigned i = 0; i < 5; i++) {
		slot.gref = ref[i];
		put_slot(p, &slot);
		expect_answers(p, 0, 1, 0);
	}
	slot.gref = p->q->rx_ref;
	put_slot(p, &slot);
	expect_answers(p, 1, 0, 0);
}

static void
bad_grant_in_burst(struct play *p)
{
	for (unsigned bad = 0; bad < 64 && !p->failed; bad += 3) {
		for (unsigned i = 0; i < 64; i++) {
			netif_tx_request_t slot = slot_of(p, 60, 0);

			if (i == bad)
				slot.gref = 2;
			put_slot(p, &slot);
		}
		expect_answers(p, 63, 1, 0);
	}
}

static void
grants_flip(struct play *p)
{
	struct answers a;

	for (unsigned i = 0; i < 300 && !p->failed; i++) {
		netif_tx_request_t slot = slot_of(p, 60, 0);
		void *page = p->q->shares_ops->share(p->q->shares, p->fe->info.backend, &slot.gref);

		if (!check(p, page != NULL, "no page to share"))
			return;
		put_slot(p, &slot);
		publish(p);
		p->q->shares_ops->unshare(p->q->shares, page);
		take_answers(p, 1, &a);
	}
}

static void
multicast_lists(struct play *p)
{
	struct answers a;

	for (unsigned i = 0; i < 70 && !p->failed; i++) {
		netif_tx_request_t slot = slot_of(p, 60, NETTXF_extra_info);

		slot.gref = 0;
		put_slot(p, &slot);
		put_extra(p,
			  i % 8 == 7 ? XEN_NETIF_EXTRA_TYPE_MCAST_DEL
				     : XEN_NETIF_EXTRA_TYPE_MCAST_ADD,
			  0, (uint16_t)(i << 8 | 1), 0);
		publish(p);
		if (take_answers(p, 2, &a))
			check(p, a.n_null == 1 && a.n_okay + a.n_error == 1,
			      "a request has not one answer");
	}
}

static void
hash_values(struct play *p)
{
	for (unsigned i = 0; i < 64; i++) {
		netif_tx_request_t slot = slot_of(p, 60, NETTXF_extra_info);

		put_slot(p, &slot);
		put_extra(p, XEN_NETIF_EXTRA_TYPE_HASH, 0, (uint16_t)(i * 0x0f0f),
			  (uint8_t)(i * 4));
	}
	expect_answers(p, 64, 0, 64);
}

const struct hostile_case hostile_tx[] = {
	{ 5, "indices overwritten", SERVED, indices_overwritten },
	{ 10, "later slots larger than the whole", SERVED, rest_larger },
	{ 11, "longest packets", SERVED, longest },
	{ 12, "empty slots with bad grants", SERVED, empty_slots },
	{ 13, "few bytes over many slots", SERVED, few_bytes },
	{ 14, "too short", SERVED, too_short },
	{ 15, "shortest", SERVED, shortest },
	{ 20, "extra infos of several kinds", SERVED, extras_of_kinds },
	{ 22, "GSO where it cannot be", SERVED, offload_where_it_cannot_be },
	{ 23, "checksum where it cannot be", SERVED, csum_where_it_cannot_be },
	{ 24, "headers cut anywhere", SERVED, headers_cut },
	{ 25, "many sources, link-local addresses", SERVED, sources_and_links },
	{ 26, "bad grants", SERVED, bad_grants },
	{ 27, "a bad grant in a burst", SERVED, bad_grant_in_burst },
	{ 28, "grants revoked while copied", SERVED, grants_flip },
	{ 53, "multicast lists", SERVED, multicast_lists },
	{ 54, "hash extra infos", SERVED, hash_values },
	{ 1, "producer above the ring", OFF, prod_above },
	{ 2, "producer backwards", OFF, prod_backwards },
	{ 7, "last slot missing", OFF, last_missing },
	{ 8, "19 to 22 slots", OFF, chains },
	{ 16, "a slot crosses its page", OFF, crosses_page },
	{ 17, "the rest crosses its page", OFF, rest_crosses_page },
	{ 18, "extra infos of unknown types", OFF, extra_types },
	{ 19, "extra infos without end", OFF, extras_without_end },
	{ 21, "odd GSO sizes, then none", OFF, gso_sizes },
	{ 0, NULL, SERVED, NULL },
};
