/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames -> tx ring. Each slot refers to one buffer of the frame, at any offset in its page.
 * Source: netif.h
 */
#include "base/cache.h"
#include "fe_queue.h"

void
fe_tx_reap(struct fe_queue *q)
{
	uint32_t pending = fe_ring_pending(&q->tx);

	if (pending == 0 || q->fault != NULL)
		return;
	if (!fe_ring_is_possible(&q->tx, pending)) {
		q->fault = "tx ring: more responses than requests";
		return;
	}
	for (uint32_t end = q->tx.rsp_cons + pending; q->tx.rsp_cons != end; q->tx.rsp_cons++) {
		netif_tx_response_t rsp;
		fe_ring_copy_response(&q->tx, q->tx.rsp_cons, &rsp, sizeof(rsp));
		if (rsp.status == NETIF_RSP_NULL) /* the response to an extra info */
			continue;
		if (rsp.id >= NETIF_RING_SIZE || q->tx_buf[rsp.id] == NULL) {
			q->fault = "tx ring: a response to no request";
			return;
		}
		q->stats.n_tx_failed += rsp.status != NETIF_RSP_OKAY;
		fe_queue_put(q, q->tx_buf[rsp.id]);
		q->tx_buf[rsp.id] = NULL;
		q->tx_free[q->n_tx_free++] = rsp.id;
	}
}

static bool
is_gso(const struct vpe_fe_buf *first)
{
	return (first->flags & (VPE_FE_GSO_TCPV4 | VPE_FE_GSO_TCPV6)) != 0;
}

static bool
is_ipv6(const struct vpe_fe_buf *first)
{
	return first->len >= 14 && first->data[12] == 0x86 && first->data[13] == 0xdd;
}

static bool
peer_takes(const struct fe_queue *q, const struct vpe_fe_buf *first, unsigned n_bufs)
{
	if (n_bufs > 1 && !(q->peer & FE_PEER_SG))
		return false;
	if ((first->flags & VPE_FE_CSUM_BLANK) && is_ipv6(first) && !(q->peer & FE_PEER_CSUM6))
		return false;
	if (!is_gso(first))
		return true;
	if (first->gso_size == 0 || !(first->flags & VPE_FE_CSUM_BLANK))
		return false;
	return (q->peer & ((first->flags & VPE_FE_GSO_TCPV6) ? FE_PEER_GSO6 : FE_PEER_GSO4)) != 0;
}

/* Counts the bytes and buffers of the frame. Returns false if it cannot be sent. */
static bool
measure(const struct fe_queue *q, const struct vpe_fe_buf *first, uint32_t *len, unsigned *n_bufs)
{
	*len = *n_bufs = 0;
	for (const struct vpe_fe_buf *buf = first; buf != NULL; buf = buf->next) {
		uintptr_t offset = (uintptr_t)(buf->data - buf->page);
		if (buf->len == 0 || offset >= VPE_FE_BUF_SIZE ||
		    buf->len > VPE_FE_BUF_SIZE - offset || buf->queue != q->idx ||
		    ++*n_bufs > VPE_FE_BUFS_MAX)
			return false;
		*len += buf->len;
	}
	return *len >= 14 && *len <= VPE_FE_FRAME_MAX && peer_takes(q, first, *n_bufs);
}

static void
put_extra(struct fe_queue *q, const struct vpe_fe_buf *first)
{
	netif_extra_info_t extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO };

	extra.u.gso.size = first->gso_size;
	extra.u.gso.type = (first->flags & VPE_FE_GSO_TCPV6) ? XEN_NETIF_GSO_TYPE_TCPV6
							     : XEN_NETIF_GSO_TYPE_TCPV4;
	fe_ring_put_request(&q->tx, &extra, sizeof(extra));
}

/* The first slot's size is that of the whole frame. */
static void
put_frame(struct fe_queue *q, struct vpe_fe_buf *first, uint32_t len)
{
	uint16_t flags = 0;

	if (first->flags & VPE_FE_CSUM_BLANK)
		flags |= NETTXF_csum_blank | NETTXF_data_validated;
	else if (first->flags & VPE_FE_CSUM_GOOD)
		flags |= NETTXF_data_validated;
	if (is_gso(first))
		flags |= NETTXF_extra_info;
	cache_demote(first->data);
	for (struct vpe_fe_buf *buf = first, *next; buf != NULL; buf = next) {
		next = buf->next;
		uint16_t id = q->tx_free[--q->n_tx_free];
		netif_tx_request_t req = {
			.gref = buf->ref,
			.offset = (uint16_t)(buf->data - buf->page),
			.flags = (uint16_t)(flags | (next != NULL ? NETTXF_more_data : 0)),
			.id = id,
			.size = (uint16_t)(buf == first ? len : buf->len),
		};
		q->tx_buf[id] = buf;
		fe_ring_put_request(&q->tx, &req, sizeof(req));
		if (flags & NETTXF_extra_info)
			put_extra(q, first);
		flags = 0;
	}
	q->stats.n_tx_frames++;
	q->stats.n_tx_bytes += len;
}

/*
 * Leaves one slot for an extra info. Free ids are checked as well, because a backend that answers
 * every request with NULL never returns them.
 */
static bool
has_room(const struct fe_queue *q, unsigned n_bufs)
{
	return n_bufs + 1 <= fe_ring_room(&q->tx) && n_bufs <= q->n_tx_free;
}

unsigned
fe_tx_burst(struct fe_queue *q, struct vpe_fe_buf **frames, unsigned n)
{
	uint32_t len;
	unsigned n_bufs, i;

	for (i = 0; i < n && q->fault == NULL; i++) {
		if (!measure(q, frames[i], &len, &n_bufs)) {
			fe_queue_free(q, frames[i]);
			q->stats.n_tx_refused++;
			continue;
		}
		/*
		 * Take responses only when needed: each look would fetch a cache line from the
		 * backend.
		 */
		if (!has_room(q, n_bufs))
			fe_tx_reap(q);
		if (!has_room(q, n_bufs))
			break;
		put_frame(q, frames[i], len);
	}
	if (q->tx.req_prod != q->tx.req_published && fe_ring_publish(&q->tx))
		fe_queue_notify(q);
	return i;
}
