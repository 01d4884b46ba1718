/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resources of a connected vif: the mapped rings of each queue and its event channels.
 *
 * Each vif has handles of its own, so closing them releases everything of the guest's. Each queue
 * has its own event handle and its own mapping of guest memory, because queues may belong to
 * different pollers. Threads: control thread. While the port is attached, the queues' events belong
 * to their pollers.
 */
#ifndef VPE_CTL_VIF_RINGS_H
#define VPE_CTL_VIF_RINGS_H

#include <stddef.h>
#include <stdint.h>

#include "ctl/vif/vif_keys.h"
#include "dp/vif/port_vif.h"
#include "xen/ops.h"

/* Zero-initialise it. */
struct vif_rings {
	struct grants *grants;
	const struct foreign_ops *foreign_ops;
	unsigned n_queues;
	struct port_vif_queue queue[LIMIT_QUEUES]; /* event channels in it are local ports */
	void *ctrl_page;                           /* NULL: no control ring */
	struct events *ctrl_events;                /* shared by all vifs; the port in it is ours */
	uint32_t evtchn_ctrl;                      /* local port; 0: none */
};

/*
 * Maps the rings of `keys` and binds the event channels, the control ring's in `ctrl_events`.
 * Returns 0, or a negative errno with a sentence in `why`, and then holds nothing.
 */
int vif_rings_open(struct vif_rings *rings, const struct xen_ops *xen, struct events *ctrl_events,
		   uint32_t domid, const struct vif_keys *keys, char *why, size_t why_size);

/*
 * Opens the guest's memory for copies without hypercalls. Returns 0, or -errno; copies then use
 * hypercalls.
 */
int vif_rings_open_foreign(struct vif_rings *rings, const struct foreign_ops *ops, uint32_t domid);

/* Releases everything, including what a failed open left. No port may use it any more. */
void vif_rings_close(struct vif_rings *rings, const struct xen_ops *xen);

#endif
