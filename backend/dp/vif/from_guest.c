/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a guest: tx ring -> mbufs.
 *
 * Steps of a burst: parse slots into packets (slots.c), collect the copies, run them in one batch
 * (copy.c), finish each frame (offload.c), write and publish the responses. The notification
 * follows after a delay, if the guest still wants it.
 */
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "dp/frame/mcast.h"
#include "dp/frame/offload.h"
#include "dp/frame/worker.h"
#include "dp/vif/copy.h"
#include "dp/vif/vif_queue.h"
#include "dp/vif/vif_scratch.h"

_Static_assert(OFFLOAD_GSO_TCPV4 == XEN_NETIF_GSO_TYPE_TCPV4, "netif.h: GSO types");
_Static_assert(OFFLOAD_GSO_TCPV6 == XEN_NETIF_GSO_TYPE_TCPV6, "netif.h: GSO types");

/* State of one burst. */
struct burst {
	unsigned n_packets;
	unsigned n_rsp;
	uint32_t idx; /* next slot to parse */
	uint32_t end;
	const char *fault;                /* set when the frontend violated the protocol */
	struct guest_take take;           /* the reasons to end the burst */
	struct from_guest_packet *packet; /* the poller's scratch space */
	struct slot_rsp *rsp;             /* the journal's */
};

/*
 * Offset in its page at which the buffer must begin for its page boundaries to fall on those of the
 * guest's slots. The offset is even, to keep the headers aligned.
 */
static uint32_t
page_offset_of(const struct gpkt *pkt)
{
	uint32_t size = pkt->slot[0].size;
	unsigned i = 1;

	while (i < pkt->n_slots && pkt->slot[i].offset != 0)
		size += pkt->slot[i++].size;
	return i == pkt->n_slots || size % 2 != 0 ? 0 : (POOL_PAGE - size % POOL_PAGE) % POOL_PAGE;
}

/*
 * Bytes on the wire, after segmentation if it is a GSO packet. Its headers are not known yet, so
 * this assumes the shortest ones.
 */
static uint32_t
wire_bytes(const struct gpkt *pkt)
{
	uint32_t ip = pkt->gso_type == XEN_NETIF_GSO_TYPE_TCPV6 ? sizeof(struct rte_ipv6_hdr)
								: sizeof(struct rte_ipv4_hdr);

	if (pkt->gso_type == XEN_NETIF_GSO_TYPE_NONE)
		return pkt->size;
	return offload_wire_bytes(pkt->size,
				  (uint32_t)(RTE_ETHER_HDR_LEN + ip + sizeof(struct rte_tcp_hdr)),
				  pkt->gso_size);
}

/* Allocates a buffer and adds the packet's copies into it. Returns false if no buffer is free. */
static bool
collect_packet(struct vif_queue *q, struct copy_batch *copy, struct from_guest_packet *p)
{
	p->m = pool_alloc_at(q->gp.port.owner->pools, p->pkt.size, page_offset_of(&p->pkt));
	if (p->m == NULL)
		return false;

	uint8_t *to = rte_pktmbuf_mtod(p->m, uint8_t *);
	for (unsigned i = 0; i < p->pkt.n_slots; i++) {
		const struct gpkt_slot *slot = &p->pkt.slot[i];
		p->copy[i] = COPY_NONE;
		if (slot->size == 0) /* an empty slot's grant reference may be invalid (XSA-448) */
			continue;
		p->copy[i] = copy_from_guest(copy, q->grants, q->foreign, q->domid, slot->gref,
					     slot->offset, to, slot->size);
		to += slot->size;
	}
	return true;
}

/* Updates the guest's multicast filter. The only possible error is a full filter. */
static void
change_filter(struct vif_queue *q, enum slots_result what, const struct from_guest_packet *p,
	      struct slot_rsp *rsp)
{
	struct mcast_filter *filter = q->gp.port.mcast;

