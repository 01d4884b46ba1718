/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest memory through libxenforeignmemory. Each guest has its own handle. Control opens and closes
 * it; in between the vif's poller maps and unmaps. Xen checks that each page belongs to the guest.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xenctrl.h>
#include <xenforeignmemory.h>
#include <xen/grant_table.h>
#include <xen/memory.h>

#include "xen/quiet.h"
#include "xen/ops.h"

/* NOLINTBEGIN(misc-redundant-expression): that both sides are equal is what they say */
static_assert(sizeof(struct foreign_grant) == sizeof(grant_entry_v1_t),
	      "grant_table.h: version 1 entry");
static_assert(offsetof(struct foreign_grant, use.flags) == offsetof(grant_entry_v1_t, flags),
	      "grant_table.h: flags");
static_assert(offsetof(struct foreign_grant, use.domid) == offsetof(grant_entry_v1_t, domid),
	      "grant_table.h: domid");
static_assert(offsetof(struct foreign_grant, frame) == offsetof(grant_entry_v1_t, frame),
	      "grant_table.h: frame");
static_assert(FOREIGN_GRANT_PERMIT == GTF_permit_access, "grant_table.h: type");
static_assert(FOREIGN_GRANT_READONLY == GTF_readonly, "grant_table.h: read-only");
static_assert(FOREIGN_GRANT_READING == GTF_reading, "grant_table.h: reading");
/* NOLINTEND(misc-redundant-expression) */

#define TABLES_MAX 64u

struct foreign {
	xenforeignmemory_handle *fmem;
	uint32_t domid;
	unsigned n_tables;
	xenforeignmemory_resource_handle *table[TABLES_MAX];
	void *table_page[TABLES_MAX];
};

/*
 * Checks that the guest's grants can be used. Only a PV guest's grants name a page for good. In
 * other guests a frame is an address that the guest may back with another page while we have the
 * old one mapped. The grant entries must be version 1.
 */
static int
check_guest(uint32_t domid)
{
	xc_domaininfo_t info;
	xc_interface *xc = xc_interface_open(&xen_quiet_logger, &xen_quiet_logger, 0);

	if (xc == NULL)
		return -errno;
	int ret = 0;
	/* Returns the first domain with this or a higher id. */
	if (xc_domain_getinfolist(xc, domid, 1, &info) != 1 || info.domain != domid)
		ret = -ESRCH;
	else if ((info.flags & XEN_DOMINF_hvm_guest) != 0 || xc_gnttab_get_version(xc, domid) != 1)
		ret = -EOPNOTSUPP;
	xc_interface_close(xc);
	return ret;
}

static struct foreign *
fmem_open(uint32_t domid)
{
	int ret = check_guest(domid);
	struct foreign *memory = ret < 0 ? NULL : calloc(1, sizeof(*memory));

	if (memory == NULL) {
		errno = ret < 0 ? -ret : ENOMEM;
		return NULL;
	}
	memory->domid = domid;
	memory->fmem = xenforeignmemory_open(&xen_quiet_logger, 0);
	if (memory->fmem == NULL) {
		ret = errno;
		free(memory);
		errno = ret;
		return NULL;
	}
	return memory;
}

static void
fmem_close(struct foreign *memory)
{
	xenforeignmemory_close(memory->fmem);
	free(memory);
}

static struct foreign_grant *
fmem_map_table(struct foreign *memory, unsigned frame)
{
	void *page = NULL;

	if (memory->n_tables == TABLES_MAX) {
		errno = ENOSPC;
		return NULL;
	}
	xenforeignmemory_resource_handle *table =
		xenforeignmemory_map_resource(memory->fmem, (domid_t)memory->domid,
					      XENMEM_resource_grant_table,
					      XENMEM_resource_grant_table_id_shared, frame, 1,
					      &page, PROT_READ | PROT_WRITE, 0);
	if (table == NULL)
		return NULL;
	memory->table[memory->n_tables] = table;
	memory->table_page[memory->n_tables++] = page;
	return page;
}

static void
fmem_unmap_table(struct foreign *memory, struct foreign_grant *table)
{
	for (unsigned i = 0; i < memory->n_tables; i++) {
		if (memory->table_page[i] != table)
			continue;
		xenforeignmemory_unmap_resource(memory->fmem, memory->table[i]);
		memory->n_tables--;
		memory->table[i] = memory->table[memory->n_tables];
		memory->table_page[i] = memory->table_page[memory->n_tables];
		return;
	}
}

static const void *
fmem_map_page(struct foreign *memory, uint64_t frame)
{
	xen_pfn_t pfn = (xen_pfn_t)frame;

	return xenforeignmemory_map(memory->fmem, memory->domid, PROT_READ, 1, &pfn, NULL);
}

static void
fmem_unmap_page(struct foreign *memory, const void *page)
{
	xenforeignmemory_unmap(memory->fmem, (void *)(uintptr_t)page, 1);
}

const struct foreign_ops *
xen_foreign(void)
{
	static const struct foreign_ops ops = {
		.open = fmem_open,
		.close = fmem_close,
		.map_table = fmem_map_table,
		.unmap_table = fmem_unmap_table,
		.map_page = fmem_map_page,
		.unmap_page = fmem_unmap_page,
	};

	return &ops;
}
