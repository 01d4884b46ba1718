/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the unit tests of backend/sw on an EAL that needs no hugepages, no devices and no
 * privileges.
 */
#include <stdio.h>

#include <rte_eal.h>

#include "base/util.h"
#include "unit.h"

void test_fdb(CU_pSuite suite);
void test_frame_headers(CU_pSuite suite);
void test_guarded(CU_pSuite suite);
void test_headers(CU_pSuite suite);
void test_isolation(CU_pSuite suite);
void test_policy(CU_pSuite suite);
void test_policy_dhcp(CU_pSuite suite);
void test_policy_ipv6(CU_pSuite suite);
void test_switch(CU_pSuite suite);
void test_vlan(CU_pSuite suite);

static const struct unit_suite suites[] = {
	{ "fdb", test_fdb },
	{ "headers", test_headers },
	{ "frame_headers", test_frame_headers }, /* first: the suites below parse each frame once */
	{ "switch", test_switch },
	{ "vlan", test_vlan },
	{ "policy", test_policy },
	{ "policy_ipv6", test_policy_ipv6 },
	{ "policy_dhcp", test_policy_dhcp },
	{ "guarded", test_guarded },
	{ "isolation", test_isolation },
};

int
main(void)
{
	char *argv[] = { "test_sw",
			 "--no-huge",
			 "-m",
			 "64",
			 "--no-pci",
			 "--no-shconf",
			 "--no-telemetry",
			 "--iova-mode=va",
			 "--log-level=error",
			 NULL };
	int ret;

	if (rte_eal_init(ARRAY_SIZE(argv) - 1, argv) < 0) {
		fprintf(stderr, "EAL does not start\n");
		return 1;
	}
	ret = unit_run(suites, ARRAY_SIZE(suites));
	rte_eal_cleanup();
	return ret;
}
