/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole daemon on the fake hypervisor: all cases.
 *
 *   test_sim                all
 *   test_sim SUITE [CASE]   one suite, or one case
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "base/log.h"
#include "sim/outside.h"
#include "sim/sim.h"
#include "sim/test_sim.h"

unsigned sim_n_skipped;

void
sim_skip(const char *why)
{
	fprintf(stderr, "\n    SKIPPED %s: %s\n", CU_get_current_test()->pName, why);
	sim_n_skipped++;
}

static int
adaptive(void)
{
	return sim_dp_start(DP_POLL_ADAPTIVE, 1);
}

static int
adaptive_two(void)
{
	return sim_dp_start(DP_POLL_ADAPTIVE, 2);
}

static int
adaptive_calm(void)
{
	return sim_dp_start_calm(DP_POLL_ADAPTIVE, 2, 200);
}

static int
always(void)
{
	return sim_dp_start(DP_POLL_ALWAYS, 1);
}

static int
always_two(void)
{
	return sim_dp_start(DP_POLL_ALWAYS, 2);
}

static int
nap(void)
{
	return sim_dp_start(DP_POLL_NAP, 1);
}

/* The first suite's data plane starts EAL, so it has the most pollers. */
static CU_SuiteInfo suites[] = {
	{ "connect", adaptive_two, sim_dp_stop, NULL, NULL, connect_cases },
	{ "life", adaptive_two, sim_dp_stop, NULL, NULL, life_cases },
	{ "devices", adaptive, sim_dp_stop, NULL, NULL, devices_cases },
	{ "outage", adaptive_two, sim_dp_stop, NULL, NULL, outage_cases },
	{ "traffic", adaptive_two, sim_dp_stop, NULL, NULL, traffic_cases },
	{ "offload", adaptive, sim_dp_stop, NULL, NULL, offload_cases },
	{ "uplink", adaptive, sim_dp_stop, NULL, NULL, uplink_cases },
	{ "uplink_limits", adaptive, sim_dp_stop, NULL, NULL, uplink_limits_cases },
	{ "mcast", adaptive_two, sim_dp_stop, NULL, NULL, mcast_cases },
	{ "headroom", adaptive, sim_dp_stop, NULL, NULL, headroom_cases },
	{ "carrier", adaptive, sim_dp_stop, NULL, NULL, carrier_cases },
	{ "buffers", adaptive, sim_dp_stop, NULL, NULL, buffers_cases },
	{ "rate", adaptive, sim_dp_stop, NULL, NULL, rate_cases },
	{ "weight", always, sim_dp_stop, NULL, NULL, weight_cases },
	{ "attackers", always, sim_dp_stop, NULL, NULL, attackers_cases },
	{ "attackers_two", always_two, sim_dp_stop, NULL, NULL, attackers_two_cases },
	{ "policy", adaptive_two, sim_dp_stop, NULL, NULL, policy_cases },
	{ "vlans", adaptive_two, sim_dp_stop, NULL, NULL, vlans_cases },
	{ "isolation", adaptive_calm, sim_dp_stop, NULL, NULL, isolation_cases },
	{ "hostile_tx", adaptive, sim_dp_stop, NULL, NULL, hostile_tx_cases },
	{ "hostile_race", adaptive, sim_dp_stop, NULL, NULL, hostile_race_cases },
	{ "hostile_offload", adaptive, sim_dp_stop, NULL, NULL, hostile_offload_cases },
	{ "hostile_grant", adaptive, sim_dp_stop, NULL, NULL, hostile_grant_cases },
	{ "hostile_rx", adaptive, sim_dp_stop, NULL, NULL, hostile_rx_cases },
	{ "hostile_store", adaptive, sim_dp_stop, NULL, NULL, hostile_store_cases },
	{ "hostile_load", adaptive, sim_dp_stop, NULL, NULL, hostile_load_cases },
	{ "hostile_host", adaptive, sim_dp_stop, NULL, NULL, hostile_host_cases },
	{ "control", adaptive_two, sim_dp_stop, NULL, NULL, control_cases },
	{ "direct", adaptive_two, sim_dp_stop, NULL, NULL, direct_cases },
	{ "ctrl", adaptive_two, sim_dp_stop, NULL, NULL, ctrl_cases },
	{ "queues", adaptive_two, sim_dp_stop, NULL, NULL, queues_cases },
	{ "sleeping", adaptive, sim_dp_stop, NULL, NULL, sleeping_cases },
	{ "polling", always, sim_dp_stop, NULL, NULL, polling_cases },
	{ "napping", nap, sim_dp_stop, NULL, NULL, napping_cases },
	CU_SUITE_INFO_NULL,
};

static void
run(int argc, char **argv)
{
	if (argc < 2) {
		CU_basic_run_tests();
		return;
	}
	CU_pSuite suite = CU_get_suite(argv[1]);
	if (suite == NULL) {
		fprintf(stderr, "no suite \"%s\"\n", argv[1]);
		exit(EXIT_FAILURE);
	}
	if (argc == 2) {
		CU_basic_run_suite(suite);
		return;
	}
	CU_pTest test = CU_get_test(suite, argv[2]);
	if (test == NULL) {
		fprintf(stderr, "no case \"%s\"\n", argv[2]);
		exit(EXIT_FAILURE);
	}
	CU_basic_run_test(suite, test);
}

int
main(int argc, char **argv)
{
	sigset_t blocked;

	/* ctl_run() takes them from a descriptor; no thread may die of them. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	outside_isolate();
	log_set_level(getenv("SIM_LOG") != NULL ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0); /* so that nothing gets into the middle of a result */
	CU_basic_set_mode(CU_BRM_VERBOSE);
	run(argc, argv);
	unsigned failed = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
	if (CU_get_number_of_tests_run() == 0)
		failed++;
	if (sim_n_skipped != 0)
		fprintf(stderr, "%u cases skipped\n", sim_n_skipped);
	CU_cleanup_registry();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
