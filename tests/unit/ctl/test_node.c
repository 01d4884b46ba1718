/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/store/node.c. */
#include "ctl/store/node.h"

#include <errno.h>
#include <string.h>

#include "store_helper.h"

#define DIR "data/d"
#define DIR_ABS "/local/domain/1/data/d"

static void
node_read_text_all(void)
{
	struct xstore xs = helper_open();
	char text[8];

	fake_store_write(DIR_ABS "/short", "1234567");
	fake_store_write(DIR_ABS "/long", "12345678");
	fake_store_write_bytes(DIR_ABS "/nul", "ab\0c", 4);
	CU_ASSERT_EQUAL(node_read_text(&xs, 0, DIR, "short", text, sizeof(text)), 0);
	CU_ASSERT_STRING_EQUAL(text, "1234567");
	CU_ASSERT_EQUAL(node_read_text(&xs, 0, DIR, "long", text, sizeof(text)), -EINVAL);
	CU_ASSERT_STRING_EQUAL(text, "1234567");
	CU_ASSERT_EQUAL(node_read_text(&xs, 0, DIR, "nul", text, sizeof(text)), -EINVAL);
	CU_ASSERT_EQUAL(node_read_text(&xs, 0, DIR, "none", text, sizeof(text)), -ENOENT);
	helper_close(&xs);
}

static void
node_read_number_errors(void)
{
	struct xstore xs = helper_open();
	uint32_t value = 99;
	char shown[16] = "";

	fake_store_write(DIR_ABS "/good", "17");
	fake_store_write(DIR_ABS "/bad", "4\x01y");
	CU_ASSERT_EQUAL(node_read_number(&xs, 0, DIR, "bad", 100, &value, shown, sizeof(shown)), -EINVAL);
	CU_ASSERT_STRING_EQUAL(shown, "4\\x01y");
	CU_ASSERT_EQUAL(node_read_number(&xs, 0, DIR, "none", 100, &value, NULL, 0), -ENOENT);
	CU_ASSERT_EQUAL(node_read_number(&xs, 0, DIR, "good", 16, &value, NULL, 0), -EINVAL);
	CU_ASSERT_EQUAL(value, 99);
	CU_ASSERT_EQUAL(node_read_number(&xs, 0, DIR, "good", 17, &value, NULL, 0), 0);
	CU_ASSERT_EQUAL(value, 17);
	fake_store_fail(FAKE_STORE_READ, 0, 1, EIO);
	CU_ASSERT_EQUAL(node_read_number(&xs, 0, DIR, "good", 17, &value, NULL, 0), -EIO);
	helper_close(&xs);
}

static void
node_update_guarded(void)
{
	struct xstore xs = helper_open();
	struct node_value values[] = { { "a", "1" }, { "b", "2" } };
	char text[8];

	CU_ASSERT_EQUAL(node_update(&xs, DIR, "guard", values, 2), -ENOENT);
	CU_ASSERT(!fake_store_exists(DIR_ABS)); /* a removed directory stays removed */
	fake_store_write(DIR_ABS "/guard", "");
	CU_ASSERT_EQUAL(node_update(&xs, DIR, "guard", values, 2), 0);
	CU_ASSERT_STRING_EQUAL(fake_store_get(DIR_ABS "/a", text, sizeof(text)), "1");
	CU_ASSERT_STRING_EQUAL(fake_store_get(DIR_ABS "/b", text, sizeof(text)), "2");
	helper_close(&xs);
}

static void
node_update_interfered(void)
{
	struct xstore xs = helper_open();
	struct node_value values[] = { { "a", "1" } };

	fake_store_write(DIR_ABS "/guard", "");
	fake_store_fail(FAKE_STORE_COMMIT, 0, 3, EAGAIN);
	CU_ASSERT_EQUAL(node_update(&xs, DIR, "guard", values, 1), 0);
	fake_store_fail(FAKE_STORE_COMMIT, 0, 1000, EAGAIN);
	uint64_t before = fake_store_calls(FAKE_STORE_COMMIT);
	CU_ASSERT_EQUAL(node_update(&xs, DIR, "guard", values, 1), -EAGAIN);
	CU_ASSERT(fake_store_calls(FAKE_STORE_COMMIT) - before <= 10);
	fake_store_fail(FAKE_STORE_COMMIT, 0, 0, 0);
	fake_store_fail(FAKE_STORE_WRITE, 0, 1, ENOSPC);
	CU_ASSERT_EQUAL(node_update(&xs, DIR, "guard", values, 1), -ENOSPC);
	fake_store_fail(FAKE_STORE_BEGIN, 0, 1, EIO);
	CU_ASSERT_EQUAL(node_update(&xs, DIR, "guard", values, 1), -EIO);
	helper_close(&xs);
}

static void
node_remove_if_same(void)
{
	struct xstore xs = helper_open();
	struct node_value values[] = { { "state", "6" }, { "online", "0" } };

	fake_store_write(DIR_ABS "/state", "5");
	CU_ASSERT_EQUAL(node_remove_if(&xs, DIR, values, 2), -ENOENT);
	fake_store_write(DIR_ABS "/state", "6");
	CU_ASSERT_EQUAL(node_remove_if(&xs, DIR, values, 2), -ENOENT);
	fake_store_write(DIR_ABS "/online", "0");
	fake_store_fail(FAKE_STORE_COMMIT, 0, 1, EAGAIN);
	CU_ASSERT_EQUAL(node_remove_if(&xs, DIR, values, 2), -EAGAIN);
	CU_ASSERT(fake_store_exists(DIR_ABS));
	CU_ASSERT_EQUAL(node_remove_if(&xs, DIR, values, 2), 0);
	CU_ASSERT(!fake_store_exists(DIR_ABS));
	CU_ASSERT_EQUAL(node_remove_if(&xs, DIR, values, 2), -ENOENT);
	helper_close(&xs);
}

void test_node(CU_pSuite suite);

void
test_node(CU_pSuite suite)
{
	UNIT_ADD(suite, node_read_text_all);
	UNIT_ADD(suite, node_read_number_errors);
	UNIT_ADD(suite, node_update_guarded);
	UNIT_ADD(suite, node_update_interfered);
	UNIT_ADD(suite, node_remove_if_same);
}
