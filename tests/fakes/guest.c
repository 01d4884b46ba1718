/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scriptable frontend: its life, grants and events. Called by tests; the rings are in guest_tx.c
 * and guest_rx.c.
 */
#include "fakes/guest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the ring's response index moved since the last event found it at `*seen`. */
static bool
moved(const void *ring_page, uint32_t *seen)
{
	/* ring.h: the indices of both kinds are at the same place */
	const netif_tx_sring_t *ring = ring_page;
	uint32_t prod = __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE);
	bool is_new = prod != *seen;

	*seen = prod;
	return is_new;
}

/* The hooks run on the backend's thread, under the fake's lock. */
static void
count_event(struct guest *g, bool any_new)
{
	__atomic_fetch_add(&g->events->n_received, 1, __ATOMIC_RELAXED);
	if (!any_new)
		__atomic_fetch_add(&g->events->n_spurious, 1, __ATOMIC_RELAXED);
}

static void
on_tx_event(void *arg)
{
	struct guest *g = arg;

	count_event(g, moved(g->tx_page, &g->events->tx_seen));
}

static void
on_rx_event(void *arg)
{
	struct guest *g = arg;

	count_event(g, moved(g->rx_page, &g->events->rx_seen));
}

static void
on_any_event(void *arg)
{
	struct guest *g = arg;
	bool tx = moved(g->tx_page, &g->events->tx_seen);
	bool rx = moved(g->rx_page, &g->events->rx_seen);

	count_event(g, tx || rx);
}

struct guest_events
guest_events(const struct guest *g)
{
	struct guest_events events = {
		.n_received = __atomic_load_n(&g->events->n_received, __ATOMIC_RELAXED),
		.n_spurious = __atomic_load_n(&g->events->n_spurious, __ATOMIC_RELAXED),
	};

	return events;
}

void
guest_break(struct guest *g, const char *fmt, ...)
{
	va_list args;

	if (g->broken[0] != '\0')
		return;
	va_start(args, fmt);
	vsnprintf(g->broken, sizeof(g->broken), fmt, args);
	va_end(args);
}

uint32_t
guest_buffer_ref(struct guest *g, struct guest_buffer *buffer, enum fake_grant_access access)
{
	if (buffer->ref == FAKE_GRANT_REF_NONE)
		buffer->ref = fake_grant(buffer->page, g->params.backend, access);
	return buffer->ref;
}

void
guest_buffer_done(struct guest *g, struct guest_buffer *buffer)
{
	buffer->busy = false;
	if (!(g->params.flags & GUEST_STRICT_GRANTS) || buffer->ref == FAKE_GRANT_REF_NONE)
		return;
	if (!fake_grant_end(g->params.domid, buffer->ref))
		guest_break(g, "grant %u is in use after its response", buffer->ref);
	buffer->ref = FAKE_GRANT_REF_NONE;
}

/* Ring pages, their grants and the channels. */
static void
rings_open(struct guest *g)
{
	uint32_t domid = g->params.domid;
	uint32_t first = g->params.first_idx;

	g->tx_page = fake_page_alloc(domid);
	g->rx_page = fake_page_alloc(domid);
	netif_tx_sring_t *tx = g->tx_page;
	netif_rx_sring_t *rx = g->rx_page;
	tx->req_prod = tx->rsp_prod = rx->req_prod = rx->rsp_prod = first;
	tx->req_event = tx->rsp_event = rx->req_event = rx->rsp_event = first + 1;
	FRONT_RING_ATTACH(&g->tx, tx, first, NETIF_PAGE_SIZE);
	FRONT_RING_ATTACH(&g->rx, rx, first, NETIF_PAGE_SIZE);
	g->events->tx_seen = g->events->rx_seen = first;
	g->tx_ref = fake_grant(g->tx_page, g->params.backend, FAKE_GRANT_READ_WRITE);
	g->rx_ref = fake_grant(g->rx_page, g->params.backend, FAKE_GRANT_READ_WRITE);
	g->port_tx = fake_port_alloc(domid, g->params.backend);
	g->port_rx = g->port_tx;
	fake_port_set_hook(domid, g->port_tx, on_any_event, g);
	if (!(g->params.flags & GUEST_ONE_CHANNEL)) {
		g->port_rx = fake_port_alloc(domid, g->params.backend);
		fake_port_set_hook(domid, g->port_tx, on_tx_event, g);
		fake_port_set_hook(domid, g->port_rx, on_rx_event, g);
	}
	g->n_tx_free = g->n_rx_free = 0;
	for (unsigned i = GUEST_SLOTS; i-- > 0;) {
		g->tx_free[g->n_tx_free++] = (uint16_t)i;
		g->rx_free[g->n_rx_free++] = (uint16_t)i;
		g->tx_buffers[i].busy = g->rx_buffers[i].busy = false;
	}
}

