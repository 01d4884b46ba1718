/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the unit tests of backend/ctl, backend/base and backend/xen/platform_check.c, on the fake
 * hypervisor and a fake data plane.
 */
#include "base/log.h"
#include "base/util.h"
#include "unit.h"

void test_apply(CU_pSuite suite);
void test_attachment(CU_pSuite suite);
void test_balance(CU_pSuite suite);
void test_bridge(CU_pSuite suite);
void test_config(CU_pSuite suite);
void test_control(CU_pSuite suite);
void test_control_peer(CU_pSuite suite);
void test_control_request(CU_pSuite suite);
void test_control_show(CU_pSuite suite);
void test_counters(CU_pSuite suite);
void test_fsm(CU_pSuite suite);
void test_heir(CU_pSuite suite);
void test_instance(CU_pSuite suite);
void test_keep(CU_pSuite suite);
void test_keys(CU_pSuite suite);
void test_killed(CU_pSuite suite);
void test_live(CU_pSuite suite);
void test_log(CU_pSuite suite);
void test_node(CU_pSuite suite);
void test_number(CU_pSuite suite);
void test_place(CU_pSuite suite);
void test_platform(CU_pSuite suite);
void test_policy_text(CU_pSuite suite);
void test_source(CU_pSuite suite);
void test_uplink_kind(CU_pSuite suite);
void test_vifs(CU_pSuite suite);
void test_vifs_hostile(CU_pSuite suite);
void test_vifs_front(CU_pSuite suite);
void test_vifs_host(CU_pSuite suite);
void test_watch(CU_pSuite suite);
void test_watchdog(CU_pSuite suite);

static const struct unit_suite suites[] = {
	{ "number", test_number },
	{ "policy_text", test_policy_text },
	{ "node", test_node },
	{ "watch", test_watch },
	{ "watchdog", test_watchdog },
	{ "attachment", test_attachment },
	{ "balance", test_balance },
	{ "bridge", test_bridge },
	{ "fsm", test_fsm },
	{ "config", test_config },
	{ "source", test_source },
	{ "live", test_live },
	{ "log", test_log },
	{ "keep", test_keep },
	{ "keys", test_keys },
	{ "killed", test_killed },
	{ "vifs", test_vifs },
	{ "vifs_hostile", test_vifs_hostile },
	{ "vifs_front", test_vifs_front },
	{ "vifs_host", test_vifs_host },
	{ "place", test_place },
	{ "apply", test_apply },
	{ "platform", test_platform },
	{ "heir", test_heir },
	{ "instance", test_instance },
	{ "uplink_kind", test_uplink_kind },
	{ "counters", test_counters },
	{ "control", test_control },
	{ "control_peer", test_control_peer },
	{ "control_request", test_control_request },
	{ "control_show", test_control_show },
};

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	return unit_run(suites, ARRAY_SIZE(suites));
}
