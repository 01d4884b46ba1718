/* SPDX-License-Identifier: BSD-3-Clause */
/* A batch of grant copies. */
#include "dp/vif/copy.h"

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
	 * After an error some copies may not have been done although the kernel marked them as
	 * okay. Treat all of them as failed.
	 */
	if (batch->ops->copy(batch->grants, batch->copy, batch->n) < 0) {
		for (unsigned i = 0; i < batch->n; i++)
			batch->copy[i].status = GRANT_STATUS_UNTOUCHED;
	}
}
