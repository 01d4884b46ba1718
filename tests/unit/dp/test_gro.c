/* SPDX-License-Identifier: BSD-3-Clause */
/* Merging of TCP segments: what comes out is segmented again into the same frames. */
#include "dp/frame/gro.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "base/util.h"
#include "dp/frame/offload.h"
#include "packet_mbuf.h"
#include "unit.h"

#define ACK 0x10
#define PSH 0x08

#define N_SMALL 511u
#define N_LARGE 63u

static struct pools pools;
static struct rte_mbuf *burst[LIMIT_BURST];
static unsigned n_burst;

static void
open_pools(void)
{
	REQUIRE_EQ(pools_create(&pools, N_SMALL, N_LARGE), 0);
	n_burst = 0;
}

/* Frees the burst and checks that all buffers came back. */
static void
close_pools(void)
{
	rte_pktmbuf_free_bulk(burst, n_burst);
	CHECK_EQ(rte_mempool_avail_count(pools.small), N_SMALL);
	CHECK_EQ(rte_mempool_avail_count(pools.large), N_LARGE);
	pools_destroy(&pools);
}

static void
complete_csum(const struct packet *p, uint8_t *frame, size_t size)
{
	size_t l4_start = packet_l4_start(p), l4_size = size - l4_start;

	wire_put_csum(frame + l4_start, l4_size, frame + packet_csum_start(p),
		      packet_pseudo_sum(p, frame, l4_size), WIRE_TCP);
}

/* Adds a complete frame to the burst. */
static struct rte_mbuf *
give(const struct packet *p)
{
	static uint8_t frame[PACKET_SIZE_MAX];
	size_t size = packet_build(p, frame);
	struct rte_mbuf *m = pool_alloc(&pools, (uint32_t)size);

	REQUIRE(m != NULL && n_burst < LIMIT_BURST);
	complete_csum(p, frame, size);
	memcpy(rte_pktmbuf_mtod(m, void *), frame, size);
	burst[n_burst++] = m;
	return m;
}

static unsigned
merge(void)
{
	return n_burst = gro_burst(&pools, burst, n_burst);
}

static void
free_burst(void)
{
	rte_pktmbuf_free_bulk(burst, n_burst);
	n_burst = 0;
}

static const struct packet plain = {
	.family = 4, .protocol = WIRE_TCP, .tcp_flags = ACK, .payload_size = 1000, .id = 0xfffe
};

/* The segment of `plain` with number `idx`. */
static struct packet
plain_at(unsigned idx)
{
	struct packet p = plain;

	p.seq = 0xfffffc00 + idx * plain.payload_size;
	p.id = (uint16_t)(plain.id + idx);
	p.seed = idx;
	return p;
}

/* ---- what comes out ---- */

/* Segments `p` by `gso_size` into the burst. */
static void
give_segments(const struct packet *p, uint16_t gso_size)
{
	static uint8_t frame[PACKET_SIZE_MAX];
	struct rte_mbuf m;

	packet_mbuf(&m, frame, packet_build(p, frame));
	REQUIRE_EQ(offload_request(&m, p->family == 4 ? OFFLOAD_GSO_TCPV4 : OFFLOAD_GSO_TCPV6,
				   gso_size),
		   0);
	int n = offload_segment(&pools, &m, burst, LIMIT_BURST);
	REQUIRE_GE(n, 2);
	n_burst = (unsigned)n;
	packet_mbuf_free(&m);
}

enum csum { COMPUTED, VALIDATED, BLANK };

static void
restores(const struct packet *p, uint16_t gso_size, enum csum csum)
{
	static uint8_t want[LIMIT_BURST][PACKET_SIZE_MAX];
	struct rte_mbuf *again[LIMIT_BURST];
	uint32_t size[LIMIT_BURST];

	give_segments(p, gso_size);
	unsigned n = n_burst;
	for (unsigned i = 0; i < n; i++) {
		size[i] = burst[i]->data_len;
		memcpy(want[i], rte_pktmbuf_mtod(burst[i], void *), size[i]);
		if (csum == BLANK)
			REQUIRE_EQ(offload_request(burst[i], OFFLOAD_GSO_NONE, 0), 0);
		else if (csum == COMPUTED)
			burst[i]->ol_flags = 0;
	}
	REQUIRE_EQ(merge(), 1);
	CHECK_EQ(burst[0]->tso_segsz, gso_size);
	CHECK_EQ(burst[0]->pkt_len, packet_headers_size(p) + p->payload_size);
	REQUIRE_EQ(offload_segment(&pools, burst[0], again, LIMIT_BURST), (int)n);
	for (unsigned i = 0; i < n; i++) {
		REQUIRE_EQ(again[i]->data_len, size[i]);
		CHECK_MEM(rte_pktmbuf_mtod(again[i], void *), want[i], size[i]);
	}
	rte_pktmbuf_free_bulk(again, n);
	free_burst();
}

