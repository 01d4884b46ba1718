/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Offload requests: what is understood, what is refused; nothing outside a hostile frame is
 * touched.
 */
#include "dp/frame/offload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "base/util.h"
#include "packet_mbuf.h"
#include "unit.h"

#define TCP4 (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_CKSUM)
#define TCP6 (RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_TCP_CKSUM)
#define UDP4 (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_UDP_CKSUM)
#define UDP6 (RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM)

static const struct packet tcp4 = { .family = 4, .protocol = IPPROTO_TCP, .payload_size = 3000 };
static const struct packet tcp6 = { .family = 6, .protocol = IPPROTO_TCP, .payload_size = 3000 };
static const struct packet udp4 = { .family = 4, .protocol = IPPROTO_UDP, .payload_size = 3000 };

static uint8_t frame[PACKET_SIZE_MAX];

/*
 * Offers the first `size` bytes of `frame`, and checks that a refusal leaves everything as it was.
 */
static int
request(size_t size, enum offload_gso gso, uint16_t gso_size)
{
	struct rte_mbuf m, before;
	int ret;

	packet_mbuf(&m, frame, size);
	before = m;
	ret = offload_request(&m, gso, gso_size);
	if (ret != 0) {
		CHECK_EQ(ret, -EINVAL);
		CHECK_MEM(&m, &before, sizeof(m));
		CHECK_MEM(m.buf_addr, frame, size);
	}
	packet_mbuf_free(&m);
	return ret;
}

/* Builds `p` with the byte at `at` set to `value`, and requests its checksum. */
static int
request_with(const struct packet *p, size_t at, unsigned value)
{
	size_t size = packet_build(p, frame);

	frame[at] = (uint8_t)value;
	return request(size, OFFLOAD_GSO_NONE, 0);
}

static int
request_with_be16(const struct packet *p, size_t at, unsigned value)
{
	size_t size = packet_build(p, frame);

	wire_put_be16(frame + at, value);
	return request(size, OFFLOAD_GSO_NONE, 0);
}

static uint64_t
flags_of(const struct packet *p)
{
	if (p->protocol == IPPROTO_TCP)
		return p->family == 4 ? TCP4 : TCP6;
	return p->family == 4 ? UDP4 : UDP6;
}

static void
offload_request_empty(void)
{
	CHECK_EQ(request(0, OFFLOAD_GSO_NONE, 0), -EINVAL);
	memset(frame, 0, sizeof(frame));
	for (size_t size = 0; size < 100; size++)
		CHECK_EQ(request(size, OFFLOAD_GSO_NONE, 0), -EINVAL);
}

static void
offload_request_many(void)
{
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		const struct packet *p = &packet_shapes[i];
		size_t size = packet_build(p, frame);
		struct rte_mbuf m;
		const uint8_t *out;

		packet_mbuf(&m, frame, size);
		m.ol_flags = RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_RX_L4_CKSUM_BAD;
		m.tx_offload = UINT64_MAX;
		out = m.buf_addr;
		CHECK_EQ(offload_request(&m, OFFLOAD_GSO_NONE, 77), 0);
		CHECK_EQ(m.ol_flags, RTE_MBUF_F_EXTERNAL | flags_of(p));
		CHECK_EQ(m.l2_len, packet_l2_size(p));
		CHECK_EQ(m.l3_len, packet_l3_size(p));
		CHECK_EQ(m.l4_len, packet_l4_size(p));
		CHECK_EQ(m.tso_segsz, 0);
		CHECK_EQ(m.outer_l2_len, 0);
		CHECK_EQ(wire_be16(out + packet_csum_start(p)),
			 packet_pseudo_sum(p, frame, size - packet_l4_start(p)));
		CHECK_FALSE(packet_csums_hold(p, out, size));
		offload_complete_csum(&m);
		CHECK(packet_csums_hold(p, out, size));
		CHECK_EQ(m.ol_flags, RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_RX_L4_CKSUM_GOOD);
		CHECK_MEM(out, frame, packet_csum_start(p));
		packet_mbuf_free(&m);
	}
}

