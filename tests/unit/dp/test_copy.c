/* SPDX-License-Identifier: BSD-3-Clause */
/* The copy batch: one call for all, and no status believed after the call failed. */
#include "dp/vif/copy.h"

#include <errno.h>
#include <limits.h>

#include "fakes/fake_xen.h"
#include "unit.h"

#define SELF 1u
#define GUEST 5u

static struct copy_batch batch;
static char buffer[64];
static void *page;

/* Copies of a guest whose references are all good. */
static void
setup(unsigned n_add)
{
	fake_reset(SELF);
	page = fake_page_alloc(GUEST);
	fake_grant_others(page, SELF, UINT32_MAX);
	memset(&batch, 0, sizeof(batch));
	REQUIRE_EQ(copy_open(&batch, fake_xen()->grants), 0);
	copy_reset(&batch);
	for (unsigned i = 0; i < n_add; i++) {
		unsigned at = i % 2 ? copy_add_from_guest(&batch, GUEST, i, 1, buffer, 2)
				    : copy_add_to_guest(&batch, GUEST, i, 1, buffer, 2);
		CHECK_EQ(at, i);
	}
}

static void
teardown(void)
{
	char why[256];

	copy_close(&batch);
	fake_page_free(page);
	CHECK(fake_leak_free(why, sizeof(why)));
	CHECK_EQ(fake_violations(NULL, 0), 0);
}

static uint64_t
n_calls(void)
{
	uint64_t n_ops, n;

	fake_copy_counts(&n_ops, &n);
	return n;
}

static void
run_empty(void)
{
	setup(0);
	copy_run(&batch);
	CHECK_EQ(n_calls(), 0);
	teardown();
}

static void
run_full(void)
{
	setup(COPY_BATCH_MAX);
	copy_run(&batch);
	CHECK_EQ(n_calls(), 1);
	for (unsigned i = 0; i < COPY_BATCH_MAX; i++)
		CHECK_EQ(batch.copy[i].status, GRANT_STATUS_OKAY);
	copy_reset(&batch);
	CHECK_EQ(copy_add_from_guest(&batch, GUEST, 9, 0, buffer, 1), 0);
	CHECK_EQ(batch.copy[0].status, GRANT_STATUS_UNTOUCHED);
	CHECK_EQ(batch.n_calls, 1);
	CHECK_EQ(batch.n_copies, COPY_BATCH_MAX);
	teardown();
}

static void
run_partial(void)
{
	setup(5);
	fake_copy_fail(3, UINT_MAX, -1);
	copy_run(&batch);
	CHECK_EQ(batch.copy[2].status, GRANT_STATUS_OKAY);
	CHECK_NE(batch.copy[3].status, GRANT_STATUS_OKAY);
	teardown();
}

/* gntdev marks the segments it has looked at as okay before it fails: none may be believed. */
static void
run_error(void)
{
	setup(5);
	fake_copy_fail_call(0, 1, 3, EFAULT);
	copy_run(&batch);
	for (unsigned i = 0; i < 5; i++)
		CHECK_NE(batch.copy[i].status, GRANT_STATUS_OKAY);
	teardown();
}

static void
add_fields(void)
{
	setup(0);
	copy_add_from_guest(&batch, 0x7ff0, 77, 4000, buffer, 96);
	copy_add_to_guest(&batch, 3, 78, 0, buffer + 1, 4096 - 1);
	CHECK_EQ(batch.copy[0].flags, GRANT_COPY_SOURCE_REF);
	CHECK_EQ(batch.copy[0].source.foreign.domid, 0x7ff0);
	CHECK_EQ(batch.copy[0].source.foreign.ref, 77);
	CHECK_EQ(batch.copy[0].source.foreign.offset, 4000);
	CHECK_SAME(batch.copy[0].dest.virt, buffer);
	CHECK_EQ(batch.copy[1].flags, GRANT_COPY_DEST_REF);
	CHECK_EQ(batch.copy[1].dest.foreign.ref, 78);
	CHECK_EQ(batch.copy[1].len, 4095);
	CHECK_SAME(batch.copy[1].source.virt, buffer + 1);
	teardown();
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
