/* SPDX-License-Identifier: BSD-3-Clause */
/* slots_parse() over chains of extra infos and requests of multicast control. */
#include "slot_ring.h"

static void
put_mcast(uint8_t type, uint8_t flags, uint8_t last)
{
	netif_extra_info_t extra = { .type = type,
				     .flags = flags,
				     .u.mcast.addr = { 0x01, 0x00, 0x5e, 0, 0, last } };

	memcpy(slot_at(prod++), &extra, sizeof(extra));
}

/*
 * A request of multicast control is no packet: the first slot's reference, size and more_data mean
 * nothing.
 */
static void
parse_mcast(void)
{
	static const struct {
		uint8_t type;
		enum slots_result want;
	} c[] = {
		{ XEN_NETIF_EXTRA_TYPE_MCAST_ADD, SLOTS_MCAST_ADD },
		{ XEN_NETIF_EXTRA_TYPE_MCAST_DEL, SLOTS_MCAST_DEL },
	};

	for (unsigned i = 0; i < 2; i++) {
		ring_start(0);
		put(0, 4095, NETTXF_extra_info | NETTXF_more_data, i == 0 ? 0 : 65535);
		put_mcast(c[i].type, 0, 9);
		put(9, 0, 0, 60);
		CHECK_EQ(parse(), c[i].want);
		CHECK_EQ(pkt.n_ring, 2);
		CHECK_EQ(rsp[0].status, NETIF_RSP_OKAY);
		CHECK_EQ(rsp[0].id, 1000);
		CHECK_EQ(rsp[1].status, NETIF_RSP_NULL);
		CHECK_EQ(pkt.mcast[0], 1);
		CHECK_EQ(pkt.mcast[5], 9);
	}
}

/*
 * In a chain, adding counts before removing, and the last of a kind; what else is in it means
 * nothing.
 */
static void
parse_mcast_chain(void)
{
	ring_start(0);
	put(0, 0, NETTXF_extra_info, 0);
	put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, XEN_NETIF_EXTRA_FLAG_MORE, 1);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
	put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, XEN_NETIF_EXTRA_FLAG_MORE, 2);
	put_extra(XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE, 1, 1);
	put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0, 3);
	CHECK_EQ(parse(), SLOTS_MCAST_ADD);
	CHECK_EQ(pkt.mcast[5], 3);
	CHECK_EQ(pkt.n_ring, 6);
	CHECK_EQ(count_status(NETIF_RSP_NULL), 5);
}

static void
put_hash(uint8_t flags, uint8_t type, uint8_t algorithm, uint32_t value)
{
	netif_extra_info_t extra = { .type = XEN_NETIF_EXTRA_TYPE_HASH, .flags = flags };

	extra.u.hash.type = type;
	extra.u.hash.algorithm = algorithm;
	memcpy(extra.u.hash.value, &value, sizeof(value));
	memcpy(slot_at(prod++), &extra, sizeof(extra));
}

/* GSO, hash and XDP together, in any order. */
static void
parse_extra_orders(void)
{
	for (unsigned first = 0; first < 3; first++) {
		ring_start(0);
		put(1, 0, NETTXF_extra_info | NETTXF_more_data | NETTXF_csum_blank, 3000);
		for (unsigned i = 0; i < 3; i++) {
			uint8_t flags = i < 2 ? XEN_NETIF_EXTRA_FLAG_MORE : 0;
			if ((first + i) % 3 == 0)
				put_extra(XEN_NETIF_EXTRA_TYPE_GSO, flags, 1448,
					  XEN_NETIF_GSO_TYPE_TCPV4);
			else if ((first + i) % 3 == 1)
				put_hash(flags, _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP,
					 XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0xdeadbeef);
			else
				put_extra(NETIF_EXTRA_TYPE_XDP, flags, 0xffff, 0xff);
		}
		put(2, 0, 0, 1000);
		CHECK_EQ(parse(), SLOTS_PACKET);
		CHECK_EQ(pkt.gso_size, 1448);
		CHECK_EQ(pkt.n_ring, 5);
		CHECK_EQ(count_status(NETIF_RSP_NULL), 3);
		CHECK_EQ(slots_rsp_index(&pkt, 1), 4);
	}
}

/* A hash is not used, so it may be of a type that does not exist. */
static void
parse_hash_bad_type(void)
{
	for (unsigned type = 0; type < 256; type++) {
		ring_start(0);
		put(1, 0, NETTXF_extra_info, 60);
		put_hash(0, (uint8_t)type, 0xff, 0xffffffff);
		CHECK_EQ(parse(), SLOTS_PACKET);
		CHECK_EQ(pkt.n_extra, 1);
	}
}

/*
 * Only the GSO extra info that counts is looked at, and only for a packet (xen-netback does no
 * more).
 */
static void
parse_gso_overridden(void)
{
	ring_start(0);
	put(1, 0, NETTXF_extra_info, 500);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, 0, 7);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 200, XEN_NETIF_GSO_TYPE_TCPV4);
	CHECK_EQ(parse(), SLOTS_PACKET);
	CHECK_EQ(pkt.gso_size, 200);
	ring_start(0);
	put(1, 0, NETTXF_extra_info, 13);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 0, 7);
	CHECK_EQ(parse(), SLOTS_SHORT);
	CHECK_EQ(rsp[0].status, NETIF_RSP_ERROR);
	CHECK_EQ(rsp[1].status, NETIF_RSP_NULL);
}

void test_slots_extra(CU_pSuite suite);
void
test_slots_extra(CU_pSuite suite)
{
	UNIT_ADD(suite, parse_mcast);
	UNIT_ADD(suite, parse_mcast_chain);
	UNIT_ADD(suite, parse_extra_orders);
	UNIT_ADD(suite, parse_hash_bad_type);
	UNIT_ADD(suite, parse_gso_overridden);
}
