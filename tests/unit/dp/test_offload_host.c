/* SPDX-License-Identifier: BSD-3-Clause */
/* Offloads as ports speak of them: what a frame needs, virtio-net headers, ethdev flags. */
#include "dp/frame/offload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/virtio_net.h>
#include <netinet/in.h>

#include "base/util.h"
#include "dp/port/port.h"
#include "packet_mbuf.h"
#include "unit.h"

#define TCP4 (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_CKSUM)
#define TCP6 (RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_TCP_CKSUM)
#define UDP4 (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_UDP_CKSUM)
#define UDP6 (RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM)

static const struct packet tcp4 = { .family = 4, .protocol = IPPROTO_TCP, .payload_size = 3000 };
static const struct packet tcp6 = {
	.family = 6, .protocol = IPPROTO_TCP, .payload_size = 3000, .n_tags = 1
};

static uint8_t frame[PACKET_SIZE_MAX];

static enum offload_gso
gso_of(const struct packet *p)
{
	return p->family == 4 ? OFFLOAD_GSO_TCPV4 : OFFLOAD_GSO_TCPV6;
}

/* A frame made from `p`, with a request if `gso_size` is not negative. */
static void
mbuf_of(const struct packet *p, int gso_size, struct rte_mbuf *m)
{
	int ret = 0;

	packet_mbuf(m, frame, packet_build(p, frame));
	if (gso_size >= 0)
		ret = offload_request(m, gso_size > 0 ? gso_of(p) : OFFLOAD_GSO_NONE,
				      (uint16_t)gso_size);
	REQUIRE_EQ(ret, 0);
}

static void
offload_needs_each(void)
{
	struct rte_mbuf m = { .ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD, .l2_len = 14 };

	CHECK_EQ(offload_needs(&m), 0);
	m.ol_flags = TCP4;
	CHECK_EQ(offload_needs(&m), PORT_TAKES_CSUM4);
	m.ol_flags = UDP4;
	CHECK_EQ(offload_needs(&m), PORT_TAKES_CSUM4);
	m.ol_flags = TCP6;
	CHECK_EQ(offload_needs(&m), PORT_TAKES_CSUM6);
	m.ol_flags = UDP6;
	CHECK_EQ(offload_needs(&m), PORT_TAKES_CSUM6);
	m.ol_flags = TCP4 | RTE_MBUF_F_TX_TCP_SEG;
	CHECK_EQ(offload_needs(&m), PORT_TAKES_CSUM4 | PORT_TAKES_TSO4);
	m.ol_flags = TCP6 | RTE_MBUF_F_TX_TCP_SEG;
	CHECK_EQ(offload_needs(&m), PORT_TAKES_CSUM6 | PORT_TAKES_TSO6);
	m.l2_len = 18;
	CHECK_EQ(offload_needs(&m), PORT_TAKES_CSUM6 | PORT_TAKES_TSO6 | PORT_TAKES_TAGGED);
	m.l2_len = 14;
	m.ol_flags = UDP4 | RTE_MBUF_F_TX_UDP_SEG;
	CHECK_EQ(offload_needs(&m), PORT_TAKES_CSUM4 | PORT_TAKES_RARE);
	m.ol_flags = TCP4 | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TUNNEL_GRE;
	CHECK_EQ(offload_needs(&m), PORT_TAKES_CSUM4 | PORT_TAKES_TSO4 | PORT_TAKES_RARE);
	CHECK_EQ(PORT_TAKES_ALL & PORT_TAKES_RARE, 0); /* nobody takes these */
}

static void
offload_to_virtio_empty(void)
{
	struct virtio_net_hdr hdr, zero;
	struct rte_mbuf m;

	memset(&zero, 0, sizeof(zero));
	memset(&hdr, 0xff, sizeof(hdr));
	mbuf_of(&tcp4, -1, &m);
	offload_to_virtio(&m, &hdr);
	CHECK_MEM(&hdr, &zero, sizeof(hdr));
	m.ol_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
	offload_to_virtio(&m, &hdr);
	CHECK_MEM(&hdr, &zero, sizeof(hdr));
	m.ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	offload_to_virtio(&m, &hdr);
	zero.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	CHECK_MEM(&hdr, &zero, sizeof(hdr));
	packet_mbuf_free(&m);
}