static void
gro_burst_restores(void)
{
	srandom(5);
	open_pools();
	for (unsigned round = 0; round < 300; round++) {
		unsigned gso_size = LIMIT_MSS_MIN + (unsigned)random() % 1200;
		/* one segment more, and the last has enough payload */
		unsigned n = 1 + (unsigned)random() % 39;
		unsigned last = LIMIT_MSS_MIN + (unsigned)random() % (gso_size - LIMIT_MSS_MIN + 1);
		struct packet p = {
			.family = random() % 2 == 0 ? 4 : 6,
			.n_tags = (unsigned)random() % 3,
			.protocol = WIRE_TCP,
			.tcp_options_size = (unsigned)(random() % 11) * 4,
			.tcp_flags = random() % 2 == 0 ? ACK : ACK | PSH,
			.seq = (uint32_t)random() * 2,
			.id = (uint16_t)random(),
			.payload_size = n * gso_size + last,
		};

		restores(&p, (uint16_t)gso_size, (enum csum)(round % 3));
	}
	close_pools();
}

/* A frame of the largest size, and one segment too many for it. */
static void
gro_burst_largest(void)
{
	struct packet p = plain;

	open_pools();
	p.payload_size = PACKET_SIZE_MAX - (unsigned)packet_headers_size(&p);
	restores(&p, 1460, COMPUTED);
	p.payload_size = 1461;
	for (unsigned i = 0; i < 45; i++) {
		p.seq = i * p.payload_size;
		p.id = (uint16_t)i;
		give(&p);
	}
	CHECK_EQ(merge(), 2);
	CHECK_EQ(burst[0]->pkt_len, packet_headers_size(&p) + 44 * 1461);
	CHECK_EQ(burst[1]->pkt_len, packet_headers_size(&p) + 1461);
	close_pools();
}

/* ---- what is left alone ---- */

/* Whether the burst of `a` and `b` is merged; it is freed. If not, nothing may have changed. */
static bool
merges(const struct packet *a, const struct packet *b)
{
	give(a);
	give(b);
	unsigned n = merge();
	for (unsigned i = 0; n == 2 && i < n; i++)
		CHECK_EQ(offload_needs(burst[i]), 0);
	free_burst();
	return n == 1;
}

/* Gives two segments and flips one bit of the second; `repair` makes the checksums right again. */
static bool
merges_flipped(const struct packet *p, const struct packet *next, unsigned bit, bool repair)
{
	static uint8_t before[PACKET_SIZE_MAX];

	give(p);
	struct rte_mbuf *m = give(next);
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
	uint8_t *ip = frame + packet_l2_size(p);
	if (repair && p->family == 4)
		wire_put_csum(ip, WIRE_IP4_SIZE, ip + 10, 0, 0);
	if (repair)
		complete_csum(p, frame, m->data_len);
	uint32_t size = m->data_len;
	memcpy(before, frame, size);
	unsigned n = merge();
	if (n == 2)
		CHECK_MEM(rte_pktmbuf_mtod(burst[1], void *), before, size);
	free_burst();
	return n == 1;
}

/*
 * Any bit that differs from what segmentation would make keeps the frames apart, in the payload as
 * the checksum is wrong then.
 */
static void
check_bits(const struct packet *p)
{
	struct packet next = *p;
	unsigned n_merged = 0;
	unsigned psh = (unsigned)(packet_l4_start(p) + 13) * 8 + 3;

	next.seq = p->seq + p->payload_size;
	next.id = (uint16_t)(p->id + 1);
	CHECK(merges(p, &next));
	for (unsigned bit = 0; bit < (packet_headers_size(p) + p->payload_size) * 8; bit++)
		n_merged += merges_flipped(p, &next, bit, false);
	CHECK_EQ(n_merged, 0);
	for (unsigned bit = 0; bit < packet_headers_size(p) * 8; bit++) {
		size_t at = bit / 8 - packet_l2_size(p);
		bool is_csum = (p->family == 4 && (at == 10 || at == 11)) ||
			       bit / 8 - packet_csum_start(p) < 2;
		unsigned merged = merges_flipped(p, &next, bit, true) ? bit : UINT_MAX;
		CHECK_EQ(merged, bit == psh || is_csum ? bit : UINT_MAX);
	}
}

