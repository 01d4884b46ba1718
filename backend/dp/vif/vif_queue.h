/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One queue pair of a vif, shared by from_guest.c and to_guest.c. Private to dp.
 * Threads: owned like the port in it.
 */
#ifndef VPE_DP_VIF_QUEUE_H
#define VPE_DP_VIF_QUEUE_H

#include <stdint.h>

#include "dp/guest/guest_port.h"
#include "dp/vif/foreign.h"
#include "dp/vif/journal.h"
#include "dp/vif/port_vif.h"
#include "dp/vif/slots.h"
#include "proto/ring.h"
#include "xen/ops.h"

struct vif_queue {
	struct guest_port gp;
	const struct events_ops *events_ops;
	struct events *events;
	uint32_t evtchn_tx;
	uint32_t evtchn_rx;
	uint32_t domid;
	uint32_t guest;                     /* VIF_GUEST_* */
	uint16_t headroom;                  /* bytes left free before the data in each rx slot */
	const struct static_grants *grants; /* NULL: none */
	struct foreign_pages *foreign;      /* NULL: none */
	uint64_t foreign_aged;              /* clock of the last foreign_age() */
	/* hash that is announced to the guest in the current run; NULL: none */
	const struct steering *hash;
	struct ring tx; /* from the guest */
	struct ring rx; /* to the guest */
	struct vif_journal *journal;
	/* clock of the oldest tx response that the guest was not notified of */
	uint64_t tx_published;
	struct port_vif_stats stats;
	struct vif_journal own_journal; /* used if there is none that outlives the process */
};

/* Notifies the guest of published responses. `evtchn` is the local event port of the ring. */
static inline void
vif_queue_notify(struct vif_queue *q, uint32_t evtchn)
{
	q->gp.port.stats.n_notified++;
	/* fails only when the guest is gone, which control notices */
	q->events_ops->notify(q->events, evtchn);
}

/* Ring slots that frame `m` takes on the way to the guest, including extra infos. */
unsigned to_guest_slots(const struct vif_queue *q, struct rte_mbuf *m);

/* Ring slots that the first frame of the backlog needs; 0: nothing waits. */
unsigned to_guest_need(struct vif_queue *q);

/*
 * Notifies the guest of tx responses if it asked for that and has not taken them.
 * from_guest_burst() does this with a delay of LIMIT_NOTIFY_DELAY_US, or at once if it answered
 * half a ring. It is also done before a sleep.
 */
void from_guest_notify(struct vif_queue *q);

/*
 * Writes the responses that the queue's last backend was writing when it was killed, and publishes
 * them. Before the first burst.
 */
void from_guest_resume(struct vif_queue *q);

/* Whether from_guest_burst() would find no request and nothing that is due later. */
static inline bool
from_guest_is_idle(const struct vif_queue *q)
{
	ring_fetch_request(&q->tx);
	return ring_pending(&q->tx) == 0 && !ring_is_unchecked(&q->tx) && q->foreign == NULL;
}

/*
 * Takes up to `n` (at most LIMIT_BURST) frames off the tx ring, using at most half of the owner's
 * `work`. Returns their number.
 */
unsigned from_guest_burst(struct vif_queue *q, struct rte_mbuf **frames, unsigned n);

/*
 * Uses the journal's copies of the requests that the queue's last backend did not answer. Before
 * the first burst.
 */
void to_guest_resume(struct vif_queue *q);

/* The guest's side of to_guest.c: see struct guest_ops. */
extern const struct guest_ops to_guest_ops;

#endif
