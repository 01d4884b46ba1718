/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages that a guest let us map once: what of its grant references is copied without a hypercall.
 *
 * A table never changes. Control makes a new one and has the queue's poller take it (dp_call() with
 * port_vif_take_grants()); after DP_CALLED nobody looks at the old one any more, nor at pages that are only in it.
 * Source: netif.h, "Static Grants".
 */
#ifndef VPE_DP_STATIC_GRANTS_H
#define VPE_DP_STATIC_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct static_grant {
	uint32_t ref;
	bool writable;
	uint8_t *page; /* NULL: an empty place in the table */
};

struct static_grants {
	uint32_t mask; /* size of entry[] - 1 */
	unsigned n;    /* grants */
	struct static_grant entry[];
};

/* A table of `n` grants, each with a reference of its own. NULL if memory is short. */
struct static_grants *static_grants_create(const struct static_grant *grant, unsigned n);
void static_grants_destroy(struct static_grants *grants); /* NULL is allowed */

static inline uint32_t
static_grants_place(const struct static_grants *grants, uint32_t ref)
{
	return (ref * 2654435761u >> 8) & grants->mask; /* Knuth's multiplicative hash; the table is half empty */
}

/* The entry of `ref`, or NULL. `grants` may be NULL. */
static inline const struct static_grant *
static_grants_find(const struct static_grants *grants, uint32_t ref)
{
	if (grants == NULL)
		return NULL;
	for (uint32_t i = static_grants_place(grants, ref);; i = (i + 1) & grants->mask) {
		const struct static_grant *entry = &grants->entry[i];
		if (entry->page == NULL)
			return NULL;
		if (entry->ref == ref)
			return entry;
	}
}

#endif
