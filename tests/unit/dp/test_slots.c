/* SPDX-License-Identifier: BSD-3-Clause */
/* slots_parse() over every shape of packet that netif.h allows, and the ones that it does not. */
#include "slot_ring.h"

#include <stdlib.h>

static void
parse_one(void)
{
	ring_start(0);
	put(7, 100, NETTXF_csum_blank, 60);
	CHECK_EQ(parse(), SLOTS_PACKET);
	CHECK_EQ(pkt.size, 60);
	CHECK_EQ(pkt.flags, NETTXF_csum_blank);
	CHECK_EQ(pkt.n_slots, 1);
	CHECK_EQ(pkt.n_ring, 1);
	CHECK_EQ(pkt.slot[0].gref, 7);
	CHECK_EQ(pkt.slot[0].offset, 100);
	CHECK_EQ(pkt.slot[0].size, 60);
	CHECK_EQ(rsp[0].id, 1000);
	CHECK_EQ(rsp[0].status, NETIF_RSP_OKAY);
	CHECK_EQ(pkt.gso_type, XEN_NETIF_GSO_TYPE_NONE);
}

static void
parse_many_slots(void)
{
	ring_start(0);
	put(1, 4000, NETTXF_more_data, 9000);
	put(2, 0, NETTXF_more_data, 4096);
	put(3, 0, NETTXF_more_data, 4096);
	put(4, 8, 0, 800);
	CHECK_EQ(parse(), SLOTS_PACKET);
	CHECK_EQ(pkt.n_slots, 4);
	CHECK_EQ(pkt.slot[0].size, 9000 - 4096 - 4096 - 800);
	CHECK_EQ(pkt.slot[3].gref, 4);
	CHECK_EQ(pkt.slot[3].offset, 8);
	CHECK_EQ(pkt.slot[3].size, 800);
	CHECK_EQ(slots_rsp_index(&pkt, 3), 3);
	CHECK_EQ(rsp[3].id, 1003);
}

static void
parse_wrap(void)
{
	for (uint32_t start = 0xfffffff0u; start != 16; start++) {
		ring_start(start);
		put_chain(19, 19 * 50, 50);
		CHECK_EQ(parse(), SLOTS_PACKET);
		CHECK_EQ(pkt.n_slots, 19);
		CHECK_EQ(pkt.slot[18].gref, 19);
	}
}

static void
parse_extra_gso(void)
{
	ring_start(0);
	put(1, 0, NETTXF_extra_info | NETTXF_more_data | NETTXF_csum_blank, 5000);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV6);
	put(2, 0, 0, 4000);
	CHECK_EQ(parse(), SLOTS_PACKET);
	CHECK_EQ(pkt.gso_type, XEN_NETIF_GSO_TYPE_TCPV6);
	CHECK_EQ(pkt.gso_size, 1448);
	CHECK_EQ(pkt.n_extra, 1);
	CHECK_EQ(pkt.n_ring, 3);
	CHECK_EQ(rsp[1].status, NETIF_RSP_NULL);
	CHECK_EQ(slots_rsp_index(&pkt, 1), 2);
	CHECK_EQ(rsp[2].id, 1002);
}

static void
parse_extra_chain_last_wins(void)
{
	ring_start(0);
	put(1, 0, NETTXF_extra_info, 500);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, 100,
		  XEN_NETIF_GSO_TYPE_TCPV4);
	put_extra(XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE, 0xffff, 0xff);
	put_extra(5, XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 200, XEN_NETIF_GSO_TYPE_TCPV4);
	CHECK_EQ(parse(), SLOTS_PACKET);
	CHECK_EQ(pkt.gso_size, 200);
	CHECK_EQ(pkt.n_extra, 4);
	CHECK_EQ(count_status(NETIF_RSP_NULL), 4);
}

static void
parse_extra_bad_type(void)
{
	static const uint8_t bad[] = { 0, 6, 255 };

	for (unsigned i = 0; i < sizeof(bad); i++) {
		ring_start(0);
		put(1, 0, NETTXF_extra_info, 500);
		put_extra(bad[i], 0, 1, 1);
		CHECK_EQ(parse(), SLOTS_FATAL);
		CHECK_NOT_NULL(why);
	}
}

