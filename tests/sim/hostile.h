/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulation with one guest that breaks rules and two that do not, on one bridge. Whatever the
 * first one does, the other two go on exchanging frames.
 */
#ifndef VPE_SIM_HOSTILE_H
#define VPE_SIM_HOSTILE_H

#include "sim/flow.h"

#define GNTST_WORST (-13) /* grant_table.h: GNTST_no_space */

struct hostile {
	struct sim s;
	struct guest *bad;
	struct guest *n1, *n2; /* the good neighbours */
};

/* Connects all three; the bad one with usual rings. */
void hostile_start(struct hostile *h);
/* The same, but the bad one is only in the store. `params` may be NULL. */
void hostile_start_unconnected(struct hostile *h, const struct guest_params *params);
/* The neighbours still exchange frames; then sim_stop(). */
void hostile_stop(struct hostile *h);

/* A slot over tx buffer `id` of the bad guest, which holds a frame of 60 bytes to n1. */
netif_tx_request_t hostile_slot(struct hostile *h, uint16_t id, uint16_t size, uint16_t flags);

/*
 * Puts a frame that the bad guest sends to itself, so that it goes nowhere, into the page of tx
 * buffer `id`.
 */
void hostile_fill_idle(struct hostile *h, uint16_t id, enum frame_kind kind, uint32_t len);

/*
 * Puts `n` slots, the first with total `size`, all but the last with more_data; later ones are
 * `later` bytes long.
 */
void hostile_chain(struct hostile *h, unsigned n, uint16_t size, uint16_t later);

/*
 * The bad guest is still served: it sends an ordinary frame, and that arrives at n1. All tx
 * responses that are logged by then are there to be counted.
 */
bool hostile_still_served(struct hostile *h);

/* Publishes, and waits for the bad guest to be switched off with an error that contains `text`. */
void hostile_publish_fatal(struct hostile *h, const char *text);

/*
 * Publishes, and waits for `n_okay` + `n_error` + `n_null` responses; then the guest must still be
 * served.
 */
void hostile_publish(struct hostile *h, unsigned n_okay, unsigned n_error, unsigned n_null);

/*
 * Runs `step` as fast as it goes on a thread of its own while the neighbours exchange frames for
 * `ms`.
 */
void hostile_mutate(struct hostile *h, void (*step)(struct guest *g, uint32_t random), unsigned ms);

/* Drop counter of the bad guest's port, 0 if it has none. */
uint64_t hostile_drops(const struct hostile *h, enum drop_reason reason);

#endif
