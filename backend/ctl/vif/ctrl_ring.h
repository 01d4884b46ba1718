/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vif's control ring: the guest sends requests, and control answers each with one response, in
 * order.
 *
 * Supported are hashing (netif.h types 1 to 7, ctrl_ring_hash.h) and static grants (types 8 to 10).
 * Anything else is answered with NOT_SUPPORTED. A request that changes what pollers read is
 * answered only after a grace period, because the guest may reuse its pages as soon as it has the
 * response. Until then no further request is taken; call ctrl_ring_run() again after
 * ATTACHMENT_CALLED.
 *
 * The cost of a guest is bounded: CTRL_REQUESTS_MAX requests in a round of the event loop,
 * LIMIT_STATIC_GRANTS mapped pages for one vif and LIMIT_STATIC_GRANTS_ALL for all of them.
 * Everything is released with the connection.
 *
 * Threads: control thread. Source: netif.h, "Control Protocol", "Static Grants".
 */
#ifndef VPE_CTL_CTRL_RING_H
#define VPE_CTL_CTRL_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/keep/keep.h"
#include "ctl/ports/attachment.h"
#include "ctl/vif/vif_rings.h"
#include "dp/frame/steering.h"
#include "dp/vif/static_grants.h"
#include "proto/ring.h"

/* State shared by all control rings. */
struct ctrl_ring_env {
	const struct xen_ops *xen;
	struct events *events; /* the event channels of all control rings */
	struct attachments *attachments;
	unsigned n_static; /* static grants mapped, all vifs */
};

/* Zero-initialise it. */
struct ctrl_ring {
	struct ctrl_ring_env *env; /* NULL: closed */
	const struct vif_rings *rings;
	struct attachment *attachment;
	uint32_t domid;
	struct keep_ctrl *kept; /* the part that outlives the daemon */
	bool grants_changed;    /* by the present request */
	struct ring ring;
	const char *fault; /* the guest's error, a literal; NULL: none */

	struct static_grant *grant; /* room for LIMIT_STATIC_GRANTS; NULL before the first */
	unsigned n_grants;
	struct static_grants *table; /* published to the pollers */
	struct steering *steering;   /* published to the pollers; NULL: none was chosen */

	/* Valid while a request waits for the grace period. */
	bool busy;
	struct static_grants *next; /* becomes `table`; NULL: no change */
	struct steering *old;       /* freed afterwards */
	struct static_grant *gone;  /* unmapped afterwards */
	unsigned n_gone;
	struct xen_netif_ctrl_response rsp;
};

/*
 * Attaches to the guest's control ring, if it has one. The port must be in `attachment` before
 * ctrl_ring_run(). `kept` must outlive the ring. Returns 0 or -EPROTO.
 */
int ctrl_ring_open(struct ctrl_ring *ctrl, struct ctrl_ring_env *env, const struct vif_rings *rings,
		   struct attachment *attachment, uint32_t domid, struct keep_ctrl *kept);

/*
 * Goes on where the last daemon stopped, which `kept` is of: gives the port, which is not attached
 * yet, the guest's hash and static grants, and publishes a response that the last daemon did not.
 */
void ctrl_ring_resume(struct ctrl_ring *ctrl, struct port *port);

/* Unmaps all static grants. The port must have been destroyed. Idempotent. */
void ctrl_ring_close(struct ctrl_ring *ctrl);

/*
 * Handles requests. Returns whether some are left for the next round. Sets ctrl->fault if the guest
 * broke the ring.
 */
bool ctrl_ring_run(struct ctrl_ring *ctrl);

/* For ctrl_ring_keep.c: maps the guest's page. Returns false if that fails. */
bool ctrl_ring_map(struct ctrl_ring *ctrl, uint32_t ref, bool writable, struct static_grant *grant);

/* The state after the present request, with its response, outlives the daemon from now on. */
void ctrl_ring_keep(struct ctrl_ring *ctrl, const struct xen_netif_ctrl_response *rsp);

/* Writes and publishes the response. */
void ctrl_ring_publish(struct ctrl_ring *ctrl, const struct xen_netif_ctrl_response *rsp);

/*
 * Copies the first `size` bytes, at most a page, of the guest's page granted as `ref`. Returns
 * whether that worked.
 */
bool ctrl_ring_copy_page(const struct ctrl_ring *ctrl, uint32_t ref, void *to, uint32_t size);

#endif
