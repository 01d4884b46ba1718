/* SPDX-License-Identifier: BSD-3-Clause */
/* The common part of all ports: staging, software offloads, drops. */
#include "dp/port/port.h"

#include <errno.h>
#include <stdio.h>

#include "base/util.h"
#include "dp/frame/mcast.h"
#include "dp/frame/offload.h"
#include "dp/frame/worker.h"
#include "dp/port/crossing.h"
#include "sw/frame_headers.h"

#define SEGMENTS_MAX 256u /* of one GSO frame: 64 KiB at an MSS of 256 */

int
port_init(struct port *port, const struct port_ops *ops, const char *name, uint16_t bridge)
{
	port->ops = ops;
	snprintf(port->name, sizeof(port->name), "%s", name);
	port->bridge = bridge;
	port_set_frame_limit(port, 0);
	port->leader = port->queue[0] = port;
	port->n_queues = 1;
	return crossing_open(port);
}

void
port_add_queue(struct port *leader, struct port *queue)
{
	queue->leader = leader;
	leader->queue[leader->n_queues++] = queue;
}

void
port_no_event(struct port *port)
{
	(void)port;
}

int
port_no_fd(struct port *port)
{
	(void)port;
	return -1;
}

void
port_fini(struct port *port)
{
	struct port_held *held = &port->held;

	/* A held frame has one reference for each port that it still goes to. */
	for (; held->n_out > 1 && held->at_out + 1 < held->n_out; held->at_out++)
		rte_pktmbuf_free(held->frame[held->at]);
	rte_pktmbuf_free_bulk(held->frame + held->at, held->n - held->at);
	held->n = held->at = held->n_out = 0;
	rte_pktmbuf_free_bulk(port->staged, port->n_staged);
	port->n_staged = 0;
	crossing_close(port);
}

void
port_drop(struct port *port, struct rte_mbuf *m, enum drop_reason reason)
{
	port->stats.n_dropped[reason]++;
	rte_pktmbuf_free(m);
}

uint64_t
port_stats_dropped(const struct port_stats *stats)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < DROP_N; i++)
		sum += stats->n_dropped[i];
	return sum;
}

void
port_flush(struct port *port)
{
	unsigned n = port->n_staged;

	if (n == 0)
		return;
	port->n_staged = 0;
	port->ops->tx_burst(port, port->staged, n);
}

static void
port_stage(struct port *port, struct rte_mbuf *m)
{
	port->staged[port->n_staged++] = m;
	if (port->n_staged == LIMIT_BURST)
		port_flush(port);
}

struct rte_mbuf *
port_own_frame(struct port *port, struct rte_mbuf *m)
{
	/*
	 * Acquire: pairs with the release that drops another holder's reference; until then it may
	 * have read the frame.
	 */
	if (__atomic_load_n(&m->refcnt, __ATOMIC_ACQUIRE) == 1)
		return m;

	port->owner->work -= m->pkt_len;
	struct rte_mbuf *copy = pool_alloc(port->owner->pools, m->pkt_len);
	if (copy != NULL) {
		memcpy(rte_pktmbuf_mtod(copy, void *), rte_pktmbuf_mtod(m, void *), m->pkt_len);
		copy->ol_flags = m->ol_flags & ~(RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL);
		copy->tx_offload = m->tx_offload;
		frame_headers_inherit(copy, m);
	} else {
		port->stats.n_dropped[DROP_NO_BUFFER]++;
	}
	rte_pktmbuf_free(m);
	return copy;
}

static void
port_send_completed(struct port *port, struct rte_mbuf *m)
{
	m = port_own_frame(port, m);
	if (m == NULL)
		return;
	port->owner->work -= m->pkt_len;
	offload_complete_csum(m);
	port->stats.n_soft_csum++;
	port_stage(port, m);
}

/*
 * Whether the far end has room for all segments. A frame must not be segmented only to be dropped.
 */
static bool
has_room(struct port *port, unsigned n, uint32_t bytes)
{
	if (port->ops->has_room == NULL)
		return true;
	if (port->ops->has_room(port, n + port->n_staged, bytes))
		return true;
	port_flush(port);
	return port->ops->has_room(port, n, bytes);
}

static void
port_send_segments(struct port *port, struct rte_mbuf *m)
{
	struct rte_mbuf *segment[SEGMENTS_MAX];
	unsigned n_segments = offload_segment_count(m);
	uint32_t bytes = offload_wire_bytes(m->pkt_len, offload_gso_headers(m), m->tso_segsz);

	if (n_segments > ARRAY_SIZE(segment)) {
		port_drop(port, m, DROP_TOO_BIG);
		return;
	}
	if (!has_room(port, n_segments, bytes)) {
		port_drop(port, m, DROP_QUEUE_FULL);
		return;
	}
	port->owner->work -= (int64_t)n_segments * 2 * WORK_FRAME + bytes; /* made and sent */
	int n = offload_segment(port->owner->pools, m, segment, ARRAY_SIZE(segment));
	if (n < 0) {
		port_drop(port, m, DROP_NO_BUFFER);
		return;
	}
	rte_pktmbuf_free(m);
	port->stats.n_soft_gso++;
	for (int i = 0; i < n; i++)
		port_stage(port, segment[i]);
}

/* Whether the far end takes this GSO frame whole. */
static bool
port_takes_gso(const struct port *port, const struct rte_mbuf *m)
{
	return (offload_needs(m) & ~port->takes) == 0 && m->tso_segsz >= LIMIT_MSS_MIN &&
	       (port->max_gso == 0 || m->pkt_len <= port->max_gso);
}

void
port_send(struct port *port, struct rte_mbuf *m)
{
	uint32_t max_frame = port_max_frame(port);

	port->owner->work -= WORK_FRAME + (int64_t)m->pkt_len;
	if (mcast_blocks(port->mcast, rte_pktmbuf_mtod(m, const uint8_t *))) {
		port_drop(port, m, DROP_MCAST_FILTER);
	} else if (offload_is_gso(m)) {
		if (offload_gso_headers(m) + m->tso_segsz > max_frame)
			port_drop(port, m, DROP_TOO_BIG);
		else if (port_takes_gso(port, m))
			port_stage(port, m);
		else
			port_send_segments(port, m);
	} else if (m->pkt_len > max_frame) {
		port_drop(port, m, DROP_TOO_BIG);
	} else if ((offload_needs(m) & ~port->takes) == 0) {
		port_stage(port, m);
	} else {
		port_send_completed(port, m);
	}
}

void
port_set_fault(struct port *port, const char *reason)
{
	const char *none = NULL;

	/*
	 * Release: pairs with the acquire in slot_event(). Only the first queue's reason is kept.
	 */
	if (__atomic_compare_exchange_n(&port->leader->fault, &none, reason, false,
					__ATOMIC_RELEASE, __ATOMIC_RELAXED))
		worker_signal(port->owner);
}