static void
parse_extra_missing(void)
{
	ring_start(0);
	put(1, 0, NETTXF_extra_info, 500);
	CHECK_EQ(parse(), SLOTS_FATAL);
	CHECK_NOT_NULL(why);
}

/* As many chained extras as the ring holds, none of them the last. */
static void
parse_extra_endless(void)
{
	ring_start(0);
	put(1, 0, NETTXF_extra_info, 500);
	while (prod < NETIF_RING_SIZE)
		put_extra(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, 100,
			  XEN_NETIF_GSO_TYPE_TCPV4);
	CHECK_EQ(parse(), SLOTS_FATAL);
}

static void
parse_gso_bad(void)
{
	static const struct {
		uint16_t size;
		uint8_t type;
	} bad[] = { { 0, 1 }, { 0, 2 }, { 1448, 0 }, { 1448, 3 } };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ring_start(0);
		put(1, 0, NETTXF_extra_info, 500);
		put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, bad[i].size, bad[i].type);
		CHECK_EQ(parse(), SLOTS_FATAL);
	}
}

/* netback-style limits: 19 slots pass, 20 and 21 are dropped, 22 disable the vif. */
static void
parse_slot_limits(void)
{
	static const struct {
		unsigned n;
		enum slots_result want;
	} c[] = {
		{ 18, SLOTS_PACKET }, { 19, SLOTS_PACKET }, { 20, SLOTS_DROP },
		{ 21, SLOTS_DROP },   { 22, SLOTS_FATAL },  { 256, SLOTS_FATAL },
	};

	for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		ring_start(0);
		put_chain(c[i].n, 2000, 10);
		CHECK_EQ(parse(), c[i].want);
		if (c[i].want == SLOTS_DROP) {
			CHECK_EQ(pkt.n_ring, c[i].n);
			CHECK_EQ(count_status(NETIF_RSP_ERROR), c[i].n);
		}
	}
}

static void
parse_truncated(void)
{
	ring_start(0);
	put(1, 0, NETTXF_more_data, 500);
	CHECK_EQ(parse(), SLOTS_FATAL);
	ring_start(0);
	put(1, 0, NETTXF_more_data, 500);
	put(2, 0, NETTXF_more_data, 100);
	CHECK_EQ(parse(), SLOTS_FATAL);
}

static void
parse_sizes_do_not_add_up(void)
{
	ring_start(0);
	put(1, 0, NETTXF_more_data, 100);
	put(2, 0, NETTXF_more_data, 60);
	put(3, 0, 0, 60);
	CHECK_EQ(parse(), SLOTS_DROP);
	CHECK_EQ(pkt.n_ring, 3);
	CHECK_EQ(count_status(NETIF_RSP_ERROR), 3);
}

/* 65535 bytes over 16 slots; and later slots whose sum passes 65535. */
static void
parse_largest(void)
{
	ring_start(0);
	put(1, 1, NETTXF_more_data, 65535);
	for (unsigned i = 0; i < 15; i++)
		put(i + 2, 0, i < 14 ? NETTXF_more_data : 0, 4096);
	CHECK_EQ(parse(), SLOTS_PACKET);
	CHECK_EQ(pkt.slot[0].size, 4095);

	ring_start(0);
	put(1, 0, NETTXF_more_data, 65535);
	for (unsigned i = 0; i < 17; i++)
		put(i + 2, 0, i < 16 ? NETTXF_more_data : 0, 4096);
	CHECK_EQ(parse(), SLOTS_DROP);
	CHECK_EQ(pkt.n_ring, 18);
}

/* Later slots of no bytes are no fault (XSA-448). */
static void
parse_zero_slots(void)
{
	ring_start(0);
	put_chain(19, 60, 0);
	CHECK_EQ(parse(), SLOTS_PACKET);
	CHECK_EQ(pkt.n_slots, 19);
	CHECK_EQ(pkt.slot[0].size, 60);
	CHECK_EQ(pkt.slot[18].size, 0);
}

/* Small totals over many slots (XSA-432). */
static void
parse_small_over_many(void)
{
	for (uint16_t total = 60; total <= 128; total++) {
		ring_start(0);
		put_chain(19, total, 1);
		CHECK_EQ(parse(), SLOTS_PACKET);
		CHECK_EQ(pkt.slot[0].size, total - 18);
	}
}

