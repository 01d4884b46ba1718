/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the unit tests of backend/dp on an EAL that needs no hugepages, no devices and no
 * privileges.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rte_eal.h>

#include "base/util.h"
#include "unit.h"

void test_copy(CU_pSuite suite);
void test_crossing(CU_pSuite suite);
void test_eal(CU_pSuite suite);
void test_exchange(CU_pSuite suite);
void test_foreign(CU_pSuite suite);
void test_gro(CU_pSuite suite);
void test_guest_port(CU_pSuite suite);
void test_kern_io(CU_pSuite suite);
void test_kern_ring(CU_pSuite suite);
void test_meter(CU_pSuite suite);
void test_offload(CU_pSuite suite);
void test_killed(CU_pSuite suite);
void test_known_headers(CU_pSuite suite);
void test_mcast(CU_pSuite suite);
void test_pool(CU_pSuite suite);
void test_resumed(CU_pSuite suite);
void test_ring(CU_pSuite suite);
void test_offload_host(CU_pSuite suite);
void test_offload_known(CU_pSuite suite);
void test_segment(CU_pSuite suite);
void test_share(CU_pSuite suite);
void test_slots(CU_pSuite suite);
void test_slots_extra(CU_pSuite suite);
void test_static_grants(CU_pSuite suite);
void test_steering(CU_pSuite suite);
void test_tag(CU_pSuite suite);
void test_tx_keep(CU_pSuite suite);
void test_waiting(CU_pSuite suite);
void test_ticks(CU_pSuite suite);

static const struct unit_suite suites[] = {
	{ "pool", test_pool },
	{ "ring", test_ring },
	{ "slots", test_slots },
	{ "slots_extra", test_slots_extra },
	{ "mcast", test_mcast },
	{ "copy", test_copy },
	{ "eal", test_eal },
	{ "foreign", test_foreign },
	{ "kern_io", test_kern_io },
	{ "kern_ring", test_kern_ring },
	{ "meter", test_meter },
	{ "gro", test_gro },
	{ "guest_port", test_guest_port },
	{ "offload", test_offload },
	{ "offload_host", test_offload_host },
	{ "offload_known", test_offload_known },
	{ "segment", test_segment },
	{ "killed", test_killed },
	{ "resumed", test_resumed },
	{ "known_headers", test_known_headers },
	{ "exchange", test_exchange },
	{ "steering", test_steering },
	{ "tag", test_tag },
	{ "tx_keep", test_tx_keep },
	{ "waiting", test_waiting },
	{ "crossing", test_crossing },
	{ "share", test_share },
	{ "static_grants", test_static_grants },
	{ "ticks", test_ticks },
};

/*
 * In the place of the C library's: without a memory file EAL's memory is private, so that a forked
 * process (fakes/mortal.h) has its own.
 */
int memfd_create(const char *name, unsigned flags);

int
memfd_create(const char *name, unsigned flags)
{
	if (strcmp(name, "nohuge") != 0)
		return (int)syscall(SYS_memfd_create, name, flags);
	errno = ENOSYS;
	return -1;
}

int
main(void)
{
	char *argv[] = { "test_dp",
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
