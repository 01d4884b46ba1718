/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To a guest: mbufs -> rx ring.
 *
 * Frames wait in the backlog (dp/guest/backlog.h), which is bounded (XSA-392). Steps, for as many
 * of them as the guest has free slots: take slots, collect the copies, run them in one batch
 * (copy.c), write and publish the responses, notify if the guest asked for it. A frame is sent
 * whole or waits.
 */
#include "base/util.h"
#include "dp/frame/offload.h"
#include "dp/frame/worker.h"
#include "dp/vif/copy.h"
#include "dp/vif/vif_queue.h"
#include "dp/vif/vif_scratch.h"

/* A response to be written: a data slot or an extra info. */
struct rx_slot {
	int16_t copy; /* index in the batch, COPY_DONE, or COPY_NONE for an extra info */
	union {
		netif_rx_response_t rsp;
		netif_extra_info_t extra;
	};
};

struct burst {
	unsigned n_slots;
	struct rx_slot slot[NETIF_RING_SIZE];
};

static bool
is_gso(const struct rte_mbuf *m)
{
	return (m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0;
}

/* Bytes of data that fit into one rx slot. */
static uint32_t
slot_room(const struct vif_queue *q)
{
	return NETIF_PAGE_SIZE - q->headroom;
}

/*
 * Bytes of the frame that go into the slot that begins with byte `at`. A short frame takes one
 * slot. A longer one is cut at the buffer's page boundaries, so that each slot is one copy
 * operation. With headroom that would nearly double the slots, so there each slot is filled.
 */
static uint16_t
slot_size(const struct vif_queue *q, const struct rte_mbuf *m, uint32_t at)
{
	uint32_t left = m->pkt_len - at;
	uint32_t page_offset =
		(uint32_t)(rte_pktmbuf_mtod_offset(m, uintptr_t, at) % NETIF_PAGE_SIZE);

	if (q->headroom > 0 || m->pkt_len <= NETIF_PAGE_SIZE)
		return (uint16_t)util_min(left, slot_room(q));
	return (uint16_t)util_min(left, NETIF_PAGE_SIZE - page_offset);
}

/* Loads the guest's choice of hash once per run, since it may change at any time. */
static void
look_at_hash(struct vif_queue *q)
{
	const struct steering *s = __atomic_load_n(&q->gp.port.leader->steering, __ATOMIC_ACQUIRE);

	q->hash = steering_is_chosen(s) ? s : NULL;
}

static bool
has_hash(const struct vif_queue *q, struct rte_mbuf *m)
{
	return q->hash != NULL && steering_has_hash(q->hash, m);
}

unsigned
to_guest_slots(const struct vif_queue *q, struct rte_mbuf *m)
{
	uint32_t room = slot_room(q);
	uint32_t after_first = m->pkt_len - slot_size(q, m, 0);

	return 1 + (after_first + room - 1) / room + is_gso(m) + has_hash(q, m) + (q->headroom > 0);
}

unsigned
to_guest_need(struct vif_queue *q)
{
	if (q->gp.backlog.n == 0)
		return 0;
	look_at_hash(q);
	return to_guest_slots(q, backlog_peek(&q->gp.backlog, 0));
}

/* NETRXF_* of the frame's first slot, except more_data. */
static uint16_t
first_flags(const struct vif_queue *q, struct rte_mbuf *m)
{
	uint16_t flags = 0;

	if (m->ol_flags & RTE_MBUF_F_TX_L4_MASK)
		flags |= NETRXF_csum_blank | NETRXF_data_validated;
	else if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		flags |= NETRXF_data_validated;
	if (is_gso(m) || q->headroom > 0 || has_hash(q, m))
		flags |= NETRXF_extra_info;
	return flags;
}

/*
 * Adds an extra info, which takes the place of one request. The extra info before it, if any,
 * announces it.
 */
static netif_extra_info_t *
put_extra(struct vif_queue *q, struct burst *b, uint8_t type)
{
	struct rx_slot *s = &b->slot[b->n_slots++];

	q->rx.req_cons++;
	s->copy = COPY_NONE;
	memset(&s->extra, 0, sizeof(s->extra));
	s->extra.type = type;
	if (s[-1].copy == COPY_NONE)
		s[-1].extra.flags = XEN_NETIF_EXTRA_FLAG_MORE;
	return &s->extra;
}

/*
 * Adds the extra infos that first_flags() and to_guest_slots() counted, in the order of their
 * types.
 */
static void
put_extras(struct vif_queue *q, struct burst *b, struct rte_mbuf *m)
{
	uint32_t hash;
	uint8_t type;

	if (is_gso(m)) {
		netif_extra_info_t *extra = put_extra(q, b, XEN_NETIF_EXTRA_TYPE_GSO);
		extra->u.gso.size = m->tso_segsz;
		extra->u.gso.type = (m->ol_flags & RTE_MBUF_F_TX_IPV6) ? XEN_NETIF_GSO_TYPE_TCPV6
								       : XEN_NETIF_GSO_TYPE_TCPV4;
	}
	if (q->hash != NULL && steering_hash(q->hash, m, &type, &hash)) {
		netif_extra_info_t *extra = put_extra(q, b, XEN_NETIF_EXTRA_TYPE_HASH);
		extra->u.hash.type = type;
		extra->u.hash.algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
		/* least significant byte first, as on x86 */
		memcpy(extra->u.hash.value, &hash, sizeof(hash));
	}
	if (q->headroom > 0)
		put_extra(q, b, NETIF_EXTRA_TYPE_XDP)->u.pad[0] = q->headroom;
}

static netif_rx_request_t *
request_of(struct vif_queue *q, uint32_t idx)
{
	return &q->journal->request[idx % NETIF_RING_SIZE];
}

/*
 * Whether the guest has posted `need` slots. New requests are all copied when they are first seen:
 * reading the guest's index and slots for each frame would fetch their cache lines from its CPU
 * over and over.
 */
static bool
has_requests(struct vif_queue *q, unsigned need)
{
	uint32_t idx = q->journal->rx_copied;
	uint32_t copied = idx - q->rx.req_cons;
	uint32_t unanswered = q->rx.req_cons - q->rx.rsp_prod; /* in this run */

	if (copied >= need)
		return true;
	uint32_t pending = ring_pending(&q->rx);
	if (pending > NETIF_RING_SIZE - unanswered || pending < copied) {
		port_set_fault(&q->gp.port, "rx ring: impossible number of requests");
		return false;
	}
	for (; idx != q->rx.req_cons + pending; idx++)
		ring_copy_request(&q->rx, idx, request_of(q, idx));
	/* release: a backend that takes over finds all copies */
	__atomic_store_n(&q->journal->rx_copied, idx, __ATOMIC_RELEASE);
	return pending >= need;
}

/* The guest may have changed its index meanwhile. Then all requests are read from the ring. */
void
to_guest_resume(struct vif_queue *q)
{
	uint32_t copied = q->journal->rx_copied - q->rx.req_cons;

	if (copied > util_min(ring_pending(&q->rx), NETIF_RING_SIZE))
		q->journal->rx_copied = q->rx.req_cons;
}

/*
 * Takes the frame's slots off the ring and collects its copies. The caller has checked that there
 * are enough.
 */
static void
take_frame(struct vif_queue *q, struct copy_batch *copy, struct burst *b, struct rte_mbuf *m)
{
	uint32_t at = 0;
	uint16_t flags = first_flags(q, m);

	while (at < m->pkt_len) {
		uint16_t len = slot_size(q, m, at);
		struct rx_slot *s = &b->slot[b->n_slots++];
		const netif_rx_request_t *req = request_of(q, q->rx.req_cons++);

		s->copy = copy_to_guest(copy, q->grants, q->domid, req->gref, q->headroom,
					rte_pktmbuf_mtod_offset(m, void *, at), len);
		at += len;
		s->rsp = (netif_rx_response_t){
			.id = req->id,
			.offset = q->headroom,
			.flags = (uint16_t)(flags | (at < m->pkt_len ? NETRXF_more_data : 0)),
			.status = (int16_t)len,
		};
		if (flags & NETRXF_extra_info)
			put_extras(q, b, m);
		flags = 0;
	}
}

/*
 * If one channel serves both rings, the event tells of the responses in the other ring as well: it
 * needs none of its own.
 */
static void
notify(struct vif_queue *q)
{
	if (!ring_check_notify(&q->rx))
		return;
	if (q->evtchn_tx == q->evtchn_rx && ring_is_unchecked(&q->tx))
		ring_check_notify(&q->tx);
	vif_queue_notify(q, q->evtchn_rx);
}

/* Each response goes to the ring index of its request; netfront relies on that. */
static void
respond(struct vif_queue *q, const struct copy_batch *copy, struct burst *b)
{
	for (unsigned i = 0; i < b->n_slots; i++) {
		struct rx_slot *s = &b->slot[i];
		if (s->copy == COPY_NONE) {
			ring_put_response(&q->rx, &s->extra, sizeof(s->extra));
			continue;
		}
		if (s->copy != COPY_DONE && copy->copy[s->copy].status != GRANT_STATUS_OKAY) {
			s->rsp.status = NETIF_RSP_ERROR;
			q->stats.n_copy_errors++;
		}
		ring_put_response(&q->rx, &s->rsp, sizeof(s->rsp));
	}
	ring_publish_responses(&q->rx);
	notify(q);
}

static struct vif_queue *
queue_of(struct guest_port *gp)
{
	return container_of(gp, struct vif_queue, gp);
}

static void
to_guest_run(struct guest_port *gp)
{
	struct vif_queue *q = queue_of(gp);
	struct copy_batch *copy = &gp->port.owner->vif->copy;
	struct guest_run run = { 0 };
	struct rte_mbuf *m;
	struct burst b;

	b.n_slots = 0; /* leaves slot[], 2.5 KiB, uninitialised */
	look_at_hash(q);
	copy_reset(copy);
	while ((m = guest_run_next(gp, &run)) != NULL && has_requests(q, to_guest_slots(q, m)) &&
	       guest_run_pay(gp, &run, m))
		take_frame(q, copy, &b, m);
	if (!guest_run_settle(gp, &run))
		return;
	copy_run(copy);
	respond(q, copy, &b);
	q->stats.n_to_guest_slots += b.n_slots;
	guest_run_end(gp, &run);
}

static bool
to_guest_takes(struct guest_port *gp, struct rte_mbuf *m)
{
	return has_requests(queue_of(gp), to_guest_slots(queue_of(gp), m));
}

static bool
to_guest_takes_small(struct guest_port *gp, unsigned n)
{
	return has_requests(queue_of(gp), n);
}

const struct guest_ops to_guest_ops = {
	.run = to_guest_run,
	.takes = to_guest_takes,
	.takes_small = to_guest_takes_small,
};