/* All values of a word of the address, among them those for which a sum's carry itself carries. */
static void
offload_request_carry(void)
{
	struct packet p = tcp4;
	unsigned n_wrong = 0;
	size_t size;

	p.payload_size = 235; /* with the header 0x00ff, the greatest first byte in either order */
	size = packet_build(&p, frame);
	for (unsigned word = 0; word <= 0xffff; word++) {
		struct rte_mbuf m;
		uint8_t *out;

		wire_put_be16(frame + 26, word);
		packet_mbuf(&m, frame, size);
		out = m.buf_addr;
		offload_request(&m, OFFLOAD_GSO_NONE, 0);
		n_wrong += wire_be16(out + 50) != packet_pseudo_sum(&p, frame, 255);
		packet_mbuf_free(&m);
	}
	CHECK_EQ(n_wrong, 0);
}

static void
offload_request_truncated(void)
{
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		size_t size = packet_build(&packet_shapes[i], frame);

		for (size_t cut = 0; cut < size; cut++)
			CHECK_EQ(request(cut, OFFLOAD_GSO_NONE, 0), -EINVAL);
		CHECK_EQ(request(size, OFFLOAD_GSO_NONE, 0), 0);
	}
}

/* The same, with lengths in the headers that claim no more than is there. */
static void
offload_request_partial(void)
{
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		const struct packet *p = &packet_shapes[i];
		size_t l2_size = packet_l2_size(p);
		size_t size = packet_build(p, frame);

		for (size_t cut = l2_size + (p->family == 4 ? 20 : 40); cut < size; cut++) {
			bool is_tcp = p->protocol == IPPROTO_TCP;

			wire_put_be16(frame + l2_size + (p->family == 4 ? 2 : 4),
				      (unsigned)(cut - l2_size - (p->family == 4 ? 0 : 40)));
			CHECK_EQ(request(cut, OFFLOAD_GSO_NONE, 0),
				 is_tcp && cut >= packet_headers_size(p) ? 0 : -EINVAL);
		}
	}
}

/* Whatever stands after the IP packet is no part of the checksum. */
static void
offload_request_padded(void)
{
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		struct packet p = packet_shapes[i];
		struct rte_mbuf m;
		size_t size;

		p.payload_size = 1;
		p.padding_size = 7;
		size = packet_build(&p, frame);
		packet_mbuf(&m, frame, size);
		CHECK_EQ(offload_request(&m, OFFLOAD_GSO_NONE, 0), 0);
		CHECK_EQ(m.data_len, size - 7);
		CHECK_EQ(m.pkt_len, size - 7);
		offload_complete_csum(&m);
		CHECK(packet_csums_hold(&p, m.buf_addr, size - 7));
		packet_mbuf_free(&m);
	}
}

static void
offload_request_hostile_ethernet(void)
{
	struct packet three_tags = tcp4;

	three_tags.n_tags = 3;
	CHECK_EQ(request(packet_build(&three_tags, frame), OFFLOAD_GSO_NONE, 0), -EINVAL);
	CHECK_EQ(request_with_be16(&tcp4, 12, 0x0806), -EINVAL); /* ARP */
	CHECK_EQ(request_with_be16(&tcp4, 12, 0x86dd), -EINVAL);
	CHECK_EQ(request_with_be16(&tcp6, 12, 0x0800), -EINVAL);
	memset(frame, 0x81, 100); /* tags without end */
	for (size_t at = 12; at < 100; at += 4)
		wire_put_be16(frame + at, 0x8100);
	for (size_t size = 0; size < 100; size++)
		CHECK_EQ(request(size, OFFLOAD_GSO_NONE, 0), -EINVAL);
}

