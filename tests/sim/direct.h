/* SPDX-License-Identifier: BSD-3-Clause */
/* A domain of a simulation whose vif libvpefront drives, in the same process. */
#ifndef VPE_SIM_DIRECT_H
#define VPE_SIM_DIRECT_H

#include "fakes/front.h"
#include "fe_dev.h"
#include "sim/flow.h"
#include "sim/sim.h"

/* vpe_fe_open() in a domain without a netfront of its own: `xen` is front_xen(). */
struct vpe_fe *direct_open_at(const struct vpe_fe_params *params, const struct xen_ops *xen);
/*
 * A domain whose vif libvpefront opens: the scripted guest `*g` only lends its number. NULL as
 * vpe_fe_open() says.
 */
struct vpe_fe *direct_open_as(struct sim *s, struct guest **g, const struct vpe_fe_params *params);
/* The same with the usual parameters; ends the program if that fails. */
struct vpe_fe *direct_open(struct sim *s, struct guest **g);
/* A fresh simulation with such a domain `*g`, and a neighbour `*b` that has got a frame from it. */
struct vpe_fe *direct_start(struct sim *s, struct guest **g, struct guest **b);
/* Closes it, checks that nothing is left, and ends the simulation. */
void direct_end(struct sim *s, struct vpe_fe *fe);

/* Buffers filled with the bytes, `per_buf` in each. NULL if the pool has too few. */
struct vpe_fe_buf *direct_frame(struct vpe_fe *fe, const uint8_t *data, uint32_t len,
				uint32_t per_buf);
void direct_send(struct vpe_fe *fe, struct vpe_fe_buf *frame);
/* The next frame's bytes, and its first buffer as it was; 0 if none came. */
uint32_t direct_receive(struct vpe_fe *fe, uint8_t *data, struct vpe_fe_buf *first);
/* The next frame is `f`. */
bool direct_expect(struct vpe_fe *fe, const struct frame *f);
/*
 * A frame from it arrives at `to`, so that the switch knows both: a flooded one also reaches the
 * library's peers.
 */
void direct_greet(struct vpe_fe *fe, struct guest *from, struct guest *to);

#endif