static void
gro_burst_every_bit(void)
{
	struct packet p = plain;

	open_pools();
	p.payload_size = LIMIT_MSS_MIN;
	p.id = 0x3fff; /* one flipped bit does not make the ids equal */
	check_bits(&p);
	p.n_tags = 2;
	p.tcp_options_size = 12;
	check_bits(&p);
	p.family = 6;
	check_bits(&p);
	close_pools();
}

static void
gro_burst_flags(void)
{
	open_pools();
	for (unsigned flags = 0; flags < 256; flags++) {
		struct packet a = plain_at(0), b = plain_at(1);
		a.tcp_flags = (uint8_t)flags;
		CHECK_EQ(merges(&a, &b), flags == ACK);
		a.tcp_flags = ACK;
		b.tcp_flags = (uint8_t)flags;
		CHECK_EQ(merges(&a, &b), flags == ACK || flags == (ACK | PSH));
	}
	close_pools();
}

static void
gro_burst_sizes(void)
{
	static const struct {
		unsigned first, second;
		bool merges;
	} rows[] = {
		{ 1000, 1000, true },
		{ 1000, 999, true },
		{ 1000, 1001, false },
		{ 1000, LIMIT_MSS_MIN, true },
		{ 1000, LIMIT_MSS_MIN - 1, false },
		{ LIMIT_MSS_MIN, LIMIT_MSS_MIN, true },
		{ LIMIT_MSS_MIN - 1, LIMIT_MSS_MIN - 1, false },
		{ 1000, 0, false },
		{ 8948, 8948, true },
	};

	open_pools();
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct packet a = plain, b = plain;
		a.payload_size = rows[i].first;
		b.payload_size = rows[i].second;
		b.seq = a.payload_size;
		b.id++;
		CHECK_EQ(merges(&a, &b), rows[i].merges);
		b.padding_size = 6;
		CHECK(!merges(&a, &b));
	}
	close_pools();
}

/* IPv4 ids count up. Packets that may not be fragmented can have a constant id as well. */
static void
gro_burst_kinds(void)
{
	open_pools();
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		struct packet a = packet_shapes[i], b = a;
		a.payload_size = b.payload_size = b.seq = 1000;
		bool is_plain = a.protocol == WIRE_TCP && a.ip_options_size == 0;
		a.tcp_flags = b.tcp_flags = ACK;
		for (b.id = 0; a.protocol == WIRE_TCP && b.id < 3; b.id++)
			CHECK_EQ(merges(&a, &b), is_plain && (a.family == 6 || b.id < 2));
	}
	close_pools();
}

/* ---- order ---- */

static uint32_t
seq_of(const struct rte_mbuf *m)
{
	return wire_be32(rte_pktmbuf_mtod_offset(m, const uint8_t *, packet_l4_start(&plain) + 4));
}

/* Behind PSH and behind a short segment a new frame begins. */
static void
gro_burst_ends(void)
{
	open_pools();
	for (unsigned i = 0; i < 6; i++) {
		struct packet p = plain_at(i);
		if (i == 2)
			p.tcp_flags = ACK | PSH;
		give(&p);
	}
	REQUIRE_EQ(merge(), 2);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(burst[i]->pkt_len, packet_headers_size(&plain) + 3000);
		CHECK_EQ(seq_of(burst[i]), plain_at(3 * i).seq);
	}
	close_pools();
}

