/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/store/number.c. */
#include "ctl/store/number.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "unit.h"

static void
number_parse_plain(void)
{
	static const struct {
		const char *text;
		uint32_t value;
	} good[] = { { "0", 0 }, { "7", 7 }, { "10", 10 }, { "4294967295", UINT32_MAX } };
	uint32_t value;

	for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
		value = 99;
		CHECK_EQ(number_parse(good[i].text, strlen(good[i].text), UINT32_MAX, &value), 0);
		CHECK_EQ(value, good[i].value);
	}
}

static void
number_parse_hostile(void)
{
	static const char *const bad[] = { "",           "-1",         "+1",
					   " 1",         "1 ",         "4x",
					   "x4",         "0x10",       "00",
					   "01",         "1e3",        "1.0",
					   "4294967296", "4294967297", "99999999999999999999",
					   "\xff",       "1\n" };
	uint32_t value = 99;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(number_parse(bad[i], strlen(bad[i]), UINT32_MAX, &value), -EINVAL);
	CHECK_EQ(number_parse("4\0\0", 3, UINT32_MAX, &value), -EINVAL);
	CHECK_EQ(value, 99);
}

static void
number_parse_limit(void)
{
	uint32_t value = 0;

	CHECK_EQ(number_parse("8", 1, 8, &value), 0);
	CHECK_EQ(number_parse("9", 1, 8, &value), -EINVAL);
	CHECK_EQ(value, 8);
}

static void
number_parse_long_edges(void)
{
	uint64_t value = 99;

	CHECK_EQ(number_parse_long("18446744073709551616", 20, UINT64_MAX, &value), -EINVAL);
	CHECK_EQ(number_parse_long("99999999999999999999", 20, UINT64_MAX, &value), -EINVAL);
	CHECK_EQ(number_parse_long("184467440737095516150", 21, UINT64_MAX, &value), -EINVAL);
	CHECK_EQ(number_parse_long("4", 1, 3, &value), -EINVAL);
	CHECK_EQ(value, 99);
	CHECK_EQ(number_parse_long("18446744073709551615", 20, UINT64_MAX, &value), 0);
	CHECK_EQ(value, UINT64_MAX);
	CHECK_EQ(number_parse_long("0", 1, 0, &value), 0);
	CHECK_EQ(value, 0);
}

void test_number(CU_pSuite suite);

void
test_number(CU_pSuite suite)
{
	UNIT_ADD(suite, number_parse_plain);
	UNIT_ADD(suite, number_parse_hostile);
	UNIT_ADD(suite, number_parse_limit);
	UNIT_ADD(suite, number_parse_long_edges);
}
