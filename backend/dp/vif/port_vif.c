/* SPDX-License-Identifier: BSD-3-Clause */
/* A vif as ports, one for each queue. */
#include "dp/vif/port_vif.h"

#include <errno.h>
#include <stdio.h>

#include <rte_malloc.h>

#include "base/util.h"
#include "dp/vif/static_grants.h"
#include "dp/vif/vif_queue.h"

static struct vif_queue *
queue_of(struct port *port)
{
	return container_of(port, struct vif_queue, gp.port);
}

static unsigned
vif_rx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct vif_queue *q = queue_of(port);

	guest_port_retry(&q->gp);
	return from_guest_burst(q, frames, n);
}

static bool
vif_is_idle(const struct port *port)
{
	const struct vif_queue *q = container_of(port, struct vif_queue, gp.port);

	return q->gp.backlog.n == 0 && from_guest_is_idle(q);
}

static void
vif_tx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct blame *blame = port->owner->blame;

	blame_set(&blame->to, port->blame);
	guest_port_send(guest_of(port), frames, n);
	blame_set(&blame->to, 0);
}

/*
 * The guest wakes us for a new tx request and, while frames wait, for as many rx slots as the first
 * one needs. A frontend without feature-rx-notify does not, so its ring must be polled. Nothing
 * wakes us when a meter opens, and until then the guest's requests do not matter.
 */
static enum port_armed
vif_arm(struct port *port)
{
	struct vif_queue *q = queue_of(port);
	unsigned need = to_guest_need(q);
	bool open_from = guest_is_open_from(&q->gp);
	bool open_to = guest_is_open_to(&q->gp);
	bool told = need == 0 || (q->guest & VIF_GUEST_RX_NOTIFY);
	bool idle = true;

	from_guest_notify(q);
	if (open_from)
		idle = ring_arm(&q->tx, 1);
	if (need > 0 && open_to)
		idle = ring_arm(&q->rx, need) && idle;
	if (!idle)
		return PORT_BUSY;
	return open_from && open_to && told ? PORT_ARMED : PORT_BLIND;
}

static void
vif_disarm(struct port *port)
{
	struct vif_queue *q = queue_of(port);

	ring_disarm(&q->tx);
	ring_disarm(&q->rx);
}

/*
 * An event channel that fired stays masked until here, so a guest causes at most one interrupt per
 * sleep of the poller. There are two channels; one that fires again at once is left for the next
 * wake-up.
 */
static void
vif_woken(struct port *port)
{
	struct vif_queue *q = queue_of(port);
	int fired;

	for (unsigned i = 0; i < 2 && (fired = q->events_ops->pending(q->events)) >= 0; i++) {
		q->gp.port.stats.n_woken++;
		q->events_ops->unmask(q->events, (uint32_t)fired);
	}
}

static bool
vif_has_room(struct port *port, unsigned n, uint32_t bytes)
{
	return guest_port_has_room(guest_of(port), n, bytes);
}

static int
vif_fd(struct port *port)
{
	struct vif_queue *q = queue_of(port);

	return q->events_ops->fd(q->events);
}

/*
 * The guest may wait for a notification that is due later. xen-netback, if it is the next backend,
 * would not know about it.
 */
static void
queue_destroy(struct vif_queue *q)
{
	from_guest_notify(q);
	foreign_destroy(q->foreign);
	guest_port_fini(&q->gp);
	rte_free(q);
}

static void
vif_destroy(struct port *leader)
{
	for (unsigned i = leader->n_queues; i-- > 0;)
		queue_destroy(queue_of(leader->queue[i]));
}

static void
vif_read_stats(const struct port *port, void *stats)
{
	port_vif_get_stats(port, stats);
}

static const struct port_ops vif_ops = {
	.kind = "vif",
	.moves = true,
	.rx_burst = vif_rx_burst,
	.is_idle = vif_is_idle,
	.tx_burst = vif_tx_burst,
	.has_room = vif_has_room,
	.arm = vif_arm,
	.disarm = vif_disarm,
	.woken = vif_woken,
	.fd = vif_fd,
	.counters = &port_vif_counters,
	.read_stats = vif_read_stats,
	.destroy = vif_destroy,
};

static uint32_t
takes_of(uint32_t guest)
{
	uint32_t takes = 0;

	if (guest & VIF_GUEST_CSUM4)
		takes |= PORT_TAKES_CSUM4;
	if (guest & VIF_GUEST_CSUM6)
		takes |= PORT_TAKES_CSUM6;
	/* A GSO frame needs several slots, and its checksum is always blank. */
	if ((guest & VIF_GUEST_GSO4) && (guest & VIF_GUEST_SG) && (guest & VIF_GUEST_CSUM4))
		takes |= PORT_TAKES_TSO4;
	if ((guest & VIF_GUEST_GSO6) && (guest & VIF_GUEST_SG) && (guest & VIF_GUEST_CSUM6))
		takes |= PORT_TAKES_TSO6;
	return takes;
}

