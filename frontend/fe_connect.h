/* SPDX-License-Identifier: BSD-3-Clause */
/* The road to state 4 and back. Private to frontend; control thread only. Source: netif.h; xenbus.h enum xenbus_state. */
#ifndef VPE_FRONTEND_FE_CONNECT_H
#define VPE_FRONTEND_FE_CONNECT_H

#include "fe_dev.h"

/* Brings the backend to InitWait, whatever a frontend before us left. 0 or -errno. */
int fe_connect_prepare(struct vpe_fe *fe);
/* What the backend offers: fills in fe->info and *n_queues_max. 0, or -EPROTO if it cannot serve us. */
int fe_connect_look(struct vpe_fe *fe, unsigned *n_queues_max);
/* Publishes the queues and the control ring, goes to Connected and waits for the backend. 0 or -errno. */
int fe_connect_finish(struct vpe_fe *fe);
/* Has the backend map the buffers, if it does that. Fills in fe->info.n_static. 0, also if it does not, or -errno. */
int fe_connect_share_buffers(struct vpe_fe *fe);
/* Closes in good order and leaves the vif as a toolstack makes it, for the next frontend. 0 or -errno. */
int fe_connect_end(struct vpe_fe *fe);

#endif
