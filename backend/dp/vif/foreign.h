/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies from a guest without a hypercall, through mappings of the guest's memory (xen/ops.h,
 * foreign).
 *
 * Theory of operation: this does in place what Xen does for a grant copy. It reads the entry in the
 * guest's grant table, marks it as being read, copies, and clears the mark. Meanwhile the guest
 * cannot revoke the grant, just as with Xen. A page is mapped when its frame is used a second time
 * and there is room, and stays mapped while it is in use. The frame number is read from the grant
 * entry for every copy. Xen only maps pages that the guest owns, and only dom0 may do this. In any
 * unusual case foreign_copy() returns false, and the caller makes a grant copy.
 *
 * Copies go only from the guest. Xen does not see writes through such a mapping as dirty pages, so
 * a live migration would lose them. At most FOREIGN_PAGES pages of a guest stay mapped. Unused ones
 * are unmapped while the vif is polled.
 * Threads: owned like the vif's queue.
 */
#ifndef VPE_DP_FOREIGN_H
#define VPE_DP_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "xen/ops.h"

#define FOREIGN_PAGES 2048u /* 8 MiB of the guest */

struct foreign_pages;

/*
 * Creates a cache over `memory`, which the caller still owns and which must outlive the cache, as
 * must `marked`: reference + 1 of the grant that is being read, 0 if none is. If it is not 0, the
 * process that read the grant was killed, and its mark is cleared. Returns NULL with errno ENOMEM
 * on error.
 */
struct foreign_pages *foreign_create(const struct foreign_ops *ops, struct foreign *memory,
				     uint32_t *marked);

/* Unmaps everything. NULL is allowed. */
void foreign_destroy(struct foreign_pages *pages);

/*
 * Copies `len` bytes at `offset` (within a page) of the guest's grant `ref` to `to`. Returns false
 * if nothing was copied; make a grant copy then.
 */
bool foreign_copy(struct foreign_pages *pages, uint32_t ref, uint16_t offset, void *to,
		  uint16_t len);

/* Unmaps one page that was not used recently. Call it about once a millisecond. */
void foreign_age(struct foreign_pages *pages);

/* Number of map and unmap operations since the last call. */
unsigned foreign_take_maps(struct foreign_pages *pages);

/* Number of pages mapped now. */
unsigned foreign_mapped(const struct foreign_pages *pages);

#endif
