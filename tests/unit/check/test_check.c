/* SPDX-License-Identifier: BSD-3-Clause */
/* That a check of check.h which does not hold fails, and what it prints. */
#include <string.h>

#include "base/util.h"
#include "unit.h"

#define N_MAX 64u

static struct failure {
	char text[2048];
	unsigned line;
} failures[N_MAX];
static unsigned n_failures, n_checks;
static bool went_on;

/* ---- tests that fail ---- */

static int n_calls;

static int
next(void)
{
	return ++n_calls;
}

static void
fails_values(void)
{
	struct {
		unsigned three : 3;
	} bits = { .three = 5 };
	uint8_t byte = 200;
	int negative = -22;
	uint64_t large = UINT64_MAX;

	CHECK_EQ(byte, 201);
	CHECK_EQ(negative, 0);
	CHECK_EQ(large, 16);
	CHECK_EQ(bits.three, 4);
	CHECK_EQ(next(), 2); /* the first: called once */
	CHECK_EQ(next(), 3); /* the second */
	CHECK_EQ(0.5, 0.25);
	CHECK_NE(byte, 200);
	CHECK_LT(negative, -22);
	CHECK_LE(byte, 100u);
	CHECK_GT(byte, 1000);
	CHECK_GE(negative, 1);
	CHECK_RANGE(byte, 1, 10);
	CHECK_RANGE(negative, -21, 10);
}

static void
fails_others(void)
{
	const char *text = "one\ttwo";
	uint8_t bytes[4] = { 1, 2, 3, 4 };
	char long_text[2][1000];
	void *null = NULL;

	memset(long_text, 'a', sizeof(long_text));
	long_text[0][999] = long_text[1][999] = '\0';
	long_text[1][900] = 'b';
	CHECK(n_calls == 0);
	CHECK_FALSE(n_calls == 2);
	CHECK_NOT_NULL(null);
	CHECK_NULL((void *)16);
	CHECK_SAME((void *)16, (char *)32);
	CHECK_DIFFERENT((void *)16, (char *)16);
	CHECK_STR(text, "one two");
	CHECK_STR_NE(text, "one\ttwo");
	CHECK_STR(long_text[0], long_text[1]);
	CHECK_HAS(text, "three");
	CHECK_HAS_NOT(text, "two");
	CHECK_MEM(bytes, "\1\2\x83\4", 4);
}

static void
fails_required(void)
{
	REQUIRE_EQ(n_calls, 7);
	went_on = true;
}

static void
fails_required_pointer(void)
{
	REQUIRE_NOT_NULL(NULL);
	went_on = true;
}

static void
fails_required_condition(void)
{
	REQUIRE(n_calls == 7);
	went_on = true;
}

/* Runs them, and keeps what CUnit has noted. */
static bool
run_failing(void)
{
	CU_TestInfo tests[] = {
		{ "values", fails_values },
		{ "others", fails_others },
		{ "required", fails_required },
		{ "required_pointer", fails_required_pointer },
		{ "required_condition", fails_required_condition },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suite[] = { { "failing", NULL, NULL, NULL, NULL, tests }, CU_SUITE_INFO_NULL };

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suite) != CUE_SUCCESS)
		return false;
	CU_run_all_tests();
	for (const CU_FailureRecord *f = CU_get_failure_list(); f != NULL && n_failures < N_MAX;
	     f = f->pNext) {
		struct failure *failure = &failures[n_failures++];

		snprintf(failure->text, sizeof(failure->text), "%s", f->strCondition);
		failure->line =
			strstr(f->strFileName, "test_check.c") != NULL ? f->uiLineNumber : 0;
	}
	n_checks = CU_get_number_of_asserts();
	CU_cleanup_registry();
	return true;
}

/* ---- tests of what they printed ---- */

