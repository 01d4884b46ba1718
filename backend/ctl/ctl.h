/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control plane: follows the store, connects and disconnects vifs, opens the uplinks. One thread, one epoll loop.
 * Threads: everything in ctl/ runs on the thread that calls ctl_run().
 */
#ifndef VPE_CTL_CTL_H
#define VPE_CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>

#include "dp/dp.h"
#include "xen/ops.h"

enum uplink_kind {
	UPLINK_PACKET, /* an existing kernel device, through AF_PACKET */
	UPLINK_TAP,    /* a new TAP: the host's own interface on the bridge */
	UPLINK_ETHDEV, /* a DPDK device */
	UPLINK_ECHO,   /* nothing: frames come back */
};

struct uplink_params {
	enum uplink_kind kind;
	const char *device; /* kernel device name, devargs, or any name */
	const char *bridge;
	unsigned mtu;       /* 0: leave it */
	int poller;         /* index, or -1: any */
};

/* A bridge inside the daemon. */
struct bridge_params {
	const char *name;
	bool vlan_filtering; /* always; else as soon as a vif lists VLANs */
};

/* Who makes a vif's devices known to the host and says so in hotplug-status. */
enum hotplug_mode {
	HOTPLUG_AUTO,   /* SCRIPT in dom0, SELF elsewhere */
	HOTPLUG_SCRIPT, /* the toolstack (libxl, or `xl devd`) runs the vif's script */
	HOTPLUG_SELF,   /* nobody runs scripts: the daemon writes hotplug-status and removes dead backend nodes */
};

/* When queues move to other pollers: ctl/balance.h. */
struct balance_params {
	unsigned interval_s;          /* between two looks; 0: never */
	unsigned load_percent;        /* of a poller's time, from which on something is to be done */
	unsigned improvement_percent; /* by which the variance of the loads has to get less */
};

struct ctl_params {
	const struct uplink_params *uplinks;
	unsigned n_uplinks;
	const struct bridge_params *bridges;
	unsigned n_bridges;
	enum hotplug_mode hotplug;
	const struct foreign_ops *foreign; /* copy from guests through mappings of their memory; NULL: do not */
	struct balance_params balance;
	unsigned max_queues; /* of a vif; 0: as many as there are pollers */
	bool share_with_netback; /* leave alone the vifs that xen-netback holds instead of refusing to start */
	bool strict_bridges;     /* refuse switched vifs whose bridge has no uplink */
};

struct ctl;

/*
 * Connects to the store and opens the uplinks. NULL on error, with errno and one sentence in `why`. Blocks SIGTERM,
 * SIGINT and SIGHUP for the calling thread, to take them from a descriptor: block them before the first other thread is
 * made (dp_create()), or one of those may get them and the process dies of it.
 */
struct ctl *ctl_create(const struct ctl_params *params, struct dp *dp, const struct xen_ops *xen, char *why,
		       size_t why_size);

/*
 * Serves until ctl_stop(), SIGTERM or SIGINT; all vifs are disconnected then. While the connection to the store is lost, frames flow on
 * and it tries to connect again. 0 for a wanted end, else -errno. To be called once.
 */
int ctl_run(struct ctl *ctl);

/* Makes ctl_run() return; may be called from any thread. */
void ctl_stop(struct ctl *ctl);

/*
 * Disconnects all vifs (their state goes to Closed), detaches all ports, frees everything. The pollers must run. NULL
 * is allowed.
 */
void ctl_destroy(struct ctl *ctl);

#endif
