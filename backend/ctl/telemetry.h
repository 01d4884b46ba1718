/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens inside, for DPDK's telemetry socket: the read-only commands
 *
 *   /vpe/ports        names of all ports
 *   /vpe/port,NAME    one port: its bridge, frames, bytes, drops by reason, and for a vif its slots and backlog
 *   /vpe/pollers      one object for each poller: loops, sleeps, grant copies, the switch's counters
 *   /vpe/pool         packet buffers: total and free
 *   /vpe/fdb          forwarding table entries behind each port that has any, by port id
 *
 * Threads: the callbacks run on telemetry's own thread. They read counters while pollers write them. The lock of
 * telemetry.c keeps what they read from being freed; members_each() does so for the ports.
 */
#ifndef VPE_CTL_TELEMETRY_H
#define VPE_CTL_TELEMETRY_H

#include "ctl/bridge.h"
#include "ctl/member.h"
#include "dp/dp.h"

/* Shows these from now on; registers the commands the first time. Returns 0 or -errno. */
int telemetry_start(struct dp *dp, struct members *members, const struct bridges *bridges);

/* Shows nothing any more; all may be freed then. May be called without telemetry_start(). */
void telemetry_stop(void);

#endif
