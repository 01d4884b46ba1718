/* SPDX-License-Identifier: BSD-3-Clause */
/* Construction of a queue's table of static grants. */
#include "dp/vif/static_grants.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define KEYS_TRIED 64u /* one in a few keys is rejected, whatever the references are */

/* Puts the grants into the empty table. Returns false if the table's key is unsuitable for them. */
static bool
fill(struct static_grants *grants, const struct static_grant *grant, unsigned n)
{
	uint16_t place = 0;

	for (unsigned i = 0; i < n; i++) {
		struct static_grant *entry =
			&grants->entry[static_grants_place(grants, grant[i].ref)];
		unsigned at = 0;

		if (grant[i].page == NULL)
			continue;
		while (at < STATIC_GRANTS_STEPS && entry[at].page != NULL)
			at++;
		if (at == STATIC_GRANTS_STEPS)
			return false;
		entry[at] = grant[i];
		entry[at].place = place++;
	}
	grants->n = place;
	return true;
}

struct static_grants *
static_grants_create(const struct static_grant *grant, unsigned n)
{
	unsigned bits = 1;

	while (1u << bits < 2 * n)
		bits++;
	const struct static_grants empty = { .shift = 64 - bits };
	size_t entries = static_grants_size(&empty) * sizeof(struct static_grant);
	struct static_grants *grants = calloc(1, sizeof(*grants) + entries);
	if (grants == NULL)
		return NULL;
	grants->shift = empty.shift;
	for (unsigned i = 0; i < KEYS_TRIED; i++) {
		if (getrandom(&grants->key, sizeof(grants->key), 0) != sizeof(grants->key))
			break;
		grants->key |= 1;
		if (fill(grants, grant, n))
			return grants;
		memset(grants->entry, 0, entries);
	}
	free(grants);
	return NULL;
}

void
static_grants_destroy(struct static_grants *grants)
{
	free(grants);
}
