/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet buffers: two mbuf pools, so that every frame is one linear segment.
 *
 * A frame in one piece keeps header parsing, checksums and segmentation free of hostile segment boundaries
 * (XSA-423). Small buffers hold ordinary frames, large ones a whole GSO frame or a jumbo frame.
 * Threads: any thread that EAL knows.
 */
#ifndef VPE_DP_POOL_H
#define VPE_DP_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "proto/limits.h"

#define POOL_SMALL_HEADROOM RTE_PKTMBUF_HEADROOM
#define POOL_SMALL_ROOM 1728u /* frame bytes in a small buffer: two buffers a page, none of them crossing it */
#define POOL_LARGE_ROOM LIMIT_FRAME_SIZE /* no headroom: an mbuf's buf_len has 16 bits */
#define POOL_LARGE_SPARE 64u /* before a large buffer, for pool_prepend() */
#define POOL_PAGE 4096u /* the kernel's and Xen's copies go page by page */

enum pool_kind {
	POOL_SMALL,
	POOL_LARGE,
	POOL_N,
};

struct pools {
	struct rte_mempool *small;
	struct rte_mempool *large;
};

/* Creates both with `n_small` and `n_large` buffers. Returns 0 or -errno; on error nothing is left behind. */
int pools_create(struct pools *pools, unsigned n_small, unsigned n_large);

/* Frees both. All buffers must be back. NULL members are allowed. */
void pools_destroy(struct pools *pools);

/* Which of the two a buffer comes from. */
static inline enum pool_kind
pool_kind_of(const struct pools *pools, const struct rte_mbuf *m)
{
	return m->pool == pools->large ? POOL_LARGE : POOL_SMALL;
}

/*
 * A buffer with room for `len` frame bytes (at most LIMIT_FRAME_SIZE) and its lengths set to `len`; NULL if none is
 * free. No offload flag is set. A large buffer begins at the start of a page, a small one is within a page.
 */
struct rte_mbuf *pool_alloc(struct pools *pools, uint32_t len);

/*
 * The same, but a large buffer begins `page_offset` (below POOL_PAGE) bytes into a page: a copy whose ends fall on page
 * boundaries on both sides is one operation, any other is two.
 */
struct rte_mbuf *pool_alloc_at(struct pools *pools, uint32_t len, uint32_t page_offset);

/*
 * Makes the frame in `m` `n` bytes longer at its beginning; nothing is moved. False, and no change: there is no room, as in a frame
 * that would be longer than LIMIT_FRAME_SIZE. `m` must not be shared.
 */
bool pool_prepend(const struct pools *pools, struct rte_mbuf *m, uint16_t n);

#endif
