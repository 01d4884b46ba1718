/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A queue to a guest with all that it touches: a ring, a page for all its references on the fake
 * hypervisor, a poller's pools and clock. One thread.
 */
#ifndef VPE_TESTS_TO_GUEST_WORLD_H
#define VPE_TESTS_TO_GUEST_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/netif.h"
#include "proto/ring.h"

extern struct to_guest_world {
	/* the ring's, shared */
	uint8_t page[NETIF_PAGE_SIZE] __attribute__((aligned(NETIF_PAGE_SIZE)));
} to_guest_world;

/* Once, when EAL runs. */
void to_guest_world_init(void);

/* A new guest, whose ring starts at `index`. `headroom`: bytes, at most LIMIT_XDP_HEADROOM. */
void to_guest_world_open(uint32_t index, bool has_grants, uint16_t headroom);

/* Nothing is found wrong with the guest so far. */
bool to_guest_world_is_on(void);

/*
 * Which copies of a batch fail from now on: bit n stands for those with number n modulo 32, all
 * bits for the call itself as well.
 */
void to_guest_world_fail_copies(uint32_t which);

void to_guest_world_pass_time(uint32_t ms);

/* So many bytes in each `usecs`. */
void to_guest_world_meter(uint32_t bytes, uint32_t usecs);

/* The guest wants hashes, or no longer. */
void to_guest_world_hash(bool on);

/*
 * A burst of equal frames comes for the guest: `n_wanted` modulo LIMIT_BURST + 1. `at`: where in
 * its page a frame starts; `flags`: what it is.
 */
void to_guest_world_give(unsigned n_wanted, uint32_t len, uint32_t at, uint32_t flags);

/* What waits is dropped. */
void to_guest_world_drop(void);

/* What holds at any time. */
void to_guest_world_check(void);

/* The guest goes; all buffers are back. */
void to_guest_world_close(void);

#endif
