/* SPDX-License-Identifier: BSD-3-Clause */
/* The ports of the fake data plane, which fake_ports.c makes and fake_dp.c attaches. */
#ifndef VPE_TESTS_FAKE_PORTS_H
#define VPE_TESTS_FAKE_PORTS_H

#include "fake_dp.h"

#define PORTS_MAX 1200

enum phase {
	PHASE_OUT,
	PHASE_ENTERING,
	PHASE_IN,
	PHASE_CALLED_ON,
	PHASE_MOVING,
	PHASE_LEAVING,
};

struct fake_port {
	struct port port; /* first */
	enum phase phase;
	bool done; /* the pollers have done the request; not told yet */
	bool fault_told;
	dp_call_fn *fn;
	void *arg;
	unsigned poller[LIMIT_QUEUES];
	const struct static_grants *grants; /* the last table that the port was given */
	uint16_t headroom;
	bool deleted;
	unsigned n_entries;
	/* the objects that a poller uses until the next grace period */
	const struct policy *policy;
	const struct steering *steering;
};

/* By identifier; NULL: none. */
extern struct fake_port *fake_ports[PORTS_MAX];

/* As fake_dp_kill(). */
void fake_ports_kill(void);

/* Forgets the failures that were asked for, and counts from 0. */
void fake_ports_reset(void);

#endif