/* A frame that cannot be merged, an ACK or a GSO frame, is not overtaken. */
static void
gro_burst_order(void)
{
	open_pools();
	for (unsigned payload = 0; payload <= 1500; payload += 1500) {
		for (unsigned i = 0; i < 4; i++) {
			struct packet p = plain_at(i), other = plain_at(1);
			other.payload_size = payload;
			if (i == 2)
				offload_request(give(&other), OFFLOAD_GSO_TCPV4, 1000);
			give(&p);
		}
		CHECK_EQ(offload_is_gso(burst[2]), payload > 0);
		REQUIRE_EQ(merge(), 3);
		CHECK_EQ(burst[0]->pkt_len, packet_headers_size(&plain) + 2000);
		CHECK_EQ(burst[1]->pkt_len, packet_headers_size(&plain) + payload);
		CHECK_EQ(burst[2]->pkt_len, packet_headers_size(&plain) + 2000);
		CHECK_EQ(seq_of(burst[2]), plain_at(2).seq);
		free_burst();
	}
	close_pools();
}

/* A wrong checksum keeps its segment alone, wherever that is. */
static void
gro_burst_csums(void)
{
	open_pools();
	for (unsigned wrong = 0; wrong < 3; wrong++) {
		for (unsigned i = 0; i < 3; i++) {
			struct packet p = plain_at(i);
			struct rte_mbuf *m = give(&p);
			rte_pktmbuf_mtod(m, uint8_t *)[m->data_len - 1] ^= i == wrong;
		}
		CHECK_EQ(merge(), wrong == 1 ? 3 : 2);
		CHECK_EQ(burst[wrong == 0 ? 0 : 1]->pkt_len, packet_headers_size(&plain) + 1000);
		free_burst();
	}
	close_pools();
}

/* Connections that take turns are merged one by one, however many there are. */
static void
gro_burst_flows(void)
{
	open_pools();
	for (unsigned n_flows = 1; n_flows <= 16; n_flows++) {
		for (unsigned i = 0; i < 4 * n_flows; i++) {
			struct packet p = plain_at(i / n_flows);
			p.ports[0] = (uint16_t)(1000 + i % n_flows);
			give(&p);
		}
		unsigned n = merge();
		CHECK(n_flows <= 8 ? n == n_flows : n >= n_flows);
		for (unsigned i = 0; i < n_flows && n_flows <= 8; i++) {
			CHECK_EQ(burst[i]->pkt_len, packet_headers_size(&plain) + 4000);
			CHECK_EQ(wire_be16(rte_pktmbuf_mtod_offset(burst[i], const uint8_t *,
								   packet_l4_start(&plain))),
				 1000 + i);
		}
		free_burst();
	}
	close_pools();
}

/* ---- buffers ---- */

static void
gro_burst_shared(void)
{
	struct rte_mbuf *m[2];
	static uint8_t before[2][2000];

	open_pools();
	for (unsigned i = 0; i < 2; i++) {
		struct packet p = plain_at(i);
		m[i] = give(&p);
		memcpy(before[i], rte_pktmbuf_mtod(m[i], void *), m[i]->data_len);
		rte_mbuf_refcnt_update(m[i], 1);
	}
	CHECK_EQ(merge(), 1);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(rte_mbuf_refcnt_read(m[i]), 1);
		CHECK_MEM(rte_pktmbuf_mtod(m[i], void *), before[i], m[i]->data_len);
		rte_pktmbuf_free(m[i]);
	}
	close_pools();
}

static void
gro_burst_no_buffer(void)
{
	struct rte_mbuf *held[N_LARGE];

	open_pools();
	REQUIRE_EQ(rte_pktmbuf_alloc_bulk(pools.large, held, N_LARGE), 0);
	for (unsigned i = 0; i < 4; i++) {
		struct packet p = plain_at(i);
		give(&p);
	}
	REQUIRE_EQ(merge(), 4);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(seq_of(burst[i]), plain_at(i).seq);
	rte_pktmbuf_free_bulk(held, N_LARGE);
	close_pools();
}

void test_gro(CU_pSuite suite);

void
test_gro(CU_pSuite suite)
{
	UNIT_ADD(suite, gro_burst_restores);
	UNIT_ADD(suite, gro_burst_largest);
	UNIT_ADD(suite, gro_burst_every_bit);
	UNIT_ADD(suite, gro_burst_flags);
	UNIT_ADD(suite, gro_burst_sizes);
	UNIT_ADD(suite, gro_burst_kinds);
	UNIT_ADD(suite, gro_burst_ends);
	UNIT_ADD(suite, gro_burst_order);
	UNIT_ADD(suite, gro_burst_csums);
	UNIT_ADD(suite, gro_burst_flows);
	UNIT_ADD(suite, gro_burst_shared);
	UNIT_ADD(suite, gro_burst_no_buffer);
}
