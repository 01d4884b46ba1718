/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scriptable frontend: receiving. Source: netif.h; xen-netfront.c xennet_get_responses(),
 * xennet_get_extras(), xennet_set_skb_gso().
 *
 * The response to a request must be in the request's own ring slot: an extra info overlays a
 * response and has no id.
 */
#include <stdlib.h>
#include <string.h>

#include "fakes/guest.h"

/*
 * xen-netfront.c: MAX_SKB_FRAGS + 1, and one more if the first slot is small enough to be copied.
 */
#define SLOTS_MAX 18u
#define COPY_THRESHOLD 256

#define GUARD 0xa5 /* before the data, with GUEST_GUARD_HEADROOM */

void
guest_rx_slot(struct guest *g, uint16_t id, uint32_t ref)
{
	netif_rx_request_t *req = RING_GET_REQUEST(&g->rx, g->rx.req_prod_pvt);

	req->id = id;
	req->pad = 0;
	req->gref = ref;
	g->rx_posted[g->rx.req_prod_pvt % GUEST_SLOTS] = id;
	g->rx.req_prod_pvt++;
}

void
guest_rx_publish(struct guest *g)
{
	guest_kick(g, GUEST_RX);
}

void
guest_rx_set_req_prod(struct guest *g, uint32_t req_prod)
{
	__atomic_store_n(&g->rx.sring->req_prod, req_prod, __ATOMIC_RELEASE);
	if (g->port_rx != 0)
		fake_port_send(g->params.domid, g->port_rx);
}

void
guest_post(struct guest *g, unsigned n_rx_slots)
{
	bool any = false;

	g->params.n_rx_slots = n_rx_slots;
	while (g->rx.req_prod_pvt - g->rx.rsp_cons < n_rx_slots && g->n_rx_free > 0) {
		uint16_t id = g->rx_free[--g->n_rx_free];
		struct guest_buffer *buffer = &g->rx_buffers[id];

		buffer->busy = true;
		if (g->params.flags & GUEST_GUARD_HEADROOM)
			memset(buffer->page, GUARD, NETIF_PAGE_SIZE);
		guest_rx_slot(g, id, guest_buffer_ref(g, buffer, FAKE_GRANT_READ_WRITE));
		any = true;
	}
	if (any)
		guest_rx_publish(g);
}

/*
 * Gives the buffer of the request at ring index `idx` back. Raw requests have ids that are no
 * buffers.
 */
static struct guest_buffer *
buffer_at(struct guest *g, uint32_t idx)
{
	uint16_t id = g->rx_posted[idx % GUEST_SLOTS];

	return id < GUEST_SLOTS && g->rx_buffers[id].busy ? &g->rx_buffers[id] : NULL;
}

static void
slot_done(struct guest *g, uint32_t idx)
{
	struct guest_buffer *buffer = buffer_at(g, idx);

	if (buffer == NULL)
		return;
	guest_buffer_done(g, buffer);
	g->rx_free[g->n_rx_free++] = g->rx_posted[idx % GUEST_SLOTS];
}

static void
check_guard(struct guest *g, const struct guest_buffer *buffer, const netif_rx_response_t *rsp)
{
	for (unsigned i = 0; i < rsp->offset; i++)
		if (buffer->page[i] != GUARD)
			guest_break(g, "rx response: byte %u before the data at %u was written", i,
				    rsp->offset);
	for (unsigned i = rsp->offset + (unsigned)rsp->status; i < NETIF_PAGE_SIZE; i++)
		if (buffer->page[i] != GUARD)
			guest_break(g, "rx response: byte %u after the data was written", i);
}

/* Appends one data slot to the frame. */
static void
take_data(struct guest *g, struct guest_frame *frame, uint32_t idx, const netif_rx_response_t *rsp)
{
	const struct guest_buffer *buffer = buffer_at(g, idx);

	g->stats.n_rx_slots++;
	if (rsp->id != g->rx_posted[idx % GUEST_SLOTS])
		guest_break(g, "rx response with id %u for request %u", rsp->id,
			    g->rx_posted[idx % GUEST_SLOTS]);
	if (rsp->status < 0) {
		g->stats.n_rx_failed_slots++;
		frame->n_failed++;
		return;
	}
	if (rsp->offset + rsp->status > (int)NETIF_PAGE_SIZE) {
		guest_break(g, "rx response: offset %u, size %d", rsp->offset, rsp->status);
		return;
	}
	if (frame->len + (uint32_t)rsp->status >= GUEST_FRAME_SIZE) {
		guest_break(g, "rx frame longer than %u", GUEST_FRAME_SIZE - 1);
		return;
	}
	if (buffer != NULL && g->params.flags & GUEST_GUARD_HEADROOM)
		check_guard(g, buffer, rsp);
	if (buffer != NULL)
		memcpy(frame->data + frame->len, buffer->page + rsp->offset, (size_t)rsp->status);
	frame->len += (uint32_t)rsp->status;
}

