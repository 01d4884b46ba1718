/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP segmentation in software: the segments are what the sender's own TCP would have sent. */
#include "dp/frame/offload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "base/util.h"
#include "packet_mbuf.h"
#include "unit.h"

#define CWR 0x80
#define ECE 0x40
#define ACK 0x10
#define PSH 0x08
#define FIN 0x01

#define N_SMALL 2047u
#define N_LARGE 63u
#define OUT_MAX 2048u

static struct pools pools;
static uint8_t frame[PACKET_SIZE_MAX];
static struct rte_mbuf *out[OUT_MAX];

static void
pools_open(unsigned n_small)
{
	REQUIRE_EQ(pools_create(&pools, n_small, N_LARGE), 0);
}

/* Closes the pools, after a check that all buffers came back. */
static void
pools_close(unsigned n_small)
{
	CHECK_EQ(rte_mempool_avail_count(pools.small), n_small);
	CHECK_EQ(rte_mempool_avail_count(pools.large), N_LARGE);
	pools_destroy(&pools);
}

/* A GSO frame made from `p`, which a copy of stays in `frame`. */
static void
gso_frame(const struct packet *p, uint16_t gso_size, struct rte_mbuf *m)
{
	enum offload_gso gso = p->family == 4 ? OFFLOAD_GSO_TCPV4 : OFFLOAD_GSO_TCPV6;

	packet_mbuf(m, frame, packet_build(p, frame));
	REQUIRE_EQ(offload_request(m, gso, gso_size), 0);
	REQUIRE_NE(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG, 0);
}

static uint8_t
expected_flags(const struct packet *p, unsigned idx, unsigned n)
{
	uint8_t flags = p->tcp_flags;

	if (idx > 0)
		flags &= (uint8_t)~CWR;
	if (idx < n - 1)
		flags &= (uint8_t) ~(PSH | FIN);
	return flags;
}

/*
 * Compares the headers with the GSO frame's: all bytes but those that have to differ are the same.
 */
static void
check_headers(const struct packet *p, const struct rte_mbuf *seg, unsigned idx, unsigned n,
	      unsigned gso_size)
{
	const uint8_t *got = rte_pktmbuf_mtod(seg, const uint8_t *);
	size_t l2_size = packet_l2_size(p), l4_start = packet_l4_start(p);
	uint8_t want[600];

	REQUIRE_LE(packet_headers_size(p), sizeof(want));
	memcpy(want, frame, packet_headers_size(p));
	if (p->family == 4) {
		wire_put_be16(want + l2_size + 2, (unsigned)(seg->data_len - l2_size));
		wire_put_be16(want + l2_size + 4, p->id + idx);
		/* packet_csums_hold() looks at it */
		memcpy(want + l2_size + 10, got + l2_size + 10, 2);
	} else {
		wire_put_be16(want + l2_size + 4, (unsigned)(seg->data_len - l2_size - 40));
	}
	wire_put_be16(want + l4_start + 4, (p->seq + idx * gso_size) >> 16);
	wire_put_be16(want + l4_start + 6, (p->seq + idx * gso_size) & 0xffff);
	want[l4_start + 13] = expected_flags(p, idx, n);
	memcpy(want + l4_start + 16, got + l4_start + 16, 2);
	CHECK_MEM(got, want, packet_headers_size(p));
}

/* Checks `n` segments in `out` against the frame, and frees them. */
static void
check_segments(const struct packet *p, unsigned n, unsigned gso_size)
{
	size_t headers_size = packet_headers_size(p);
	size_t at = 0;

	for (unsigned idx = 0; idx < n; idx++) {
		const struct rte_mbuf *seg = out[idx];
		const uint8_t *got = rte_pktmbuf_mtod(seg, const uint8_t *);
		size_t size = util_min(gso_size, p->payload_size - at);

		REQUIRE_EQ(seg->data_len, headers_size + size);
		CHECK_EQ(seg->pkt_len, seg->data_len);
		CHECK_EQ(seg->nb_segs, 1);
		CHECK_EQ(seg->ol_flags, RTE_MBUF_F_RX_L4_CKSUM_GOOD);
		CHECK_EQ(offload_needs(seg), 0);
		CHECK(packet_csums_hold(p, got, seg->data_len));
		CHECK_MEM(got + headers_size, frame + headers_size + at, size);
		check_headers(p, seg, idx, n, gso_size);
		at += size;
	}
	CHECK_EQ(at, p->payload_size);
	rte_pktmbuf_free_bulk(out, n);
}

