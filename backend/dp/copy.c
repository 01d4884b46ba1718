/* SPDX-License-Identifier: BSD-3-Clause */
/* One batch of grant copies. Called by from_guest.c and to_guest.c; calls the grants table. */
#include "dp/copy.h"

#include <errno.h>

int
copy_open(struct copy_batch *batch, const struct grants_ops *ops)
{
	batch->ops = ops;
	batch->grants = ops->open();
	return batch->grants == NULL ? -errno : 0;
}

void
copy_close(struct copy_batch *batch)
{
	if (batch->grants != NULL)
		batch->ops->close(batch->grants);
	batch->grants = NULL;
}

void
copy_run(struct copy_batch *batch)
{
	if (batch->n == 0)
		return;
	batch->n_copies += batch->n;
	batch->n_calls++;
	/*
	 * After an error the kernel has done some of the copies, and marked as okay some that it never did: none of
	 * them counts.
	 */
	if (batch->ops->copy(batch->grants, batch->copy, batch->n) < 0) {
		for (unsigned i = 0; i < batch->n; i++)
			batch->copy[i].status = GRANT_STATUS_UNTOUCHED;
	}
}