static uint32_t
max_frame_of(const struct vif_queue *q)
{
	uint32_t room = NETIF_PAGE_SIZE - q->headroom;

	return (q->guest & VIF_GUEST_SG) ? util_min(LIMIT_FRAME_SIZE, XEN_NETIF_NR_SLOTS_MIN * room)
					 : room;
}

/*
 * netif.h obliges a frontend to take XEN_NETIF_NR_SLOTS_MIN slots a frame, and no more. A guest
 * that asks for headroom runs an XDP program, and netfront then drops frames of more than one slot.
 * So GSO frames are limited to one slot, or TCP would hardly get through.
 */
static void
use_headroom(struct vif_queue *q, uint16_t headroom)
{
	q->headroom = headroom;
	q->stats.headroom = headroom;
	q->gp.port.max_gso = (headroom > 0 ? 1 : XEN_NETIF_NR_SLOTS_MIN) *
			     (NETIF_PAGE_SIZE - (uint32_t)headroom);
	q->gp.port.max_frame = max_frame_of(q);
}

/*
 * Goes on where the last backend stopped. It may not have notified the guest of its last responses,
 * and then nothing else wakes the guest.
 */
static void
resume(struct vif_queue *q)
{
	from_guest_resume(q);
	to_guest_resume(q);
	ring_doubt(&q->tx);
	ring_doubt(&q->rx);
	from_guest_notify(q);
	if (ring_check_notify(&q->rx))
		vif_queue_notify(q, q->evtchn_rx);
}

/* Returns NULL with errno on error. */
static struct vif_queue *
queue_create(const struct xen_ops *xen, const struct port_vif_params *params, unsigned idx)
{
	const struct port_vif_queue *given = &params->queue[idx];
	struct vif_queue *q = rte_zmalloc("vif", sizeof(*q), RTE_CACHE_LINE_SIZE);
	char name[sizeof(q->gp.port.name)];
	int ret = 0;

	if (q == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	snprintf(name, sizeof(name), idx == 0 ? "%s" : "%s-q%u", params->name, idx);
	if (ring_attach(&q->tx, given->tx_page, sizeof(netif_tx_request_t)) != RING_ATTACHED ||
	    ring_attach(&q->rx, given->rx_page, sizeof(netif_rx_response_t)) != RING_ATTACHED)
		ret = -EPROTO;
	q->journal = given->journal != NULL ? given->journal : &q->own_journal;
	if (!q->journal->is_valid) {
		*q->journal = (struct vif_journal){ .rx_copied = q->rx.req_cons };
		__atomic_store_n(&q->journal->is_valid, true, __ATOMIC_RELEASE);
	}
	if (ret == 0 && given->foreign != NULL) {
		q->foreign =
			foreign_create(params->foreign_ops, given->foreign, &q->journal->marked);
		ret = q->foreign == NULL ? -errno : 0;
	}
	if (ret == 0)
		ret = guest_port_init(&q->gp, &vif_ops, &to_guest_ops, name, params->bridge,
				      params->shared);
	if (ret < 0) {
		queue_destroy(q);
		errno = -ret;
		return NULL;
	}
	q->events_ops = xen->events;
	q->events = given->events;
	q->evtchn_tx = given->evtchn_tx;
	q->evtchn_rx = given->evtchn_rx;
	q->domid = params->domid;
	q->guest = params->guest;
	q->gp.port.takes = takes_of(params->guest);
	q->gp.port.blame = params->blame;
	use_headroom(q, params->headroom);
	ring_disarm(&q->tx);
	ring_disarm(&q->rx);
	if (params->in_use)
		resume(q);
	return q;
}

struct port *
port_vif_create(const struct xen_ops *xen, const struct port_vif_params *params)
{
	struct vif_queue *first = queue_create(xen, params, 0);

	for (unsigned i = 1; first != NULL && i < params->n_queues; i++) {
		struct vif_queue *q = queue_create(xen, params, i);
		if (q == NULL) {
			int error = errno;
			vif_destroy(&first->gp.port);
			errno = error;
			return NULL;
		}
		port_add_queue(&first->gp.port, &q->gp.port);
	}
	if (first == NULL)
		return NULL;
	guest_port_set_max_frame(&first->gp.port, params->max_frame);
	return &first->gp.port;
}

void
port_vif_take_grants(struct port *port, void *grants)
{
	struct vif_queue *q = queue_of(port);

	q->grants = grants;
	q->stats.n_static_grants = q->grants->n;
}

/* A guest without feature-sg must not get a waiting frame that was sized for a larger slot. */
void
port_vif_set_headroom(struct port *port, void *headroom)
{
	struct vif_queue *q = queue_of(port);

	if (!(q->guest & VIF_GUEST_SG))
		guest_port_drop(&q->gp);
	use_headroom(q, (uint16_t)(uintptr_t)headroom);
}

void
port_vif_get_stats(const struct port *port, struct port_vif_stats *stats)
{
	const struct vif_queue *q = container_of(port, struct vif_queue, gp.port);

	*stats = q->stats;
	guest_port_get_stats(&q->gp, &stats->guest);
	stats->n_foreign_pages = q->foreign == NULL ? 0 : foreign_mapped(q->foreign);
}
