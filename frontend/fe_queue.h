/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One queue pair: rings, pool of granted buffers, event channel. Private to frontend. The control
 * thread creates and ends it; the thread that owns the queue uses it.
 */
#ifndef VPE_FRONTEND_FE_QUEUE_H
#define VPE_FRONTEND_FE_QUEUE_H

#include "fe_ring.h"
#include "vpe/frontend.h"
#include "xen/ops.h"

#define FE_BUFFERS_DEFAULT 768u
#define FE_BUFFERS_MIN 64u
#define FE_BUFFERS_MAX 65536u

/* The backend's features: FE_PEER_*. */
#define FE_PEER_SG (1u << 0)
#define FE_PEER_GSO4 (1u << 1)
#define FE_PEER_GSO6 (1u << 2)
#define FE_PEER_CSUM6 (1u << 3)

struct fe_queue {
	struct fe_ring tx;
	struct fe_ring rx;
	uint32_t peer; /* FE_PEER_* */
	int port;      /* local event channel; -1 = none */
	const struct events_ops *events_ops;
	struct events *events;
	const char *fault; /* the backend's error; the queue then stands still */
	struct vpe_fe_buf *tx_buf[NETIF_RING_SIZE]; /* by request id; NULL = free */
	uint16_t tx_free[NETIF_RING_SIZE];
	unsigned n_tx_free;
	struct vpe_fe_buf *rx_buf[NETIF_RING_SIZE]; /* by ring slot */
	struct vpe_fe_buf **pool;                   /* free buffers, last in first out */
	unsigned n_pool;
	unsigned rx_limit;   /* slots to keep posted */
	unsigned post_batch; /* post once that many slots are free */
	struct vpe_fe_stats stats;
	/* Created and released by control. */
	unsigned idx;
	struct vpe_fe_buf *buf;
	unsigned n_buf;
	uint32_t tx_ref, rx_ref;
	const struct shares_ops *shares_ops;
	struct shares *shares;
};

struct fe_queue_params {
	const struct xen_ops *xen;
	struct shares *shares;
	uint32_t backend;
	unsigned idx;
	unsigned n_buffers;
};

/*
 * Grants rings and buffers, allocates an event channel. Returns 0, or -errno and then holds
 * nothing.
 */
int fe_queue_init(struct fe_queue *q, const struct fe_queue_params *params);
void fe_queue_fini(struct fe_queue *q);

/*
 * Makes fresh rings and a fresh channel with the same buffers, after the backend released the
 * rings. Buffers on the old rings go back to the pool.
 */
int fe_queue_renew(struct fe_queue *q, uint32_t backend);

/*
 * Posts empty buffers, at most half of all, as far as ring and pool allow. Notifies the backend if
 * it asked for that.
 */
void fe_queue_post(struct fe_queue *q);
/* Returns the number of slots that fe_queue_post() would fill. */
static inline uint32_t
fe_queue_unposted(const struct fe_queue *q)
{
	return q->rx_limit - (q->rx.req_prod - q->rx.rsp_cons);
}

struct vpe_fe_buf *fe_queue_alloc(struct fe_queue *q);
void fe_queue_free(struct fe_queue *q, struct vpe_fe_buf *frame);

/* fe_rx.c, fe_tx.c: the bursts of vpe/frontend.h. */
unsigned fe_rx_burst(struct fe_queue *q, struct vpe_fe_buf **frames, unsigned n);
unsigned fe_tx_burst(struct fe_queue *q, struct vpe_fe_buf **frames, unsigned n);
/* Takes the responses to sent frames and frees their buffers. */
void fe_tx_reap(struct fe_queue *q);

static inline void
fe_queue_notify(struct fe_queue *q)
{
	q->stats.n_notified++;
	q->events_ops->notify(q->events, (uint32_t)q->port); /* fails only if the backend is gone */
}

static inline void
fe_queue_put(struct fe_queue *q, struct vpe_fe_buf *buf)
{
	q->pool[q->n_pool++] = buf;
}

#endif
