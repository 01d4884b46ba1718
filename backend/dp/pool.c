/* SPDX-License-Identifier: BSD-3-Clause */
/* Packet buffers: two mbuf pools. Called by the ports and by the software offloads; calls only DPDK. */
#include "dp/pool.h"

#include <errno.h>

#include <rte_errno.h>
#include <rte_mempool.h>

#include "base/util.h"

#define SMALL_CACHE 256u
#define LARGE_CACHE 16u

_Static_assert(sizeof(struct rte_mempool_objhdr) <= RTE_CACHE_LINE_SIZE, "header of a pool object");
_Static_assert(RTE_CACHE_LINE_SIZE + sizeof(struct rte_mbuf) + POOL_SMALL_HEADROOM + POOL_SMALL_ROOM == 2048,
	       "two small buffers a page");

/* RTE_MEMPOOL_F_NO_SPREAD: a small object with its header is exactly half a page, so none crosses one. */
static struct rte_mempool *
pool_create(const char *name, unsigned n, unsigned cache, uint16_t buf_size)
{
	struct rte_pktmbuf_pool_private priv = { .mbuf_data_room_size = buf_size };
	unsigned elt_size = sizeof(struct rte_mbuf) + buf_size;
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
				   POOL_SMALL_HEADROOM + POOL_SMALL_ROOM);
	if (pools->small == NULL)
		return -rte_errno;
	pools->large = pool_create("large", n_large, util_min(LARGE_CACHE, n_large / 4), POOL_LARGE_ROOM);
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

struct rte_mbuf *
pool_alloc(struct pools *pools, uint32_t len)
{
	struct rte_mbuf *m;

	if (len <= POOL_SMALL_ROOM) {
		m = rte_pktmbuf_alloc(pools->small);
		if (m == NULL)
			return NULL;
	} else {
		m = rte_pktmbuf_alloc(pools->large);
		if (m == NULL)
			return NULL;
		m->data_off = 0;
	}
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	return m;
}
