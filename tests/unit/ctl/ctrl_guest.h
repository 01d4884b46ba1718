/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's side of a control ring: asks for a hash and for static grants, and checks what comes
 * back. Threads: one.
 */
#ifndef VPE_TESTS_CTRL_GUEST_H
#define VPE_TESTS_CTRL_GUEST_H

#include "fakes/guest.h"

#define CTRL_GUEST_GRANTS 3u /* that stay after all requests */

struct ctrl_guest {
	const struct guest *g;
	xen_netif_ctrl_front_ring_t ring;
	uint32_t ref, port;
	struct xen_netif_gref *list; /* a page of the guest's */
	uint32_t list_ref;
	void *page[CTRL_GUEST_GRANTS + 1];
	uint32_t page_ref[CTRL_GUEST_GRANTS + 1];
	unsigned n_asked, n_answered;
	char broken[160]; /* the first rule that the backend broke; "": none */
};

/* Makes the ring and its pages. */
void ctrl_guest_create(struct ctrl_guest *c, const struct guest *g);
void ctrl_guest_destroy(struct ctrl_guest *c);

/* Writes the ring's keys, before the frontend goes to 4. */
void ctrl_guest_publish(const struct ctrl_guest *c);

/*
 * Asks for the next thing if everything is answered. Returns false if there is nothing more to ask.
 */
bool ctrl_guest_ask(struct ctrl_guest *c);

/* Returns whether there is more to ask, or something is not answered. */
bool ctrl_guest_asks(const struct ctrl_guest *c);

/* Takes the answers that are there. Returns whether everything is answered. */
bool ctrl_guest_take(struct ctrl_guest *c);

#endif
