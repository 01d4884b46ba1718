/* SPDX-License-Identifier: BSD-3-Clause */
/* Crossing rings. */
#include "dp/port/crossing.h"

#include <stdio.h>

#include <rte_errno.h>
#include <rte_ring.h>

#include "dp/frame/offload.h"
#include "dp/frame/worker.h"

#define CROSSING_WORK_BITS 40
#define ONE_FRAME (1ull << CROSSING_WORK_BITS)
#define WORK_MASK (ONE_FRAME - 1)

int
crossing_open(struct port *port)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "x%p", (void *)port);
	port->crossing = rte_ring_create(name, PORT_CROSSING_SIZE, SOCKET_ID_ANY, RING_F_MP_RTS_ENQ | RING_F_SC_DEQ);
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

	while (port->crossing != NULL && rte_ring_sc_dequeue(port->crossing, &m) == 0)
		rte_pktmbuf_free(m);
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

bool
crossing_put(struct crossing_load *load, const struct port *in, struct port *to, struct rte_mbuf *m)
{
	uint64_t *waiting = &load[in->id].waiting;
	uint64_t now = __atomic_load_n(waiting, __ATOMIC_RELAXED);
	uint64_t count = count_of(m);
	unsigned n_free = rte_ring_free_count(to->crossing);

	if (__atomic_load_n(&in->leader->weight, __ATOMIC_RELAXED) == 0) {
		if (n_free <= PORT_CROSSING_SIZE / 2)
			return false;
	} else if (now != 0 && (((now + count) & WORK_MASK) > LIMIT_WORK_CROSSING || now >> CROSSING_WORK_BITS >= n_free)) {
		return false;
	}
	/*
	 * Count it before it is in the ring, so that the owner never subtracts more than was added.
	 */
	__atomic_fetch_add(waiting, count, __ATOMIC_RELAXED);
	if (rte_ring_enqueue(to->crossing, m) == 0)
		return true;
	__atomic_fetch_sub(waiting, count, __ATOMIC_RELAXED);
	return false;
}

unsigned
crossing_take(struct crossings *crossings, struct port *port, struct rte_mbuf **frames, unsigned n)
{
	n = rte_ring_sc_dequeue_burst(port->crossing, (void **)frames, n, NULL);
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

		__atomic_fetch_sub(&crossings->load[id].waiting, crossings->taken[id], __ATOMIC_RELAXED);
		crossings->taken[id] = 0;
	}
}

void
crossing_drain(struct crossing_load *load, struct port *port)
{
	void *frame;

	while (rte_ring_sc_dequeue(port->crossing, &frame) == 0) {
		struct rte_mbuf *m = frame;

		__atomic_fetch_sub(&load[m->port].waiting, count_of(m), __ATOMIC_RELAXED);
		rte_pktmbuf_free(m);
	}
}
