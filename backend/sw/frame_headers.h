/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The headers of a frame in an mbuf, parsed at most once.
 *
 * Theory of operation: frame_headers() parses the frame when somebody first asks, and stores the
 * result in a dynamic field of the mbuf. A dynamic flag in ol_flags says that it is there. The
 * offloads, the policy, the steering and the hash for a guest all ask here, so they use one and the
 * same result. A frame that nobody asks about is not parsed, and costs nothing: DPDK and the
 * drivers reset ol_flags in each new frame.
 *
 * The result stays with the frame, also on its way to another poller. Code that changes what the
 * parser looks at (the tags, the length of a header, the start of the frame) calls
 * frame_headers_forget(). Checksums, addresses and padding behind the IP packet may change.
 *
 * Threads: the holder of the frame. A frame with more than one reference is read-only: a result
 * that it has is used, a new one is not stored. Frames are linear.
 */
#ifndef VPE_SW_FRAME_HEADERS_H
#define VPE_SW_FRAME_HEADERS_H

#include <stdint.h>

#include <rte_mbuf.h>

#include "sw/headers.h"

/* The flag. 0 before frame_headers_init(): nothing is stored, and each call parses. */
extern uint64_t frame_headers_mark;

/*
 * Reserves the field and the flag. Call it after rte_eal_init() and before the first frame, as
 * often as you like. Returns 0 or -errno.
 */
int frame_headers_init(void);

/* The headers of `m`, as from headers_walk(). */
struct headers frame_headers(struct rte_mbuf *m);

/* The headers of `m` have changed. `m` is not shared. */
static inline void
frame_headers_forget(struct rte_mbuf *m)
{
	m->ol_flags &= ~frame_headers_mark;
}

/* `to` has the headers of `from`, byte by byte, and gets its result if there is one. */
void frame_headers_inherit(struct rte_mbuf *to, const struct rte_mbuf *from);

#endif
