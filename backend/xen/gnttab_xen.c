/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Grants through libxengnttab. The control thread calls map() and unmap(), the pollers copy(), each
 * on a handle of its own. Closing a handle unmaps all its pages, since gntdev does so when its
 * descriptor is closed.
 */
#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

#include <xengnttab.h>

#include "xen/quiet.h"
#include "xen/real.h"

/* struct grant_copy is passed to the library as it is. */
#define SAME_OFFSET(member) \
	static_assert(offsetof(struct grant_copy, member) == \
			      offsetof(xengnttab_grant_copy_segment_t, member), \
		      "xengnttab.h: " #member)
static_assert(sizeof(struct grant_copy) == sizeof(xengnttab_grant_copy_segment_t),
	      "xengnttab.h: copy segment");
SAME_OFFSET(source.virt);
SAME_OFFSET(source.foreign.ref);
SAME_OFFSET(source.foreign.offset);
SAME_OFFSET(source.foreign.domid);
SAME_OFFSET(dest.virt);
SAME_OFFSET(dest.foreign.ref);
SAME_OFFSET(dest.foreign.offset);
SAME_OFFSET(dest.foreign.domid);
SAME_OFFSET(len);
SAME_OFFSET(flags);
SAME_OFFSET(status);
static_assert(GRANT_COPY_SOURCE_REF == GNTCOPY_source_gref, "grant_table.h: source flag");
static_assert(GRANT_COPY_DEST_REF == GNTCOPY_dest_gref, "grant_table.h: destination flag");
static_assert(GRANT_STATUS_OKAY == GNTST_okay, "grant_table.h: status");

static xengnttab_handle *
handle_of(struct grants *grants)
{
	return (xengnttab_handle *)grants;
}

static struct grants *
gnttab_open(void)
{
	return (struct grants *)xengnttab_open(&xen_quiet_logger, 0);
}

static void
gnttab_close(struct grants *grants)
{
	xengnttab_close(handle_of(grants));
}

static void *
gnttab_map(struct grants *grants, uint32_t domid, uint32_t ref, bool writable)
{
	return xengnttab_map_grant_ref(handle_of(grants), domid, ref,
				       PROT_READ | (writable ? PROT_WRITE : 0));
}

static int
gnttab_unmap(struct grants *grants, void *page)
{
	return xengnttab_unmap(handle_of(grants), page, 1) == 0 ? 0 : -errno;
}

static int
gnttab_copy(struct grants *grants, struct grant_copy *copies, unsigned n)
{
	return xengnttab_grant_copy(handle_of(grants), n,
				    (xengnttab_grant_copy_segment_t *)copies) == 0
		       ? 0
		       : -errno;
}

const struct grants_ops gnttab_xen_ops = {
	.open = gnttab_open,
	.close = gnttab_close,
	.map = gnttab_map,
	.unmap = gnttab_unmap,
	.copy = gnttab_copy,
};
