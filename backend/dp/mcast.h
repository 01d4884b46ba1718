/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which multicast frames a guest wants: netif.h, "feature-multicast-control".
 *
 * One filter for each vif, shared by its queues. Its table has a fixed size, and each address in it is one 64-bit word,
 * so that pollers which serve different queues may add, remove and look up at the same time without a lock: whoever
 * looks sees an address before or after a change. Adding one twice at the very same time may store it twice, and
 * removing it removes both.
 *
 * Threads: `applies` is written by control, the table by whoever polls a queue of the vif; all may read. Zero-initialise
 * it, and again only while no port uses it.
 */
#ifndef VPE_DP_MCAST_H
#define VPE_DP_MCAST_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proto/limits.h"

struct mcast_filter {
	bool applies; /* the frontend has set request-multicast-control */
	uint64_t addr[LIMIT_MCAST_ADDRS]; /* mcast_word(); 0: free */
};

/* An Ethernet address as one word. */
static inline uint64_t
mcast_word(const uint8_t *addr)
{
	uint64_t word = 0;

	memcpy(&word, addr, 6);
	return word;
}

/* Whether the address is in the table. */
bool mcast_holds(const struct mcast_filter *filter, const uint8_t *addr);

/*
 * Adds an address. True if frames to it pass now; that needs no place in the table if it is there already, or is no
 * multicast address. False: the table is full.
 */
bool mcast_add(struct mcast_filter *filter, const uint8_t *addr);

/* Removes it, if it is there. */
void mcast_del(struct mcast_filter *filter, const uint8_t *addr);

/* Switches the filter on or off; the table stays as it is. */
void mcast_apply(struct mcast_filter *filter, bool applies);

static inline bool
mcast_is_multicast(const uint8_t *addr)
{
	return (addr[0] & 1) != 0 && mcast_word(addr) != mcast_word((const uint8_t[6]){ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff });
}

/* Whether a frame to `addr` is kept from the guest. NULL is a filter that lets all pass. */
static inline bool
mcast_blocks(const struct mcast_filter *filter, const uint8_t *addr)
{
	return filter != NULL && mcast_is_multicast(addr) && __atomic_load_n(&filter->applies, __ATOMIC_RELAXED) &&
	       !mcast_holds(filter, addr);
}

#endif
