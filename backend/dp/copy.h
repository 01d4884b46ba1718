/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One batch of grant copies between mbufs and the pages of one guest.
 *
 * Steps: add copies, copy_run() once, look at each status, copy_reset(). No page is mapped for a packet; what a guest let us map
 * for good (static_grants.h) is copied on the way.
 * Threads: a batch belongs to one poller, with a grants handle of its own.
 */
#ifndef VPE_DP_COPY_H
#define VPE_DP_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/foreign.h"
#include "dp/static_grants.h"
#include "proto/netif.h"
#include "xen/ops.h"

#define COPY_BATCH_MAX NETIF_RING_SIZE /* no burst has more slots than a ring */

/* In place of an index in copy[]: there is no copy, or it is done. */
#define COPY_NONE (-1)
#define COPY_DONE (-2)

struct copy_batch {
	const struct grants_ops *ops;
	struct grants *grants;
	unsigned n;
	uint64_t n_copies; /* since the start */
	uint64_t n_calls;
	uint64_t n_static; /* copies that took no call: static_grants.h */
	uint64_t n_foreign; /* and those of foreign.h */
	struct grant_copy copy[COPY_BATCH_MAX];
};

/* Opens the batch's grants handle. 0 or -errno. */
int copy_open(struct copy_batch *batch, const struct grants_ops *ops);
void copy_close(struct copy_batch *batch);

static inline void
copy_reset(struct copy_batch *batch)
{
	batch->n = 0;
}

/*
 * Adds a copy of `len` bytes (above 0) from or to grant `ref` of `domid`; offset + len is within a page. Returns its index in
 * copy[]. All copies of a batch must be of one domain.
 */
static inline unsigned
copy_add_from_guest(struct copy_batch *batch, uint32_t domid, uint32_t ref, uint16_t offset, void *to, uint16_t len)
{
	struct grant_copy *c = &batch->copy[batch->n];

	c->source.foreign.ref = ref;
	c->source.foreign.offset = offset;
	c->source.foreign.domid = (uint16_t)domid;
	c->dest.virt = to;
	c->len = len;
	c->flags = GRANT_COPY_SOURCE_REF;
	c->status = GRANT_STATUS_UNTOUCHED;
	return batch->n++;
}

static inline unsigned
copy_add_to_guest(struct copy_batch *batch, uint32_t domid, uint32_t ref, uint16_t offset, void *from, uint16_t len)
{
	struct grant_copy *c = &batch->copy[batch->n];

	c->source.virt = from;
	c->dest.foreign.ref = ref;
	c->dest.foreign.offset = offset;
	c->dest.foreign.domid = (uint16_t)domid;
	c->len = len;
	c->flags = GRANT_COPY_DEST_REF;
	c->status = GRANT_STATUS_UNTOUCHED;
	return batch->n++;
}

/*
 * The same for a queue that has static grants or foreign pages (both may be NULL): what is in them is copied at once, without a
 * call, and COPY_DONE is returned. The guest may write to its page meanwhile; who looks at the copy sees one thing or the other,
 * once.
 */
static inline int16_t
copy_from_guest(struct copy_batch *batch, const struct static_grants *grants, struct foreign_pages *foreign, uint32_t domid,
		uint32_t ref, uint16_t offset, void *to, uint16_t len)
{
	const struct static_grant *g = static_grants_find(grants, ref);

	if (g != NULL) {
		memcpy(to, g->page + offset, len);
		batch->n_static++;
	} else if (foreign != NULL && foreign_copy(foreign, ref, offset, to, len)) {
		batch->n_foreign++;
	} else {
		return (int16_t)copy_add_from_guest(batch, domid, ref, offset, to, len);
	}
	return COPY_DONE;
}

static inline int16_t
copy_to_guest(struct copy_batch *batch, const struct static_grants *grants, uint32_t domid, uint32_t ref, uint16_t offset,
	      void *from, uint16_t len)
{
	const struct static_grant *g = static_grants_find(grants, ref);

	if (g == NULL || !g->writable)
		return (int16_t)copy_add_to_guest(batch, domid, ref, offset, from, len);
	memcpy(g->page + offset, from, len);
	batch->n_static++;
	return COPY_DONE;
}

/* Does all added copies with one call. Afterwards every status that is not GRANT_STATUS_OKAY is a failed copy. */
void copy_run(struct copy_batch *batch);

#endif
