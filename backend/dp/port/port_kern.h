/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel network device as a port. Frames have virtio-net headers, so offloads pass through. */
#ifndef VPE_DP_PORT_KERN_H
#define VPE_DP_PORT_KERN_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/port/port.h"

/*
 * Creates a TAP device named `device`, which exists as long as the port unless
 * port_kern_persist() says otherwise. The far end is whatever
 * uses it in the kernel: a bridge, Open vSwitch, the host's IP stack. Returns NULL with errno on
 * error: EBUSY if the name is taken, EPERM, ENOENT (no /dev/net/tun).
 */
struct port *port_kern_create_tap(const char *device, uint16_t bridge);

/*
 * The same with an existing TAP, found by its index. Returns NULL with errno on error: ENODEV if it
 * is gone, EBUSY if another process has it open.
 */
struct port *port_kern_open_tap(unsigned ifindex, uint16_t bridge);

/* The index of a TAP port's device; 0 if it is gone. */
unsigned port_kern_ifindex(const struct port *port);

/* Whether a TAP port's device stays when the port is destroyed. Returns 0 or -errno. */
int port_kern_persist(struct port *port, bool persists);

/*
 * Opens the existing device `device` through AF_PACKET, in promiscuous mode. The host's IP stack
 * still sees the frames too, but the port does not see frames that the host sends through the
 * device. Large frames leave by a ring if `ring` is set: for devices that cannot send buffers of
 * several pages as they are (dp/port/kern_ring.h). Returns NULL with errno on error: ENODEV, EPERM.
 */
struct port *port_kern_create_packet(const char *device, uint16_t bridge, bool ring);

/*
 * Whether the device that the port was created on still exists, under any name. A device that was
 * deleted and created again is another one. Any thread; the port may be attached.
 */
bool port_kern_has_device(const struct port *port);

/*
 * Writes the current name of a TAP port's device, which scripts may change, to `name` (IF_NAMESIZE
 * bytes). Returns 0, or -errno if the device is gone.
 */
int port_kern_name(const struct port *port, char *name);

#endif
