/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Grant copies as gntdev and Xen do them. Called through fake_xen()->grants->copy.
 *
 * Theory of operation: gntdev looks at one segment after the other, says GNTST_okay in it, and
 * collects operations; every BATCH of them go to Xen in one hypercall. A segment that gntdev itself
 * refuses ends the call at once: what was collected is thrown away although its statuses say okay,
 * and later segments are never looked at. Source: Linux drivers/xen/gntdev.c
 * gntdev_ioctl_grant_copy(), gntdev_grant_copy_seg(); Xen common/grant_table.c gnttab_copy_one().
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fakes/fake_grants_table.h"
#include "fakes/fake_pages.h"

#define BATCH 16u /* GNTDEV_COPY_BATCH: what gntdev gives Xen in one hypercall */

static struct fake_fault status_fault, call_fault;
static unsigned call_fault_done;
static fake_copy_hook *copy_hook;
static unsigned delay_us;
static uint64_t n_copy_ops, n_copy_calls;

void
fake_copy_reset(void)
{
	memset(&status_fault, 0, sizeof(status_fault));
	memset(&call_fault, 0, sizeof(call_fault));
	copy_hook = NULL;
	delay_us = 0;
	n_copy_ops = n_copy_calls = 0;
}

/* The granted memory of one side, or NULL with a status. */
static uint8_t *
foreign_side(const union grant_ptr *side, uint16_t len, bool for_write, int16_t *status)
{
	const struct grant_entry *entry =
		fake_grants_acquire(side->foreign.domid, side->foreign.ref, for_write, status);

	if (entry == NULL)
		return NULL;
	if (entry->sub_page && (side->foreign.offset < entry->offset ||
				side->foreign.offset + len > entry->offset + entry->len)) {
		*status = GNTST_BAD_COPY_ARG;
		return NULL;
	}
	return pages_addr(entry->page) + side->foreign.offset;
}

/* One operation of the hypercall, which is to fail if its status is not okay. */
static void
copy_one(struct grant_copy *copy)
{
	int16_t status = GNTST_OKAY;
	const uint8_t *from = copy->source.virt;
	uint8_t *to = copy->dest.virt;

	n_copy_ops++;
	if (copy->status == GNTST_OKAY)
		copy->status = (int16_t)fake_fault_take(&status_fault);
	if (copy->status != GNTST_OKAY)
		return;
	if (copy->flags & GRANT_COPY_SOURCE_REF)
		from = foreign_side(&copy->source, copy->len, false, &status);
	if (status == GNTST_OKAY && copy->flags & GRANT_COPY_DEST_REF)
		to = foreign_side(&copy->dest, copy->len, true, &status);
	copy->status = status;
	if (status == GNTST_OKAY)
		memmove(to, from, copy->len);
}

/* gntdev's own look at one segment: 0, or what the call is to return. */
static int
segment_check(const struct grant_copy *copy)
{
	bool source_ref = copy->flags & GRANT_COPY_SOURCE_REF;
	bool dest_ref = copy->flags & GRANT_COPY_DEST_REF;

	if (!source_ref && !dest_ref)
		return -EINVAL;
	if (source_ref && copy->source.foreign.offset + copy->len > FAKE_PAGE_SIZE)
		return -EINVAL;
	if (dest_ref && copy->dest.foreign.offset + copy->len > FAKE_PAGE_SIZE)
		return -EINVAL;
	if (copy->len > 0 &&
	    ((!source_ref && copy->source.virt == NULL) || (!dest_ref && copy->dest.virt == NULL)))
		return -EFAULT;
	return 0;
}

/* The rules of ops.h that gntdev does not check. */
static void
callers_duty(const struct grant_copy *copies, unsigned n)
{
	uint32_t domid = UINT32_MAX;

	for (unsigned i = 0; i < n; i++) {
		const struct grant_copy *copy = &copies[i];
		uint32_t one = copy->flags & GRANT_COPY_SOURCE_REF ? copy->source.foreign.domid
								   : copy->dest.foreign.domid;

		if (copy->status != GRANT_STATUS_UNTOUCHED)
			fake_violate("copy %u of a call starts with status %d", i, copy->status);
		if (domid != UINT32_MAX && one != domid)
			fake_violate("one copy call for domains %u and %u", domid, one);
		domid = one;
	}
}

static int
copy_all(struct grant_copy *copies, unsigned n, unsigned n_allowed)
{
	struct grant_copy *batch[BATCH];
	unsigned n_batch = 0;

	for (unsigned i = 0; i < n && i < n_allowed; i++) {
		int ret = segment_check(&copies[i]);

		if (ret != 0) {
			fake_violate("copy %u of %u makes gntdev fail the whole call (%d)", i, n,
				     ret);
			return ret;
		}
		copies[i].status = copy_hook == NULL ? GNTST_OKAY : copy_hook(&copies[i], i);
		if (copies[i].len == 0)
			/* gntdev makes no operation of it: the reference is never looked at */
			continue;
		batch[n_batch++] = &copies[i];
		if (n_batch < BATCH)
			continue;
		for (unsigned j = 0; j < n_batch; j++)
			copy_one(batch[j]);
		n_batch = 0;
	}
	for (unsigned j = 0; j < n_batch; j++)
		copy_one(batch[j]);
	return 0;
}

int
fake_copy(struct grants *grants, struct grant_copy *copies, unsigned n)
{
	unsigned us = __atomic_load_n(&delay_us, __ATOMIC_RELAXED);

	fake_busy_enter(&grants->busy, "grants");
	if (us != 0)
		usleep(us);
	pthread_mutex_lock(&fake_lock);
	n_copy_calls++;
	callers_duty(copies, n);
	int error = fake_fault_take(&call_fault);
	int ret = copy_all(copies, n, error != 0 ? call_fault_done : n);
	if (error != 0)
		ret = -error;
	pthread_mutex_unlock(&fake_lock);
	fake_busy_leave(&grants->busy);
	return ret;
}

void
fake_copy_fail(unsigned skip, unsigned n, int16_t status)
{
	pthread_mutex_lock(&fake_lock);
	status_fault = (struct fake_fault){ skip, n, status };
	pthread_mutex_unlock(&fake_lock);
}

void
fake_copy_fail_call(unsigned skip, unsigned n, unsigned n_done, int error)
{
	pthread_mutex_lock(&fake_lock);
	call_fault = (struct fake_fault){ skip, n, error };
	call_fault_done = n_done;
	pthread_mutex_unlock(&fake_lock);
}

void
fake_copy_set_hook(fake_copy_hook *hook)
{
	pthread_mutex_lock(&fake_lock);
	copy_hook = hook;
	pthread_mutex_unlock(&fake_lock);
}

void
fake_copy_set_delay_us(unsigned us)
{
	__atomic_store_n(&delay_us, us, __ATOMIC_RELAXED);
}

void
fake_copy_counts(uint64_t *n_ops, uint64_t *n_calls)
{
	pthread_mutex_lock(&fake_lock);
	*n_ops = n_copy_ops;
	*n_calls = n_copy_calls;
	pthread_mutex_unlock(&fake_lock);
}
