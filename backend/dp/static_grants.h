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
	uint16_t place; /* in the list that the table was made of */
	uint8_t *page;  /* NULL: an empty place in the table */
};

/*
 * The guest chooses the references, and must not make look-ups slow with them: places are found with a key that it does not know,
 * and no entry is more than STATIC_GRANTS_STEPS places from where it belongs. A key with which one would be is not taken.
 */
#define STATIC_GRANTS_STEPS 16u

struct static_grants {
	uint64_t key;   /* odd */
	unsigned shift; /* 64 - bits of a place */
	unsigned n;     /* grants */
	struct static_grant entry[]; /* STATIC_GRANTS_STEPS more than there are places, so that none wraps around */
};

/* Entries of the table, free ones included. */
static inline uint32_t
static_grants_size(const struct static_grants *grants)
{
	return (1u << (64 - grants->shift)) + STATIC_GRANTS_STEPS;
}

/*
 * A table of those of the `n` grants in the list that have a page, each with a reference of its own; their `place` is the number of
 * such before them. At most LIMIT_STATIC_GRANTS. NULL if memory is short, or randomness.
 */
struct static_grants *static_grants_create(const struct static_grant *grant, unsigned n);
void static_grants_destroy(struct static_grants *grants); /* NULL is allowed */

static inline uint32_t
static_grants_place(const struct static_grants *grants, uint32_t ref)
{
	return (uint32_t)(ref * grants->key >> grants->shift); /* Dietzfelbinger's universal hash; the table is half empty */
}

/* The entry of `ref`, or NULL. `grants` may be NULL. */
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
