/* SPDX-License-Identifier: BSD-3-Clause */
/* Packet buffers: two mbuf pools. Called by the ports and by the software offloads; calls only DPDK. */
#include "dp/pool.h"

#include <errno.h>

#include <rte_errno.h>
#include <rte_mempool.h>

#include "base/util.h"

#define SMALL_CACHE 256u
#define LARGE_CACHE 16u
/* Up to the first page, and pool_alloc_at()'s way into it. */
#define LARGE_SLACK (POOL_LARGE_SPARE + 2 * POOL_PAGE)

_Static_assert(sizeof(struct rte_mempool_objhdr) <= RTE_CACHE_LINE_SIZE, "header of a pool object");
_Static_assert(RTE_CACHE_LINE_SIZE + sizeof(struct rte_mbuf) + POOL_SMALL_HEADROOM + POOL_SMALL_ROOM == 2048,
	       "two small buffers a page");

/* RTE_MEMPOOL_F_NO_SPREAD: a small object with its header is exactly half a page, so none crosses one. */
static struct rte_mempool *
pool_create(const char *name, unsigned n, unsigned cache, uint16_t buf_size, unsigned slack)
{
	struct rte_pktmbuf_pool_private priv = { .mbuf_data_room_size = buf_size };
	unsigned elt_size = sizeof(struct rte_mbuf) + buf_size + slack;
	struct rte_mempool *mp = rte_mempool_create_empty(name, n, elt_size, cache, sizeof(priv),
							  SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_SPREAD);

	if (mp == NULL)
		return NULL;
	rte_pktmbuf_pool_init(mp, &priv);
	if (rte_mempool_populate_default(mp) < 0) {
		rte_mempool_free(mp);
		rte_errno = ENOMEM;
		return NULL;
	}
	rte_mempool_obj_iter(mp, rte_pktmbuf_init, NULL);
	return mp;
}

int
pools_create(struct pools *pools, unsigned n_small, unsigned n_large)
{
	pools->large = NULL;
	pools->small = pool_create("small", n_small, util_min(SMALL_CACHE, n_small / 4),
				   POOL_SMALL_HEADROOM + POOL_SMALL_ROOM, 0);
	if (pools->small == NULL)
		return -rte_errno;
	pools->large = pool_create("large", n_large, util_min(LARGE_CACHE, n_large / 4), POOL_LARGE_ROOM, LARGE_SLACK);
	if (pools->large == NULL) {
		int ret = -rte_errno;
		pools_destroy(pools);
		return ret;
	}
	return 0;
}

void
pools_destroy(struct pools *pools)
{
	rte_mempool_free(pools->small);
	rte_mempool_free(pools->large);
	pools->small = NULL;
	pools->large = NULL;
}

/* Moves the buffer to `page_offset` in the first page of the object that has something before it. */
static void
place(struct rte_mbuf *m, uint32_t page_offset)
{
	m->buf_addr = (char *)RTE_PTR_ALIGN((char *)(m + 1) + POOL_LARGE_SPARE, POOL_PAGE) + page_offset;
	rte_mbuf_iova_set(m, rte_mempool_virt2iova(m) + RTE_PTR_DIFF(m->buf_addr, m));
	m->data_off = 0;
}

struct rte_mbuf *
pool_alloc_at(struct pools *pools, uint32_t len, uint32_t page_offset)
{
	bool is_small = len <= POOL_SMALL_ROOM;
	struct rte_mbuf *m = rte_pktmbuf_alloc(is_small ? pools->small : pools->large);

	if (m == NULL)
		return NULL;
	if (!is_small)
		place(m, page_offset);
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	return m;
}

struct rte_mbuf *
pool_alloc(struct pools *pools, uint32_t len)
{
	return pool_alloc_at(pools, len, 0);
}

/* A large buffer has no headroom, since its length takes all of buf_len's 16 bits. It is moved as a whole. */
bool
pool_prepend(const struct pools *pools, struct rte_mbuf *m, uint16_t n)
{
	bool is_large = pool_kind_of(pools, m) == POOL_LARGE;

	if (m->pkt_len + n > LIMIT_FRAME_SIZE)
		return false;
	if (!is_large || rte_pktmbuf_headroom(m) >= n)
		return rte_pktmbuf_prepend(m, n) != NULL;
	if (RTE_PTR_DIFF(m->buf_addr, m + 1) < n)
		return false;
	m->buf_addr = (char *)m->buf_addr - n;
	rte_mbuf_iova_set(m, rte_mempool_virt2iova(m) + RTE_PTR_DIFF(m->buf_addr, m));
	m->data_len = (uint16_t)(m->data_len + n);
	m->pkt_len += n;
	return true;
}
