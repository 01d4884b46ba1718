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

/* Who may hold buffers for longer than one round of a poller. What the shares leave is for frames that are being moved. */
enum pool_use {
	POOL_USE_WAITING, /* a poller: frames that its ports hold back (dp/waiting.h) */
	POOL_USE_NIC_RX,  /* an ethdev's receive ring */
	POOL_USE_NIC_TX,  /* an ethdev's transmit ring */
	POOL_USE_CACHE,   /* a thread's mempool cache */
};

struct pools {
	struct rte_mempool *small;
	struct rte_mempool *large;
	unsigned n_pollers; /* set before pools_create(), like n_ethdevs; 0 counts as 1 */
	unsigned n_ethdevs;
};

/* Creates both with `n_small` and `n_large` buffers. Returns 0 or -errno; on error nothing is left behind. */
int pools_create(struct pools *pools, unsigned n_small, unsigned n_large);

/* Frees both. All buffers must be back. NULL members are allowed. */
void pools_destroy(struct pools *pools);

/* How many buffers of that pool one poller, ethdev or thread may hold for that use. May be 0. */
unsigned pools_share(const struct pools *pools, enum pool_use use, enum pool_kind kind);

/* Whether somebody's share is too small for steady work; `why` says whose, in a sentence for the operator. */
bool pools_are_small(const struct pools *pools, char *why, size_t why_size);

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
