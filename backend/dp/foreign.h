/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies from a guest without a hypercall, through mappings of the guest's own memory (xen/ops.h, foreign).
 *
 * Theory of operation: what Xen does for a grant copy is done here in place: look at the entry of the guest's grant table,
 * mark it as being read, copy, unmark it. The guest cannot take the page away meanwhile, as it cannot from under Xen. A page is
 * mapped when its frame comes a second time while there is room for it, and stays mapped while it is used; which frame an entry
 * names is looked up for every copy. Xen maps for us only what the guest owns. We are dom0: no other domain may do this.
 * Whatever is unusual is left to Xen: foreign_copy() says no, and the caller makes a grant copy.
 *
 * Only from the guest: Xen learns nothing of what is written through such a mapping, and a live migration would lose it.
 * Bounds: FOREIGN_PAGES pages of a guest stay mapped, and unused ones only while the vif is idle.
 * Threads: owned like the vif's queue.
 */
#ifndef VPE_DP_FOREIGN_H
#define VPE_DP_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "xen/ops.h"

#define FOREIGN_PAGES 2048u /* 8 MiB of a guest */

struct foreign_pages;

/* A cache over `memory`, which stays its owner's and must outlive it. NULL with errno ENOMEM. */
struct foreign_pages *foreign_create(const struct foreign_ops *ops, struct foreign *memory);

/* Unmaps all. NULL is allowed. */
void foreign_destroy(struct foreign_pages *pages);

/*
 * Copies `len` bytes at `offset` (within a page) of the guest's grant `ref` to `to`. False: nothing was copied, and Xen has to
 * be asked.
 */
bool foreign_copy(struct foreign_pages *pages, uint32_t ref, uint16_t offset, void *to, uint16_t len);

/* Lets go of one page that was not used for long; to be called about once a millisecond. */
void foreign_age(struct foreign_pages *pages);

/* How often something was mapped or unmapped since the last call. */
unsigned foreign_take_maps(struct foreign_pages *pages);

/* Pages that are mapped now. */
unsigned foreign_mapped(const struct foreign_pages *pages);

#endif
