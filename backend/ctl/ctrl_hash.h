/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests on the control ring that choose how packets are spread over a guest's queues: netif.h types 1 to 7.
 *
 * What is chosen is checked on a copy first, and then put into force as a whole: a request that fails changes nothing.
 * Errors are those of xen-netback. Threads: control thread.
 */
#ifndef VPE_CTL_CTRL_HASH_H
#define VPE_CTL_CTRL_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ctrl.h"

/*
 * Does what `req` asks for, starting from `now`. Returns a status and sets `data`; *next gets what is to be in force from now on,
 * and *changed says whether that is something else.
 */
uint32_t ctrl_hash_request(const struct ctrl *ctrl, const struct xen_netif_ctrl_request *req, const struct steering *now,
			   struct steering *next, bool *changed, uint32_t *data);

#endif
