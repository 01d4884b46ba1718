/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing of tx ring slots into packets. */
#include "dp/vif/slots.h"

#include <string.h>

#define ETHER_HEADER 14u

/* A walk over the slots of one packet. */
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

/*
 * Gives every slot of the packet an error response, except extra infos, whose response stays NULL.
 */
static enum slots_result
walk_drop(struct walk *w, enum slots_result result)
{
	for (unsigned i = 0; i < w->pkt->n_ring; i++) {
		if (w->rsp[i].status != NETIF_RSP_NULL)
			w->rsp[i].status = NETIF_RSP_ERROR;
	}
	return result;
}

/* The chain of extra infos: the last one of each type. `type` is 0 if there was none. */
struct extras {
	netif_extra_info_t of[NETIF_EXTRA_TYPE_MAX];
};

/* Reads the chain of extra infos, at most up to the last published slot. */
static enum slots_result
walk_extras(struct walk *w, struct extras *extras)
{
	union {
		netif_tx_request_t slot; /* an extra info overlays a whole slot */
		netif_extra_info_t extra;
	} u;

	for (unsigned i = 0; i < NETIF_EXTRA_TYPE_MAX; i++)
		extras->of[i].type = XEN_NETIF_EXTRA_TYPE_NONE;
	do {
		if (!walk_next(w, &u.slot))
			return walk_fatal(w, "extra info is missing");
		walk_answer(w, 0, NETIF_RSP_NULL);
		w->pkt->n_extra++;
		if (u.extra.type == XEN_NETIF_EXTRA_TYPE_NONE ||
		    u.extra.type >= NETIF_EXTRA_TYPE_MAX)
			return walk_fatal(w, "extra info of unknown type");
		extras->of[u.extra.type] = u.extra;
	} while (u.extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return SLOTS_PACKET;
}

/* The packet's extra info of that type, or NULL. */
static const netif_extra_info_t *
extra_of(const struct extras *extras, unsigned type)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.*): walk_extras() has set all types */
	return extras->of[type].type != XEN_NETIF_EXTRA_TYPE_NONE ? &extras->of[type] : NULL;
}

/*
 * Requests for multicast control are not packets: nothing follows their extra infos. If there is
 * one of each kind, ADD wins.
 */
static enum slots_result
take_mcast(struct walk *w, const struct extras *extras)
{
	const netif_extra_info_t *add = extra_of(extras, XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	const netif_extra_info_t *del = extra_of(extras, XEN_NETIF_EXTRA_TYPE_MCAST_DEL);
	const netif_extra_info_t *extra = add != NULL ? add : del;

	if (extra == NULL)
		return SLOTS_PACKET;
	memcpy(w->pkt->mcast, extra->u.mcast.addr, sizeof(w->pkt->mcast));
	return extra == add ? SLOTS_MCAST_ADD : SLOTS_MCAST_DEL;
}

static enum slots_result
take_gso(struct walk *w, const struct extras *extras)
{
	const netif_extra_info_t *extra = extra_of(extras, XEN_NETIF_EXTRA_TYPE_GSO);

	if (extra == NULL)
		return SLOTS_PACKET;
	if (extra->u.gso.size == 0)
		return walk_fatal(w, "GSO extra info: size is 0");
	if (extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 &&
	    extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)
		return walk_fatal(w, "GSO extra info: unknown type");
	w->pkt->gso_type = extra->u.gso.type;
	w->pkt->gso_size = extra->u.gso.size;
	return SLOTS_PACKET;
}

/*
 * Reads the slots after the first. `own` starts as the frame's total size and ends as the first
 * slot's own size.
 */
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
walk_packet(struct walk *w, struct extras *extras)
{
	netif_tx_request_t first;

	if (!walk_next(w, &first))
		return walk_fatal(w, "no slot");
	/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): walk_next() has copied the slot */
	walk_answer(w, first.id, NETIF_RSP_OKAY);
	w->pkt->size = first.size;
	w->pkt->flags = first.flags;
	w->pkt->n_slots = 1;
	if (first.flags & NETTXF_extra_info) {
		enum slots_result result = walk_extras(w, extras);
		if (result == SLOTS_PACKET)
			result = take_mcast(w, extras);
		if (result != SLOTS_PACKET)
			return result;
	}
	uint32_t own = first.size;
	enum slots_result result = walk_data(w, first.flags, &own);
	if (result == SLOTS_FATAL)
		return result;
	if (result == SLOTS_DROP)
		return walk_drop(w, result);
	if (first.size < ETHER_HEADER)
		return walk_drop(w, SLOTS_SHORT);
	if (first.offset + own > NETIF_PAGE_SIZE)
		return walk_fatal(w, "a slot crosses its page");
	w->pkt->slot[0] = (struct gpkt_slot){ first.gref, first.offset, (uint16_t)own };
	if (w->pkt->n_extra == 0)
		return SLOTS_PACKET;
	return take_gso(w, extras);
}

enum slots_result
slots_parse(const struct ring *ring, uint32_t idx, uint32_t end, struct gpkt *pkt,
	    struct slot_rsp *rsp, const char **why)
{
	struct walk w = { .ring = ring, .idx = idx, .end = end, .pkt = pkt, .rsp = rsp };
	struct extras extras; /* set by walk_extras() */

	pkt->gso_type = XEN_NETIF_GSO_TYPE_NONE;
	pkt->gso_size = 0;
	pkt->n_extra = 0;
	pkt->n_ring = 0;
	enum slots_result result = walk_packet(&w, &extras);
	*why = w.why;
	return result;
}
