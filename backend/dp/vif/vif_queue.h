/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One queue pair of a vif, shared by from_guest.c and to_guest.c. Private to dp.
 * Threads: owned like the port in it.
 */
#ifndef VPE_DP_VIF_QUEUE_H
#define VPE_DP_VIF_QUEUE_H

#include <stdint.h>

#include "dp/frame/meter.h"
#include "dp/port/port.h"
#include "dp/vif/foreign.h"
#include "dp/vif/port_vif.h"
#include "dp/vif/slots.h"
#include "proto/ring.h"
#include "xen/ops.h"

/* Frames that wait for free rx slots, oldest first. */
struct vif_backlog {
	struct rte_mbuf *frame[LIMIT_BACKLOG_FRAMES];
	unsigned head; /* free-running; index modulo the size */
	unsigned n;
	uint32_t bytes;
	uint64_t moved_ms; /* when the guest last took a frame, or the backlog was empty */
};

struct vif_queue {
	struct port port;
	const struct events_ops *events_ops;
	struct events *events;
	uint32_t evtchn_tx;
	uint32_t evtchn_rx;
	uint32_t domid;
	uint32_t guest; /* VIF_GUEST_* */
	uint16_t headroom;   /* bytes left free before the data in each rx slot */
	const struct static_grants *grants; /* NULL: none */
	struct foreign_pages *foreign;      /* NULL: none */
	uint64_t foreign_aged;              /* clock of the last foreign_age() */
	struct meter *meter_from; /* rate from the guest; NULL: no limit */
	struct meter *meter_to;   /* rate to the guest; NULL: no limit */
	/* hash that is announced to the guest in the current run; NULL: none */
	const struct steering *hash;
	struct ring tx; /* from the guest */
	struct ring rx; /* to the guest */
	uint32_t rx_copied; /* index of the first rx request that is not in request[] yet */
	/* clock of the oldest tx response that the guest was not notified of */
	uint64_t tx_published;
	struct vif_backlog backlog;
	struct port_vif_stats stats;
	/* a frame is waiting that is counted in n_starved, n_rate_from_guest or n_rate_to_guest */
	bool starved, held_from, held_to;
	/* private copies of the rx requests from rx.req_cons to rx_copied, by ring index */
	netif_rx_request_t request[NETIF_RING_SIZE];
};

/* Notifies the guest of published responses. `evtchn` is the local event port of the ring. */
static inline void
vif_queue_notify(struct vif_queue *q, uint32_t evtchn)
{
	q->port.stats.n_notified++;
	/* fails only when the guest is gone, which control notices */
	q->events_ops->notify(q->events, evtchn);
}

/*
 * Counts each frame that waits once, however many bursts find it waiting. `waits`: a waiting frame
 * ended this burst, which may have `moved` others before. `waiting`: a frame ended the last burst.
 */
static inline void
vif_queue_count_wait(uint64_t *n, bool *waiting, bool waits, bool moved)
{
	*n += waits && (moved || !*waiting);
	*waiting = waits;
}

/* Ring slots that frame `m` takes on the way to the guest, including extra infos. */
unsigned to_guest_slots(const struct vif_queue *q, const struct rte_mbuf *m);

/* Ring slots that the first frame of the backlog needs; 0: nothing waits. */
unsigned to_guest_need(struct vif_queue *q);

/* Drops all frames that wait for rx slots. */
void to_guest_drop(struct vif_queue *q);

/*
 * Notifies the guest of tx responses if it asked for that and has not taken them.
 * from_guest_burst() does this with a delay of LIMIT_NOTIFY_DELAY_US, or at once if it answered half
 * a ring. It is also done before a sleep.
 */
void from_guest_notify(struct vif_queue *q);

/*
 * Takes up to `n` (at most LIMIT_BURST) frames off the tx ring, using at most half of the owner's
 * `work`. Returns their number.
 */
unsigned from_guest_burst(struct vif_queue *q, struct rte_mbuf **frames, unsigned n);

/*
 * Whether `n` more frames of `bytes` in total could wait for the guest, or at least begin to. Sends
 * from the backlog if it is full.
 */
bool to_guest_has_room(struct vif_queue *q, unsigned n, uint32_t bytes);

/*
 * Queues all frames for the guest, then sends what there are slots for. Takes ownership of the
 * frames.
 */
void to_guest_burst(struct vif_queue *q, struct rte_mbuf **frames, unsigned n);

/* Sends from the backlog as far as the guest has free slots, at most LIMIT_BURST frames. */
void to_guest_run(struct vif_queue *q);

#endif
