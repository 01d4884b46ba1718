/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VLAN tags put into frames and taken off: in small and large buffers, wherever the frame begins,
 * alone or shared.
 */
#include "dp/port/tag.h"

#include <string.h>

#include <netinet/in.h>

#include "dp/frame/offload.h"
#include "dp/frame/worker.h"
#include "frames/packet.h"
#include "unit.h"

#define N_SMALL 63
#define N_LARGE 7
#define VID 0xabcu

static struct pools pools;
static struct worker worker;
static struct port port;
static uint8_t bytes[PACKET_SIZE_MAX + 4];

static void
begin(void)
{
	REQUIRE_EQ(pools_create(&pools, N_SMALL, N_LARGE), 0);
	worker.pools = &pools;
	memset(&port, 0, sizeof(port));
	port.owner = &worker;
}

/* All buffers are back. */
static void
end(void)
{
	CHECK_EQ(rte_mempool_avail_count(pools.small), N_SMALL);
	CHECK_EQ(rte_mempool_avail_count(pools.large), N_LARGE);
	pools_destroy(&pools);
}

static struct rte_mbuf *
frame_of(uint32_t len, uint32_t page_offset)
{
	struct rte_mbuf *m = pool_alloc_at(&pools, len, page_offset);

	REQUIRE_NOT_NULL(m);
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	bytes[12] = 0x88;
	bytes[13] = 0xb5;
	memcpy(rte_pktmbuf_mtod(m, void *), bytes, len);
	return m;
}

/* The frame in `m` is what `bytes` was made of, with `tci` in a tag behind the addresses. */
static bool
is_tagged(const struct rte_mbuf *m, uint32_t len, unsigned tci)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

	return m->pkt_len == len + 4 && m->data_len == len + 4 && memcmp(frame, bytes, 12) == 0 &&
	       wire_be16(frame + 12) == 0x8100 && wire_be16(frame + 14) == tci &&
	       memcmp(frame + 16, bytes + 12, len - 12) == 0;
}

static bool
is_untagged(const struct rte_mbuf *m, uint32_t len)
{
	return m->pkt_len == len && m->data_len == len &&
	       memcmp(rte_pktmbuf_mtod(m, const uint8_t *), bytes, len) == 0;
}

static const struct {
	uint32_t len, page_offset;
} shapes[] = {
	{ 14, 0 },
	{ 60, 0 },
	{ 1514, 0 },
	{ POOL_SMALL_ROOM, 0 },
	{ POOL_SMALL_ROOM + 1, 0 },
	{ 9014, 0 },
	{ 9014, 2 },
	{ 9014, 4 },
	{ 9014, POOL_PAGE - 1 },
	{ LIMIT_FRAME_SIZE - 4, 0 },
	{ LIMIT_FRAME_SIZE - 4, POOL_PAGE - 1 },
};

static void
tag_edit_there_and_back(void)
{
	begin();
	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		uint32_t len = shapes[i].len;
		struct rte_mbuf *m = frame_of(len, shapes[i].page_offset), *first = m;

		m = tag_edit(&port, m, VLAN_INSERT, VID);
		CHECK_SAME(m, first); /* no copy */
		CHECK(is_tagged(m, len, VID));
		m = tag_edit(&port, m, VLAN_KEEP, VID);
		CHECK(is_tagged(m, len, VID));
		rte_pktmbuf_mtod(m, uint8_t *)[14] = 0xe0; /* a priority tag */
		rte_pktmbuf_mtod(m, uint8_t *)[15] = 0;
		m = tag_edit(&port, m, VLAN_RENAME, VID);
		CHECK(is_tagged(m, len, 0xe000 | VID));
		m = tag_edit(&port, m, VLAN_REMOVE, VID);
		CHECK_SAME(m, first);
		CHECK(is_untagged(m, len));
		m = tag_edit(&port, m, VLAN_INSERT, 1);
		CHECK(is_tagged(m, len, 1));
		rte_pktmbuf_free(m);
	}
	CHECK_EQ(port_stats_dropped(&port.stats), 0);
	end();
}

/* Every buffer of the pool, at the same time: none spills into another, and none remembers. */
static void
tag_edit_each_large(void)
{
	begin();
	for (unsigned round = 0; round < 2; round++) {
		struct rte_mbuf *m[N_LARGE];

		for (unsigned i = 0; i < N_LARGE; i++)
			m[i] = frame_of(LIMIT_FRAME_SIZE - 4, 0);
		for (unsigned i = 0; i < N_LARGE; i++)
			m[i] = tag_edit(&port, m[i], VLAN_INSERT, (uint16_t)(i + 1));
		for (unsigned i = 0; i < N_LARGE; i++) {
			CHECK(is_tagged(m[i], LIMIT_FRAME_SIZE - 4, i + 1));
			rte_pktmbuf_free(m[i]);
		}
	}
	end();
}