static void
segment_and_check(const struct packet *p, uint16_t gso_size)
{
	unsigned expected = (p->payload_size + gso_size - 1u) / gso_size;
	struct rte_mbuf m;
	int n;

	gso_frame(p, gso_size, &m);
	CHECK_EQ(offload_segment_count(&m), expected);
	n = offload_segment(&pools, &m, out, OUT_MAX);
	REQUIRE_EQ(n, (int)expected);
	uint32_t bytes = 0;
	for (int i = 0; i < n; i++)
		bytes += out[i]->pkt_len;
	CHECK_EQ(offload_wire_bytes(m.pkt_len, (uint32_t)m.l2_len + m.l3_len + m.l4_len, gso_size),
		 bytes);
	check_segments(p, expected, gso_size);
	packet_mbuf_free(&m);
}

/*
 * Three segments of which every field that changes is written out here, with both numbers about to
 * wrap.
 */
static void
offload_segment_known(void)
{
	static const struct packet p = { .family = 4,
					 .protocol = IPPROTO_TCP,
					 .payload_size = 25,
					 .id = 0xffff,
					 .seq = 0xfffffff8,
					 .tcp_flags = CWR | ECE | ACK | PSH | FIN };
	static const struct {
		unsigned total_length, id, flags, payload;
		uint32_t seq;
	} want[] = {
		{ 50, 0xffff, CWR | ECE | ACK, 10, 0xfffffff8 },
		{ 50, 0x0000, ECE | ACK, 10, 0x00000002 },
		{ 45, 0x0001, ECE | ACK | PSH | FIN, 5, 0x0000000c },
	};
	struct rte_mbuf m;

	pools_open(N_SMALL);
	gso_frame(&p, 10, &m);
	REQUIRE_EQ(offload_segment(&pools, &m, out, OUT_MAX), 3);
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t *seg = rte_pktmbuf_mtod(out[i], const uint8_t *);

		CHECK_EQ(out[i]->data_len, 14 + want[i].total_length);
		CHECK_EQ(wire_be16(seg + 16), want[i].total_length);
		CHECK_EQ(wire_be16(seg + 18), want[i].id);
		CHECK_EQ(wire_be32(seg + 38), want[i].seq);
		CHECK_EQ(seg[47], want[i].flags);
		CHECK_EQ(seg[54], packet_payload(0, 10 * i));
		CHECK(packet_csums_hold(&p, seg, out[i]->data_len));
	}
	rte_pktmbuf_free_bulk(out, 3);
	packet_mbuf_free(&m);
	pools_close(N_SMALL);
}

static void
offload_segment_shapes(void)
{
	pools_open(N_SMALL);
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		struct packet p = packet_shapes[i];

		if (p.protocol != IPPROTO_TCP)
			continue;
		p.tcp_flags = ACK | PSH;
		p.payload_size = 101;
		segment_and_check(&p, 1);
		segment_and_check(&p, 50); /* the last has one byte */
		segment_and_check(&p, 51);
		segment_and_check(&p, 100);
		p.payload_size = 100;
		segment_and_check(&p, 50); /* the last is full */
		segment_and_check(&p, 99);
	}
	pools_close(N_SMALL);
}

static void
offload_segment_random(void)
{
	srandom(3);
	pools_open(N_SMALL);
	for (unsigned round = 0; round < 300; round++) {
		struct packet p = {
			.family = random() % 2 == 0 ? 4 : 6,
			.n_tags = (unsigned)random() % 3,
			.ip_options_size = (unsigned)(random() % 6) * 8,
			.protocol = IPPROTO_TCP,
			.tcp_options_size = (unsigned)(random() % 11) * 4,
			.tcp_flags = (uint8_t)random(),
			.seq = (uint32_t)random() * 2,
			.id = (uint16_t)random(),
			.payload_size = 2 + (unsigned)random() % 65000,
		};
		unsigned gso_size = 1 + (unsigned)random() % (p.payload_size - 1);

		if (gso_size < p.payload_size / 1000)
			gso_size += 1000;
		if (round % 2 == 0)
			gso_size = util_min(gso_size, 1460);
		segment_and_check(&p, (uint16_t)gso_size);
	}
	pools_close(N_SMALL);
}

