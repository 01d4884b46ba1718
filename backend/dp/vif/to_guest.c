/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To a guest: mbufs -> rx ring.
 *
 * Steps: queue the frames. Then, for as many of them as the guest has free slots: take slots,
 * collect the copies, run them in one batch (copy.c), write and publish the responses, notify if
 * the guest asked for it. A frame is sent whole or waits. A frame that does not fit into the
 * backlog is dropped, never held (XSA-392).
 */
#include "base/util.h"
#include "dp/frame/offload.h"
#include "dp/frame/worker.h"
#include "dp/port/waiting.h"
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
	unsigned n_frames; /* taken off the backlog */
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
	uint32_t page_offset = (uint32_t)(rte_pktmbuf_mtod_offset(m, uintptr_t, at) % NETIF_PAGE_SIZE);

	if (q->headroom > 0 || m->pkt_len <= NETIF_PAGE_SIZE)
		return (uint16_t)util_min(left, slot_room(q));
	return (uint16_t)util_min(left, NETIF_PAGE_SIZE - page_offset);
}

/* Loads the guest's choice of hash once per run, since it may change at any time. */
static void
look_at_hash(struct vif_queue *q)
{
	const struct steering *s = __atomic_load_n(&q->port.leader->steering, __ATOMIC_ACQUIRE);

	q->hash = steering_is_chosen(s) ? s : NULL;
}

static bool
has_hash(const struct vif_queue *q, const struct rte_mbuf *m)
{
	return q->hash != NULL && steering_has_hash(q->hash, m);
}

unsigned
to_guest_slots(const struct vif_queue *q, const struct rte_mbuf *m)
{
	uint32_t room = slot_room(q);
	uint32_t after_first = m->pkt_len - slot_size(q, m, 0);

	return 1 + (after_first + room - 1) / room + is_gso(m) + has_hash(q, m) + (q->headroom > 0);
}

unsigned
to_guest_need(struct vif_queue *q)
{
	if (q->backlog.n == 0)
		return 0;
	look_at_hash(q);
	return to_guest_slots(q, q->backlog.frame[q->backlog.head % LIMIT_BACKLOG_FRAMES]);
}

static bool
is_stalled(const struct vif_queue *q)
{
	/*
	 * Another poller, whose clock is ahead, may have set moved_ms, so the difference is signed.
	 */
	return q->backlog.n > 0 && (int64_t)(q->port.owner->now_ms - q->backlog.moved_ms) >= LIMIT_STALL_MS;
}

static bool
backlog_has_room(const struct vif_queue *q, const struct rte_mbuf *m)
{
	const struct vif_backlog *bl = &q->backlog;

	return bl->n < LIMIT_BACKLOG_FRAMES && bl->bytes + m->pkt_len <= LIMIT_BACKLOG_BYTES && !is_stalled(q) &&
	       waiting_has_room(&q->port, pool_kind_of(q->port.owner->pools, m));
}

static void
backlog_push(struct vif_queue *q, struct rte_mbuf *m)
{
	struct vif_backlog *bl = &q->backlog;

	if (bl->n == 0)
		bl->moved_ms = q->port.owner->now_ms;
	bl->frame[(bl->head + bl->n++) % LIMIT_BACKLOG_FRAMES] = m;
	bl->bytes += m->pkt_len;
	waiting_count(&q->port, m, 1);
}

static struct rte_mbuf *
backlog_peek(const struct vif_backlog *bl, unsigned i)
{
	return bl->frame[(bl->head + i) % LIMIT_BACKLOG_FRAMES];
}

static void
backlog_pop(struct vif_queue *q, unsigned n)
{
	struct vif_backlog *bl = &q->backlog;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = backlog_peek(bl, i);
		bl->bytes -= m->pkt_len;
		waiting_count(&q->port, m, -1);
		rte_pktmbuf_free(m);
	}
	bl->head += n;
	bl->n -= n;
}

void
to_guest_drop(struct vif_queue *q)
{
	q->port.stats.n_dropped[DROP_QUEUE_FULL] += q->backlog.n;
	backlog_pop(q, q->backlog.n);
}

/*
 * Drops the backlog of a stalled guest except for the newest frame. That one's progress shows when
 * the guest takes frames again.
 */
static void
drop_stalled(struct vif_queue *q)
{
	if (q->backlog.n < 2 || !is_stalled(q))
		return;
	q->port.stats.n_dropped[DROP_QUEUE_FULL] += q->backlog.n - 1;
	backlog_pop(q, q->backlog.n - 1);
}

