/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of dp/engine/eal.c, with the test in the place of rte_eal_init(). */
#include "dp/engine/eal.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "unit.h"

#define DEVICES 64u /* settings.c allows that many uplinks */

static int n_calls, n_args;
static char **args;

int __real_rte_eal_init(int argc, char **argv);
int __wrap_rte_eal_init(int argc, char **argv);

/* EAL itself is for test_main.c, which starts it with two arguments or so. */
int
__wrap_rte_eal_init(int argc, char **argv)
{
	if (argc < (int)DEVICES)
		return __real_rte_eal_init(argc, argv);
	n_calls++;
	n_args = argc;
	args = argv;
	rte_errno = ENODEV;
	return -1;
}

/* Whether "OPTION=VALUE" is one of them. */
static bool
has_arg(const char *option, const char *value)
{
	size_t len = strlen(option);

	for (int i = 0; i < n_args; i++) {
		if (strncmp(args[i], option, len) == 0 && args[i][len] == '=' &&
		    strcmp(args[i] + len + 1, value) == 0)
			return true;
	}
	return false;
}

static int
first_cpu(void)
{
	cpu_set_t allowed;
	int cpu = 0;

	REQUIRE_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	while (!CPU_ISSET((size_t)cpu, &allowed))
		cpu++;
	return cpu;
}

/*
 * As many devices as may be configured, each with more to say than fits a line. A second start is
 * not taken for a good one.
 */
static void
eal_start_many_devices(void)
{
	static char text[DEVICES][512];
	const char *devargs[DEVICES];
	struct dp_params params = { .n_pollers = 1,
				    .memory_mb = 64,
				    .devargs = devargs,
				    .n_devargs = DEVICES,
				    .file_prefix = "vpe" };
	char why[256] = "";

	params.cpus[0] = first_cpu();
	for (unsigned i = 0; i < DEVICES; i++) {
		int len = snprintf(text[i], sizeof(text[i]), "net_null%u,x=", i);
		memset(text[i] + len, 'x', 400);
		devargs[i] = text[i];
	}
	CHECK_EQ(eal_start(&params, why, sizeof(why)), -ENODEV);
	CHECK_HAS(why, "DPDK does not start");
	REQUIRE_EQ(n_calls, 1);
	CHECK_NULL(args[n_args]);
	for (unsigned i = 0; i < DEVICES; i++)
		CHECK(has_arg("--vdev", text[i]));
	CHECK(has_arg("--file-prefix", "vpe"));
	CHECK(has_arg("--log-level", "*:warning"));
	why[0] = '\0';
	CHECK_EQ(eal_start(&params, why, sizeof(why)), -ENODEV);
	CHECK_HAS(why, "DPDK does not start");
	CHECK_EQ(n_calls, 1);
}

/*
 * A CPU that is not there is told before EAL hears of anything, and leaves the start to a later
 * call.
 */
static void
eal_start_no_cpu(void)
{
	struct dp_params params = { .n_pollers = 1, .cpus = { CPU_SETSIZE }, .file_prefix = "vpe" };
	char why[256] = "";

	CHECK_EQ(eal_start(&params, why, sizeof(why)), -EINVAL);
	CHECK_HAS(why, "CPU 1024");
	CHECK_EQ(n_calls, 0);
}

void test_eal(CU_pSuite suite);

void
test_eal(CU_pSuite suite)
{
	UNIT_ADD(suite, eal_start_no_cpu);
	UNIT_ADD(suite, eal_start_many_devices);
}