static void
offload_request_hostile_ipv4(void)
{
	size_t size = packet_build(&tcp4, frame);
	unsigned total_length = (unsigned)size - 14;

	CHECK_EQ(request_with(&tcp4, 14, 0x65), -EINVAL); /* version */
	for (unsigned ihl = 0; ihl < 5; ihl++)
		CHECK_EQ(request_with(&tcp4, 14, 0x40 | ihl), -EINVAL);
	CHECK_EQ(request_with_be16(&tcp4, 16, 0), -EINVAL); /* "BIG TCP" */
	CHECK_EQ(request_with_be16(&tcp4, 16, 19), -EINVAL);
	CHECK_EQ(request_with_be16(&tcp4, 16, 39), -EINVAL);
	CHECK_EQ(request_with_be16(&tcp4, 16, 40), 0); /* all payload is padding */
	CHECK_EQ(request_with_be16(&tcp4, 16, total_length), 0);
	CHECK_EQ(request_with_be16(&tcp4, 16, total_length + 1), -EINVAL);
	CHECK_EQ(request_with_be16(&tcp4, 16, 0xffff), -EINVAL);
	CHECK_EQ(request_with_be16(&tcp4, 20, 0x2000), -EINVAL); /* first fragment */
	CHECK_EQ(request_with_be16(&tcp4, 20, 0x0001), -EINVAL); /* last fragment */
	CHECK_EQ(request_with_be16(&tcp4, 20, 0x1fff), -EINVAL);
	CHECK_EQ(request_with_be16(&tcp4, 20, 0x0000), 0);
	CHECK_EQ(request_with(&tcp4, 23, IPPROTO_ICMP), -EINVAL);
	CHECK_EQ(request_with(&tcp4, 23, IPPROTO_SCTP), -EINVAL);
	CHECK_EQ(request_with(&tcp4, 23, IPPROTO_DSTOPTS), -EINVAL); /* means nothing in IPv4 */
}

/* A header length beyond the packet, with all lengths around it at their smallest. */
static void
offload_request_hostile_ihl(void)
{
	packet_build(&tcp4, frame);
	for (unsigned ihl = 5; ihl < 16; ihl++) {
		frame[14] = (uint8_t)(0x40 | ihl);
		for (unsigned total_length = 20; total_length <= ihl * 4 + 19; total_length++) {
			wire_put_be16(frame + 16, total_length);
			CHECK_EQ(request(14 + total_length, OFFLOAD_GSO_NONE, 0), -EINVAL);
		}
	}
}

static void
offload_request_hostile_transport(void)
{
	static const struct packet bare = { .family = 4,
					    .protocol = IPPROTO_TCP,
					    .payload_size = 8 };

	for (unsigned doff = 0; doff < 16; doff++)
		CHECK_EQ(request_with(&bare, 46, doff << 4), doff < 5 || doff > 7 ? -EINVAL : 0);
	CHECK_EQ(request_with_be16(&udp4, 38, 0), -EINVAL);
	CHECK_EQ(request_with_be16(&udp4, 38, 3007), -EINVAL);
	CHECK_EQ(request_with_be16(&udp4, 38, 3008), 0);
	CHECK_EQ(request_with_be16(&udp4, 38, 3009), -EINVAL);
}

static void
offload_request_hostile_ipv6(void)
{
	CHECK_EQ(request_with(&tcp6, 14, 0x40), -EINVAL);
	CHECK_EQ(request_with_be16(&tcp6, 18, 0), -EINVAL); /* jumbogram or "BIG TCP" */
	CHECK_EQ(request_with_be16(&tcp6, 18, 19), -EINVAL);
	CHECK_EQ(request_with_be16(&tcp6, 18, 20), 0);
	CHECK_EQ(request_with_be16(&tcp6, 18, 3020), 0);
	CHECK_EQ(request_with_be16(&tcp6, 18, 3021), -EINVAL);
	CHECK_EQ(request_with_be16(&tcp6, 18, 0xffff), -EINVAL);
	CHECK_EQ(request_with(&tcp6, 20, IPPROTO_ICMPV6), -EINVAL);
	CHECK_EQ(request_with(&tcp6, 20, IPPROTO_FRAGMENT), -EINVAL);
	CHECK_EQ(request_with(&tcp6, 20, IPPROTO_NONE), -EINVAL);
	CHECK_EQ(request_with(&tcp6, 20, IPPROTO_AH), -EINVAL);
}

