/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_fakes.c. */
#ifndef VPE_FAKES_TEST_FAKES_H
#define VPE_FAKES_TEST_FAKES_H

#include "check.h"

extern CU_TestInfo fake_store_cases[];
extern CU_TestInfo fake_grants_cases[];
extern CU_TestInfo fake_events_cases[];
extern CU_TestInfo guest_cases[];

#endif
