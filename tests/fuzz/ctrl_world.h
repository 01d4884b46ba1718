/* SPDX-License-Identifier: BSD-3-Clause */
/* A control ring with all that it touches: a guest's pages, a hypervisor that may fail, a poller. One thread. */
#ifndef VPE_TESTS_CTRL_WORLD_H
#define VPE_TESTS_CTRL_WORLD_H

#include "ctl/vif/ctrl.h"
#include "proto/limits.h"

#define CTRL_WORLD_QUEUES 3u

extern struct ctrl_world {
	uint8_t page[NETIF_PAGE_SIZE] __attribute__((aligned(NETIF_PAGE_SIZE))); /* the ring's, shared */
	struct xen_netif_gref list[LIMIT_STATIC_LIST]; /* what the guest's other page holds */
	uint32_t map_fails, copy_fails; /* the so-maniest call from now; 0: none */
	bool call_fails, notify_fails; /* from now on */
} ctrl_world;

/* A new guest, whose ring starts at `index` with so many requests. */
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