	if (what == SLOTS_MCAST_DEL)
		mcast_del(filter, p->pkt.mcast);
	else if (!mcast_add(filter, p->pkt.mcast))
		rsp->status = NETIF_RSP_ERROR;
}

/* Parses one packet and collects its copies. Returns false if the burst ends before this packet. */
static bool
take_packet(struct vif_queue *q, struct copy_batch *copy, struct burst *b)
{
	struct from_guest_packet *p = &b->packet[b->n_packets];

	enum slots_result result =
		slots_parse(&q->tx, b->idx, b->end, &p->pkt, &b->rsp[b->n_rsp], &b->fault);
	switch (result) {
	case SLOTS_FATAL:
		return false;
	case SLOTS_PACKET:
		if (!collect_packet(q, copy, p)) {
			/* its slots stay in the ring until a buffer is free */
			b->take.starved = true;
			q->gp.port.owner->is_starved = true;
			return false;
		}
		guest_take_pay(&q->gp, p->pkt.size, wire_bytes(&p->pkt));
		p->rsp = &b->rsp[b->n_rsp];
		b->n_packets++;
		break;
	case SLOTS_DROP:
		q->gp.port.stats.n_dropped[DROP_GUEST_SLOTS]++;
		break;
	case SLOTS_SHORT:
		q->gp.port.stats.n_dropped[DROP_GUEST_SHORT]++;
		break;
	case SLOTS_MCAST_ADD:
	case SLOTS_MCAST_DEL:
		change_filter(q, result, p, &b->rsp[b->n_rsp]);
		break;
	}
	q->gp.port.owner->work -= (int64_t)p->pkt.n_ring * WORK_SLOT;
	b->idx += p->pkt.n_ring;
	b->n_rsp += p->pkt.n_ring;
	return true;
}

/* Sets an error status for slots that Xen did not copy. Returns whether all were copied. */
static bool
check_copies(struct vif_queue *q, const struct copy_batch *copy, struct from_guest_packet *p)
{
	bool whole = true;

	for (unsigned i = 0; i < p->pkt.n_slots; i++) {
		if (p->copy[i] < 0 || copy->copy[p->copy[i]].status == GRANT_STATUS_OKAY)
			continue;
		p->rsp[slots_rsp_index(&p->pkt, i)].status = NETIF_RSP_ERROR;
		q->stats.n_copy_errors++;
		whole = false;
	}
	return whole;
}

/*
 * Sets the mbuf's offload flags from those of the slots. Returns false if they do not fit the
 * frame. The checksum of a GSO frame is always blank, so it is treated as such even if the frontend
 * does not say so (xen-netback: rx_gso_checksum_fixup).
 */
static bool
mark_offloads(struct vif_queue *q, struct from_guest_packet *p)
{
	if (p->pkt.gso_type != XEN_NETIF_GSO_TYPE_NONE && !(p->pkt.flags & NETTXF_csum_blank))
		q->stats.n_gso_csum_fixups++;
	if (p->pkt.gso_type != XEN_NETIF_GSO_TYPE_NONE && p->pkt.gso_size < LIMIT_GSO_SIZE_MIN)
		return false;
	if (p->pkt.gso_type != XEN_NETIF_GSO_TYPE_NONE || (p->pkt.flags & NETTXF_csum_blank))
		return offload_request(p->m, (enum offload_gso)p->pkt.gso_type, p->pkt.gso_size) ==
		       0;
	if (p->pkt.flags & NETTXF_data_validated)
		p->m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	return true;
}

static unsigned
finish_packets(struct vif_queue *q, const struct copy_batch *copy, struct burst *b,
	       struct rte_mbuf **frames)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->n_packets; i++) {
		struct from_guest_packet *p = &b->packet[i];
		if (!check_copies(q, copy, p)) {
			port_drop(&q->gp.port, p->m, DROP_GRANT_COPY);
		} else if (!mark_offloads(q, p)) {
			port_drop(&q->gp.port, p->m, DROP_BAD_HEADERS);
		} else {
			q->gp.port.stats.rx_frames++;
			q->gp.port.stats.rx_bytes += p->pkt.size;
			frames[n++] = p->m;
		}
	}
	return n;
}

