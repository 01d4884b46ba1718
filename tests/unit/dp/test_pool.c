/* SPDX-License-Identifier: BSD-3-Clause */
/* Packet buffers: where a frame lies in its pages, and how many slots of a guest it then takes. */
#include "dp/frame/pool.h"

#include "dp/vif/vif_queue.h"
#include "unit.h"

#define N_SMALL 63
#define N_LARGE 7

static struct pools pools;

static void
open_pools(void)
{
	REQUIRE_EQ(pools_create(&pools, N_SMALL, N_LARGE), 0);
}

static uintptr_t
start_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, uintptr_t);
}

/* Every small buffer is within one page. */
static void
pool_alloc_small(void)
{
	struct rte_mbuf *m[N_SMALL];
	unsigned n = 0;

	open_pools();
	while (n < N_SMALL && (m[n] = pool_alloc(&pools, POOL_SMALL_ROOM)) != NULL)
		n++;
	CHECK_EQ(n, N_SMALL);
	for (unsigned i = 0; i < n; i++) {
		CHECK_EQ(start_of(m[i]) / POOL_PAGE,
			 (start_of(m[i]) + POOL_SMALL_ROOM - 1) / POOL_PAGE);
		rte_pktmbuf_free(m[i]);
	}
	pools_destroy(&pools);
}

/*
 * Every large buffer begins where it was asked to, has its whole room for itself, and forgets that
 * when it is freed.
 */
static void
pool_alloc_at_each_large(void)
{
	static const uint32_t offset[] = { POOL_PAGE - 1, 0, 2, 66, 4030 };

	open_pools();
	for (unsigned k = 0; k < sizeof(offset) / sizeof(offset[0]); k++) {
		struct rte_mbuf *m[N_LARGE];
		for (unsigned i = 0; i < N_LARGE; i++) {
			m[i] = pool_alloc_at(&pools, POOL_LARGE_ROOM, offset[k]);
			REQUIRE_NOT_NULL(m[i]);
			CHECK_EQ(start_of(m[i]) % POOL_PAGE, offset[k]);
			CHECK_EQ(m[i]->buf_len, POOL_LARGE_ROOM);
			memset(rte_pktmbuf_mtod(m[i], void *), (int)i, POOL_LARGE_ROOM);
		}
		CHECK_NULL(pool_alloc(&pools, POOL_LARGE_ROOM));
		for (unsigned i = 0; i < N_LARGE; i++) {
			const uint8_t *byte = rte_pktmbuf_mtod(m[i], const uint8_t *);
			CHECK_EQ(byte[0], i);
			CHECK_EQ(byte[POOL_LARGE_ROOM - 1], i);
			rte_pktmbuf_free(m[i]);
		}
	}
	pools_destroy(&pools);
}

/*
 * All shares of a pool together are no more than the pool, however many use it; what one may have
 * gets less.
 */
static void
pools_share_of_each(void)
{
	static const struct {
		unsigned n_pollers, n_ethdevs;
	} rows[] = { { 0, 0 }, { 1, 1 }, { 2, 1 }, { 16, 4 }, { 16, 64 } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pools p = { .n_pollers = rows[i].n_pollers, .n_ethdevs = rows[i].n_ethdevs };
		unsigned n_pollers = RTE_MAX(p.n_pollers, 1u), n_ethdevs = RTE_MAX(p.n_ethdevs, 1u);

		REQUIRE_EQ(pools_create(&p, 4095, 255), 0);
		for (enum pool_kind k = POOL_SMALL; k < POOL_N; k++) {
			unsigned size = k == POOL_SMALL ? 4095 : 255;
			unsigned sum = n_pollers * pools_share(&p, POOL_USE_WAITING, k) +
				       n_ethdevs * pools_share(&p, POOL_USE_NIC_RX, k) +
				       n_ethdevs * pools_share(&p, POOL_USE_NIC_TX, k) +
				       (n_pollers + 1) * pools_share(&p, POOL_USE_CACHE, k);
			CHECK_LE(sum, size - size / 8);
		}
		CHECK_LE(p.large->cache_size * 3 / 2 * (n_pollers + 1), 256 / 8);
		CHECK_LE(p.small->cache_size * 3 / 2 * (n_pollers + 1), 4096 / 8);
		pools_destroy(&p);
	}
}

