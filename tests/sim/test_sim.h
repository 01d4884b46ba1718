/* SPDX-License-Identifier: BSD-3-Clause */
/* The cases of the simulation. */
#ifndef VPE_SIM_TEST_SIM_H
#define VPE_SIM_TEST_SIM_H

#include "check.h"

extern CU_TestInfo connect_cases[];
extern CU_TestInfo control_cases[];
extern CU_TestInfo direct_cases[];
extern CU_TestInfo ctrl_cases[];
extern CU_TestInfo queues_cases[];
extern CU_TestInfo life_cases[];
extern CU_TestInfo traffic_cases[];
extern CU_TestInfo offload_cases[];
extern CU_TestInfo devices_cases[];
extern CU_TestInfo outage_cases[];
extern CU_TestInfo uplink_cases[];
extern CU_TestInfo uplink_limits_cases[];
extern CU_TestInfo mcast_cases[];
extern CU_TestInfo headroom_cases[];
extern CU_TestInfo carrier_cases[];
extern CU_TestInfo buffers_cases[];
extern CU_TestInfo rate_cases[];
extern CU_TestInfo weight_cases[];
extern CU_TestInfo attackers_cases[];
extern CU_TestInfo attackers_two_cases[];
extern CU_TestInfo policy_cases[];
extern CU_TestInfo vlans_cases[];
extern CU_TestInfo isolation_cases[];
extern CU_TestInfo hostile_tx_cases[];
extern CU_TestInfo hostile_race_cases[];
extern CU_TestInfo hostile_offload_cases[];
extern CU_TestInfo hostile_grant_cases[];
extern CU_TestInfo hostile_rx_cases[];
extern CU_TestInfo hostile_store_cases[];
extern CU_TestInfo hostile_load_cases[];
extern CU_TestInfo hostile_host_cases[];
extern CU_TestInfo polling_cases[];
extern CU_TestInfo sleeping_cases[];
extern CU_TestInfo napping_cases[];

/* How many cases could not run on this machine, and why the last one could not. */
extern unsigned sim_n_skipped;
void sim_skip(const char *why);

#endif