void
from_guest_notify(struct vif_queue *q)
{
	if (ring_is_unchecked(&q->tx) && ring_check_notify(&q->tx))
		vif_queue_notify(q, q->evtchn_tx);
}

static void
notify_if_due(struct vif_queue *q)
{
	const struct worker *w = q->gp.port.owner;

	if (ring_is_unchecked(&q->tx) && w->now - q->tx_published >= w->vif->notify_delay)
		from_guest_notify(q);
}

static void
age_foreign(struct vif_queue *q)
{
	const struct worker *w = q->gp.port.owner;

	if (q->foreign == NULL || w->now - q->foreign_aged < w->vif->foreign_age)
		return;
	q->foreign_aged = w->now;
	foreign_age(q->foreign);
}

/* Writes and publishes the first `n` responses of the journal. */
static void
answer(struct vif_queue *q, unsigned n)
{
	const struct slot_rsp *from = q->journal->rsp;

	journal_begin(q->journal, q->tx.rsp_prod, n);
	for (unsigned i = 0; i < n; i++) {
		netif_tx_response_t rsp = { .id = from[i].id, .status = from[i].status };
		ring_put_response(&q->tx, &rsp, sizeof(rsp));
	}
	ring_publish_responses(&q->tx);
	journal_end(q->journal);
}

void
from_guest_resume(struct vif_queue *q)
{
	unsigned n = journal_torn(q->journal, q->tx.rsp_prod, ring_pending(&q->tx));

	if (n > 0)
		answer(q, n);
	q->tx.req_cons = q->tx.rsp_prod;
	journal_end(q->journal);
}

static void
respond(struct vif_queue *q, const struct burst *b)
{
	if (b->n_rsp == 0)
		return;
	if (!ring_is_unchecked(&q->tx))
		q->tx_published = q->gp.port.owner->now;
	answer(q, b->n_rsp);
	/*
	 * A guest whose ring was this full may have stopped its queue. Then only an event restarts
	 * it.
	 */
	if (b->n_rsp >= NETIF_RING_SIZE / 2)
		from_guest_notify(q);
}

unsigned
from_guest_burst(struct vif_queue *q, struct rte_mbuf **frames, unsigned n)
{
	struct worker *w = q->gp.port.owner;

	ring_fetch_request(&q->tx);
	uint32_t pending = ring_pending(&q->tx);
	notify_if_due(q);
	age_foreign(q);
	if (pending == 0)
		return 0;
	if (pending > NETIF_RING_SIZE) {
		port_set_fault(&q->gp.port, "tx ring: impossible number of requests");
		return 0;
	}
	if (n == 0)
		return 0;
	struct burst b = {
		.idx = q->tx.req_cons,
		.end = q->tx.req_cons + pending,
		.packet = w->vif->from_guest,
		.rsp = q->journal->rsp,
		.take = guest_take_begin(&q->gp),
	};
	copy_reset(&w->vif->copy);
	/* Beyond the rate, slots stay in the ring, as in xen-netback. */
	while (b.idx != b.end && b.n_packets < n && guest_take_next(&q->gp, &b.take)) {
		if (!take_packet(q, &w->vif->copy, &b))
			break;
	}
	if (q->foreign != NULL)
		w->work -= (int64_t)foreign_take_maps(q->foreign) * WORK_MAP;
	guest_take_end(&q->gp, &b.take, b.n_packets);
	q->gp.port.has_more = b.idx != b.end && !b.take.held;
	q->stats.n_from_guest_slots += b.n_rsp;
	q->tx.req_cons = b.idx;
	copy_run(&w->vif->copy);
	unsigned n_frames = finish_packets(q, &w->vif->copy, &b, frames);
	respond(q, &b);
	if (b.fault != NULL)
		port_set_fault(&q->gp.port, b.fault);
	return n_frames;
}
