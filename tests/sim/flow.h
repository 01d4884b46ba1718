/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Traffic between guests of a simulation: sends frames, receives what comes, waits as an
 * interrupt-driven frontend does, so that a lost notification shows as a flow that stands still.
 */
#ifndef VPE_SIM_FLOW_H
#define VPE_SIM_FLOW_H

#include "frames/frame.h"
#include "sim/sim.h"

/* How frame `i` of a flow looks. */
typedef struct frame flow_make_fn(void *arg, unsigned i);

/* Raw, UDP and TCP frames of all sizes from 60 to 1514 bytes. */
struct frame flow_any(void *arg, unsigned i);

/* A frame between the usual addresses of two guests. */
struct frame flow_frame(const struct guest *from, const struct guest *to, enum frame_kind kind,
			uint32_t len, uint32_t seed);

/*
 * Sends `n` frames and checks that they arrive, whole and in order. Other frames at the receiver
 * are ignored.
 */
bool flow_run(struct guest *from, struct guest *to, flow_make_fn *make, void *arg, unsigned n);

/* Both ways, all sizes. */
bool flow_exchange(struct guest *a, struct guest *b, unsigned n);

/* Sends one packet as soon as there is room on the ring. */
bool flow_send(struct guest *g, const struct guest_packet *packet);

/* Takes all tx responses and received frames of `g`. Whether there were any. */
bool flow_drain(struct guest *g);

/* Waits for a frame at `g` (into *frame). False if none came in time. */
bool flow_receive(struct guest *g, struct guest_frame *frame);
/* Waits until `g` has logged `n` tx responses. */
bool flow_await_responses(struct guest *g, unsigned n);
/* Waits for a frame with `f`'s addresses and seed, ignoring others. */
bool flow_expect(struct guest *g, const struct frame *f, enum frame_csum csum);
/* Waits until `condition` is true of `arg`; looks again at each change and every millisecond. */
bool flow_until(bool (*condition)(void *arg), void *arg);

#endif
