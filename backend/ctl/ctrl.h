/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vif's control ring: the guest asks, control answers, one response for each request, in order.
 *
 * Served are hashing (netif.h types 1 to 7, ctrl_hash.h) and static grants (types 8 to 10); all else is answered with NOT_SUPPORTED.
 * A request that changes what the pollers look at waits for them: until ctrl_called() no further request is taken.
 *
 * A guest can cost no more than this: CTRL_REQUESTS_MAX requests in a round of the loop; LIMIT_STATIC_GRANTS mapped
 * pages of one vif, LIMIT_STATIC_GRANTS_ALL of all; and nothing of it outlives the connection.
 *
 * Threads: control thread. Source: netif.h, "Control Protocol", "Static Grants".
 */
#ifndef VPE_CTL_CTRL_H
#define VPE_CTL_CTRL_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/member.h"
#include "ctl/vif_connect.h"
#include "dp/static_grants.h"
#include "dp/steering.h"
#include "proto/ring.h"

/* What ctrl.c needs of its vif and of all vifs. */
struct ctrl_env {
	const struct xen_ops *xen;
	struct events *events; /* the channels of all control rings */
	struct members *members;
	unsigned n_static; /* static grants of all vifs */
};

/* Zero-initialise it. */
struct ctrl {
	struct ctrl_env *env; /* NULL: closed */
	const struct vif_link *link;
	struct member *member;
	uint32_t domid;
	struct ring ring;
	const char *fault; /* what the guest did; a literal */

	struct static_grant *grant; /* mapped; room for LIMIT_STATIC_GRANTS; NULL before the first one */
	unsigned n_grants;
	struct static_grants *table; /* the pollers' */
	struct steering *steering;   /* the pollers'; NULL: nothing was chosen */

	/* While a request waits for the pollers. */
	bool busy;
	struct static_grants *next; /* the pollers' from ctrl_called() on; NULL: stays */
	struct steering *old;       /* to be freed then */
	struct static_grant *gone;  /* to be unmapped then */
	unsigned n_gone;
	struct xen_netif_ctrl_response rsp;
};

/* Starts on the link's control ring, if it has one. The port must be in `member`, or be going to. 0 or -EPROTO. */
int ctrl_open(struct ctrl *ctrl, struct ctrl_env *env, const struct vif_link *link, struct member *member, uint32_t domid);

/* Unmaps all. The port must be destroyed. May be called again. */
void ctrl_close(struct ctrl *ctrl);

/* Takes requests. Whether some are left for the next round. ctrl->fault is set if the guest broke the ring. */
bool ctrl_run(struct ctrl *ctrl);

/* Copies the first `size` bytes, at most a page, of the guest's page behind `ref`. Whether that worked. */
bool ctrl_copy_page(const struct ctrl *ctrl, uint32_t ref, void *to, uint32_t size);

/* MEMBER_CALLED came: ends what waited for it. ctrl_run() is to follow. */
void ctrl_called(struct ctrl *ctrl);

#endif