static void
offload_to_virtio_csum(void)
{
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		const struct packet *p = &packet_shapes[i];
		struct virtio_net_hdr hdr;
		struct rte_mbuf m;

		mbuf_of(p, 0, &m);
		offload_to_virtio(&m, &hdr);
		CHECK_EQ(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
		CHECK_EQ(hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);
		CHECK_EQ(hdr.csum_start, packet_l4_start(p));
		CHECK_EQ(hdr.csum_start + hdr.csum_offset, packet_csum_start(p));
		CHECK_EQ(hdr.gso_size, 0);
		CHECK_EQ(hdr.hdr_len, 0);
		packet_mbuf_free(&m);
	}
}

static void
offload_to_virtio_gso(void)
{
	struct packet p = tcp6;
	struct virtio_net_hdr hdr;
	struct rte_mbuf m;

	mbuf_of(&tcp4, 1448, &m);
	offload_to_virtio(&m, &hdr);
	CHECK_EQ(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	CHECK_EQ(hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	CHECK_EQ(hdr.gso_size, 1448);
	CHECK_EQ(hdr.hdr_len, 54);
	CHECK_EQ(hdr.csum_start, 34);
	CHECK_EQ(hdr.csum_offset, 16);
	packet_mbuf_free(&m);

	p.tcp_flags = 0x80; /* CWR */
	mbuf_of(&p, 9, &m);
	offload_to_virtio(&m, &hdr);
	CHECK_EQ(hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN);
	CHECK_EQ(hdr.gso_size, 9);
	CHECK_EQ(hdr.hdr_len, 78);
	packet_mbuf_free(&m);
}

/* What one kernel device is told, the next one's header says again. */
static void
offload_from_virtio_round_trip(void)
{
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		const struct packet *p = &packet_shapes[i];
		int gso_size = p->protocol == IPPROTO_TCP ? 40 : 0;
		struct virtio_net_hdr hdr;
		struct rte_mbuf m, n;

		for (; gso_size >= 0; gso_size -= 40) {
			mbuf_of(p, gso_size, &m);
			offload_to_virtio(&m, &hdr);
			packet_mbuf(&n, m.buf_addr, m.data_len);
			CHECK_EQ(offload_from_virtio(&n, &hdr), 0);
			CHECK_EQ(n.ol_flags, m.ol_flags);
			CHECK_EQ(n.tx_offload, m.tx_offload);
			CHECK_MEM(n.buf_addr, m.buf_addr, m.data_len);
			packet_mbuf_free(&m);
			packet_mbuf_free(&n);
		}
	}
}

static void
offload_from_virtio_empty(void)
{
	struct virtio_net_hdr hdr = { .flags = 0 };
	struct rte_mbuf m;

	mbuf_of(&tcp4, -1, &m);
	m.ol_flags = RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_RX_VLAN;
	CHECK_EQ(offload_from_virtio(&m, &hdr), 0);
	CHECK_EQ(m.ol_flags, RTE_MBUF_F_EXTERNAL);
	hdr.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	CHECK_EQ(offload_from_virtio(&m, &hdr), 0);
	CHECK_EQ(m.ol_flags, RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_RX_L4_CKSUM_GOOD);
	CHECK_MEM(m.buf_addr, frame, m.data_len);
	packet_mbuf_free(&m);
}

/*
 * Hands the first `size` bytes of `frame` over with a blank checksum at start + offset; copies the
 * outcome back.
 */
static int
csum_from_virtio(size_t size, unsigned start, unsigned offset, uint64_t *ol_flags)
{
	struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				      .csum_start = (uint16_t)start,
				      .csum_offset = (uint16_t)offset };
	struct rte_mbuf m;
	int ret;

	packet_mbuf(&m, frame, size);
	ret = offload_from_virtio(&m, &hdr);
	*ol_flags = m.ol_flags;
	memcpy(frame, m.buf_addr, size);
	packet_mbuf_free(&m);
	return ret;
}

/*
 * A checksum that no guest could be told of is finished here: as that of a tunnelled packet, or of
 * ICMPv6.
 */