/* The channels close first: after that no event hook looks at the pages. */
static void
rings_close(struct guest *g)
{
	fake_port_close(g->params.domid, g->port_tx);
	if (g->port_rx != g->port_tx)
		fake_port_close(g->params.domid, g->port_rx);
	fake_page_free(g->tx_page);
	fake_page_free(g->rx_page);
}

static bool
buffers_open(struct guest *g, struct guest_buffer *buffers)
{
	for (unsigned i = 0; i < GUEST_SLOTS; i++) {
		buffers[i].ref = FAKE_GRANT_REF_NONE;
		buffers[i].page = fake_page_alloc(g->params.domid);
		if (buffers[i].page == NULL)
			return false;
	}
	return true;
}

static void
buffers_close(struct guest_buffer *buffers)
{
	for (unsigned i = 0; i < GUEST_SLOTS; i++)
		fake_page_free(buffers[i].page);
}

struct guest *
guest_create(const struct guest_params *params)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->params = *params;
	g->events = calloc(1, sizeof(*g->events));
	if (g->events == NULL || !buffers_open(g, g->tx_buffers) ||
	    !buffers_open(g, g->rx_buffers)) {
		guest_destroy(g);
		return NULL;
	}
	rings_open(g);
	guest_post(g, params->n_rx_slots);
	return g;
}

void
guest_destroy(struct guest *g)
{
	if (g == NULL)
		return;
	if (g->tx_page != NULL)
		rings_close(g);
	buffers_close(g->tx_buffers);
	buffers_close(g->rx_buffers);
	free(g->events);
	free(g);
}

/* Buffers that the old backend still held are granted anew. */
static void
buffers_revoke(struct guest *g, struct guest_buffer *buffers)
{
	for (unsigned i = 0; i < GUEST_SLOTS; i++) {
		if (buffers[i].ref != FAKE_GRANT_REF_NONE)
			fake_grant_end(g->params.domid, buffers[i].ref);
		buffers[i].ref = FAKE_GRANT_REF_NONE;
	}
}

void
guest_renew(struct guest *g)
{
	rings_close(g);
	buffers_revoke(g, g->tx_buffers);
	buffers_revoke(g, g->rx_buffers);
	rings_open(g);
	guest_post(g, g->params.n_rx_slots);
}

/* Source: ring.h RING_PUSH_REQUESTS_AND_CHECK_NOTIFY. */
static bool
push(uint32_t *req_prod, const uint32_t *req_event, uint32_t new)
{
	uint32_t old = __atomic_load_n(req_prod, __ATOMIC_RELAXED);

	__atomic_store_n(req_prod, new, __ATOMIC_SEQ_CST);
	/* pairs with ring_arm()'s, between req_event and its last look */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return new - __atomic_load_n(req_event, __ATOMIC_RELAXED) < new - old;
}

void
guest_kick(struct guest *g, enum guest_ring ring)
{
	bool tx = ring == GUEST_TX;
	bool notify =
		tx ? push(&g->tx.sring->req_prod, &g->tx.sring->req_event, g->tx.req_prod_pvt)
		   : push(&g->rx.sring->req_prod, &g->rx.sring->req_event, g->rx.req_prod_pvt);

	if (!notify)
		return;
	if (tx)
		g->stats.n_sent_tx++;
	else
		g->stats.n_sent_rx++;
	if (!(g->params.flags & GUEST_MUTE))
		fake_port_send(g->params.domid, tx ? g->port_tx : g->port_rx);
}

/* Source: ring.h RING_FINAL_CHECK_FOR_RESPONSES. */
bool
guest_arm(struct guest *g)
{
	__atomic_store_n(&g->tx.sring->rsp_event, g->tx.rsp_cons + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&g->rx.sring->rsp_event, g->rx.rsp_cons + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with ring_publish_responses()'s */
	return __atomic_load_n(&g->tx.sring->rsp_prod, __ATOMIC_ACQUIRE) == g->tx.rsp_cons &&
	       __atomic_load_n(&g->rx.sring->rsp_prod, __ATOMIC_ACQUIRE) == g->rx.rsp_cons;
}