/* NETRXF_* of the frame's first slot, except more_data. */
static uint16_t
first_flags(const struct vif_queue *q, const struct rte_mbuf *m)
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
put_extras(struct vif_queue *q, struct burst *b, const struct rte_mbuf *m)
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
	return &q->request[idx % NETIF_RING_SIZE];
}

/*
 * Whether the guest has posted `need` slots. New requests are all copied when they are first seen:
 * reading the guest's index and slots for each frame would fetch their cache lines from its CPU
 * over and over.
 */
static bool
has_requests(struct vif_queue *q, unsigned need)
{
	uint32_t copied = q->rx_copied - q->rx.req_cons;
	uint32_t unanswered = q->rx.req_cons - q->rx.rsp_prod; /* in this run */

	if (copied >= need)
		return true;
	uint32_t pending = ring_pending(&q->rx);
	if (pending > NETIF_RING_SIZE - unanswered || pending < copied) {
		port_set_fault(&q->port, "rx ring: impossible number of requests");
		return false;
	}
	for (uint32_t end = q->rx.req_cons + pending; q->rx_copied != end; q->rx_copied++)
		ring_copy_request(&q->rx, q->rx_copied, request_of(q, q->rx_copied));
	return pending >= need;
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
	if (ring_check_notify(&q->rx))
		vif_queue_notify(q, q->evtchn_rx);
}

void
to_guest_run(struct vif_queue *q)
{
	struct worker *w = q->port.owner;
	struct burst b;
	bool held = false;

	b.n_frames = b.n_slots = 0; /* leaves slot[], 2.5 KiB, uninitialised */
	look_at_hash(q);
	copy_reset(&w->vif->copy);
	while (b.n_frames < util_min(q->backlog.n, LIMIT_BURST)) {
		struct rte_mbuf *m = backlog_peek(&q->backlog, b.n_frames);
		if (!has_requests(q, to_guest_slots(q, m)))
			break;
		if (!meter_is_open(q->meter_to, w->now)) {
			held = true;
			/* it is not the guest that holds them back */
			q->backlog.moved_ms = w->now_ms;
			break;
		}
		meter_charge(q->meter_to, w->now,
			     offload_wire_bytes(m->pkt_len, offload_gso_headers(m), is_gso(m) ? m->tso_segsz : 0));
		take_frame(q, &w->vif->copy, &b, m);
		b.n_frames++;
		q->port.stats.tx_frames++;
		q->port.stats.tx_bytes += m->pkt_len;
	}
	vif_queue_count_wait(&q->stats.n_rate_to_guest, &q->held_to, held, b.n_frames > 0);
	if (b.n_frames == 0) {
		drop_stalled(q);
		return;
	}
	q->backlog.moved_ms = w->now_ms;
	copy_run(&w->vif->copy);
	respond(q, &w->vif->copy, &b);
	q->stats.n_to_guest_slots += b.n_slots;
	backlog_pop(q, b.n_frames);
}

/* Whether the frame would be sent at once, without being held back. */
static bool
goes_at_once(struct vif_queue *q, const struct rte_mbuf *m)
{
	return q->backlog.n == 0 && has_requests(q, to_guest_slots(q, m)) && meter_is_open(q->meter_to, q->port.owner->now);
}

bool
to_guest_has_room(struct vif_queue *q, unsigned n, uint32_t bytes)
{
	const struct vif_backlog *bl = &q->backlog;

	if (bl->n + n > LIMIT_BACKLOG_FRAMES || bl->bytes + bytes > LIMIT_BACKLOG_BYTES)
		to_guest_run(q);
	return bl->n + n <= LIMIT_BACKLOG_FRAMES && bl->bytes + bytes <= LIMIT_BACKLOG_BYTES && !is_stalled(q) &&
	       (waiting_has_room(&q->port, POOL_SMALL) || has_requests(q, n));
}

/*
 * The limit is for frames that the guest has no slots for, so a burst that exceeds it is sent in
 * parts before anything is dropped. A guest that takes its frames gets them, however much others
 * hold back.
 */
void
to_guest_burst(struct vif_queue *q, struct rte_mbuf **frames, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (!backlog_has_room(q, frames[i]))
			to_guest_run(q);
		if (backlog_has_room(q, frames[i]) || goes_at_once(q, frames[i]))
			backlog_push(q, frames[i]);
		else
			port_drop(&q->port, frames[i], DROP_QUEUE_FULL);
	}
	to_guest_run(q);
}
