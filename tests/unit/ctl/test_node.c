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
	CHECK_EQ(node_read_text(&xs, 0, DIR, "short", text, sizeof(text)), 0);
	CHECK_STR(text, "1234567");
	CHECK_EQ(node_read_text(&xs, 0, DIR, "long", text, sizeof(text)), -EINVAL);
	CHECK_STR(text, "1234567");
	CHECK_EQ(node_read_text(&xs, 0, DIR, "nul", text, sizeof(text)), -EINVAL);
	CHECK_EQ(node_read_text(&xs, 0, DIR, "none", text, sizeof(text)), -ENOENT);
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
	CHECK_EQ(node_read_number(&xs, 0, DIR, "bad", 100, &value, shown, sizeof(shown)), -EINVAL);
	CHECK_STR(shown, "4\\x01y");
	CHECK_EQ(node_read_number(&xs, 0, DIR, "none", 100, &value, NULL, 0), -ENOENT);
	CHECK_EQ(node_read_number(&xs, 0, DIR, "good", 16, &value, NULL, 0), -EINVAL);
	CHECK_EQ(value, 99);
	CHECK_EQ(node_read_number(&xs, 0, DIR, "good", 17, &value, NULL, 0), 0);
	CHECK_EQ(value, 17);
	fake_store_fail(FAKE_STORE_READ, 0, 1, EIO);
	CHECK_EQ(node_read_number(&xs, 0, DIR, "good", 17, &value, NULL, 0), -EIO);
	helper_close(&xs);
}

static const struct node_value guard = { "guard", NULL };

static void
node_update_guarded(void)
{
	static const struct node_value but_one = { "guard", "1" };
	struct xstore xs = helper_open();
	struct node_value values[] = { { "a", "1" }, { "b", "2" } };
	char text[8];

	CHECK_EQ(node_update(&xs, DIR, &guard, values, 2), -ENOENT);
	CHECK(!fake_store_exists(DIR_ABS)); /* a removed directory stays removed */
	fake_store_write(DIR_ABS "/guard", "");
	CHECK_EQ(node_update(&xs, DIR, &guard, values, 2), 0);
	CHECK_STR(fake_store_get(DIR_ABS "/a", text, sizeof(text)), "1");
	CHECK_STR(fake_store_get(DIR_ABS "/b", text, sizeof(text)), "2");
	values[0].value = "3";
	fake_store_write(DIR_ABS "/guard", "1");
	CHECK_EQ(node_update(&xs, DIR, &but_one, values, 2), -ENOENT);
	CHECK_STR(fake_store_get(DIR_ABS "/a", text, sizeof(text)), "1");
	fake_store_write(DIR_ABS "/guard", "10");
	CHECK_EQ(node_update(&xs, DIR, &but_one, values, 2), 0);
	CHECK_STR(fake_store_get(DIR_ABS "/a", text, sizeof(text)), "3");
	helper_close(&xs);
}

static void
node_update_interfered(void)
{
	struct xstore xs = helper_open();
	struct node_value values[] = { { "a", "1" } };

	fake_store_write(DIR_ABS "/guard", "");
	fake_store_fail(FAKE_STORE_COMMIT, 0, 3, EAGAIN);
	CHECK_EQ(node_update(&xs, DIR, &guard, values, 1), 0);
	fake_store_fail(FAKE_STORE_COMMIT, 0, 1000, EAGAIN);
	uint64_t before = fake_store_calls(FAKE_STORE_COMMIT);
	CHECK_EQ(node_update(&xs, DIR, &guard, values, 1), -EAGAIN);
	CHECK_LE(fake_store_calls(FAKE_STORE_COMMIT) - before, 10);
	fake_store_fail(FAKE_STORE_COMMIT, 0, 0, 0);
	fake_store_fail(FAKE_STORE_WRITE, 0, 1, ENOSPC);
	CHECK_EQ(node_update(&xs, DIR, &guard, values, 1), -ENOSPC);
	fake_store_fail(FAKE_STORE_BEGIN, 0, 1, EIO);
	CHECK_EQ(node_update(&xs, DIR, &guard, values, 1), -EIO);
	helper_close(&xs);
}

static void
node_remove_if_same(void)
{
	struct xstore xs = helper_open();
	struct node_value values[] = { { "state", "6" }, { "online", "0" } };

	fake_store_write(DIR_ABS "/state", "5");
	CHECK_EQ(node_remove_if(&xs, DIR, values, 2), -ENOENT);
	fake_store_write(DIR_ABS "/state", "6");
	CHECK_EQ(node_remove_if(&xs, DIR, values, 2), -ENOENT);
	fake_store_write(DIR_ABS "/online", "0");
	fake_store_fail(FAKE_STORE_COMMIT, 0, 1, EAGAIN);
	CHECK_EQ(node_remove_if(&xs, DIR, values, 2), -EAGAIN);
	CHECK(fake_store_exists(DIR_ABS));
	CHECK_EQ(node_remove_if(&xs, DIR, values, 2), 0);
	CHECK(!fake_store_exists(DIR_ABS));
	CHECK_EQ(node_remove_if(&xs, DIR, values, 2), -ENOENT);
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
