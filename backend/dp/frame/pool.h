/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet buffers: two mbuf pools, so that every frame is one linear segment.
 *
 * With linear frames, hostile segment boundaries cannot reach header parsing, checksums and
 * segmentation (XSA-423). Small buffers hold ordinary frames, large ones a whole GSO frame or a
 * jumbo frame.
 * Threads: any thread that EAL knows.
 */
#ifndef VPE_DP_POOL_H
#define VPE_DP_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "proto/limits.h"

#define POOL_SMALL_HEADROOM RTE_PKTMBUF_HEADROOM
/* frame bytes in a small buffer: two buffers fit into a page and none crosses it */
#define POOL_SMALL_ROOM 1728u
#define POOL_LARGE_ROOM LIMIT_FRAME_SIZE /* no headroom: an mbuf's buf_len has 16 bits */
#define POOL_LARGE_SPARE 64u             /* bytes before a large buffer, for pool_prepend() */
#define POOL_PAGE 4096u                  /* the kernel and Xen copy page by page */

enum pool_kind {
	POOL_SMALL,
	POOL_LARGE,
	POOL_N,
};

/*
 * Users that hold buffers for longer than one round of a poller. What their shares leave is for
 * frames in transit.
 */
enum pool_use {
	POOL_USE_WAITING, /* frames that a poller's ports hold back (dp/port/waiting.h) */
	POOL_USE_NIC_RX,  /* an ethdev's receive ring */
	POOL_USE_NIC_TX,  /* an ethdev's transmit ring */
	POOL_USE_CACHE,   /* a thread's mempool cache */
};

struct pools {
	struct rte_mempool *small;
	struct rte_mempool *large;
	unsigned n_pollers; /* set before pools_create(), as n_ethdevs; 0 counts as 1 */
	unsigned n_ethdevs;
};

/*
 * Creates both pools, with `n_small` and `n_large` buffers. Returns 0 or -errno; on error nothing
 * is left allocated.
 */
int pools_create(struct pools *pools, unsigned n_small, unsigned n_large);

/* Frees both pools. All buffers must have been returned. NULL members are allowed. */
void pools_destroy(struct pools *pools);

/*
 * Number of buffers of the pool that one poller, ethdev or thread may hold for that use. May be 0.
 */
unsigned pools_share(const struct pools *pools, enum pool_use use, enum pool_kind kind);

/* Whether a share is too small for steady work. If so, `why` gets a message for the operator. */
bool pools_are_small(const struct pools *pools, char *why, size_t why_size);

/* The pool that a buffer belongs to. */
static inline enum pool_kind
pool_kind_of(const struct pools *pools, const struct rte_mbuf *m)
{
	return m->pool == pools->large ? POOL_LARGE : POOL_SMALL;
}

/*
 * Allocates a buffer for `len` frame bytes (at most LIMIT_FRAME_SIZE) and sets its lengths to
 * `len`. Returns NULL if none is free. No offload flag is set. A large buffer begins at the start
 * of a page; a small one lies within a page.
 */
struct rte_mbuf *pool_alloc(struct pools *pools, uint32_t len);

/*
 * The same, but a large buffer begins `page_offset` (below POOL_PAGE) bytes into a page. A copy
 * between buffers whose page boundaries coincide takes one operation per page, any other takes two.
 */
struct rte_mbuf *pool_alloc_at(struct pools *pools, uint32_t len, uint32_t page_offset);

/*
 * Prepends `n` bytes to the frame in `m` without moving its data. Returns false and changes nothing
 * if there is no room or the frame would exceed LIMIT_FRAME_SIZE. `m` must not be shared.
 */
bool pool_prepend(const struct pools *pools, struct rte_mbuf *m, uint16_t n);

#endif
