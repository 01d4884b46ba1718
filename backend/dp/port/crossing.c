/* SPDX-License-Identifier: BSD-3-Clause */
/* Crossing rings. */
#include "dp/port/crossing.h"

#include <stdio.h>

#include <rte_errno.h>
#include <rte_ring.h>

#include "base/sync.h"
#include "dp/frame/offload.h"
#include "dp/frame/worker.h"

#define CROSSING_WORK_BITS 40
#define ONE_FRAME (1ull << CROSSING_WORK_BITS)
#define WORK_MASK (ONE_FRAME - 1)

_Static_assert(CROSSING_BATCHES <= 32, "a bit each in `used`");

int
crossing_open(struct port *port)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "x%p", (void *)port);
	port->crossing = rte_ring_create(name, PORT_CROSSING_SIZE, SOCKET_ID_ANY,
					 RING_F_MP_RTS_ENQ | RING_F_SC_DEQ);
	if (port->crossing == NULL)
		return -rte_errno;
	/*
	 * The default limit, an eighth of the ring, would make producers wait for one that was
	 * preempted.
	 */
	return rte_ring_set_prod_htd_max(port->crossing, PORT_CROSSING_SIZE);
}

void
crossing_close(struct port *port)
{
	void *m;

	while (port->crossing != NULL && rte_ring_sc_dequeue(port->crossing, &m) == 0) {
		sync_take(port->crossing);
		rte_pktmbuf_free(m);
	}
	rte_ring_free(port->crossing);
	port->crossing = NULL;
}

/*
 * The frame's count, in the format of `waiting`. It is the same for every output port: a GSO frame
 * counts as if each of them segmented it in software.
 */
static uint64_t
count_of(const struct rte_mbuf *m)
{
	uint64_t n_frames = offload_is_gso(m) ? 1 + offload_segment_count(m) : 1;

	return ONE_FRAME + n_frames * WORK_FRAME + m->pkt_len;
}

/* ---- out ---- */

static void
touch(struct crossings *c, struct port *port)
{
	if (c->n_touched == 0 || c->touched[c->n_touched - 1] != port)
		c->touched[c->n_touched++] = port;
}

static void
batch_flush(struct crossings *c, struct crossing_batch *b)
{
	uint64_t *waiting = &c->load[c->in->id].waiting;

	/*
	 * Count the frames before they are in the ring, so that the owner never subtracts more
	 * than was added.
	 */
	__atomic_fetch_add(waiting, c->counted, __ATOMIC_RELAXED);
	c->counted = 0;
	sync_give(b->to->crossing);
	unsigned n = rte_ring_enqueue_burst(b->to->crossing, (void **)b->frame, b->n, NULL);
	if (n > 0)
		touch(c, b->to);
	for (unsigned i = n; i < b->n; i++) {
		__atomic_fetch_sub(waiting, count_of(b->frame[i]), __ATOMIC_RELAXED);
		port_drop(c->in, b->frame[i], DROP_QUEUE_FULL);
	}
	b->to = NULL;
	b->n = 0;
	c->used &= ~(1u << (b - c->batch));
}

void
crossing_flush(struct crossings *c)
{
	while (c->used != 0)
		batch_flush(c, &c->batch[__builtin_ctz(c->used)]);
}

static void
batch_begin(const struct crossings *c, struct crossing_batch *b, struct port *to)
{
	b->to = to;
	b->n = 0;
	b->n_free = rte_ring_free_count(to->crossing);
	b->n_max = b->n_free <= c->margin ? 0 : RTE_MIN(b->n_free - c->margin, CROSSING_BATCH);
}

/* The batch for `to`, begun if need be. Its place is that of other ports as well. */
static struct crossing_batch *
batch_for(struct crossings *c, struct port *to)
{
	/* Ports begin a cache line, so the low bits of their addresses are alike. */
	uint64_t hash = (uint64_t)(uintptr_t)to * 0x9e3779b97f4a7c15u;
	struct crossing_batch *b = &c->batch[(hash >> 32) % CROSSING_BATCHES];

	if (b->to == to)
		return b;
	if (b->n > 0)
		batch_flush(c, b);
	batch_begin(c, b, to);
	return b;
}

static bool
has_room(const struct crossings *c, const struct crossing_batch *b, uint64_t count)
{
	uint64_t now = __atomic_load_n(&c->load[c->in->id].waiting, __ATOMIC_RELAXED) + c->counted;

	if (b->n >= b->n_max)
		return false;
	if (__atomic_load_n(&c->in->leader->weight, __ATOMIC_RELAXED) == 0)
		return b->n_free - b->n > PORT_CROSSING_SIZE / 2;
	return now == 0 || (((now + count) & WORK_MASK) <= LIMIT_WORK_CROSSING &&
			    now >> CROSSING_WORK_BITS < b->n_free - c->margin - b->n);
}

bool
crossing_put(struct crossings *c, struct port *in, struct port *to, struct rte_mbuf *m)
{
	uint64_t count = count_of(m);

	if (c->in != in) {
		crossing_flush(c);
		c->in = in;
	}
	struct crossing_batch *b = batch_for(c, to);
	if (!has_room(c, b, count) && b->n > 0) {
		batch_flush(c, b);
		batch_begin(c, b, to); /* the owner may have taken frames since */
	}
	if (!has_room(c, b, count)) {
		b->to = NULL;
		return false;
	}
	b->frame[b->n++] = m;
	c->used |= 1u << (b - c->batch);
	c->counted += count;
	return true;
}

/* ---- in ---- */

unsigned
crossing_take(struct crossings *crossings, struct port *port, struct rte_mbuf **frames, unsigned n)
{
	n = rte_ring_sc_dequeue_burst(port->crossing, (void **)frames, n, NULL);
	sync_take(port->crossing);
	for (unsigned i = 0; i < n; i++) {
		uint64_t *taken = &crossings->taken[frames[i]->port];

		if (*taken == 0)
			crossings->sender[crossings->n_senders++] = frames[i]->port;
		*taken += count_of(frames[i]);
	}
	return n;
}

void
crossing_end_round(struct crossings *crossings)
{
	while (crossings->n_senders > 0) {
		uint16_t id = crossings->sender[--crossings->n_senders];

		__atomic_fetch_sub(&crossings->load[id].waiting, crossings->taken[id],
				   __ATOMIC_RELAXED);
		crossings->taken[id] = 0;
	}
}

void
crossing_drain(struct crossing_load *load, struct port *port)
{
	void *frame;

	while (rte_ring_sc_dequeue(port->crossing, &frame) == 0) {
		struct rte_mbuf *m = frame;

		sync_take(port->crossing);
		__atomic_fetch_sub(&load[m->port].waiting, count_of(m), __ATOMIC_RELAXED);
		rte_pktmbuf_free(m);
	}
}
