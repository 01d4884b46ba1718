/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many UDP flows from a guest to the library's vif of several queues: each stays on its queue, in
 * order.
 */
#ifndef VPE_SIM_MANY_FLOWS_H
#define VPE_SIM_MANY_FLOWS_H

#include "sim/asker.h"

#define FLOWS_N 48u
#define FLOWS_FRAME_LEN 100u

/* What the receiver has seen of each flow. */
struct flows {
	int queue[FLOWS_N];     /* that it came by; -1: none yet */
	uint32_t turn[FLOWS_N]; /* the next one */
};

void flows_start(struct flows *fl);

/* The frame of a flow's turn. */
void flows_build(const struct guest *from, const struct guest *to, unsigned flow, uint32_t turn,
		 uint8_t *data);

/*
 * A frame of a flow that came by `queue`: it is the next one, and by the same queue as the last if
 * `stays`.
 */
bool flows_came(struct flows *fl, const uint8_t *data, unsigned queue, bool stays);

/*
 * One frame of each of the first `n` flows, or of all, to the library's vif. Each is by the queue
 * of the last one if `stays`.
 */
bool flows_send(struct asker *a, struct flows *fl, unsigned n, uint32_t turn, bool stays);
bool flows_round(struct asker *a, struct flows *fl, uint32_t turn, bool stays);

/* How many flows came by this queue. */
unsigned flows_of_queue(const struct flows *fl, int queue);

/*
 * Takes another frame of flow 0: what the extra info says that came with it. False: none did. The
 * library posts buffers many at a time, so the ring still holds it.
 */
bool flows_next_hash(struct asker *a, struct flows *fl, uint32_t turn, uint32_t *hash);

#endif
