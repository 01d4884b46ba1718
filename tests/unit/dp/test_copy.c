/* SPDX-License-Identifier: BSD-3-Clause */
/* The copy batch: one call for all, and no status believed after the call failed. */
#include "dp/vif/copy.h"

#include <errno.h>
#include <stdlib.h>

#include "unit.h"

struct grants {
	unsigned n_calls;
	unsigned n_copies;
	int ret;          /* what copy() returns */
	unsigned n_touch; /* copies that get GRANT_STATUS_OKAY */
};

static struct grants stub;

static struct grants *
stub_open(void)
{
	return &stub;
}

static void
stub_close(struct grants *grants)
{
	CU_ASSERT_PTR_EQUAL(grants, &stub);
}

static int
stub_copy(struct grants *grants, struct grant_copy *copies, unsigned n)
{
	grants->n_calls++;
	grants->n_copies += n;
	for (unsigned i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(copies[i].status, GRANT_STATUS_UNTOUCHED);
		if (i < grants->n_touch)
			copies[i].status = GRANT_STATUS_OKAY;
	}
	return grants->ret;
}

static const struct grants_ops stub_ops = { .open = stub_open, .close = stub_close, .copy = stub_copy };

static struct copy_batch batch;
static char buffer[64];

static void
setup(int ret, unsigned n_touch, unsigned n_add)
{
	stub = (struct grants){ .ret = ret, .n_touch = n_touch };
	memset(&batch, 0, sizeof(batch));
	CU_ASSERT_EQUAL_FATAL(copy_open(&batch, &stub_ops), 0);
	copy_reset(&batch);
	for (unsigned i = 0; i < n_add; i++) {
		unsigned at = i % 2 ? copy_add_from_guest(&batch, 5, i, 1, buffer, 2)
				    : copy_add_to_guest(&batch, 5, i, 1, buffer, 2);
		CU_ASSERT_EQUAL(at, i);
	}
}

static void
run_empty(void)
{
	setup(0, 0, 0);
	copy_run(&batch);
	CU_ASSERT_EQUAL(stub.n_calls, 0);
	copy_close(&batch);
}

static void
run_full(void)
{
	setup(0, COPY_BATCH_MAX, COPY_BATCH_MAX);
	copy_run(&batch);
	CU_ASSERT_EQUAL(stub.n_calls, 1);
	CU_ASSERT_EQUAL(stub.n_copies, COPY_BATCH_MAX);
	for (unsigned i = 0; i < COPY_BATCH_MAX; i++)
		CU_ASSERT_EQUAL(batch.copy[i].status, GRANT_STATUS_OKAY);
	copy_reset(&batch);
	CU_ASSERT_EQUAL(copy_add_from_guest(&batch, 5, 9, 0, buffer, 1), 0);
	CU_ASSERT_EQUAL(batch.copy[0].status, GRANT_STATUS_UNTOUCHED);
	CU_ASSERT_EQUAL(batch.n_calls, 1);
	copy_close(&batch);
}

static void
run_partial(void)
{
	setup(0, 3, 5);
	copy_run(&batch);
	CU_ASSERT_EQUAL(batch.copy[2].status, GRANT_STATUS_OKAY);
	CU_ASSERT_NOT_EQUAL(batch.copy[3].status, GRANT_STATUS_OKAY);
	copy_close(&batch);
}

/* gntdev marks the segments it has looked at as okay before it fails: none may be believed. */
static void
run_error(void)
{
	setup(-EFAULT, 3, 5);
	copy_run(&batch);
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT_NOT_EQUAL(batch.copy[i].status, GRANT_STATUS_OKAY);
	copy_close(&batch);
}

static void
add_fields(void)
{
	setup(0, 0, 0);
	copy_add_from_guest(&batch, 0x7ff0, 77, 4000, buffer, 96);
	copy_add_to_guest(&batch, 3, 78, 0, buffer + 1, 4096 - 1);
	CU_ASSERT_EQUAL(batch.copy[0].flags, GRANT_COPY_SOURCE_REF);
	CU_ASSERT_EQUAL(batch.copy[0].source.foreign.domid, 0x7ff0);
	CU_ASSERT_EQUAL(batch.copy[0].source.foreign.ref, 77);
	CU_ASSERT_EQUAL(batch.copy[0].source.foreign.offset, 4000);
	CU_ASSERT_PTR_EQUAL(batch.copy[0].dest.virt, buffer);
	CU_ASSERT_EQUAL(batch.copy[1].flags, GRANT_COPY_DEST_REF);
	CU_ASSERT_EQUAL(batch.copy[1].dest.foreign.ref, 78);
	CU_ASSERT_EQUAL(batch.copy[1].len, 4095);
	CU_ASSERT_PTR_EQUAL(batch.copy[1].source.virt, buffer + 1);
	copy_close(&batch);
}

void test_copy(CU_pSuite suite);
void
test_copy(CU_pSuite suite)
{
	UNIT_ADD(suite, run_empty);
	UNIT_ADD(suite, run_full);
	UNIT_ADD(suite, run_partial);
	UNIT_ADD(suite, run_error);
	UNIT_ADD(suite, add_fields);
}
