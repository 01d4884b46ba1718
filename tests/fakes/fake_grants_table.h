/* SPDX-License-Identifier: BSD-3-Clause */
/* What mapping and copying of grants share. Not for tests. */
#ifndef VPE_FAKES_FAKE_GRANTS_TABLE_H
#define VPE_FAKES_FAKE_GRANTS_TABLE_H

#include <sys/queue.h>

#include "fakes/fake_internal.h"

/* grant_table.h */
#define GNTST_OKAY 0
#define GNTST_GENERAL_ERROR (-1)
#define GNTST_BAD_DOMAIN (-2)
#define GNTST_BAD_GNTREF (-3)
#define GNTST_BAD_COPY_ARG (-10)

struct grant_entry {
	uint32_t page; /* PAGES_NONE: not granted */
	uint32_t to;
	unsigned n_mapped;
	bool read_only;
	bool sub_page;
	uint16_t offset; /* of a sub-page grant */
	uint16_t len;
};

struct grants {
	struct grants *next;
	struct fake_busy busy;
	TAILQ_HEAD(, mapping) mappings; /* the oldest first */
};

/* The entry that Xen would use, or NULL with a status. Lock held. */
struct grant_entry *fake_grants_acquire(uint32_t domid, uint32_t ref, bool for_write,
					int16_t *status);

int fake_copy(struct grants *grants, struct grant_copy *copies, unsigned n);
void fake_copy_reset(void);

#endif
