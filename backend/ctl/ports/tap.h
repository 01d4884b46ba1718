/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TAPs that outlive the daemon, so that they keep their place in a bridge, their addresses and
 * their filters.
 *
 * Theory of operation: a TAP is made persistent only after its index is in memory that outlives the
 * daemon (ctl/keep), so a killed daemon leaves none that the next one does not know. A TAP is
 * found again by its index: hotplug scripts rename it. Threads: control thread.
 */
#ifndef VPE_CTL_TAP_H
#define VPE_CTL_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/keep/keep.h"
#include "dp/port/port.h"

/*
 * Creates a port on the TAP that the last daemon left for `owner`, or on a new one called `device`.
 * Returns NULL with errno on error, as port_kern_create_tap().
 */
struct port *tap_open(struct keep *keep, const char *owner, const char *device, uint16_t bridge);

/*
 * The port is about to be destroyed. `keeps`: the device stays for the next daemon; else it goes
 * with the port.
 */
void tap_release(struct keep *keep, const char *owner, struct port *port, bool keeps);

/*
 * Removes the TAP that the last daemon left for `owner`, if there is one and it has no port. If
 * that fails, tap_sweep() tries again.
 */
void tap_remove(struct keep *keep, const char *owner);

/*
 * Removes the TAPs for which is_owned(arg, owner) returns false: their owners went while no daemon
 * ran. Returns false if some could not be removed yet: call it again.
 */
bool tap_sweep(struct keep *keep, bool (*is_owned)(void *arg, const char *owner), void *arg);

#endif
