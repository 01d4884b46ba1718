/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel network device as a port: frames with virtio-net headers, so that offloads pass through whole. */
#ifndef VPE_DP_PORT_KERN_H
#define VPE_DP_PORT_KERN_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/dp.h"
#include "dp/port.h"

/*
 * A TAP device called `device`, made now and gone with the port. Whatever is behind it in the kernel (a bridge, Open vSwitch, the
 * host's own IP stack) is the far end. NULL with errno: EBUSY if the name is taken, EPERM, ENOENT (no /dev/net/tun).
 */
struct port *port_kern_create_tap(struct dp *dp, const char *device, uint16_t bridge);

/*
 * An existing device `device` through AF_PACKET, in promiscuous mode. The host's own IP stack keeps seeing its frames too, but
 * frames that the host itself sends through the device are not seen by the port. NULL with errno: ENODEV, EPERM.
 */
struct port *port_kern_create_packet(struct dp *dp, const char *device, uint16_t bridge);

/*
 * Whether the device that the port was made on is still there, under whatever name; one that was deleted and made anew is another. Any
 * thread; the port may be attached.
 */
bool port_kern_has_device(const struct port *port);

/* The name of a TAP port's device now, which scripts may change. `name`: IF_NAMESIZE bytes. 0, or -errno if it is gone. */
int port_kern_name(const struct port *port, char *name);

#endif
