/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Read-only commands on DPDK's telemetry socket:
 *
 *   /vpe/ports        names of all ports
 *   /vpe/port,NAME    one port: bridge, frames, bytes, drops by reason; for a vif slots and backlog
 *   /vpe/pollers      one object for each poller: loops, sleeps, grant copies, switch counters
 *   /vpe/pool         packet buffers: total and free
 *   /vpe/fdb          number of forwarding table entries of each port that has any, by port id
 *
 * Threads: the callbacks run on telemetry's own thread and read counters while pollers write them.
 * The lock in telemetry.c keeps what they read from being freed; attachments_each() does so for the
 * ports.
 */
#ifndef VPE_CTL_TELEMETRY_H
#define VPE_CTL_TELEMETRY_H

#include "ctl/ports/attachment.h"
#include "ctl/ports/bridge.h"
#include "dp/engine/dp.h"

/* Makes these visible; registers the commands the first time. Returns 0 or -errno. */
int telemetry_start(struct dp *dp, struct attachments *attachments, const struct bridges *bridges);

/*
 * Makes nothing visible, so that everything may be freed. May be called without telemetry_start().
 */
void telemetry_stop(void);

#endif