static void
offload_from_virtio_other_csum(void)
{
	size_t size = packet_build(&tcp4, frame);
	uint64_t ol_flags;

	wire_put_be16(frame + 100, 0x1234); /* what the kernel put there: the inner pseudo-header */
	CHECK_EQ(csum_from_virtio(size, 90, 10, &ol_flags), 0);
	CHECK_EQ(ol_flags, 0);
	CHECK_NE(wire_be16(frame + 100), 0x1234);
	CHECK_EQ(wire_sum(frame + 90, size - 90, 0x1234), 0xffff);
	CHECK_EQ(csum_from_virtio(size, 90, 16, &ol_flags), 0); /* TCP in TCP */
	CHECK_EQ(ol_flags, 0);
	/* TCP's own place but not for TCP's checksum */
	size = packet_build(&tcp4, frame);
	wire_put_be16(frame + 40, 0);
	CHECK_EQ(csum_from_virtio(size, 34, 6, &ol_flags), 0);
	CHECK_EQ(ol_flags, 0);
	CHECK_EQ(wire_sum(frame + 34, size - 34, 0), 0xffff);
}

static void
offload_from_virtio_csum_hostile(void)
{
	size_t size = packet_build(&tcp4, frame);
	uint64_t ol_flags;

	CHECK_EQ(csum_from_virtio(size, (unsigned)size - 2, 0, &ol_flags), 0);
	CHECK_EQ(csum_from_virtio(size, (unsigned)size - 1, 0, &ol_flags), -EINVAL);
	CHECK_EQ(csum_from_virtio(size, 0, (unsigned)size - 1, &ol_flags), -EINVAL);
	CHECK_EQ(csum_from_virtio(size, 0xffff, 0xffff, &ol_flags), -EINVAL);
	CHECK_EQ(csum_from_virtio(size, 0xffff, 3, &ol_flags), -EINVAL);
	CHECK_EQ(csum_from_virtio(0, 0, 0, &ol_flags), -EINVAL);
	CHECK_EQ(csum_from_virtio(1, 0, 0, &ol_flags), -EINVAL);
	for (unsigned cut = 0; cut < 80; cut++) {
		for (unsigned start = 0; start < 80; start++) {
			packet_build(&tcp4, frame);
			CHECK_EQ(csum_from_virtio(cut, start, 16, &ol_flags),
				 start + 18 <= cut ? 0 : -EINVAL);
		}
	}
}

static void
offload_from_virtio_gso_hostile(void)
{
	struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				      .gso_size = 100,
				      .csum_start = 34,
				      .csum_offset = 16 };
	struct rte_mbuf m;

	mbuf_of(&tcp4, -1, &m);
	for (unsigned type = 0; type < 256; type++) {
		unsigned base = type & 0x7f; /* without the ECN bit */
		bool is_known = base == VIRTIO_NET_HDR_GSO_NONE || base == VIRTIO_NET_HDR_GSO_TCPV4;

		hdr.gso_type = (uint8_t)type;
		CHECK_EQ(offload_from_virtio(&m, &hdr), is_known ? 0 : -EINVAL);
	}
	hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	hdr.gso_size = 0;
	CHECK_EQ(offload_from_virtio(&m, &hdr), -EINVAL);
	hdr.gso_size = 100;
	/* no TCP is there, and no tunnel before it */
	for (unsigned start = 0; start <= 0xffff; start++) {
		hdr.csum_start = (uint16_t)start;
		CHECK_EQ(offload_from_virtio(&m, &hdr), start == 34 ? 0 : -EINVAL);
	}
	packet_mbuf_free(&m);
}

/*
 * What each mark of a driver's comes to, for a frame of TCP, or of UDP, with the checksum field
 * left as it was.
 */
