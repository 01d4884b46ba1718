/* SPDX-License-Identifier: BSD-3-Clause */
/* A vif as one or more ports, one for each pair of the guest's netif rings. */
#ifndef VPE_DP_PORT_VIF_H
#define VPE_DP_PORT_VIF_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/guest/guest_port.h"
#include "dp/vif/journal.h"
#include "xen/ops.h"

/* Features that the frontend announced (docs/XENSTORE.md, frontend keys). */
#define VIF_GUEST_SG (1u << 0)    /* feature-sg: frames of more than one slot */
#define VIF_GUEST_GSO4 (1u << 1)  /* feature-gso-tcpv4 */
#define VIF_GUEST_GSO6 (1u << 2)  /* feature-gso-tcpv6 */
#define VIF_GUEST_CSUM4 (1u << 3) /* no feature-no-csum-offload */
#define VIF_GUEST_CSUM6 (1u << 4) /* feature-ipv6-csum-offload */
/* feature-rx-notify: sends an event for new rx slots when asked to */
#define VIF_GUEST_RX_NOTIFY (1u << 5)

struct port_vif_queue {
	void *tx_page;           /* mapped ring: guest to us */
	void *rx_page;           /* mapped ring: us to guest */
	struct foreign *foreign; /* the guest's memory; NULL: do not use it */
	struct events *events;   /* has the event channels below bound */
	uint32_t evtchn_tx;      /* local ports; equal if one channel serves both rings */
	uint32_t evtchn_rx;
	/* must outlive the port, and the process if that may be killed; NULL: the port's own */
	struct vif_journal *journal;
};

struct port_vif_params {
	const char *name; /* "vif3.0" */
	uint32_t domid;   /* the guest */
	uint16_t bridge;
	uint32_t guest;     /* VIF_GUEST_* */
	uint32_t max_frame; /* bytes with the Ethernet header; 0: only the slots limit it */
	/* bytes to leave free before the data in each rx slot; at most LIMIT_XDP_HEADROOM */
	uint16_t headroom;
	const struct foreign_ops *foreign_ops;
	unsigned n_queues; /* 1 to LIMIT_QUEUES */
	const struct port_vif_queue *queue;
	struct guest_shared *shared; /* must outlive the port */
	bool in_use;    /* the rings were served by a backend that was killed or stopped */
	uint32_t blame; /* the guest's number for struct blame; 0: none */
};

/*
 * Creates a detached vif, with one port per queue, and returns the leader. The rings must stay
 * mapped, and the events and `foreign` open, until after port->ops->destroy(), which destroys all
 * queues. The port does not unmap or close them. Returns NULL with errno on error: EPROTO if a
 * ring's indices are implausible, ENOMEM.
 */
struct port *port_vif_create(const struct xen_ops *xen, const struct port_vif_params *params);

/*
 * dp_call_fn: the queue copies through the table `grants` from now on (NULL: none). The caller
 * still owns the table.
 */
void port_vif_take_grants(struct port *port, void *grants);

/*
 * dp_call_fn: from now on the queue leaves `headroom` bytes (a uintptr_t in the pointer, at most
 * LIMIT_XDP_HEADROOM) free before the data in each rx slot. Frames that wait for slots may be lost.
 */
void port_vif_set_headroom(struct port *port, void *headroom);

/* Counters of one queue that only a vif has. Any thread, approximate. */
struct port_vif_stats {
	struct guest_port_stats guest;
	uint64_t n_from_guest_slots; /* tx ring slots taken */
	uint64_t n_to_guest_slots;   /* rx ring slots filled */
	uint64_t n_copy_errors;      /* slots that Xen refused to copy, both ways */
	/* GSO frames that the guest did not mark as having a blank checksum */
	uint64_t n_gso_csum_fixups;
	uint64_t headroom; /* bytes left free in each rx slot now */
	/* pages of the guest that are mapped now through static grants */
	uint64_t n_static_grants;
	uint64_t n_foreign_pages; /* pages that are mapped now without a grant: foreign.h */
};
void port_vif_get_stats(const struct port *port, struct port_vif_stats *stats);

/* Describes them. */
extern const struct counter_set port_vif_counters;

#endif