/*
 * What is too small is told, with the setting's name; the defaults do for four threads and four
 * devices.
 */
static void
pools_are_small_of_each(void)
{
	static const struct {
		unsigned n_pollers, n_ethdevs, n_small, n_large;
		const char *text; /* NULL: nothing to tell */
	} rows[] = {
		{ 1, 0, 1023, 127,
		  "memory.small_buffers: 1023 are few for 1 ethdev uplinks: each may hold 128" },
		{ 4, 4, 8191, 511, NULL },
		{ 4, 5, 8191, 511,
		  "memory.small_buffers: 8191 are few for 5 ethdev uplinks: each may hold 204" },
		{ 16, 1, 8191, 511, "memory.small_buffers: 8191 are few for 16 polling threads" },
		{ 16, 1, 16383, 255, "memory.large_buffers: 255 are few for 16 polling threads" },
		{ 1, 9, 32767, 511, "memory.large_buffers: 511 are few for 9 ethdev uplinks" },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rte_mempool small = { .size = rows[i].n_small },
				   large = { .size = rows[i].n_large };
		struct pools p = { .n_pollers = rows[i].n_pollers,
				   .n_ethdevs = rows[i].n_ethdevs,
				   .small = &small,
				   .large = &large };
		char why[200] = "";

		CHECK_EQ(pools_are_small(&p, why, sizeof(why)), rows[i].text != NULL);
		CHECK_HAS(why, rows[i].text != NULL ? rows[i].text : "");
	}
}

static struct vif_queue queue;

static unsigned
slots_at(uint32_t len, uint32_t page_offset, uint64_t flags)
{
	struct rte_mbuf *m = pool_alloc_at(&pools, len, page_offset);

	REQUIRE_NOT_NULL(m);
	m->ol_flags |= flags;
	unsigned n = to_guest_slots(&queue, m);
	rte_pktmbuf_free(m);
	return n;
}

/*
 * A frame of at most a page is one slot wherever it lies; a longer one takes a slot for each page
 * it touches.
 */
static void
to_guest_slots_by_page(void)
{
	open_pools();
	CHECK_EQ(slots_at(60, 0, 0), 1);
	CHECK_EQ(slots_at(4096, 0, 0), 1);
	CHECK_EQ(slots_at(4096, 4000, 0), 1);
	CHECK_EQ(slots_at(4097, 0, 0), 2);
	CHECK_EQ(slots_at(4097, 4094, 0), 2);
	CHECK_EQ(slots_at(66 + 8192, 4030, 0), 3);
	CHECK_EQ(slots_at(65535, 0, 0), 16);
	CHECK_EQ(slots_at(65535, 4094, 0), 17);
	/* netif.h: what every frontend must take */
	CHECK_EQ(slots_at(65535, 4094, RTE_MBUF_F_TX_TCP_SEG), 18);
	pools_destroy(&pools);
}

/*
 * With a headroom each slot is filled, wherever the frame lies, and one more tells of the headroom.
 */
static void
to_guest_slots_with_headroom(void)
{
	open_pools();
	queue.headroom = 256;
	CHECK_EQ(slots_at(60, 0, 0), 2);
	CHECK_EQ(slots_at(3840, 300, 0), 2);
	CHECK_EQ(slots_at(3841, 0, 0), 3);
	CHECK_EQ(slots_at(2 * 3840, 4094, 0), 3);
	CHECK_EQ(slots_at(65535, 4094, RTE_MBUF_F_TX_TCP_SEG), 18 + 2);
	queue.headroom = LIMIT_XDP_HEADROOM;
	CHECK_EQ(slots_at(1514, 0, 0), 2);
	CHECK_EQ(slots_at(65535, 0, RTE_MBUF_F_TX_TCP_SEG), 32 + 2);
	queue.headroom = 0;
	pools_destroy(&pools);
}

void
test_pool(CU_pSuite suite)
{
	UNIT_ADD(suite, pool_alloc_small);
	UNIT_ADD(suite, pool_alloc_at_each_large);
	UNIT_ADD(suite, pools_share_of_each);
	UNIT_ADD(suite, pools_are_small_of_each);
	UNIT_ADD(suite, to_guest_slots_by_page);
	UNIT_ADD(suite, to_guest_slots_with_headroom);
}
