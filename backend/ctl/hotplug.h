/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who makes a vif's devices known to the host, and how far that is.
 *
 * libxl (in dom0) or `xl devd` (in a driver domain) runs the vif's script once our state is 2; the script writes
 * hotplug-status. Where nobody does that, we write it ourselves.
 */
#ifndef VPE_CTL_HOTPLUG_H
#define VPE_CTL_HOTPLUG_H

#include <stdbool.h>

#include "ctl/ctl.h"
#include "ctl/node.h"

/* The name of our own script: a vif with it is a member of a bridge of ours and needs no device in the kernel. */
#define HOTPLUG_SWITCHED_SCRIPT "vif-vpe"

/* What HOTPLUG_AUTO means here: SCRIPT in dom0, SELF in any other domain. Other modes stay what they are. */
enum hotplug_mode hotplug_resolve(const struct xstore *xs, enum hotplug_mode mode);

/* Xen's own script that puts a vif's device into a bridge of the kernel. */
#define HOTPLUG_BRIDGE_SCRIPT "vif-bridge"

/* Whether `script`, as in the store, with or without a path, is the one called `name`. */
bool hotplug_script_is(const char *script, const char *name);

enum hotplug_status {
	HOTPLUG_PENDING,
	HOTPLUG_DONE,
	HOTPLUG_FAILED,
};

/* What the script has written into backend directory `dir`. */
enum hotplug_status hotplug_read(const struct xstore *xs, const char *dir);

#endif
