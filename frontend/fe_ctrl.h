/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vif's control ring, for static grants (the backend maps the buffers once) and hashing.
 * Private to frontend; control thread only. Source: netif.h, "Control Protocol", "Static Grants".
 */
#ifndef VPE_FRONTEND_FE_CTRL_H
#define VPE_FRONTEND_FE_CTRL_H

#include "fe_ring.h"
#include "vpe/frontend.h"
#include "xen/ops.h"

struct fe_ctrl {
	const struct xen_ops *xen;
	struct shares *shares;
	struct events *events;
	struct fe_ring ring;
	struct xen_netif_gref *list; /* the page that requests refer to */
	uint32_t ring_ref, list_ref;
	int port; /* -1: none */
	uint16_t next_id;
};

/* `ctrl` is zero-initialised or finished. Returns 0, or -errno and then holds nothing. */
int fe_ctrl_init(struct fe_ctrl *ctrl, const struct xen_ops *xen, struct shares *shares,
		 uint32_t backend);
void fe_ctrl_fini(struct fe_ctrl *ctrl);

/*
 * Returns the number of static grants that the backend keeps for a queue; 0: none. -errno if its
 * answer is missing or wrong.
 */
int fe_ctrl_size(struct fe_ctrl *ctrl, unsigned queue, unsigned timeout_ms);

/*
 * Has the backend map `n` (at most 512) pages. Returns 0, or -EINVAL if it refuses; then none is
 * mapped.
 */
int fe_ctrl_add(struct fe_ctrl *ctrl, unsigned queue, const uint32_t *ref, unsigned n,
		unsigned timeout_ms);

/*
 * Applies `rss`; the caller has checked the queue numbers. Returns 0 or an error of
 * vpe_fe_set_rss().
 */
int fe_ctrl_set_rss(struct fe_ctrl *ctrl, const struct vpe_fe_rss *rss, unsigned timeout_ms);

#endif
