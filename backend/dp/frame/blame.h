/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest that a thread is working for, in memory that outlives the process: if it crashes, the
 * next daemon knows whose rings or frames it was working on.
 *
 * Each poller has one, and so has control. It writes the number of the port whose turn it is, and
 * within that of the guest that it sends frames to: code for the receiver's ring is not the
 * sender's fault.
 */
#ifndef VPE_DP_BLAME_H
#define VPE_DP_BLAME_H

#include <stdint.h>

#include <rte_common.h>

struct blame {
	uint32_t turn; /* port->blame of the port whose turn it is; 0: none, or not a guest */
	uint32_t to;   /* the same of the guest that frames are sent to; 0: none */
} __rte_cache_aligned;

/* That of the calling thread; NULL: none. Read by a handler of crashes. */
extern __thread struct blame *blame_own;

/* Stores are seen in program order after a crash: the compiler must keep it. */
static inline void
blame_set(uint32_t *place, uint32_t number)
{
	__atomic_store_n(place, number, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

#endif
