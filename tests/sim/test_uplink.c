/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/test_sim.h"
CU_TestInfo uplink_cases[] = { CU_TEST_INFO_NULL };
