/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory for the bursts of a poller's vifs. */
#include "dp/vif/vif_scratch.h"

#include <errno.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

struct vif_scratch *
vif_scratch_create(const struct xen_ops *xen)
{
	struct vif_scratch *scratch =
		rte_zmalloc("vif scratch", sizeof(*scratch), RTE_CACHE_LINE_SIZE);

	if (scratch == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	scratch->notify_delay = LIMIT_NOTIFY_DELAY_US * rte_get_tsc_hz() / 1000000;
	scratch->foreign_age = rte_get_tsc_hz() / 1000;
	int ret = copy_open(&scratch->copy, xen->grants);
	if (ret < 0) {
		rte_free(scratch);
		errno = -ret;
		return NULL;
	}
	return scratch;
}

void
vif_scratch_destroy(struct vif_scratch *scratch)
{
	if (scratch == NULL)
		return;
	copy_close(&scratch->copy);
	rte_free(scratch);
}
