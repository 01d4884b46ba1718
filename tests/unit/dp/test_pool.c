/* SPDX-License-Identifier: BSD-3-Clause */
/* Packet buffers: where a frame lies in its pages, and how many slots of a guest it then takes. */
#include "dp/pool.h"

#include "dp/vif_queue.h"
#include "unit.h"

#define N_SMALL 63
#define N_LARGE 7

static struct pools pools;

static void
open_pools(void)
{
	CU_ASSERT_EQUAL_FATAL(pools_create(&pools, N_SMALL, N_LARGE), 0);
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
	CU_ASSERT_EQUAL(n, N_SMALL);
	for (unsigned i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(start_of(m[i]) / POOL_PAGE, (start_of(m[i]) + POOL_SMALL_ROOM - 1) / POOL_PAGE);
		rte_pktmbuf_free(m[i]);
	}
	pools_destroy(&pools);
}

/* Every large buffer begins where it was asked to, has its whole room for itself, and forgets that when it is freed. */
static void
pool_alloc_at_each_large(void)
{
	static const uint32_t offset[] = { POOL_PAGE - 1, 0, 2, 66, 4030 };

	open_pools();
	for (unsigned k = 0; k < sizeof(offset) / sizeof(offset[0]); k++) {
		struct rte_mbuf *m[N_LARGE];
		for (unsigned i = 0; i < N_LARGE; i++) {
			m[i] = pool_alloc_at(&pools, POOL_LARGE_ROOM, offset[k]);
			CU_ASSERT_PTR_NOT_NULL_FATAL(m[i]);
			CU_ASSERT_EQUAL(start_of(m[i]) % POOL_PAGE, offset[k]);
			CU_ASSERT_EQUAL(m[i]->buf_len, POOL_LARGE_ROOM);
			memset(rte_pktmbuf_mtod(m[i], void *), (int)i, POOL_LARGE_ROOM);
		}
		CU_ASSERT_PTR_NULL(pool_alloc(&pools, POOL_LARGE_ROOM));
		for (unsigned i = 0; i < N_LARGE; i++) {
			const uint8_t *byte = rte_pktmbuf_mtod(m[i], const uint8_t *);
			CU_ASSERT_EQUAL(byte[0], i);
			CU_ASSERT_EQUAL(byte[POOL_LARGE_ROOM - 1], i);
			rte_pktmbuf_free(m[i]);
		}
	}
	pools_destroy(&pools);
}

static struct vif_queue queue;

static unsigned
slots_at(uint32_t len, uint32_t page_offset, uint64_t flags)
{
	struct rte_mbuf *m = pool_alloc_at(&pools, len, page_offset);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	m->ol_flags |= flags;
	unsigned n = to_guest_slots(&queue, m);
	rte_pktmbuf_free(m);
	return n;
}

/* A frame of at most a page is one slot wherever it lies; a longer one takes a slot for each page it touches. */
static void
to_guest_slots_by_page(void)
{
	open_pools();
	CU_ASSERT_EQUAL(slots_at(60, 0, 0), 1);
	CU_ASSERT_EQUAL(slots_at(4096, 0, 0), 1);
	CU_ASSERT_EQUAL(slots_at(4096, 4000, 0), 1);
	CU_ASSERT_EQUAL(slots_at(4097, 0, 0), 2);
	CU_ASSERT_EQUAL(slots_at(4097, 4094, 0), 2);
	CU_ASSERT_EQUAL(slots_at(66 + 8192, 4030, 0), 3);
	CU_ASSERT_EQUAL(slots_at(65535, 0, 0), 16);
	CU_ASSERT_EQUAL(slots_at(65535, 4094, 0), 17);
	CU_ASSERT_EQUAL(slots_at(65535, 4094, RTE_MBUF_F_TX_TCP_SEG), 18); /* netif.h: what every frontend must take */
	pools_destroy(&pools);
}

/* With a headroom each slot is filled, wherever the frame lies, and one more tells of the headroom. */
static void
to_guest_slots_with_headroom(void)
{
	open_pools();
	queue.headroom = 256;
	CU_ASSERT_EQUAL(slots_at(60, 0, 0), 2);
	CU_ASSERT_EQUAL(slots_at(3840, 300, 0), 2);
	CU_ASSERT_EQUAL(slots_at(3841, 0, 0), 3);
	CU_ASSERT_EQUAL(slots_at(2 * 3840, 4094, 0), 3);
	CU_ASSERT_EQUAL(slots_at(65535, 4094, RTE_MBUF_F_TX_TCP_SEG), 18 + 2);
	queue.headroom = LIMIT_XDP_HEADROOM;
	CU_ASSERT_EQUAL(slots_at(1514, 0, 0), 2);
	CU_ASSERT_EQUAL(slots_at(65535, 0, RTE_MBUF_F_TX_TCP_SEG), 32 + 2);
	queue.headroom = 0;
	pools_destroy(&pools);
}

void
test_pool(CU_pSuite suite)
{
	UNIT_ADD(suite, pool_alloc_small);
	UNIT_ADD(suite, pool_alloc_at_each_large);
	UNIT_ADD(suite, to_guest_slots_by_page);
	UNIT_ADD(suite, to_guest_slots_with_headroom);
}
