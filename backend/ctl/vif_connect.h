/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a connected vif holds of its guest: the mapped rings of each queue and its event channels.
 *
 * Each vif has handles of its own, so whatever happens, closing them leaves nothing of the guest behind. Each queue has its own
 * event handle and its own way into the guest's memory, since each may be another poller's.
 * Threads: control thread; between the port's hand-over and its return the queues' events belong to their pollers.
 */
#ifndef VPE_CTL_VIF_CONNECT_H
#define VPE_CTL_VIF_CONNECT_H

#include <stddef.h>
#include <stdint.h>

#include "ctl/vif_keys.h"
#include "dp/port_vif.h"
#include "xen/ops.h"

/* Zero-initialise it. */
struct vif_link {
	struct grants *grants;
	const struct foreign_ops *foreign_ops;
	unsigned n_queues;
	struct port_vif_queue queue[LIMIT_QUEUES]; /* with our ports in it */
	void *ctrl_page;            /* NULL: no control ring */
	struct events *ctrl_events; /* shared by all vifs; its port is ours */
	uint32_t evtchn_ctrl;       /* our port; 0: none */
};

/*
 * Maps the rings of `keys` and binds the channels. Returns 0, or a negative errno with a sentence in `why`; on
 * error nothing is held. The control ring's channel is bound in `ctrl_events`.
 */
int vif_link_open(struct vif_link *link, const struct xen_ops *xen, struct events *ctrl_events, uint32_t domid,
		  const struct vif_keys *keys, char *why, size_t why_size);

/* Opens the guest's memory for copies without hypercalls. Returns 0 or -errno: then it goes without. */
int vif_link_open_foreign(struct vif_link *link, const struct foreign_ops *ops, uint32_t domid);

/* Undoes what there is to undo: half of it, all or nothing. No port may use it any more. */
void vif_link_close(struct vif_link *link, const struct xen_ops *xen);

#endif
