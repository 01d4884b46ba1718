/* SPDX-License-Identifier: BSD-3-Clause */
/* A vif as a port, or as several: one for each pair of the guest's netif rings. */
#ifndef VPE_DP_PORT_VIF_H
#define VPE_DP_PORT_VIF_H

#include <stdint.h>

#include "dp/dp.h"
#include "dp/meter.h"
#include "dp/port.h"

/* What the frontend said it can take (docs/XENSTORE.md, frontend keys). */
#define VIF_GUEST_SG (1u << 0)      /* feature-sg: frames of more than one slot */
#define VIF_GUEST_GSO4 (1u << 1)    /* feature-gso-tcpv4 */
#define VIF_GUEST_GSO6 (1u << 2)    /* feature-gso-tcpv6 */
#define VIF_GUEST_CSUM4 (1u << 3)   /* no feature-no-csum-offload */
#define VIF_GUEST_CSUM6 (1u << 4)   /* feature-ipv6-csum-offload */
#define VIF_GUEST_RX_NOTIFY (1u << 5) /* feature-rx-notify: notifies us of new rx slots when asked to */

struct port_vif_queue {
	void *tx_page;         /* mapped ring: guest to us */
	void *rx_page;         /* mapped ring: us to guest */
	struct foreign *foreign; /* the guest's memory; NULL: it is not to be used */
	struct events *events; /* with the ports below bound */
	uint32_t evtchn_tx;    /* local ports; equal if there is one channel for both */
	uint32_t evtchn_rx;
};

struct port_vif_params {
	const char *name;      /* "vif3.0" */
	uint32_t domid;        /* the guest */
	uint16_t bridge;
	uint32_t guest;        /* VIF_GUEST_* */
	uint32_t max_frame;    /* bytes with the Ethernet header; 0 = no limit but the slots' */
	uint16_t headroom;     /* bytes to leave free before the data in each rx slot; at most LIMIT_XDP_HEADROOM */
	struct mcast_filter *mcast; /* shared by the queues of the vif; outlives them */
	const struct foreign_ops *foreign_ops;
	unsigned n_queues;     /* 1 to LIMIT_QUEUES */
	const struct port_vif_queue *queue;
	struct meter *meter_from; /* rate of what the guest sends, by all queues; outlives the port; NULL: no limit */
	struct meter *meter_to;   /* and of what it gets */
};

/*
 * Makes a detached port, the leader of a port for each queue, on rings that stay mapped, and events and `foreign` that stay open,
 * until after port->ops->destroy(), which destroys all queues. Unmaps and closes nothing itself. NULL with errno: EPROTO if a ring's indices are implausible, ENOMEM.
 */
struct port *port_vif_create(struct dp *dp, const struct xen_ops *xen, const struct port_vif_params *params);

/* dp_call_fn: from now on the queue copies through the table `grants` (NULL: none), which stays its maker's. */
void port_vif_take_grants(struct port *port, void *grants);

/*
 * dp_call_fn: from now on `headroom` (a uintptr_t in the pointer, at most LIMIT_XDP_HEADROOM) bytes are left free before the
 * data in each rx slot. Frames that waited for slots may be lost.
 */
void port_vif_set_headroom(struct port *port, void *headroom);

/* Another max_frame, as in the parameters. Control thread, at any time. */
void port_vif_set_max_frame(struct port *port, uint32_t max_frame);

/* What only a vif counts, of one queue. Any thread, approximate. */
struct port_vif_stats {
	uint64_t n_from_guest_slots; /* tx ring slots taken */
	uint64_t n_to_guest_slots;   /* rx ring slots filled */
	uint64_t n_backlog_bytes;    /* waiting for free rx slots now */
	uint64_t n_starved;          /* frames that waited in the tx ring because no packet buffer was free */
	uint64_t n_rate_from_guest;  /* frames that waited for the rate, each way */
	uint64_t n_rate_to_guest;
	uint64_t n_copy_errors;      /* slots that Xen refused to copy, both ways */
	uint64_t n_gso_csum_fixups; /* GSO frames that the guest did not mark as having a blank checksum */
	uint64_t headroom;         /* bytes left free in each rx slot now */
	uint64_t n_static_grants;    /* pages of the guest that stay mapped now */
	uint64_t n_foreign_pages;    /* and those mapped without a grant: foreign.h */
};
void port_vif_get_stats(const struct port *port, struct port_vif_stats *stats);

#endif
