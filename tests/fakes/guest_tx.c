/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scriptable frontend: sending. Source: netif.h; xen-netfront.c xennet_start_xmit(),
 * xennet_tx_buf_gc().
 */
#include <errno.h>
#include <string.h>

#include "fakes/guest.h"

/* A packet as slots. */
struct layout {
	unsigned n;
	uint16_t sizes[GUEST_SLOTS];
};

static bool
lay_out(const struct guest_packet *packet, struct layout *layout)
{
	uint32_t left = packet->len;

	layout->n = packet->n_sizes;
	if (packet->sizes != NULL) {
		memcpy(layout->sizes, packet->sizes, packet->n_sizes * sizeof(layout->sizes[0]));
		return true;
	}
	for (layout->n = 0; left > 0 && layout->n < GUEST_SLOTS; layout->n++) {
		uint32_t size = NETIF_PAGE_SIZE - packet->offset;

		if (size > left)
			size = left;
		layout->sizes[layout->n] = (uint16_t)size;
		left -= size;
	}
	return left == 0;
}

static unsigned
slots_free(const struct guest *g)
{
	return GUEST_SLOTS - (g->tx.req_prod_pvt - g->tx.rsp_cons);
}

void
guest_tx_slot(struct guest *g, const netif_tx_request_t *slot)
{
	g->raw = true;
	*RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt) = *slot;
	g->tx.req_prod_pvt++;
}

void
guest_tx_extra(struct guest *g, const netif_extra_info_t *extra)
{
	memcpy(RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt), extra, sizeof(*extra));
	g->tx.req_prod_pvt++;
}

void
guest_tx_publish(struct guest *g)
{
	guest_kick(g, GUEST_TX);
}

void
guest_tx_set_req_prod(struct guest *g, uint32_t req_prod)
{
	__atomic_store_n(&g->tx.sring->req_prod, req_prod, __ATOMIC_RELEASE);
	if (g->port_tx != 0)
		fake_port_send(g->params.domid, g->port_tx);
}

static void
queue_slot(struct guest *g, const struct guest_packet *packet, uint16_t flags, uint32_t size,
	   const void *data, uint32_t data_len)
{
	uint16_t id = g->tx_free[--g->n_tx_free];
	struct guest_buffer *buffer = &g->tx_buffers[id];

	memcpy(buffer->page + packet->offset, data, data_len);
	buffer->busy = true;
	*RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt) = (netif_tx_request_t){
		.gref = guest_buffer_ref(g, buffer, FAKE_GRANT_READ_ONLY),
		.offset = packet->offset,
		.flags = flags,
		.id = id,
		.size = (uint16_t)size,
	};
	g->tx.req_prod_pvt++;
}

static void
queue_gso(struct guest *g, const struct guest_packet *packet)
{
	netif_extra_info_t extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .size = packet->gso_size, .type = packet->gso_type },
	};

	guest_tx_extra(g, &extra);
}

int
guest_queue(struct guest *g, const struct guest_packet *packet)
{
	bool gso = packet->gso_type != XEN_NETIF_GSO_TYPE_NONE;
	struct layout layout;
	const uint8_t *data = packet->data;

	if (packet->len >= GUEST_FRAME_SIZE || !lay_out(packet, &layout))
		return -EMSGSIZE;
	if (slots_free(g) < layout.n + gso || g->n_tx_free < layout.n)
		return -EAGAIN;
	for (unsigned i = 0; i < layout.n; i++) {
		uint16_t flags = i + 1 < layout.n ? NETTXF_more_data : 0;

		if (i == 0)
			flags |= packet->flags | (gso ? NETTXF_extra_info : 0);
		queue_slot(g, packet, flags, i == 0 ? packet->len : layout.sizes[i], data,
			   layout.sizes[i]);
		if (i == 0 && gso)
			queue_gso(g, packet);
		data += layout.sizes[i];
	}
	g->stats.n_tx_frames++;
	return 0;
}

int
guest_mcast(struct guest *g, uint8_t type, const uint8_t addr[6])
{
	netif_extra_info_t extra = { .type = type };

	if (slots_free(g) < 2 || g->n_tx_free == 0)
		return -EAGAIN;
	uint16_t id = g->tx_free[--g->n_tx_free];
	g->tx_buffers[id].busy = true;
	*RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt) =
		(netif_tx_request_t){ .id = id, .flags = NETTXF_extra_info };
	g->tx.req_prod_pvt++;
	memcpy(extra.u.mcast.addr, addr, sizeof(extra.u.mcast.addr));
	guest_tx_extra(g, &extra);
	guest_kick(g, GUEST_TX);
	return 0;
}

int
guest_send(struct guest *g, const struct guest_packet *packet)
{
	int ret = guest_queue(g, packet);

	if (ret == 0)
		guest_kick(g, GUEST_TX);
	return ret;
}

int
guest_send_frame(struct guest *g, const void *data, uint32_t len)
{
	struct guest_packet packet = { .data = data, .len = len };

	return guest_send(g, &packet);
}

static void
count_status(struct guest *g, int16_t status)
{
	switch (status) {
	case NETIF_RSP_OKAY:
		g->stats.n_tx_okay++;
		break;
	case NETIF_RSP_ERROR:
		g->stats.n_tx_error++;
		break;
	case NETIF_RSP_DROPPED:
		g->stats.n_tx_dropped++;
		break;
	case NETIF_RSP_NULL:
		g->stats.n_tx_null++;
		break;
	default:
		guest_break(g, "tx response with status %d", status);
	}
}

/* A response to one of guest_queue()'s slots gives its buffer back. */
static void
reap_one(struct guest *g, const netif_tx_response_t *rsp)
{
	if (g->n_tx_log < GUEST_LOG_SIZE)
		g->tx_log[g->n_tx_log++] = *rsp;
	count_status(g, rsp->status);
	if (rsp->status == NETIF_RSP_NULL)
		return;
	if (rsp->id >= GUEST_SLOTS || !g->tx_buffers[rsp->id].busy) {
		if (!g->raw)
			guest_break(g, "tx response with id %u, which is not in use", rsp->id);
		return;
	}
	guest_buffer_done(g, &g->tx_buffers[rsp->id]);
	g->tx_free[g->n_tx_free++] = rsp->id;
}

unsigned
guest_reap(struct guest *g)
{
	uint32_t prod = __atomic_load_n(&g->tx.sring->rsp_prod, __ATOMIC_ACQUIRE);
	uint32_t n = prod - g->tx.rsp_cons;

	if (n > g->tx.req_prod_pvt - g->tx.rsp_cons) {
		guest_break(g, "tx: %u responses for %u requests", n,
			    g->tx.req_prod_pvt - g->tx.rsp_cons);
		return 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		netif_tx_response_t rsp;

		RING_COPY_RESPONSE(&g->tx, g->tx.rsp_cons, &rsp);
		g->tx.rsp_cons++;
		reap_one(g, &rsp);
	}
	return n;
}

void
guest_log_clear(struct guest *g)
{
	g->n_tx_log = 0;
}

unsigned
guest_log_count(const struct guest *g, int16_t status)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->n_tx_log; i++)
		n += g->tx_log[i].status == status;
	return n;
}
