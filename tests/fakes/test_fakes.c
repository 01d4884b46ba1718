/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of the fake hypervisor and the scriptable frontend by themselves. */
#include <stdlib.h>

#include <CUnit/Basic.h>

#include "fakes/fake_xen.h"
#include "fakes/test_fakes.h"

static void
fresh(void)
{
	fake_reset(1);
}

int
main(void)
{
	CU_SuiteInfo suites[] = {
		{ "fake_store", NULL, NULL, fresh, NULL, fake_store_cases },
		{ "fake_grants", NULL, NULL, fresh, NULL, fake_grants_cases },
		{ "fake_events", NULL, NULL, fresh, NULL, fake_events_cases },
		{ "guest", NULL, NULL, fresh, NULL, guest_cases },
		CU_SUITE_INFO_NULL,
	};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return EXIT_FAILURE;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	unsigned failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
