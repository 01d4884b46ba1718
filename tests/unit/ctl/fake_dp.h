/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A data plane without pollers, for tests of the control plane: dp/engine/dp.h's hand-off and the
 * makers of ports. Requests are acknowledged when fake_dp_run() is called. Threads: one.
 */
#ifndef VPE_TESTS_FAKE_DP_H
#define VPE_TESTS_FAKE_DP_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/engine/dp.h"
#include "dp/vif/port_vif.h"

/* Forgets everything. All ports must be destroyed. */
void fake_dp_reset(void);

/* The process dies, and a new one begins: ports are gone, persistent TAPs are not. */
void fake_dp_kill(void);

/* What dp functions want; never looked into. */
struct dp *fake_dp(void);

/* The pollers run: all requests so far are done. */
void fake_dp_run(void);

/* The port switches itself off. */
void fake_dp_fault(struct port *port, const char *reason);

/* The port of this name, or NULL. */
struct port *fake_dp_port(const char *name);

/* The forwarding tables have `n` addresses behind the port. */
void fake_dp_learn(struct port *port, unsigned n);

/* The headroom that a vif's port was last given. */
unsigned fake_dp_headroom(const struct port *port);

/* What the last vif was made with. */
const struct port_vif_params *fake_dp_last_vif(void);

/*
 * What the kernel says of TAPs: whether they are up, and the bridge that they are in. The rig's
 * start puts them in place.
 */
void fake_dp_place_taps(bool up, unsigned master);
/* The port's device is deleted. */
void fake_dp_delete_tap(struct port *port);

/* The next `n` TAPs cannot be made; the next attach fails. */
void fake_dp_fail_tap(unsigned n, int error);
void fake_dp_fail_attach(int error);
/* The next vif's rings are implausible. */
void fake_dp_fail_vif(int error);

/* What dp_set_bridge() said last. */
unsigned fake_dp_bridge_flags(unsigned bridge);

unsigned fake_dp_n_taps_failed(void);
unsigned fake_dp_n_taps(void); /* devices, with or without a port */
unsigned fake_dp_n_ports(void);
/* One of the two pollers has made a round. */
void fake_dp_loop(unsigned poller);
unsigned fake_dp_n_attached(void); /* and acknowledged */
unsigned fake_dp_n_vifs_made(void);

#endif
