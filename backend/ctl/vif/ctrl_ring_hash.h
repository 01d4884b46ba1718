/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control ring requests that choose how packets are spread over a guest's queues: netif.h types 1
 * to 7.
 *
 * A request is applied to a copy, which is published only if all of it is valid: a request that
 * fails changes nothing. The errors are those of xen-netback. Threads: control thread.
 */
#ifndef VPE_CTL_CTRL_RING_HASH_H
#define VPE_CTL_CTRL_RING_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/vif/ctrl_ring.h"

/*
 * Applies `req` to a copy of `now` in *next. Returns a status and sets `data`. *changed says
 * whether *next has to be published.
 */
uint32_t ctrl_ring_hash_request(const struct ctrl_ring *ctrl,
				const struct xen_netif_ctrl_request *req,
				const struct steering *now, struct steering *next, bool *changed,
				uint32_t *data);

#endif