static void
tag_edit_shared(void)
{
	begin();
	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		uint32_t len = shapes[i].len;
		struct rte_mbuf *m = frame_of(len, shapes[i].page_offset);

		rte_mbuf_refcnt_update(m, 2);
		struct rte_mbuf *kept = tag_edit(&port, m, VLAN_KEEP, VID);
		CHECK_SAME(kept, m);
		struct rte_mbuf *copy = tag_edit(&port, m, VLAN_INSERT, VID);
		CHECK_DIFFERENT(copy, m);
		CHECK(is_tagged(copy, len, VID));
		CHECK(is_untagged(m, len));
		CHECK_EQ(rte_mbuf_refcnt_read(m), 2);
		rte_pktmbuf_free(copy);
		rte_pktmbuf_free(m);
		rte_pktmbuf_free(m);
	}
	end();
}

static void
tag_edit_drops(void)
{
	begin();
	CHECK_NULL(tag_edit(&port, frame_of(60, 0), VLAN_DROP, VID));
	CHECK_EQ(port.stats.n_dropped[DROP_VLAN], 1);
	for (uint32_t len = LIMIT_FRAME_SIZE - 3; len <= LIMIT_FRAME_SIZE; len++)
		CHECK_NULL(tag_edit(&port, frame_of(len, 0), VLAN_INSERT, VID));
	CHECK_EQ(port.stats.n_dropped[DROP_TOO_BIG], 4);
	struct rte_mbuf *m[N_LARGE]; /* no buffer for a copy */
	for (unsigned i = 0; i < N_LARGE; i++)
		m[i] = frame_of(3000, 0);
	rte_mbuf_refcnt_update(m[0], 1);
	CHECK_NULL(tag_edit(&port, m[0], VLAN_INSERT, VID));
	CHECK_EQ(port.stats.n_dropped[DROP_NO_BUFFER], 1);
	for (unsigned i = 0; i < N_LARGE; i++)
		rte_pktmbuf_free(m[i]);
	CHECK_EQ(port_stats_dropped(&port.stats), 6);
	end();
}

/* An offload request is as good behind a tag: the checksum is completed in the right place. */
static void
tag_edit_offload(void)
{
	static const struct packet shape[] = {
		{ .family = 4, .protocol = IPPROTO_TCP, .payload_size = 400 },
		{ .family = 6, .protocol = IPPROTO_UDP, .payload_size = 5000 },
		{ .n_tags = 1, .family = 4, .protocol = IPPROTO_UDP, .payload_size = 77 },
		{ .n_tags = 2,
		  .family = 6,
		  .protocol = IPPROTO_TCP,
		  .payload_size = 77,
		  .tcp_options_size = 12 },
	};

	begin();
	for (unsigned i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
		size_t len = packet_build(&shape[i], bytes);
		struct rte_mbuf *m = pool_alloc(&pools, (uint32_t)len);

		memcpy(rte_pktmbuf_mtod(m, void *), bytes, len);
		REQUIRE_EQ(offload_request(m, OFFLOAD_GSO_NONE, 0), 0);
		m = tag_edit(&port, m, shape[i].n_tags > 0 ? VLAN_REMOVE : VLAN_INSERT, VID);
		offload_complete_csum(m);
		m = tag_edit(&port, m, shape[i].n_tags > 0 ? VLAN_INSERT : VLAN_REMOVE, VID);
		CHECK_EQ(m->pkt_len, len);
		CHECK(packet_csums_hold(&shape[i], rte_pktmbuf_mtod(m, const uint8_t *), len));
		rte_pktmbuf_free(m);
	}
	end();
}

/* A GSO frame is tagged as a whole, and each of its segments has the tag. */
static void
tag_edit_gso(void)
{
	static const struct packet gso = { .family = 4,
					   .protocol = IPPROTO_TCP,
					   .payload_size = 60000 };
	struct rte_mbuf *segment[N_SMALL];
	size_t len;

	begin();
	len = packet_build(&gso, bytes);
	struct rte_mbuf *m = pool_alloc(&pools, (uint32_t)len);
	memcpy(rte_pktmbuf_mtod(m, void *), bytes, len);
	REQUIRE_EQ(offload_request(m, OFFLOAD_GSO_TCPV4, 1448), 0);
	m = tag_edit(&port, m, VLAN_INSERT, VID);
	CHECK_EQ(m->l2_len, 18);
	int n = offload_segment(&pools, m, segment, N_SMALL);
	CHECK_EQ(n, 42);
	for (int i = 0; i < n; i++) {
		struct packet one = { .n_tags = 1, .family = 4, .protocol = IPPROTO_TCP };
		const uint8_t *frame = rte_pktmbuf_mtod(segment[i], const uint8_t *);

		CHECK_EQ(wire_be16(frame + 12), 0x8100);
		CHECK_EQ(wire_be16(frame + 14), VID);
		one.payload_size = (unsigned)(segment[i]->pkt_len - packet_headers_size(&one));
		CHECK(packet_csums_hold(&one, frame, segment[i]->pkt_len));
		rte_pktmbuf_free(segment[i]);
	}
	rte_pktmbuf_free(m);
	end();
}

void test_tag(CU_pSuite suite);

void
test_tag(CU_pSuite suite)
{
	UNIT_ADD(suite, tag_edit_there_and_back);
	UNIT_ADD(suite, tag_edit_each_large);
	UNIT_ADD(suite, tag_edit_shared);
	UNIT_ADD(suite, tag_edit_drops);
	UNIT_ADD(suite, tag_edit_offload);
	UNIT_ADD(suite, tag_edit_gso);
}
