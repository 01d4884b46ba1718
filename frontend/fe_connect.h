/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The handshake up to state 4, and back. Private to frontend; control thread only. Source: netif.h;
 * xenbus.h enum xenbus_state.
 */
#ifndef VPE_FRONTEND_FE_CONNECT_H
#define VPE_FRONTEND_FE_CONNECT_H

#include "fe_dev.h"

/* Brings the backend to InitWait, whatever an earlier frontend left behind. Returns 0 or -errno. */
int fe_connect_prepare(struct vpe_fe *fe);
/*
 * Reads the backend's offer into fe->info and *n_queues_max. Returns 0, or -EPROTO if it is not
 * usable.
 */
int fe_connect_look(struct vpe_fe *fe, unsigned *n_queues_max);
/*
 * Publishes the queues and the control ring, enters Connected and waits for the backend. Returns 0
 * or -errno.
 */
int fe_connect_finish(struct vpe_fe *fe);
/*
 * Has the backend map the buffers, if it supports that, and sets fe->info.n_static. Returns 0 also
 * if it does not, or -errno.
 */
int fe_connect_share_buffers(struct vpe_fe *fe);
/*
 * Closes in order and leaves the vif as the toolstack creates it, for the next frontend. Returns 0
 * or -errno.
 */
int fe_connect_end(struct vpe_fe *fe);

#endif
