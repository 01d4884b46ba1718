/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Static grants: pages that a guest had us map once, so that copies need no hypercall.
 *
 * A table never changes. Control makes a new one and has the queue's poller take it (dp_call() with
 * port_vif_take_grants()). DP_CALLED is the grace period: after it, free the old table and unmap
 * pages that only it had.
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
	uint16_t place; /* index among the grants that the table was made of */
	uint8_t *page;  /* NULL: a free entry in the table */
};

/*
 * The guest chooses the references and must not be able to slow down look-ups with them. So the
 * table hashes with a key that the guest does not know, and no entry is more than
 * STATIC_GRANTS_STEPS behind its place. Keys that would break this bound are rejected.
 */
#define STATIC_GRANTS_STEPS 16u

struct static_grants {
	uint64_t key;   /* odd */
	unsigned shift; /* 64 minus the bits of a place */
	unsigned n;     /* number of grants */
	/* STATIC_GRANTS_STEPS more entries than places, so that probing never wraps around */
	struct static_grant entry[];
};

/* Number of entries in the table, including free ones. */
static inline uint32_t
static_grants_size(const struct static_grants *grants)
{
	return (1u << (64 - grants->shift)) + STATIC_GRANTS_STEPS;
}

/*
 * Creates a table of those of the `n` grants that have a page. Their references must differ.
 * `place` of each is its index among them. At most LIMIT_STATIC_GRANTS. Returns NULL if memory or
 * randomness is short.
 */
struct static_grants *static_grants_create(const struct static_grant *grant, unsigned n);
void static_grants_destroy(struct static_grants *grants); /* NULL is allowed */

static inline uint32_t
static_grants_place(const struct static_grants *grants, uint32_t ref)
{
	/* Dietzfelbinger's universal hash; half of the places are free */
	return (uint32_t)(ref * grants->key >> grants->shift);
}

/* Returns the entry of `ref`, or NULL. `grants` may be NULL. */
static inline const struct static_grant *
static_grants_find(const struct static_grants *grants, uint32_t ref)
{
	if (grants == NULL)
		return NULL;
	const struct static_grant *entry = &grants->entry[static_grants_place(grants, ref)];
	for (unsigned i = 0; i < STATIC_GRANTS_STEPS && entry[i].page != NULL; i++) {
		if (entry[i].ref == ref)
			return &entry[i];
	}
	return NULL;
}

#endif