#define L4_NONE RTE_MBUF_F_RX_L4_CKSUM_NONE
#define L4_GOOD RTE_MBUF_F_RX_L4_CKSUM_GOOD
#define L4_BAD RTE_MBUF_F_RX_L4_CKSUM_BAD
static const struct {
	uint64_t in, out_tcp, out_udp;
	uint32_t packet_type;
} rx_marks[] = {
	{ 0, 0, 0, 0 },
	{ RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, 0, 0, 0 },
	{ L4_GOOD, L4_GOOD, L4_GOOD, 0 },
	{ L4_BAD, 0, 0, 0 },
	{ L4_NONE, TCP4, UDP4, 0 },
	{ L4_GOOD | RTE_MBUF_F_RX_RSS_HASH | RTE_MBUF_F_RX_IP_CKSUM_BAD, L4_GOOD, L4_GOOD, 0 },
	{ L4_GOOD | RTE_MBUF_F_RX_IP_CKSUM_GOOD, L4_GOOD, L4_GOOD, RTE_PTYPE_L4_TCP },
	{ RTE_MBUF_F_RX_IP_CKSUM_GOOD, 0, 0, 0 },
	{ RTE_MBUF_F_RX_IP_CKSUM_NONE, 0, 0, 0 },
	{ RTE_MBUF_F_RX_OUTER_IP_CKSUM_BAD | RTE_MBUF_F_RX_OUTER_L4_CKSUM_BAD, 0, 0, 0 },
	{ L4_GOOD, 0, 0, RTE_PTYPE_TUNNEL_VXLAN }, /* the inner one */
	{ L4_GOOD | RTE_MBUF_F_RX_OUTER_L4_CKSUM_GOOD, 0, 0, RTE_PTYPE_TUNNEL_GENEVE },
	{ RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_FDIR | RTE_MBUF_F_RX_IEEE1588_PTP, 0, 0, 0 },
	{ RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM, 0, 0, 0 },
	{ RTE_MBUF_F_EXTERNAL | L4_BAD, RTE_MBUF_F_EXTERNAL, RTE_MBUF_F_EXTERNAL, 0 },
	{ RTE_MBUF_F_INDIRECT | L4_NONE, RTE_MBUF_F_INDIRECT | TCP4, RTE_MBUF_F_INDIRECT | UDP4,
	  0 },
	{ RTE_MBUF_F_RX_LRO, TCP4 | RTE_MBUF_F_TX_TCP_SEG, 0, 0 },
	{ RTE_MBUF_F_RX_LRO | L4_NONE, TCP4 | RTE_MBUF_F_TX_TCP_SEG, 0, 0 },
	{ RTE_MBUF_F_RX_LRO | L4_GOOD, TCP4 | RTE_MBUF_F_TX_TCP_SEG, 0, 0 },
};

static void
offload_from_ethdev_each(void)
{
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(rx_marks); i++) {
		struct packet p = tcp4;
		struct rte_mbuf m;

		p.protocol = i % 2 == 0 ? IPPROTO_TCP : IPPROTO_UDP;
		mbuf_of(&p, -1, &m);
		m.ol_flags = rx_marks[i / 2].in;
		m.packet_type = rx_marks[i / 2].packet_type;
		m.tso_segsz = 1000;
		offload_from_ethdev(&m);
		CHECK_EQ(m.ol_flags,
			 i % 2 == 0 ? rx_marks[i / 2].out_tcp : rx_marks[i / 2].out_udp);
		if ((m.ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0)
			CHECK_EQ(m.tso_segsz, 1000);
		offload_complete_csum(&m); /* whatever was asked for has been described right */
		if ((rx_marks[i / 2].in & RTE_MBUF_F_RX_LRO) == 0 &&
		    (rx_marks[i / 2].in & L4_NONE) == L4_NONE)
			CHECK(packet_csums_hold(&p, m.buf_addr, m.data_len));
		packet_mbuf_free(&m);
	}
}

/*
 * "No checksum computed" of what has none: a fragment, another protocol, UDP with a checksum of
 * zero.
 */
static void
offload_from_ethdev_none(void)
{
	struct packet p = { .family = 4, .protocol = IPPROTO_UDP, .payload_size = 100 };
	size_t size = packet_build(&p, frame);

	for (unsigned i = 0; i < 4; i++) {
		struct rte_mbuf m;

		packet_build(&p, frame);
		if (i == 0)
			wire_put_be16(frame + packet_csum_start(&p), 0);
		else if (i == 1)
			wire_put_be16(frame + 20, 0x2000);
		else if (i == 2)
			frame[23] = IPPROTO_SCTP;
		else
			frame[14] = 0x45 + 0x10;
		packet_mbuf(&m, frame, size);
		m.ol_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
		offload_from_ethdev(&m);
		CHECK_EQ(m.ol_flags, 0);
		CHECK_MEM(m.buf_addr, frame, size);
		packet_mbuf_free(&m);
	}
}

/* An LRO frame of a device that does not say the segments' size: they fit an Ethernet. */
static void
offload_from_ethdev_lro_unsized(void)
{
	struct rte_mbuf m;

	mbuf_of(&tcp6, -1, &m);
	m.ol_flags = RTE_MBUF_F_RX_LRO;
	offload_from_ethdev(&m);
	CHECK_EQ(m.ol_flags, TCP6 | RTE_MBUF_F_TX_TCP_SEG);
	CHECK_EQ(m.l3_len + m.l4_len + m.tso_segsz, 1500);
	packet_mbuf_free(&m);
}

