/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that the bursts of all vifs of a poller use in turn: one batch of grant copies, and the
 * packets that are being taken from a guest. Private to the code of vifs.
 * Threads: belongs to the polling thread; the counters may be read by any.
 */
#ifndef VPE_DP_VIF_SCRATCH_H
#define VPE_DP_VIF_SCRATCH_H

#include "dp/vif/copy.h"
#include "dp/vif/slots.h"
#include "proto/limits.h"

/* A packet that is being taken from a guest. */
struct from_guest_packet {
	struct gpkt pkt;
	struct rte_mbuf *m;
	struct slot_rsp *rsp; /* response to the first slot */
	int16_t copy[LIMIT_SLOTS_ACCEPTED];
};

struct vif_scratch {
	uint64_t notify_delay; /* LIMIT_NOTIFY_DELAY_US in ticks */
	uint64_t foreign_age;  /* ticks between two calls of foreign_age() */
	struct copy_batch copy;
	struct from_guest_packet from_guest[LIMIT_BURST];
};

/* Opens a grants handle. Returns NULL with errno on error. */
struct vif_scratch *vif_scratch_create(const struct xen_ops *xen);

/* NULL is allowed. */
void vif_scratch_destroy(struct vif_scratch *scratch);

#endif
