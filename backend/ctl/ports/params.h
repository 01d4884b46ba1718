/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings of uplinks, bridges and the balancer, as the configuration file gives them. */
#ifndef VPE_CTL_PARAMS_H
#define VPE_CTL_PARAMS_H

#include <stdbool.h>

/*
 * All kinds of uplinks. Each has a file of its own, which defines `uplink_NAME` as
 * ctl/ports/uplink_kind.h describes; nothing else lists kinds.
 */
#define UPLINK_KINDS(X) \
	X(PACKET, packet) \
	X(TAP, tap) \
	X(ETHDEV, ethdev) \
	X(ECHO, echo)

enum uplink_type {
#define X(id, name) UPLINK_##id,
	UPLINK_KINDS(X)
#undef X
		UPLINK_N_KINDS,
};

struct uplink_params {
	enum uplink_type kind;
	const char *device; /* kernel device name, devargs or, for echo, any name */
	const char *bridge;
	unsigned mtu; /* 0: leave it unchanged */
	int poller;   /* index, or -1: any */
	/* `packet` only: large frames leave by a ring, see dp/port/kern_ring.h */
	bool tx_ring;
};

/* Settings of a bridge inside the daemon. */
struct bridge_params {
	const char *name;
	bool vlan_filtering; /* always filter; else only once a vif lists VLANs */
};

/* Conditions for moving queues to other pollers. See ctl/ports/balance.h. */
struct balance_params {
	unsigned interval_s;          /* between two measurements; 0: never */
	unsigned load_percent;        /* of a poller's time, above which queues are moved */
	unsigned improvement_percent; /* by which a move must reduce the variance of the loads */
};

#endif
