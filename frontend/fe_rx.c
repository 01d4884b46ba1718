/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rx ring -> frames. A response lies at the ring index of its request, so the buffer follows from
 * the slot, not from the id in the response. An extra info takes the place of a response and leaves
 * its buffer empty. Source: netif.h
 */
#include "base/cache.h"
#include "fe_queue.h"

/* A frame while it is taken off the ring. */
struct frame {
	struct vpe_fe_buf *first, *last;
	uint32_t len;
	unsigned n_bufs;
	uint16_t flags;
	uint16_t gso_size;
	uint32_t idx; /* next response */
	uint32_t end;
	bool broken; /* to be dropped: a slot failed or is malformed */
};

static struct vpe_fe_buf *
take_slot(struct fe_queue *q, uint32_t idx)
{
	struct vpe_fe_buf **slot = &q->rx_buf[idx & (NETIF_RING_SIZE - 1)];
	struct vpe_fe_buf *buf = *slot;

	*slot = NULL;
	return buf;
}

static void
append(struct frame *f, struct vpe_fe_buf *buf, const netif_rx_response_t *rsp)
{
	buf->next = NULL;
	buf->data = buf->page + rsp->offset;
	buf->len = (uint16_t)rsp->status;
	buf->flags = buf->gso_size = 0;
	if (f->first == NULL)
		f->first = buf;
	else
		f->last->next = buf;
	f->last = buf;
	f->len += buf->len;
	f->n_bufs++;
}

/* Takes a data slot. */
static void
take_data(struct fe_queue *q, struct frame *f, netif_rx_response_t *rsp)
{
	fe_ring_copy_response(&q->rx, f->idx, rsp, sizeof(*rsp));
	struct vpe_fe_buf *buf = take_slot(q, f->idx++);
	if (rsp->status <= 0 || rsp->offset > VPE_FE_BUF_SIZE ||
	    (uint32_t)rsp->status > VPE_FE_BUF_SIZE - rsp->offset || f->n_bufs == VPE_FE_BUFS_MAX) {
		f->broken = true;
		fe_queue_put(q, buf);
		return;
	}
	append(f, buf, rsp);
}

/*
 * Takes the extra infos after the first slot. Returns false if the chain continues past the last
 * response.
 */
static bool
take_extras(struct fe_queue *q, struct frame *f)
{
	netif_extra_info_t extra;

	do {
		if (f->idx == f->end)
			return false;
		fe_ring_copy_response(&q->rx, f->idx, &extra, sizeof(extra));
		fe_queue_put(q, take_slot(q, f->idx++));
		if (extra.type != XEN_NETIF_EXTRA_TYPE_GSO)
			continue;
		f->gso_size = extra.u.gso.size;
		if (extra.u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4)
			f->flags |= VPE_FE_GSO_TCPV4;
		else if (extra.u.gso.type == XEN_NETIF_GSO_TYPE_TCPV6)
			f->flags |= VPE_FE_GSO_TCPV6;
		if (f->gso_size == 0 || !(f->flags & (VPE_FE_GSO_TCPV4 | VPE_FE_GSO_TCPV6)))
			f->broken = true;
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return true;
}

/*
 * Takes one frame. Returns false if it continues past the last response, although backends publish
 * whole frames.
 */
static bool
take_frame(struct fe_queue *q, struct frame *f)
{
	netif_rx_response_t rsp;

	take_data(q, f, &rsp);
	if (rsp.flags & NETRXF_csum_blank)
		f->flags |= VPE_FE_CSUM_BLANK;
	if (rsp.flags & NETRXF_data_validated)
		f->flags |= VPE_FE_CSUM_GOOD;
	if ((rsp.flags & NETRXF_extra_info) && !take_extras(q, f))
		return false;
	while (rsp.flags & NETRXF_more_data) {
		if (f->idx == f->end)
			return false;
		take_data(q, f, &rsp);
	}
	return true;
}

/* Posts in batches: each post moves a cache line to the backend and back. */
static void
post_if_due(struct fe_queue *q)
{
	if (q->n_pool > 0 && fe_queue_unposted(q) >= q->post_batch)
		fe_queue_post(q);
}

/*
 * Prefetches the cache lines of the next response and of the start of its frame. While polling,
 * they then arrive from the backend's CPU together with the line of rsp_prod, not after it.
 */
static void
fetch_next(const struct fe_queue *q)
{
	const struct vpe_fe_buf *buf = q->rx_buf[q->rx.rsp_cons & (NETIF_RING_SIZE - 1)];

	cache_fetch(fe_ring_slot(&q->rx, q->rx.rsp_cons));
	if (buf != NULL)
		cache_fetch(buf->page);
}

unsigned
fe_rx_burst(struct fe_queue *q, struct vpe_fe_buf **frames, unsigned n)
{
	unsigned n_frames = 0;

	fetch_next(q);
	uint32_t pending = fe_ring_pending(&q->rx);
	if (q->fault != NULL)
		return 0;
	if (pending == 0) {
		post_if_due(q); /* buffers may have been freed since */
		return 0;
	}
	if (!fe_ring_is_possible(&q->rx, pending)) {
		q->fault = "rx ring: more responses than requests";
		return 0;
	}
	struct frame f = { .idx = q->rx.rsp_cons, .end = q->rx.rsp_cons + pending };
	while (n_frames < n && f.idx != f.end) {
		f = (struct frame){ .idx = f.idx, .end = f.end };
		if (!take_frame(q, &f)) {
			q->fault = "rx ring: a frame without an end";
			f.broken = true;
		}
		if (f.broken || f.len > VPE_FE_FRAME_MAX) {
			fe_queue_free(q, f.first);
			q->stats.n_rx_dropped++;
			continue;
		}
		f.first->flags = f.flags;
		f.first->gso_size = f.gso_size;
		q->stats.n_rx_frames++;
		q->stats.n_rx_bytes += f.len;
		frames[n_frames++] = f.first;
	}
	q->rx.rsp_cons = f.idx;
	post_if_due(q);
	return n_frames;
}

void
fe_queue_post(struct fe_queue *q)
{
	uint32_t room = fe_queue_unposted(q), n = 0;

	for (; n < room && q->n_pool > 0; n++) {
		uint32_t slot = q->rx.req_prod & (NETIF_RING_SIZE - 1);
		struct vpe_fe_buf *buf = fe_queue_alloc(q);
		q->rx_buf[slot] = buf;
		netif_rx_request_t req = { .id = (uint16_t)slot, .gref = buf->ref };
		fe_ring_put_request(&q->rx, &req, sizeof(req));
	}
	q->stats.n_rx_starved += n < room;
	if (n > 0 && fe_ring_publish(&q->rx))
		fe_queue_notify(q);
}
