/* SPDX-License-Identifier: BSD-3-Clause */
/* From tx ring slots to one described packet. Called by from_guest.c; calls nothing. */
#include "dp/slots.h"

#include <stdbool.h>

#define ETHER_HEADER 14u
#define EXTRA_TYPE_XDP 5 /* Linux's netif.h; meant for guests, harmless here */

/* One walk over the slots of one packet. */
struct walk {
	const struct ring *ring;
	uint32_t idx; /* next slot to read */
	uint32_t end;
	struct gpkt *pkt;
	struct slot_rsp *rsp;
	const char *why;
};

static bool
walk_next(struct walk *w, void *slot)
{
	if (w->idx == w->end)
		return false;
	ring_copy_request(w->ring, w->idx++, slot);
	return true;
}

static void
walk_answer(struct walk *w, uint16_t id, int16_t status)
{
	w->rsp[w->pkt->n_ring].id = id;
	w->rsp[w->pkt->n_ring].status = status;
	w->pkt->n_ring++;
}

static enum slots_result
walk_fatal(struct walk *w, const char *why)
{
	w->why = why;
	return SLOTS_FATAL;
}

/* Every slot of the packet gets an error; NULL answers of extras stay. */
static enum slots_result
walk_drop(struct walk *w, enum slots_result result)
{
	for (unsigned i = 0; i < w->pkt->n_ring; i++) {
		if (w->rsp[i].status != NETIF_RSP_NULL)
			w->rsp[i].status = NETIF_RSP_ERROR;
	}
	return result;
}

static enum slots_result
walk_gso(struct walk *w, const netif_extra_info_t *extra)
{
	if (extra->u.gso.size == 0)
		return walk_fatal(w, "GSO extra info: size is 0");
	if (extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 && extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)
		return walk_fatal(w, "GSO extra info: unknown type");
	w->pkt->gso_type = extra->u.gso.type;
	w->pkt->gso_size = extra->u.gso.size;
	return SLOTS_PACKET;
}

/*
 * Reads the chain of extra infos; bounded by what is published. The last one of a type counts. Requests of
 * multicast control are not packets; the feature is not offered, so they are answered with an error.
 */
static enum slots_result
walk_extras(struct walk *w)
{
	enum slots_result result = SLOTS_PACKET;
	union {
		netif_tx_request_t slot; /* an extra info overlays a whole slot */
		netif_extra_info_t extra;
	} u;

	do {
		if (!walk_next(w, &u.slot))
			return walk_fatal(w, "extra info is missing");
		walk_answer(w, 0, NETIF_RSP_NULL);
		w->pkt->n_extra++;
		switch (u.extra.type) {
		case XEN_NETIF_EXTRA_TYPE_GSO:
			if (walk_gso(w, &u.extra) == SLOTS_FATAL)
				return SLOTS_FATAL;
			break;
		case XEN_NETIF_EXTRA_TYPE_MCAST_ADD:
		case XEN_NETIF_EXTRA_TYPE_MCAST_DEL:
			result = SLOTS_DROP;
			break;
		case XEN_NETIF_EXTRA_TYPE_HASH:
		case EXTRA_TYPE_XDP:
			break;
		default:
			return walk_fatal(w, "extra info of unknown type");
		}
	} while (u.extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return result;
}

/* Reads the slots after the first. `own` starts as the frame's total and ends as the first slot's own size. */
static enum slots_result
walk_data(struct walk *w, uint16_t flags, uint32_t *own)
{
	enum slots_result result = SLOTS_PACKET;
	netif_tx_request_t slot = { .flags = flags };
	unsigned n = 1;

	while (slot.flags & NETTXF_more_data) {
		if (!walk_next(w, &slot))
			return walk_fatal(w, "a packet's last slot is missing");
		if (++n > LIMIT_SLOTS_FATAL)
			return walk_fatal(w, "a packet has too many slots");
		walk_answer(w, slot.id, NETIF_RSP_OKAY);
		if ((uint32_t)slot.offset + slot.size > NETIF_PAGE_SIZE)
			return walk_fatal(w, "a slot crosses its page");
		if (n > LIMIT_SLOTS_ACCEPTED || slot.size > *own) {
			result = SLOTS_DROP;
			continue;
		}
		*own -= slot.size;
		w->pkt->slot[n - 1] = (struct gpkt_slot){ slot.gref, slot.offset, slot.size };
		w->pkt->n_slots = (uint16_t)n;
	}
	return result;
}

static enum slots_result
walk_packet(struct walk *w)
{
	netif_tx_request_t first;
	enum slots_result result = SLOTS_PACKET;

	if (!walk_next(w, &first))
		return walk_fatal(w, "no slot");
	walk_answer(w, first.id, NETIF_RSP_OKAY);
	w->pkt->size = first.size;
	w->pkt->flags = first.flags;
	w->pkt->n_slots = 1;
	if (first.flags & NETTXF_extra_info) {
		result = walk_extras(w);
		if (result != SLOTS_PACKET) /* fatal, or a request that is no packet */
			return result == SLOTS_DROP ? walk_drop(w, result) : result;
	}
	uint32_t own = first.size;
	result = walk_data(w, first.flags, &own);
	if (result == SLOTS_FATAL)
		return result;
	if (result == SLOTS_DROP)
		return walk_drop(w, result);
	if (first.size < ETHER_HEADER)
		return walk_drop(w, SLOTS_SHORT);
	if (first.offset + own > NETIF_PAGE_SIZE)
		return walk_fatal(w, "a slot crosses its page");
	w->pkt->slot[0] = (struct gpkt_slot){ first.gref, first.offset, (uint16_t)own };
	return SLOTS_PACKET;
}

enum slots_result
slots_parse(const struct ring *ring, uint32_t idx, uint32_t end, struct gpkt *pkt, struct slot_rsp *rsp,
	    const char **why)
{
	struct walk w = { .ring = ring, .idx = idx, .end = end, .pkt = pkt, .rsp = rsp };

	pkt->gso_type = XEN_NETIF_GSO_TYPE_NONE;
	pkt->gso_size = 0;
	pkt->n_extra = 0;
	pkt->n_ring = 0;
	enum slots_result result = walk_packet(&w);
	*why = w.why;
	return result;
}