/* The longest frame there is, into segments that need large buffers: those have no headroom. */
static void
offload_segment_large(void)
{
	struct packet p = { .family = 4, .protocol = IPPROTO_TCP, .tcp_options_size = 12, .id = 1 };

	p.payload_size = PACKET_SIZE_MAX - (unsigned)packet_headers_size(&p);
	pools_open(N_SMALL);
	segment_and_check(&p, 8948);
	segment_and_check(&p, 32000);
	segment_and_check(&p, (uint16_t)(p.payload_size - 1));
	segment_and_check(&p, POOL_SMALL_ROOM - 66);
	segment_and_check(&p, POOL_SMALL_ROOM - 65);
	pools_close(N_SMALL);
}

/* A frame that other ports still need is only read. */
static void
offload_segment_shared(void)
{
	static const struct packet p = { .family = 6,
					 .protocol = IPPROTO_TCP,
					 .payload_size = 5000 };
	struct rte_mbuf m, before;
	static uint8_t bytes[PACKET_SIZE_MAX];

	pools_open(N_SMALL);
	gso_frame(&p, 1000, &m);
	rte_mbuf_refcnt_set(&m, 2);
	before = m;
	memcpy(bytes, m.buf_addr, m.data_len);
	REQUIRE_EQ(offload_segment(&pools, &m, out, OUT_MAX), 5);
	CHECK_MEM(&m, &before, sizeof(m));
	CHECK_MEM(m.buf_addr, bytes, m.data_len);
	for (unsigned i = 0; i < 5; i++)
		CHECK_EQ(rte_mbuf_refcnt_read(out[i]), 1);
	rte_pktmbuf_free_bulk(out, 5);
	packet_mbuf_free(&m);
	pools_close(N_SMALL);
}

static void
offload_segment_full(void)
{
	static const struct packet p = { .family = 4,
					 .protocol = IPPROTO_TCP,
					 .payload_size = 5000 };
	struct rte_mbuf *mark = (struct rte_mbuf *)&pools;
	struct rte_mbuf m;

	pools_open(N_SMALL);
	gso_frame(&p, 1000, &m);
	for (unsigned max = 0; max < 5; max++) {
		out[max] = mark;
		CHECK_EQ(offload_segment(&pools, &m, out, max), -EMSGSIZE);
		CHECK_SAME(out[max], mark); /* nothing beyond `max` is written */
	}
	out[5] = mark;
	CHECK_EQ(offload_segment(&pools, &m, out, 5), 5);
	CHECK_SAME(out[5], mark);
	rte_pktmbuf_free_bulk(out, 5);
	packet_mbuf_free(&m);
	pools_close(N_SMALL);
}

/* Whichever buffer is the one that is missing, the others are given back. */
static void
offload_segment_no_buffer(void)
{
	static const struct packet p = { .family = 4,
					 .protocol = IPPROTO_TCP,
					 .payload_size = 5000 };
	struct rte_mbuf m;

	for (unsigned n_free = 1; n_free < 8; n_free++) {
		pools_open(n_free);
		gso_frame(&p, 1000, &m);
		CHECK_EQ(offload_segment(&pools, &m, out, OUT_MAX), n_free < 5 ? -ENOBUFS : 5);
		if (n_free >= 5)
			rte_pktmbuf_free_bulk(out, 5);
		packet_mbuf_free(&m);
		pools_close(n_free);
	}
}

void test_segment(CU_pSuite suite);

void
test_segment(CU_pSuite suite)
{
	UNIT_ADD(suite, offload_segment_known);
	UNIT_ADD(suite, offload_segment_shapes);
	UNIT_ADD(suite, offload_segment_random);
	UNIT_ADD(suite, offload_segment_large);
	UNIT_ADD(suite, offload_segment_shared);
	UNIT_ADD(suite, offload_segment_full);
	UNIT_ADD(suite, offload_segment_no_buffer);
}
