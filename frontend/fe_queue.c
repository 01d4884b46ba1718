/* SPDX-License-Identifier: BSD-3-Clause */
/* A queue's resources: rings, buffers, event channel. */
#include "fe_queue.h"

#include <errno.h>
#include <stdlib.h>

/* ---- buffers --------------------------------------------------------------------------------- */

#define POST_BATCH 32u

struct vpe_fe_buf *
fe_queue_alloc(struct fe_queue *q)
{
	if (q->n_pool == 0)
		fe_tx_reap(q);
	if (q->n_pool == 0)
		return NULL;
	struct vpe_fe_buf *buf = q->pool[--q->n_pool];
	buf->next = NULL;
	buf->data = buf->page;
	buf->len = buf->flags = buf->gso_size = 0;
	return buf;
}

void
fe_queue_free(struct fe_queue *q, struct vpe_fe_buf *frame)
{
	while (frame != NULL) {
		struct vpe_fe_buf *next = frame->next;
		fe_queue_put(q, frame);
		frame = next;
	}
}

static int
make_buffers(struct fe_queue *q, uint32_t backend, unsigned n)
{
	q->buf = calloc(n, sizeof(*q->buf));
	q->pool = calloc(n, sizeof(*q->pool));
	if (q->buf == NULL || q->pool == NULL)
		return -ENOMEM;
	for (; q->n_buf < n; q->n_buf++) {
		struct vpe_fe_buf *buf = &q->buf[q->n_buf];
		buf->page = q->shares_ops->share(q->shares, backend, &buf->ref);
		if (buf->page == NULL)
			return -errno;
		buf->queue = (uint16_t)q->idx;
		fe_queue_put(q, buf);
	}
	q->rx_limit = n / 2 < NETIF_RING_SIZE ? n / 2 : NETIF_RING_SIZE;
	/* The posted buffers must always suffice for the largest frame. */
	q->post_batch = q->rx_limit >= POST_BATCH + VPE_FE_BUFS_MAX + 1 ? POST_BATCH : 1;
	return 0;
}

/* ---- rings ----------------------------------------------------------------------------------- */

static int
make_rings(struct fe_queue *q, uint32_t backend)
{
	void *tx = q->shares_ops->share(q->shares, backend, &q->tx_ref);
	if (tx == NULL)
		return -errno;
	fe_ring_init(&q->tx, tx, sizeof(netif_tx_request_t));
	void *rx = q->shares_ops->share(q->shares, backend, &q->rx_ref);
	if (rx == NULL)
		return -errno;
	fe_ring_init(&q->rx, rx, sizeof(netif_rx_response_t));
	q->port = q->events_ops->alloc(q->events, backend);
	return q->port < 0 ? q->port : 0;
}

static void
end_rings(struct fe_queue *q)
{
	if (q->port >= 0)
		q->events_ops->unbind(q->events, (uint32_t)q->port);
	q->port = -1;
	if (q->tx.shared != NULL)
		q->shares_ops->unshare(q->shares, q->tx.shared);
	if (q->rx.shared != NULL)
		q->shares_ops->unshare(q->shares, q->rx.shared);
	q->tx.shared = q->rx.shared = NULL;
}

static void
reset_slots(struct fe_queue *q)
{
	q->n_tx_free = 0;
	for (unsigned i = 0; i < NETIF_RING_SIZE; i++) {
		if (q->tx_buf[i] != NULL)
			fe_queue_put(q, q->tx_buf[i]);
		if (q->rx_buf[i] != NULL)
			fe_queue_put(q, q->rx_buf[i]);
		q->tx_buf[i] = q->rx_buf[i] = NULL;
		q->tx_free[q->n_tx_free++] = (uint16_t)(NETIF_RING_SIZE - 1 - i);
	}
}

int
fe_queue_renew(struct fe_queue *q, uint32_t backend)
{
	end_rings(q);
	reset_slots(q);
	q->fault = NULL;
	return make_rings(q, backend);
}

int
fe_queue_init(struct fe_queue *q, const struct fe_queue_params *params)
{
	*q = (struct fe_queue){ .port = -1, .idx = params->idx };
	q->shares_ops = params->xen->shares;
	q->shares = params->shares;
	q->events_ops = params->xen->events;
	q->events = q->events_ops->open();
	int ret = q->events == NULL ? -errno : make_buffers(q, params->backend, params->n_buffers);
	if (ret == 0)
		ret = make_rings(q, params->backend);
	reset_slots(q);
	if (ret < 0)
		fe_queue_fini(q);
	return ret;
}

void
fe_queue_fini(struct fe_queue *q)
{
	if (q->events != NULL) {
		end_rings(q);
		q->events_ops->close(q->events);
	}
	while (q->n_buf > 0)
		q->shares_ops->unshare(q->shares, q->buf[--q->n_buf].page);
	free(q->buf);
	free(q->pool);
	*q = (struct fe_queue){ .port = -1 };
}
