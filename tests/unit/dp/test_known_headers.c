/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The headers that are stored with a frame (sw/frame_headers.h) stay right, whatever is done to it.
 */
#include <string.h>

#include <netinet/in.h>

#include "dp/frame/offload.h"
#include "dp/frame/pool.h"
#include "dp/frame/worker.h"
#include "dp/port/port.h"
#include "dp/port/tag.h"
#include "frames/packet.h"
#include "sw/frame_headers.h"
#include "unit.h"

static struct pools pools;
static struct worker worker;
static struct port port;
static uint8_t bytes[PACKET_SIZE_MAX];

static void
begin(void)
{
	REQUIRE_EQ(pools_create(&pools, 63, 7), 0);
	worker.pools = &pools;
	memset(&port, 0, sizeof(port));
	port.owner = &worker;
}

static void
end(void)
{
	CHECK_EQ(rte_mempool_avail_count(pools.small), 63);
	CHECK_EQ(rte_mempool_avail_count(pools.large), 7);
	pools_destroy(&pools);
}

static struct rte_mbuf *
build(const struct packet *p)
{
	size_t size = packet_build(p, bytes);
	struct rte_mbuf *m = pool_alloc(&pools, (uint32_t)size);

	REQUIRE_NOT_NULL(m);
	memcpy(rte_pktmbuf_mtod(m, void *), bytes, size);
	return m;
}

static bool
is_known(const struct rte_mbuf *m)
{
	return (m->ol_flags & frame_headers_mark) != 0;
}

/* Whether they are what a parse of the frame, as it is now, would find. */
static bool
is_right(struct rte_mbuf *m)
{
	struct headers h = frame_headers(m), now;

	headers_walk(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, &now);
	return is_known(m) && h.l2_len == now.l2_len && h.l3_len == now.l3_len &&
	       h.end == now.end && h.ethertype == now.ethertype && h.flags == now.flags &&
	       h.n_tags == now.n_tags && h.protocol == now.protocol;
}

/* The policy gets the headers that the offload was checked with, also of a frame with padding. */
static void
frame_headers_of_request(void)
{
	begin();
	for (unsigned i = 0; i < packet_n_shapes; i++) {
		struct packet p = packet_shapes[i];

		p.payload_size = 3;
		p.padding_size = i % 2 * 5;
		struct rte_mbuf *m = build(&p);
		CHECK_FALSE(is_known(m));
		CHECK_EQ(offload_request(m, OFFLOAD_GSO_NONE, 0), 0);
		CHECK(is_known(m) && is_right(m));
		offload_complete_csum(m);
		CHECK(is_known(m) && is_right(m));
		rte_pktmbuf_free(m);
	}
	end();
}

/* Segments are frames of their own. */
static void
frame_headers_of_segments(void)
{
	static const struct packet gso = {
		.family = 6,
		.protocol = IPPROTO_TCP,
		.payload_size = 6000,
	};
	struct rte_mbuf *segment[8];

	begin();
	struct rte_mbuf *m = build(&gso);
	CHECK_EQ(offload_request(m, OFFLOAD_GSO_TCPV6, 1400), 0);
	CHECK(is_right(m));
	int n = offload_segment(&pools, m, segment, 8);
	REQUIRE_EQ(n, 5);
	for (int i = 0; i < n; i++)
		CHECK(!is_known(segment[i]) && is_right(segment[i]));
	rte_pktmbuf_free_bulk(segment, (unsigned)n);
	rte_pktmbuf_free(m);
	end();
}

static void
frame_headers_of_tagged(void)
{
	static const struct packet plain = {
		.family = 4,
		.protocol = IPPROTO_TCP,
		.payload_size = 100,
	};

	begin();
	struct rte_mbuf *m = build(&plain);
	frame_headers(m);
	m = tag_edit(&port, m, VLAN_INSERT, 7);
	CHECK(!is_known(m) && is_right(m));
	m = tag_edit(&port, m, VLAN_RENAME, 8);
	CHECK(is_right(m));
	m = tag_edit(&port, m, VLAN_REMOVE, 8);
	CHECK(!is_known(m) && is_right(m));
	rte_pktmbuf_free(m);
	end();
}

/* A copy of a shared frame knows what the frame knows, and no more. */
static void
frame_headers_of_copy(void)
{
	static const struct packet plain = {
		.family = 6,
		.protocol = IPPROTO_UDP,
		.payload_size = 2000,
	};

	begin();
	for (unsigned known = 0; known < 2; known++) {
		struct rte_mbuf *m = build(&plain);

		if (known)
			frame_headers(m);
		rte_mbuf_refcnt_update(m, 1);
		struct rte_mbuf *copy = port_own_frame(&port, m);
		REQUIRE(copy != m);
		CHECK_EQ(is_known(copy), known != 0);
		CHECK(is_right(copy));
		rte_pktmbuf_free(copy);
		rte_pktmbuf_free(m);
	}
	end();
}

void test_known_headers(CU_pSuite suite);

void
test_known_headers(CU_pSuite suite)
{
	UNIT_ADD(suite, frame_headers_of_request);
	UNIT_ADD(suite, frame_headers_of_segments);
	UNIT_ADD(suite, frame_headers_of_tagged);
	UNIT_ADD(suite, frame_headers_of_copy);
}
