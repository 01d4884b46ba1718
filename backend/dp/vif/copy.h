/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A batch of grant copies between mbufs and the pages of one guest.
 *
 * Steps: add copies, call copy_run() once, check each status, copy_reset(). No page is mapped for a
 * packet. Pages that the guest registered as static grants (static_grants.h) are copied
 * immediately, without a hypercall.
 * Threads: a batch belongs to one poller and has its own grants handle.
 */
#ifndef VPE_DP_COPY_H
#define VPE_DP_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/vif/foreign.h"
#include "dp/vif/static_grants.h"
#include "proto/netif.h"
#include "xen/ops.h"

#define COPY_BATCH_MAX NETIF_RING_SIZE /* no burst has more slots than a ring */

/* Values in place of an index in copy[]: no copy is needed, or it was done immediately. */
#define COPY_NONE (-1)
#define COPY_DONE (-2)

struct copy_batch {
	const struct grants_ops *ops;
	struct grants *grants;
	unsigned n;
	uint64_t n_copies; /* since the start */
	uint64_t n_calls;
	uint64_t n_static;  /* copies through static grants, without a hypercall */
	uint64_t n_foreign; /* copies through foreign.h, without a hypercall */
	struct grant_copy copy[COPY_BATCH_MAX];
};

/* Opens the batch's grants handle. Returns 0 or -errno. */
int copy_open(struct copy_batch *batch, const struct grants_ops *ops);
void copy_close(struct copy_batch *batch);

static inline void
copy_reset(struct copy_batch *batch)
{
	batch->n = 0;
}

/*
 * Adds a copy of `len` bytes (above 0) from or to grant `ref` of `domid`. offset + len must be
 * within a page. Returns the index in copy[]. All copies of a batch must be for one domain.
 */
static inline unsigned
copy_add_from_guest(struct copy_batch *batch, uint32_t domid, uint32_t ref, uint16_t offset,
		    void *to, uint16_t len)
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
copy_add_to_guest(struct copy_batch *batch, uint32_t domid, uint32_t ref, uint16_t offset,
		  void *from, uint16_t len)
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
 * The same for a queue with static grants or foreign pages (both may be NULL): a page found there
 * is copied immediately, without a hypercall, and COPY_DONE is returned. The guest may write to its
 * page during the copy, so validate only the copy, never the page.
 */
static inline int16_t
copy_from_guest(struct copy_batch *batch, const struct static_grants *grants,
		struct foreign_pages *foreign, uint32_t domid, uint32_t ref, uint16_t offset,
		void *to, uint16_t len)
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
copy_to_guest(struct copy_batch *batch, const struct static_grants *grants, uint32_t domid,
	      uint32_t ref, uint16_t offset, void *from, uint16_t len)
{
	const struct static_grant *g = static_grants_find(grants, ref);

	if (g == NULL || !g->writable)
		return (int16_t)copy_add_to_guest(batch, domid, ref, offset, from, len);
	memcpy(g->page + offset, from, len);
	batch->n_static++;
	return COPY_DONE;
}

/*
 * Runs all added copies with one system call. Afterwards any status except GRANT_STATUS_OKAY is a
 * failed copy.
 */
void copy_run(struct copy_batch *batch);

#endif
