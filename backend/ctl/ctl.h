/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control plane: follows the store, connects and disconnects vifs, opens the uplinks. One
 * thread with one event loop. Threads: everything in ctl/ runs on the thread that calls ctl_run(),
 * unless its header says otherwise.
 */
#ifndef VPE_CTL_CTL_H
#define VPE_CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/keep/keep.h"
#include "ctl/ports/params.h"
#include "ctl/vif/hotplug.h"
#include "dp/engine/dp.h"
#include "xen/ops.h"

struct ctl_params {
	const struct uplink_params *uplinks;
	unsigned n_uplinks;
	const struct bridge_params *bridges;
	unsigned n_bridges;
	enum hotplug_mode hotplug;
	const struct foreign_ops *foreign; /* copy through mappings of guest memory; NULL: off */
	struct balance_params balance;
	unsigned max_queues;     /* per vif; 0: the number of pollers */
	bool share_with_netback; /* ignore vifs that xen-netback serves; else refuse to start */
	bool strict_bridges;     /* refuse switched vifs whose bridge has no uplink */
	bool closes_on_stop;     /* close all vifs at the end; else the next daemon resumes */
	/*
	 * A descriptor that is readable when another daemon wants to take over; -1: none. If
	 * asked(heir_fd) then returns true, ctl_run() parks all vifs and returns.
	 */
	int heir_fd;
	bool (*asked)(int heir_fd);
	struct keep *keep; /* must outlive the control plane; NULL: its own */
	/* called at least every alive_ms while all threads run; alive_ms 0: never */
	void (*alive)(void);
	unsigned alive_ms;
	const char *control_path;  /* of the control socket; NULL: none */
	const char *control_group; /* its members may use that; NULL or "": only root may */
};

struct ctl;

/*
 * Connects to the store and opens the uplinks. Returns NULL on error, with errno and a sentence in
 * `why`. Blocks SIGTERM, SIGINT and SIGHUP for the calling thread, to read them from a signalfd.
 * Block them before any other thread is created (by dp_create()): otherwise that thread may receive
 * them, which kills the process.
 */
struct ctl *ctl_create(const struct ctl_params *params, struct dp *dp, const struct xen_ops *xen,
		       char *why, size_t why_size);

/*
 * Runs the event loop until ctl_stop(), SIGTERM or SIGINT, then parks or closes all vifs. If the
 * connection to the store is lost, frames flow on while it reconnects. Returns 0 after a requested
 * stop, else -errno. Call it once.
 */
int ctl_run(struct ctl *ctl);

/* Makes ctl_run() return. Any thread. */
void ctl_stop(struct ctl *ctl);

/*
 * Parks all vifs (their frontends see nothing of it) or closes them (their state becomes Closed),
 * detaches all ports and frees everything. The pollers must be running. NULL is allowed.
 */
void ctl_destroy(struct ctl *ctl);

#endif