/*
 * A chain of `n` extension headers of `size` bytes each, the `i`th of type types[i], and then TCP.
 */
static int
request_ext_chain(const uint8_t *types, unsigned n, unsigned size, unsigned segments_left)
{
	struct packet p = tcp6;
	size_t frame_size;

	p.ip_options_size = n * size;
	p.payload_size = 50;
	frame_size = packet_build(&p, frame);
	frame[20] = types[0];
	for (unsigned i = 0; i < n; i++) {
		uint8_t *ext = frame + 54 + i * size;

		ext[0] = i + 1 < n ? types[i + 1] : IPPROTO_TCP;
		ext[1] = (uint8_t)(size / 8 - 1);
		ext[3] = types[i] == IPPROTO_ROUTING ? (uint8_t)segments_left : 9;
	}
	return request(frame_size, OFFLOAD_GSO_NONE, 0);
}

static void
offload_request_ext_headers(void)
{
	static const uint8_t usual[] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING,
					 IPPROTO_DSTOPTS };
	static const uint8_t fragment[] = { IPPROTO_HOPOPTS, IPPROTO_FRAGMENT };
	static const uint8_t same[20]; /* IPPROTO_HOPOPTS is 0 */

	CHECK_EQ(request_ext_chain(usual, ARRAY_SIZE(usual), 8, 0), 0);
	CHECK_EQ(request_ext_chain(usual, ARRAY_SIZE(usual), 24, 0), 0);
	/* segments left: completed */
	CHECK_EQ(request_ext_chain(usual, ARRAY_SIZE(usual), 8, 1), 0);
	CHECK_EQ(request_ext_chain(fragment, ARRAY_SIZE(fragment), 8, 0), -EINVAL);
	CHECK_EQ(request_ext_chain(same, 8, 8, 0), 0);
	CHECK_EQ(request_ext_chain(same, 9, 8, 0), -EINVAL); /* more than anybody needs */
	CHECK_EQ(request_ext_chain(same, 1, 464, 0), 0);
	CHECK_EQ(request_ext_chain(same, 1, 472, 0), -EINVAL); /* 512 does not fit in m->l3_len */
	CHECK_EQ(request_ext_chain(same, 1, 2048, 0), -EINVAL);
	CHECK_EQ(request_ext_chain(same, 8, 2048, 0), -EINVAL);
}

/* Extension headers that claim to reach beyond the packet. */
static void
offload_request_ext_headers_hostile(void)
{
	struct packet p = tcp6;
	size_t size;

	p.ip_options_size = 16;
	p.payload_size = 0;
	size = packet_build(&p, frame);
	for (unsigned len = 0; len < 256; len++) {
		frame[55] = (uint8_t)len;
		CHECK_EQ(request(size, OFFLOAD_GSO_NONE, 0), len == 1 ? 0 : -EINVAL);
	}
	memset(frame + 54, 0, 8);
	for (unsigned room = 0; room < 8; room++) {
		static const uint8_t types[] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS,
						 IPPROTO_ROUTING };

		wire_put_be16(frame + 18, room);
		for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
			frame[20] = types[i];
			CHECK_EQ(request(54 + room, OFFLOAD_GSO_NONE, 0), -EINVAL);
		}
	}
}

