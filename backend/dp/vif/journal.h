/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The journal of a queue: all that its next backend needs if this process is killed, between any
 * two instructions.
 *
 * Theory of operation: responses are written into the slots of their requests, and only then become
 * visible to the guest. A backend that takes over in between would read responses as requests: on
 * the tx ring another grant reference of the guest's, on the rx ring no reference at all. So the
 * responses of a burst on the tx ring are in the journal before the first of them is written, and
 * the next backend writes them again. Requests on the rx ring are used from copies that are in the
 * journal, and the next backend uses those. Nothing is copied for the journal alone: it is where
 * this data is worked on.
 *
 * The journal is in memory that outlives the process (ctl/keep). A killed process stops between two
 * instructions and its stores are seen in program order, so compiler barriers suffice.
 * Threads: owned like the queue.
 */
#ifndef VPE_DP_JOURNAL_H
#define VPE_DP_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/vif/slots.h"
#include "proto/netif.h"

struct vif_journal {
	/*
	 * Ring index << 32 | n: responses rsp[0] to rsp[n - 1] are being written to the tx ring
	 * from that index on. n is 0 if none are.
	 */
	uint64_t answering;
	/* it is of the present connection; control clears it for a new one (ctl/keep) */
	bool is_valid;
	uint32_t rx_copied; /* index of the first rx request that is not in request[] yet */
	/* reference + 1 of the grant that is marked as being read (foreign.c); 0: none */
	uint32_t marked;
	struct slot_rsp rsp[NETIF_RING_SIZE]; /* responses to the current burst */
	/* the rx requests that are copied and not answered, by ring index */
	netif_rx_request_t request[NETIF_RING_SIZE];
};

/* Begins the writing of `n` responses from ring index `first` on. */
static inline void
journal_begin(struct vif_journal *journal, uint32_t first, unsigned n)
{
	__atomic_store_n(&journal->answering, (uint64_t)first << 32 | n, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST); /* before the first response */
}

/* They are published. */
static inline void
journal_end(struct vif_journal *journal)
{
	__atomic_store_n(&journal->answering, 0, __ATOMIC_RELEASE);
}

/*
 * Returns the number of responses that a killed backend was writing and had not published, on a
 * ring whose published index is `rsp_prod` and which has `pending` requests behind it. The guest
 * may have changed both.
 */
static inline unsigned
journal_torn(const struct vif_journal *journal, uint32_t rsp_prod, uint32_t pending)
{
	uint32_t n = (uint32_t)journal->answering;

	if ((uint32_t)(journal->answering >> 32) != rsp_prod || n > NETIF_RING_SIZE || n > pending)
		return 0;
	return n;
}

#endif
