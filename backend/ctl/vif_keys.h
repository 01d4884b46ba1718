/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys that backend and frontend tell each other. Threads: control thread. */
#ifndef VPE_CTL_VIF_KEYS_H
#define VPE_CTL_VIF_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/node.h"
#include "proto/limits.h"

/* What we can do, for the backend directory; multi-queue-max-queues is added to it. `n` gets the number of keys. */
const struct node_value *vif_keys_features(unsigned *n);

struct vif_queue_keys {
	uint32_t tx_ref;    /* grant of the ring from the guest */
	uint32_t rx_ref;    /* grant of the ring to the guest */
	uint32_t evtchn_tx; /* the guest's ports; equal if it uses one for both */
	uint32_t evtchn_rx;
};

/* What the frontend offers and takes. */
struct vif_keys {
	unsigned n_queues; /* 1 to `max_queues` */
	struct vif_queue_keys queue[LIMIT_QUEUES];
	bool has_ctrl;      /* the two below are set */
	uint32_t ctrl_ref;
	uint32_t evtchn_ctrl;
	uint32_t guest;     /* VIF_GUEST_* of dp/port_vif.h */
	uint16_t headroom;  /* wanted before the data in each rx slot; at most LIMIT_XDP_HEADROOM */
};

/*
 * Reads and checks frontend directory `dir`, all in one transaction, so that a guest that changes keys meanwhile is
 * seen before or after, never in between. Returns 0, or a negative errno with a sentence in `why` (values of the
 * guest's are escaped in it). `max_queues` is what it was offered, at most LIMIT_QUEUES.
 */
int vif_keys_read(const struct xstore *xs, const char *dir, unsigned max_queues, struct vif_keys *keys, char *why,
		  size_t why_size);

/* What stands in `dir` for vif_keys' `headroom` now, in store transaction `tx` or with 0 outside of any. */
uint16_t vif_keys_read_headroom(const struct xstore *xs, uint32_t tx, const char *dir);

#endif