static void
offload_request_gso(void)
{
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		struct packet p = packet_shapes[i];
		bool is_tcp = p.protocol == IPPROTO_TCP;
		enum offload_gso right = p.family == 4 ? OFFLOAD_GSO_TCPV4 : OFFLOAD_GSO_TCPV6;
		enum offload_gso wrong = p.family == 6 ? OFFLOAD_GSO_TCPV4 : OFFLOAD_GSO_TCPV6;
		size_t size = packet_build(&p, frame);
		struct rte_mbuf m;

		CHECK_EQ(request(size, wrong, 40), -EINVAL);
		CHECK_EQ(request(size, right, 0), -EINVAL);
		CHECK_EQ(request(size, right, 40), is_tcp ? 0 : -EINVAL);
		/* IP's length is not the frame's */
		CHECK_EQ(request(size + 1, right, 40), -EINVAL);
		packet_mbuf(&m, frame, size);
		if (is_tcp && offload_request(&m, right, 40) == 0) {
			CHECK_EQ(m.ol_flags, flags_of(&p) | RTE_MBUF_F_TX_TCP_SEG);
			CHECK_EQ(m.tso_segsz, 40);
			CHECK_EQ(m.l2_len + m.l3_len + m.l4_len, packet_headers_size(&p));
			CHECK_EQ(wire_be16((uint8_t *)m.buf_addr + packet_csum_start(&p)),
				 packet_pseudo_sum(&p, frame, size - packet_l4_start(&p)));
		}
		packet_mbuf_free(&m);
	}
}

static void
offload_request_gso_one(void)
{
	struct rte_mbuf m;
	size_t size = packet_build(&tcp4, frame);

	for (unsigned gso_size = 2999; gso_size <= 3001; gso_size++) {
		packet_mbuf(&m, frame, size);
		CHECK_EQ(offload_request(&m, OFFLOAD_GSO_TCPV4, (uint16_t)gso_size), 0);
		CHECK_EQ(m.ol_flags, gso_size < 3000 ? TCP4 | RTE_MBUF_F_TX_TCP_SEG : TCP4);
		CHECK_EQ(m.tso_segsz, gso_size < 3000 ? gso_size : 0);
		packet_mbuf_free(&m);
	}
}

/*
 * Frames with a few wrong bytes in their headers, cut anywhere. If one is accepted, everything the
 * request says must lie within it, and completing it must stay within it (which the address
 * sanitizer checks).
 */
static void
offload_request_hostile_random(void)
{
	unsigned n_accepted = 0;

	srandom(7);
	for (unsigned round = 0; round < 200000; round++) {
		const struct packet *p = &packet_shapes[random() % packet_n_shapes];
		size_t size = packet_build(p, frame);
		struct rte_mbuf m;

		for (long n = random() % 4; n > 0; n--)
			frame[12 + (size_t)random() % (packet_headers_size(p) - 12)] =
				(uint8_t)random();
		if (random() % 2 == 0)
			size = (size_t)random() % (size + 1);
		packet_mbuf(&m, frame, size);
		if (offload_request(&m, (enum offload_gso)(random() % 3),
				    (uint16_t)(random() % 200)) == 0) {
			n_accepted++;
			REQUIRE_LE(m.data_len, size);
			REQUIRE_EQ(m.data_len, m.pkt_len);
			REQUIRE_LE(m.l2_len + m.l3_len + m.l4_len, m.data_len);
			offload_complete_csum(&m);
		}
		packet_mbuf_free(&m);
	}
	CHECK_GT(n_accepted, 1000);
}

void test_offload(CU_pSuite suite);

void
test_offload(CU_pSuite suite)
{
	UNIT_ADD(suite, offload_request_empty);
	UNIT_ADD(suite, offload_request_many);
	UNIT_ADD(suite, offload_request_carry);
	UNIT_ADD(suite, offload_request_truncated);
	UNIT_ADD(suite, offload_request_partial);
	UNIT_ADD(suite, offload_request_padded);
	UNIT_ADD(suite, offload_request_hostile_ethernet);
	UNIT_ADD(suite, offload_request_hostile_ipv4);
	UNIT_ADD(suite, offload_request_hostile_ihl);
	UNIT_ADD(suite, offload_request_hostile_transport);
	UNIT_ADD(suite, offload_request_hostile_ipv6);
	UNIT_ADD(suite, offload_request_ext_headers);
	UNIT_ADD(suite, offload_request_ext_headers_hostile);
	UNIT_ADD(suite, offload_request_gso);
	UNIT_ADD(suite, offload_request_gso_one);
	UNIT_ADD(suite, offload_request_hostile_random);
}