static void
take_extra(struct guest *g, struct guest_frame *frame, const netif_extra_info_t *extra)
{
	if (extra->flags & ~XEN_NETIF_EXTRA_FLAG_MORE)
		guest_break(g, "rx extra with flags %x", extra->flags);
	if (extra->type == NETIF_EXTRA_TYPE_XDP) {
		if (frame->headroom != 0 || extra->u.pad[0] == 0 || extra->u.pad[1] != 0 ||
		    extra->u.pad[2] != 0)
			guest_break(g, "rx XDP extra with headroom %u, after one with %u",
				    extra->u.pad[0], frame->headroom);
		frame->headroom = extra->u.pad[0];
		return;
	}
	if (extra->type != XEN_NETIF_EXTRA_TYPE_GSO) {
		guest_break(g, "rx extra of type %u", extra->type);
		return;
	}
	if (frame->gso_type != XEN_NETIF_GSO_TYPE_NONE || frame->headroom != 0 ||
	    extra->u.gso.pad != 0 || extra->u.gso.features != 0)
		guest_break(g, "rx GSO extra: not the first one, or with features %u",
			    extra->u.gso.features);
	if (extra->u.gso.size == 0 || (extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 &&
				       extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6))
		guest_break(g, "rx GSO of type %u, size %u", extra->u.gso.type, extra->u.gso.size);
	frame->gso_type = extra->u.gso.type;
	frame->gso_size = extra->u.gso.size;
}

/* Copies out response `idx` if the backend has published it. A frame must be published whole. */
static bool
next_slot(struct guest *g, uint32_t idx, uint32_t prod, void *out)
{
	if (idx == prod) {
		guest_break(g, "rx frame ends without its last slot");
		return false;
	}
	memcpy(out, RING_GET_RESPONSE(&g->rx, idx), sizeof(netif_rx_response_t));
	return true;
}

static uint32_t
take_extras(struct guest *g, struct guest_frame *frame, uint32_t idx, uint32_t prod)
{
	netif_extra_info_t extra;

	memset(&extra, 0, sizeof(extra));
	do {
		if (!next_slot(g, idx, prod, &extra))
			return idx;
		take_extra(g, frame, &extra);
		slot_done(g, idx++);
		frame->n_slots++;
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return idx;
}

static uint32_t
take_frame(struct guest *g, struct guest_frame *frame, uint32_t idx, uint32_t prod)
{
	netif_rx_response_t rsp;
	unsigned n_data = 0, n_max = SLOTS_MAX;

	do {
		if (!next_slot(g, idx, prod, &rsp))
			return idx;
		if (n_data == 0) {
			frame->flags = rsp.flags;
			n_max += rsp.status <= COPY_THRESHOLD;
		}
		take_data(g, frame, idx, &rsp);
		slot_done(g, idx++);
		frame->n_slots++;
		uint16_t offset = rsp.offset;
		if (n_data++ == 0 && rsp.flags & NETRXF_extra_info)
			idx = take_extras(g, frame, idx, prod);
		if (offset != frame->headroom)
			guest_break(g, "rx slot with data at %u, not at %u", offset,
				    frame->headroom);
	} while (rsp.flags & NETRXF_more_data);
	if (n_data > n_max)
		guest_break(g, "rx frame of %u slots", n_data);
	return idx;
}

/* What netfront's stack would find wrong with a whole frame. */
static void
check_frame(struct guest *g, const struct guest_frame *frame)
{
	if (frame->len < 14)
		guest_break(g, "rx frame of %u bytes", frame->len);
	if (frame->gso_type != XEN_NETIF_GSO_TYPE_NONE && !(frame->flags & NETRXF_csum_blank))
		guest_break(g, "rx GSO frame without a blank checksum");
}

bool
guest_receive(struct guest *g, struct guest_frame *frame)
{
	uint32_t prod = __atomic_load_n(&g->rx.sring->rsp_prod, __ATOMIC_ACQUIRE);

	memset(frame, 0, offsetof(struct guest_frame, data));
	if (prod - g->rx.rsp_cons > g->rx.req_prod_pvt - g->rx.rsp_cons) {
		guest_break(g, "rx: %u responses for %u requests", prod - g->rx.rsp_cons,
			    g->rx.req_prod_pvt - g->rx.rsp_cons);
		return false;
	}
	if (prod == g->rx.rsp_cons)
		return false;
	g->rx.rsp_cons = take_frame(g, frame, g->rx.rsp_cons, prod);
	guest_post(g, g->params.n_rx_slots);
	if (frame->n_failed != 0)
		return true;
	g->stats.n_rx_frames++;
	check_frame(g, frame);
	return true;
}
