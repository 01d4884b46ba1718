/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A control ring with all that it touches: a guest's pages on the fake hypervisor, a poller. A
 * reference from 0xf0000000 on is bad, and so is a copy of one that is 7 modulo 8. One thread.
 */
#ifndef VPE_TESTS_CTRL_WORLD_H
#define VPE_TESTS_CTRL_WORLD_H

#include "ctl/vif/ctrl_ring.h"
#include "proto/limits.h"

#define CTRL_WORLD_QUEUES 3u

extern struct ctrl_world {
	/* the ring's, shared */
	uint8_t page[NETIF_PAGE_SIZE] __attribute__((aligned(NETIF_PAGE_SIZE)));
	/* the guest's other page, LIMIT_STATIC_LIST entries: all its references stand for it */
	struct xen_netif_gref *list;
	bool call_fails; /* calls of the poller, from now on */
} ctrl_world;

/* Once. */
void ctrl_world_init(void);

/* A new guest, whose ring starts at `index` with so many requests. Nothing fails any more. */
void ctrl_world_open(uint32_t index, uint32_t n_waiting);

/* Control serves the ring. */
bool ctrl_world_is_open(void);

/* Control looks at the ring. */
void ctrl_world_run(void);

/* The poller does what it was called for. */
void ctrl_world_poll(void);

/* What holds at any time. */
void ctrl_world_check(void);

/* The guest goes; nothing of it is left. */
void ctrl_world_close(void);

#endif
