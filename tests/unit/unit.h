/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the unit test binaries share: one for each layer, with one CUnit suite for each source file.
 * A test is called <function>_<case>.
 */
#ifndef VPE_TESTS_UNIT_H
#define VPE_TESTS_UNIT_H

#include <stdio.h>

#include <CUnit/Basic.h>

#include "check.h"

struct unit_suite {
	const char *name;
	void (*add)(CU_pSuite suite); /* adds the tests, by UNIT_ADD */
};

#define UNIT_ADD(suite, test) CU_ADD_TEST(suite, test)

/*
 * Runs all suites, prints what failed and returns the process's exit status. A run without a test
 * is a failure.
 */
static inline int
unit_run(const struct unit_suite *suites, unsigned n_suites)
{
	unsigned n_failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	for (unsigned i = 0; i < n_suites; i++) {
		CU_pSuite suite = CU_add_suite(suites[i].name, NULL, NULL);

		if (suite == NULL)
			return 1;
		suites[i].add(suite);
	}
	setvbuf(stdout, NULL, _IOLBF, 0); /* so that nothing gets into the middle of a result */
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	n_failed = CU_get_number_of_tests_failed() + CU_get_number_of_suites_failed();
	if (CU_get_number_of_tests_run() == 0) {
		fprintf(stderr, "no test was run\n");
		n_failed++;
	}
	CU_cleanup_registry();
	return n_failed == 0 ? 0 : 1;
}

#endif
