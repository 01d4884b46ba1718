/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One queue pair of a vif: what from_guest.c and to_guest.c work on. Private to dp.
 * Threads: owned like the port it is embedded in.
 */
#ifndef VPE_DP_VIF_QUEUE_H
#define VPE_DP_VIF_QUEUE_H

#include <stdint.h>

#include "dp/foreign.h"
#include "dp/meter.h"
#include "dp/port.h"
#include "dp/port_vif.h"
#include "dp/slots.h"
#include "proto/ring.h"
#include "xen/ops.h"

/* Frames that wait for free rx slots, oldest first. */
struct vif_backlog {
	struct rte_mbuf *frame[LIMIT_BACKLOG_FRAMES];
	unsigned head; /* counts on; index modulo the size */
	unsigned n;
	uint32_t bytes;
	uint64_t moved_ms; /* when the guest last took a frame, or none waited */
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
	struct meter *meter_from; /* what the guest sends; NULL: no limit */
	struct meter *meter_to;   /* what it gets */
	const struct steering *hash; /* that the frames of a run are told with; NULL: none. Set anew for each run */
	struct ring tx; /* from the guest */
	struct ring rx; /* to the guest */
	uint32_t rx_copied; /* index of the first rx request that is not in request[] */
	uint64_t tx_published; /* clock of the oldest tx response that the guest was not notified of */
	struct vif_backlog backlog;
	struct port_vif_stats stats;
	bool starved, held_from, held_to; /* a frame waits that is in n_starved, n_rate_from_guest, n_rate_to_guest already */
	netif_rx_request_t request[NETIF_RING_SIZE]; /* by ring index: what the guest posted, from rx.req_cons to rx_copied */
	struct slot_rsp rsp[NETIF_RING_SIZE]; /* scratch of one from_guest burst */
};

/* Notifies the guest of what was published on the ring that local event port `evtchn` belongs to. */
static inline void
vif_queue_notify(struct vif_queue *q, uint32_t evtchn)
{
	q->port.stats.n_notified++;
	q->events_ops->notify(q->events, evtchn); /* fails only when the guest is gone; control finds out */
}

/*
 * Counts each frame that waits once, however many bursts find it waiting. `waits`: one ended a burst in which others may have
 * `moved`; `waiting`: one did so last time.
 */
static inline void
vif_queue_count_wait(uint64_t *n, bool *waiting, bool waits, bool moved)
{
	*n += waits && (moved || !*waiting);
	*waiting = waits;
}

/* Ring slots that frame `m` takes on the way to the guest: its pages, and one for each extra info. */
unsigned to_guest_slots(const struct vif_queue *q, const struct rte_mbuf *m);

/* Ring slots that the first frame of the backlog needs; 0: nothing waits. */
unsigned to_guest_need(struct vif_queue *q);

/* Drops all frames that wait for rx slots. */
void to_guest_drop(struct vif_queue *q);

/*
 * Notifies the guest of its tx responses if it asked for that and still has not taken them. Called with a delay of
 * LIMIT_NOTIFY_DELAY_US by from_guest_burst(), and before a sleep.
 */
void from_guest_notify(struct vif_queue *q);

/* Takes up to `n` (at most LIMIT_BURST) frames off the tx ring, and no more than half of the owner's `work` is for. */
unsigned from_guest_burst(struct vif_queue *q, struct rte_mbuf **frames, unsigned n);

/*
 * Whether as many more frames, of so many bytes in all, could wait for the guest, or at least begin to; sends from the backlog if
 * that makes the room.
 */
bool to_guest_has_room(struct vif_queue *q, unsigned n, uint32_t bytes);

/* Queues frames for the guest; takes all. Then sends what there are slots for. */
void to_guest_burst(struct vif_queue *q, struct rte_mbuf **frames, unsigned n);

/* Sends from the backlog as far as the guest has free slots, at most LIMIT_BURST frames. */
void to_guest_run(struct vif_queue *q);

#endif
