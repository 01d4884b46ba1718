/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys by which backend and frontend negotiate. Threads: control thread. */
#ifndef VPE_CTL_VIF_KEYS_H
#define VPE_CTL_VIF_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/store/node.h"
#include "proto/limits.h"

/*
 * The features to write to the backend directory, except for multi-queue-max-queues. `n` gets the
 * number of keys.
 */
const struct node_value *vif_keys_features(unsigned *n);

struct vif_queue_keys {
	uint32_t tx_ref;    /* grant of the guest's transmit ring */
	uint32_t rx_ref;    /* grant of the guest's receive ring */
	uint32_t evtchn_tx; /* ports of the guest; equal if it uses one channel for both */
	uint32_t evtchn_rx;
};

/* The frontend's offer and features. */
struct vif_keys {
	unsigned n_queues; /* 1 to `max_queues` */
	struct vif_queue_keys queue[LIMIT_QUEUES];
	bool has_ctrl; /* the next two are valid */
	uint32_t ctrl_ref;
	uint32_t evtchn_ctrl;
	uint32_t guest;    /* VIF_GUEST_* of dp/vif/port_vif.h */
	uint16_t headroom; /* bytes before the data in each rx slot; at most LIMIT_XDP_HEADROOM */
};

/*
 * Reads and checks frontend directory `dir` in one transaction, so that a guest that changes keys
 * meanwhile is seen before or after, never in between. Returns 0, or a negative errno with a
 * sentence in `why`, in which the guest's values are escaped. `max_queues` is the number that was
 * offered, at most LIMIT_QUEUES.
 */
int vif_keys_read(const struct xstore *xs, const char *dir, unsigned max_queues,
		  struct vif_keys *keys, char *why, size_t why_size);

/*
 * Returns a number that tells this connection from others: a sum of the references and ports of its
 * queues.
 */
uint64_t vif_keys_sum(const struct vif_keys *keys);

/*
 * Reads vif_keys' `headroom` from `dir`, in store transaction `tx` or, if that is 0, outside of
 * any.
 */
uint16_t vif_keys_read_headroom(const struct xstore *xs, uint32_t tx, const char *dir);

#endif
