/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hotplug scripts: which one serves a vif, and whether it is done.
 *
 * libxl (in dom0) or `xl devd` (in a driver domain) runs the vif's script when the backend's state
 * is 2; the script writes hotplug-status. Where no script runs, the daemon writes that key itself.
 */
#ifndef VPE_CTL_HOTPLUG_H
#define VPE_CTL_HOTPLUG_H

#include <stdbool.h>

#include "ctl/store/node.h"

/* The daemon's own script: its vifs join a bridge inside the daemon and need no kernel device. */
#define HOTPLUG_SWITCHED_SCRIPT "vif-vpe"

/* Selects who sets up a vif's devices on the host and writes hotplug-status. */
enum hotplug_mode {
	HOTPLUG_AUTO,   /* SCRIPT in dom0, SELF elsewhere */
	HOTPLUG_SCRIPT, /* the toolstack (libxl, or `xl devd`) runs the vif's script */
	HOTPLUG_SELF,   /* no scripts: the daemon writes hotplug-status and removes dead nodes */
};

/*
 * Resolves HOTPLUG_AUTO: SCRIPT in dom0, SELF in any other domain. Other modes are returned
 * unchanged.
 */
enum hotplug_mode hotplug_resolve(const struct xstore *xs, enum hotplug_mode mode);

/* Xen's script that adds a vif's device to a kernel bridge. */
#define HOTPLUG_BRIDGE_SCRIPT "vif-bridge"

/* Returns whether `script`, as found in the store, with or without a path, is called `name`. */
bool hotplug_script_is(const char *script, const char *name);

enum hotplug_status {
	HOTPLUG_PENDING,
	HOTPLUG_DONE,
	HOTPLUG_FAILED,
};

/* Reads what the script wrote into backend directory `dir`. */
enum hotplug_status hotplug_read(const struct xstore *xs, const char *dir);

#endif
