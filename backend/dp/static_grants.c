/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes the table of a queue's static grants. Called by ctl/ctrl.c. */
#include "dp/static_grants.h"

#include <stdlib.h>

struct static_grants *
static_grants_create(const struct static_grant *grant, unsigned n)
{
	uint32_t size = 2;

	while (size < 2 * n)
		size *= 2;
	struct static_grants *grants = calloc(1, sizeof(*grants) + size * sizeof(grants->entry[0]));
	if (grants == NULL)
		return NULL;
	grants->mask = size - 1;
	grants->n = n;
	for (unsigned i = 0; i < n; i++) {
		uint32_t at = static_grants_place(grants, grant[i].ref);
		while (grants->entry[at].page != NULL)
			at = (at + 1) & grants->mask;
		grants->entry[at] = grant[i];
	}
	return grants;
}

void
static_grants_destroy(struct static_grants *grants)
{
	free(grants);
}
