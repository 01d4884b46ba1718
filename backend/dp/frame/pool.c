/* SPDX-License-Identifier: BSD-3-Clause */
/* Packet buffers: two mbuf pools. */
#include "dp/frame/pool.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include <rte_errno.h>
#include <rte_mempool.h>

#include "base/util.h"
#include "sw/frame_headers.h"

#define SMALL_CACHE 256u /* maximum */
#define LARGE_CACHE 16u
/* Space before the first page boundary, and for pool_alloc_at()'s offset into the page. */
#define LARGE_SLACK (POOL_LARGE_SPARE + 2 * POOL_PAGE)

_Static_assert(sizeof(struct rte_mempool_objhdr) <= RTE_CACHE_LINE_SIZE, "header of a pool object");
_Static_assert(RTE_CACHE_LINE_SIZE + sizeof(struct rte_mbuf) + POOL_SMALL_HEADROOM +
			       POOL_SMALL_ROOM ==
		       2048,
	       "two small buffers a page");

/*
 * Maximum share of a pool, in eighths, for all users of each kind together. See ARCHITECTURE,
 * Buffers.
 */
static const uint8_t share[][POOL_N] = {
	[POOL_USE_WAITING] = { 3, 4 },
	[POOL_USE_NIC_RX] = { 1, 0 },
	[POOL_USE_NIC_TX] = { 2, 1 },
	[POOL_USE_CACHE] = { 1, 1 },
};

static unsigned
n_users(const struct pools *pools, enum pool_use use)
{
	unsigned n_pollers = RTE_MAX(pools->n_pollers, 1u);

	if (use == POOL_USE_WAITING)
		return n_pollers;
	return use == POOL_USE_CACHE ? n_pollers + 1 : RTE_MAX(pools->n_ethdevs, 1u);
}

static unsigned
share_of(const struct pools *pools, enum pool_use use, enum pool_kind kind, unsigned n_buffers)
{
	/* sizes are one below a power of two */
	return (n_buffers + 1) * share[use][kind] / 8 / n_users(pools, use);
}

unsigned
pools_share(const struct pools *pools, enum pool_use use, enum pool_kind kind)
{
	return share_of(pools, use, kind,
			kind == POOL_SMALL ? pools->small->size : pools->large->size);
}

/*
 * A cache holds up to 1.5 times its size before it returns buffers. Other threads cannot use those.
 */
static unsigned
cache_size(const struct pools *pools, enum pool_kind kind, unsigned n_buffers, unsigned max)
{
	return util_min(max, share_of(pools, POOL_USE_CACHE, kind, n_buffers) * 2 / 3);
}

/* Leaves guests' data out of core dumps, whole pages only. */
static void
hide(struct rte_mempool *mp, void *opaque, struct rte_mempool_memhdr *chunk, unsigned idx)
{
	uintptr_t from = RTE_ALIGN_CEIL((uintptr_t)chunk->addr, POOL_PAGE);
	uintptr_t to = RTE_ALIGN_FLOOR((uintptr_t)chunk->addr + chunk->len, POOL_PAGE);

	(void)mp, (void)opaque, (void)idx;
	if (to > from)
		madvise((void *)from, to - from, MADV_DONTDUMP);
}

/*
 * RTE_MEMPOOL_F_NO_SPREAD: a small object with its header is exactly half a page, so none crosses a
 * page boundary.
 */
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
	rte_mempool_mem_iter(mp, hide, NULL);
	return mp;
}

int
pools_create(struct pools *pools, unsigned n_small, unsigned n_large)
{
	pools->small = pools->large = NULL;
	int err = frame_headers_init();
	if (err < 0)
		return err;
	pools->small =
		pool_create("small", n_small, cache_size(pools, POOL_SMALL, n_small, SMALL_CACHE),
			    POOL_SMALL_HEADROOM + POOL_SMALL_ROOM, 0);
	if (pools->small == NULL)
		return -rte_errno;
	pools->large =
		pool_create("large", n_large, cache_size(pools, POOL_LARGE, n_large, LARGE_CACHE),
			    POOL_LARGE_ROOM, LARGE_SLACK);
	if (pools->large == NULL) {
		int ret = -rte_errno;
		pools_destroy(pools);
		return ret;
	}
	return 0;
}

bool
pools_are_small(const struct pools *pools, char *why, size_t why_size)
{
	static const struct {
		enum pool_use use;
		enum pool_kind kind;
		unsigned least; /* a few bursts, a few GSO frames */
		const char *users;
	} rows[] = {
		{ POOL_USE_WAITING, POOL_SMALL, 4 * LIMIT_BURST, "polling threads" },
		{ POOL_USE_WAITING, POOL_LARGE, 16, "polling threads" },
		{ POOL_USE_NIC_RX, POOL_SMALL, 4 * LIMIT_BURST, "ethdev uplinks" },
		{ POOL_USE_NIC_TX, POOL_LARGE, 8, "ethdev uplinks" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned n = n_users(pools, rows[i].use);
		unsigned each = pools_share(pools, rows[i].use, rows[i].kind);
		bool is_small = rows[i].kind == POOL_SMALL;

		if (each >= rows[i].least)
			continue;
		snprintf(why, why_size,
			 "memory.%s: %u are few for %u %s: each may hold %u, and should hold %u",
			 is_small ? "small_buffers" : "large_buffers",
			 (is_small ? pools->small : pools->large)->size, n, rows[i].users, each,
			 rows[i].least);
		return true;
	}
	return false;
}

void
pools_destroy(struct pools *pools)
{
	rte_mempool_free(pools->small);
	rte_mempool_free(pools->large);
	pools->small = NULL;
	pools->large = NULL;
}

/* Moves the buffer to `page_offset` in the object's first page that has room before it. */
static void
place(struct rte_mbuf *m, uint32_t page_offset)
{
	m->buf_addr =
		(char *)RTE_PTR_ALIGN((char *)(m + 1) + POOL_LARGE_SPARE, POOL_PAGE) + page_offset;
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

/*
 * A large buffer has no headroom, since its length needs all 16 bits of buf_len. Instead buf_addr
 * itself moves.
 */
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
