/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests as stations of a switch: one sends a frame, and it is the next one that another one gets.
 */
#ifndef VPE_SIM_STATION_H
#define VPE_SIM_STATION_H

#include "sim/flow.h"

extern const uint8_t station_broadcast[6];

/* Adds a guest's vif with these settings of the toolstack, each of which may be NULL. */
struct guest *station_add(struct sim *s, const char *ip, const char *vlan);

/* Drop counter of the guest's port, 0 if it has none. */
uint64_t station_drops(const struct guest *g, enum drop_reason reason);

/* Sends `len` bytes and waits until the daemon has taken them. */
void station_send_bytes(struct guest *g, const void *data, uint32_t len);
void station_send(struct guest *g, const struct frame *f);

/* The next frame at `g` is `f`: nothing that came before was for it. */
bool station_receives_next(struct guest *g, const struct frame *f);

/* A broadcast from the guest. */
struct frame station_to_all(const struct guest *from, uint32_t seed);

/* `f` as it is with a tag, 0: without one. */
struct frame station_tagged(struct frame f, uint16_t vid);

#endif
