/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The multicast filter of a guest. Source: netif.h, "feature-multicast-control".
 *
 * There is one filter per vif, shared by its queues. The table has a fixed size and each address is
 * one 64-bit word. So pollers of different queues may add, remove and look up addresses
 * concurrently, without a lock, and a reader sees each change either whole or not at all. Two
 * concurrent additions of one address may store it twice; removing it removes both.
 *
 * Threads: control writes `applies`, the pollers of the vif's queues write the table, any thread
 * may read. Zero-initialise it, and reset it only while no port uses it.
 */
#ifndef VPE_DP_MCAST_H
#define VPE_DP_MCAST_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proto/limits.h"

struct mcast_filter {
	bool applies;                     /* the frontend set request-multicast-control */
	uint64_t addr[LIMIT_MCAST_ADDRS]; /* mcast_word(), or 0 for a free entry */
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
 * Adds an address. Returns true if frames to it now pass, which needs no new entry if the address
 * is known or not multicast. Returns false if the table is full.
 */
bool mcast_add(struct mcast_filter *filter, const uint8_t *addr);

/* Removes an address, if it is there. */
void mcast_del(struct mcast_filter *filter, const uint8_t *addr);

/* Switches the filter on or off. The table does not change. */
void mcast_apply(struct mcast_filter *filter, bool applies);

static inline bool
mcast_is_multicast(const uint8_t *addr)
{
	return (addr[0] & 1) != 0 &&
	       mcast_word(addr) !=
		       mcast_word((const uint8_t[6]){ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff });
}

/* Whether a frame to `addr` is withheld from the guest. A NULL filter lets everything pass. */
static inline bool
mcast_blocks(const struct mcast_filter *filter, const uint8_t *addr)
{
	return filter != NULL && mcast_is_multicast(addr) &&
	       __atomic_load_n(&filter->applies, __ATOMIC_RELAXED) && !mcast_holds(filter, addr);
}

#endif
