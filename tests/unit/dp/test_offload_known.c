/* SPDX-License-Identifier: BSD-3-Clause */
/* The checksum of a packet that was summed by hand. */
#include "dp/frame/offload.h"

#include "packet_mbuf.h"
#include "unit.h"

/*
 * UDP from 10.0.0.1 port 0x1234 to 10.0.0.2 port 0x5678 with two bytes, summed by hand: the
 * pseudo-header is 0a00 + 0001 + 0a00 + 0002 + 0011 + 000a = 141e, the header 1234 + 5678 + 000a =
 * 68b6, and with "hi" (6869) all is e53d.
 */
/* clang-format off */
static const uint8_t known[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0x66, 0xcd, 10, 0, 0, 1, 10, 0, 0, 2,
	0x12, 0x34, 0x56, 0x78, 0, 10, 0xff, 0xff, 'h', 'i',
};
/* clang-format on */

static void
known_request(void)
{
	struct rte_mbuf m;
	uint8_t *csum;

	packet_mbuf(&m, known, sizeof(known));
	csum = rte_pktmbuf_mtod_offset(&m, uint8_t *, 40);
	CHECK_EQ(offload_request(&m, OFFLOAD_GSO_NONE, 0), 0);
	CHECK_EQ(wire_be16(csum), 0x141e);
	CHECK_EQ(m.ol_flags, (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_UDP_CKSUM));
	offload_complete_csum(&m);
	CHECK_EQ(wire_be16(csum), 0x1ac2); /* ~e53d */
	CHECK_EQ(m.ol_flags, RTE_MBUF_F_RX_L4_CKSUM_GOOD);
	packet_mbuf_free(&m);
}

static void
known_without_request(void)
{
	struct rte_mbuf m;

	packet_mbuf(&m, known, sizeof(known));
	offload_complete_csum(&m);
	CHECK_EQ(m.ol_flags, 0);
	CHECK_MEM(m.buf_addr, known, sizeof(known));
	packet_mbuf_free(&m);
}

/* Data for which the sum comes to zero, which in UDP would mean that there is no checksum. */
static void
known_sum_zero(void)
{
	struct rte_mbuf m;
	uint8_t *udp;

	packet_mbuf(&m, known, sizeof(known));
	udp = rte_pktmbuf_mtod_offset(&m, uint8_t *, 34);
	wire_put_be16(udp + 8, 0x6869 + 0x1ac2);
	CHECK_EQ(offload_request(&m, OFFLOAD_GSO_NONE, 0), 0);
	offload_complete_csum(&m);
	CHECK_EQ(wire_be16(udp + 6), 0xffff);
	packet_mbuf_free(&m);
}

void test_offload_known(CU_pSuite suite);

void
test_offload_known(CU_pSuite suite)
{
	UNIT_ADD(suite, known_request);
	UNIT_ADD(suite, known_without_request);
	UNIT_ADD(suite, known_sum_zero);
}