/* The IPv4 header's checksum is completed where it is missing. */
static void
offload_from_ethdev_ip_none(void)
{
	struct packet p = tcp4;
	struct rte_mbuf m;

	for (p.n_tags = 0; p.n_tags <= 2; p.n_tags++) {
		mbuf_of(&p, -1, &m);
		wire_put_be16((uint8_t *)m.buf_addr + packet_l2_size(&p) + 10, 0x1234);
		m.ol_flags = RTE_MBUF_F_RX_IP_CKSUM_NONE | RTE_MBUF_F_RX_L4_CKSUM_NONE;
		offload_from_ethdev(&m);
		offload_complete_csum(&m);
		CHECK(packet_csums_hold(&p, m.buf_addr, m.data_len));
		packet_mbuf_free(&m);
	}
	packet_mbuf(&m, frame, 20); /* too short for what it says it is */
	m.ol_flags = RTE_MBUF_F_RX_IP_CKSUM_NONE | RTE_MBUF_F_RX_L4_CKSUM_NONE | RTE_MBUF_F_RX_LRO;
	offload_from_ethdev(&m);
	CHECK_EQ(m.ol_flags, 0);
	packet_mbuf_free(&m);
}

static void
offload_to_ethdev_csum(void)
{
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		struct rte_mbuf m, before;

		mbuf_of(&packet_shapes[i], 0, &m);
		before = m;
		memcpy(frame, m.buf_addr, m.data_len);
		offload_to_ethdev(&m);
		CHECK_EQ(m.ol_flags, before.ol_flags);
		CHECK_EQ(m.tx_offload, before.tx_offload);
		CHECK_MEM(m.buf_addr, frame, m.data_len);
		packet_mbuf_free(&m);
	}
}

static void
offload_to_ethdev_empty(void)
{
	struct rte_mbuf m;

	packet_mbuf(&m, frame, 0); /* no request, so that nothing of the frame may be read */
	offload_to_ethdev(&m);
	CHECK_EQ(m.ol_flags, 0);
	packet_mbuf_free(&m);
}

static void
offload_to_ethdev_gso(void)
{
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		const struct packet *p = &packet_shapes[i];
		const uint8_t *out;
		struct rte_mbuf m;

		if (p->protocol != IPPROTO_TCP)
			continue;
		mbuf_of(p, 40, &m);
		offload_to_ethdev(&m);
		out = m.buf_addr;
		CHECK_EQ(wire_be16(out + packet_csum_start(p)), packet_pseudo_sum(p, frame, 0));
		CHECK_EQ((m.ol_flags & RTE_MBUF_F_TX_IP_CKSUM) != 0, p->family == 4);
		CHECK_EQ(rte_validate_tx_offload(&m), 0);
		if (p->family == 4)
			CHECK_EQ(wire_be16(out + packet_l2_size(p) + 10), 0);
		packet_mbuf_free(&m);
	}
}

void test_offload_host(CU_pSuite suite);

void
test_offload_host(CU_pSuite suite)
{
	UNIT_ADD(suite, offload_needs_each);
	UNIT_ADD(suite, offload_to_virtio_empty);
	UNIT_ADD(suite, offload_to_virtio_csum);
	UNIT_ADD(suite, offload_to_virtio_gso);
	UNIT_ADD(suite, offload_from_virtio_round_trip);
	UNIT_ADD(suite, offload_from_virtio_empty);
	UNIT_ADD(suite, offload_from_virtio_other_csum);
	UNIT_ADD(suite, offload_from_virtio_csum_hostile);
	UNIT_ADD(suite, offload_from_virtio_gso_hostile);
	UNIT_ADD(suite, offload_from_ethdev_each);
	UNIT_ADD(suite, offload_from_ethdev_none);
	UNIT_ADD(suite, offload_from_ethdev_lro_unsized);
	UNIT_ADD(suite, offload_from_ethdev_ip_none);
	UNIT_ADD(suite, offload_to_ethdev_csum);
	UNIT_ADD(suite, offload_to_ethdev_empty);
	UNIT_ADD(suite, offload_to_ethdev_gso);
}
