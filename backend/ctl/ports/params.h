/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings of uplinks, bridges and the balancer, as the configuration file gives them. */
#ifndef VPE_CTL_PARAMS_H
#define VPE_CTL_PARAMS_H

#include <stdbool.h>

enum uplink_kind {
	UPLINK_PACKET, /* an existing kernel device, by AF_PACKET */
	UPLINK_TAP,    /* a new TAP: the host's own interface on the bridge */
	UPLINK_ETHDEV, /* a DPDK device */
	UPLINK_ECHO,   /* no device: frames are sent back */
};

struct uplink_params {
	enum uplink_kind kind;
	const char *device; /* kernel device name, devargs or, for echo, any name */
	const char *bridge;
	unsigned mtu;       /* 0: leave it unchanged */
	int poller;         /* index, or -1: any */
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