static void
check_prints_values(void)
{
	static const char *const wanted[] = {
		"CHECK_EQ(byte, 201): 200 (0xc8) and 201 (0xc9)",
		"CHECK_EQ(negative, 0): -22 (0xffffffea) and 0 (0x0)",
		"CHECK_EQ(large, 16): 18446744073709551615 (0xffffffffffffffff) and 16 (0x10)",
		"CHECK_EQ(bits.three, 4): 5 (0x5) and 4 (0x4)",
		"CHECK_EQ(next(), 2): 1 (0x1) and 2 (0x2)",
		"CHECK_EQ(next(), 3): 2 (0x2) and 3 (0x3)",
		"CHECK_EQ(0.5, 0.25): 0.5 and 0.25",
		"CHECK_NE(byte, 200): 200 (0xc8) and 200 (0xc8)",
		"CHECK_LT(negative, -22): -22 (0xffffffea) and -22 (0xffffffea)",
		"CHECK_LE(byte, 100u): 200 (0xc8) and 100 (0x64)",
		"CHECK_GT(byte, 1000): 200 (0xc8) and 1000 (0x3e8)",
		"CHECK_GE(negative, 1): -22 (0xffffffea) and 1 (0x1)",
		"CHECK_RANGE(byte, 1, 10): 200 (0xc8), not from 1 (0x1) to 10 (0xa)",
		"CHECK_RANGE(negative, -21, 10): -22 (0xffffffea), not from -21 (0xffffffeb) to 10 (0xa)",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
		CHECK_STR(failures[i].text, wanted[i]);
}

static void
check_prints_others(void)
{
	static const char *const wanted[] = {
		"CHECK(n_calls == 0)",
		"CHECK_FALSE(n_calls == 2)",
		"CHECK_NOT_NULL(null): (nil)",
		"CHECK_NULL((void *)16): 0x10",
		"CHECK_SAME((void *)16, (char *)32): 0x10 and 0x20",
		"CHECK_DIFFERENT((void *)16, (char *)16): 0x10",
		"CHECK_STR(text, \"one two\"): \"one\\x09two\" and \"one two\" differ at byte 3",
		"CHECK_STR_NE(text, \"one\\ttwo\"): both are \"one\\x09two\"",
		NULL, /* the long strings */
		"CHECK_HAS(text, \"three\"): \"one\\x09two\" has no \"three\"",
		"CHECK_HAS_NOT(text, \"two\"): \"one\\x09two\" has \"two\"",
		"CHECK_MEM(bytes, \"\\1\\2\\x83\\4\", 4): byte 2 of 4: 3 (0x03) and 131 (0x83)",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (wanted[i] != NULL)
			CHECK_STR(failures[14 + i].text, wanted[i]);
	}
	CHECK_HAS(failures[22].text, "aaab");
	CHECK_HAS(failures[22].text, "differ at byte 900 ");
}

static void
require_ends_the_test(void)
{
	CHECK_FALSE(went_on);
	CHECK_STR(failures[26].text, "REQUIRE_EQ(n_calls, 7): 2 (0x2) and 7 (0x7)");
	CHECK_STR(failures[27].text, "REQUIRE_NOT_NULL(NULL): (nil)");
	CHECK_STR(failures[28].text, "REQUIRE(n_calls == 7)");
}

/* Each check was one for CUnit, and it has the line of the check. */
static void
check_counts(void)
{
	CHECK_EQ(n_failures, 29);
	CHECK_EQ(n_checks, 29);
	for (unsigned i = 1; i < 14; i++)
		CHECK_EQ(failures[i].line, failures[0].line + i);
	CHECK_GT(failures[0].line, 0);
}

static void
check_holds(void)
{
	unsigned one = 1;
	char text[] = "one";

	CHECK(true);
	CHECK_FALSE(false);
	CHECK_EQ(one, 1);
	CHECK_EQ((uint32_t)-1, UINT32_MAX);
	CHECK_RANGE(one, 1, 1);
	CHECK_STR(text, "one");
	CHECK_MEM(text, "one", sizeof(text));
	CHECK_MEM(NULL, NULL, 0);
	REQUIRE_EQ(one, 1);
	REQUIRE_NOT_NULL(&one);
}

static void
add(CU_pSuite suite)
{
	UNIT_ADD(suite, check_prints_values);
	UNIT_ADD(suite, check_prints_others);
	UNIT_ADD(suite, require_ends_the_test);
	UNIT_ADD(suite, check_counts);
	UNIT_ADD(suite, check_holds);
}

int
main(void)
{
	static const struct unit_suite suites[] = { { "check", add } };

	return run_failing() ? unit_run(suites, ARRAY_SIZE(suites)) : 1;
}