static void
parse_short(void)
{
	for (uint16_t size = 0; size < 14; size++) {
		ring_start(0);
		put(1, 0, 0, size);
		CHECK_EQ(parse(), SLOTS_SHORT);
		CHECK_EQ(rsp[0].status, NETIF_RSP_ERROR);
	}
	ring_start(0);
	put(1, 0, 0, 14);
	CHECK_EQ(parse(), SLOTS_PACKET);
}

static void
parse_cross_page(void)
{
	static const struct {
		uint16_t offset, size;
	} bad[] = { { 4095, 16 }, { 65535, 65535 }, { 0, 4097 }, { 4090, 60 } };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ring_start(0);
		put(1, bad[i].offset, 0, bad[i].size);
		CHECK_EQ(parse(), SLOTS_FATAL);
	}
	ring_start(0); /* only the rest of the total crosses */
	put(1, 4000, NETTXF_more_data, 1000);
	put(2, 0, 0, 100);
	CHECK_EQ(parse(), SLOTS_FATAL);
	ring_start(0); /* a later slot crosses */
	put(1, 0, NETTXF_more_data, 1000);
	put(2, 4000, 0, 100);
	CHECK_EQ(parse(), SLOTS_FATAL);
	ring_start(0); /* to the last byte is fine */
	put(1, 4036, 0, 60);
	CHECK_EQ(parse(), SLOTS_PACKET);
}

/*
 * Any bytes whatsoever: the parser ends, stays inside what is published, and what it accepts is
 * consistent.
 */
static void
parse_hostile_random(void)
{
	srand(1);
	for (unsigned round = 0; round < 200000; round++) {
		ring_start((uint32_t)rand() * 2u);
		for (unsigned i = 64; i < 64 + 40 * 12; i++)
			page[(i - 64) + 64] = (uint8_t)rand();
		unsigned n = 1 + (unsigned)rand() % 40;
		for (unsigned i = 0; i < n; i++) {
			netif_tx_request_t slot;
			memcpy(&slot, slot_at(prod), sizeof(slot));
			for (unsigned b = 0; b < sizeof(slot); b++)
				((uint8_t *)&slot)[b] = (uint8_t)rand();
			slot.offset %= 4096;
			slot.size %= 1 + (4096u - slot.offset) * (1 + (unsigned)rand() % 3);
			slot.flags &= (uint16_t)(rand() & 0xff);
			memcpy(slot_at(prod++), &slot, sizeof(slot));
		}
		enum slots_result r = parse();
		REQUIRE_LE(pkt.n_ring, n);
		if (r == SLOTS_FATAL) {
			REQUIRE_NOT_NULL(why);
			continue;
		}
		REQUIRE_GE(pkt.n_ring, 1);
		if (r != SLOTS_PACKET)
			continue;
		uint32_t sum = 0;
		for (unsigned i = 0; i < pkt.n_slots; i++) {
			REQUIRE_LE(pkt.slot[i].offset + pkt.slot[i].size, 4096);
			sum += pkt.slot[i].size;
		}
		REQUIRE_EQ(sum, pkt.size);
		REQUIRE_GE(pkt.size, 14);
		REQUIRE_LE(pkt.n_slots, LIMIT_SLOTS_ACCEPTED);
	}
}

void test_slots(CU_pSuite suite);
void
test_slots(CU_pSuite suite)
{
	UNIT_ADD(suite, parse_one);
	UNIT_ADD(suite, parse_many_slots);
	UNIT_ADD(suite, parse_wrap);
	UNIT_ADD(suite, parse_extra_gso);
	UNIT_ADD(suite, parse_extra_chain_last_wins);
	UNIT_ADD(suite, parse_extra_bad_type);
	UNIT_ADD(suite, parse_extra_missing);
	UNIT_ADD(suite, parse_extra_endless);
	UNIT_ADD(suite, parse_gso_bad);
	UNIT_ADD(suite, parse_slot_limits);
	UNIT_ADD(suite, parse_truncated);
	UNIT_ADD(suite, parse_sizes_do_not_add_up);
	UNIT_ADD(suite, parse_largest);
	UNIT_ADD(suite, parse_zero_slots);
	UNIT_ADD(suite, parse_small_over_many);
	UNIT_ADD(suite, parse_short);
	UNIT_ADD(suite, parse_cross_page);
	UNIT_ADD(suite, parse_hostile_random);
}
