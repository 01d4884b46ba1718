/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel network device as a port: frames with virtio-net headers, so that offloads pass through whole. */
#ifndef VPE_DP_PORT_KERN_H
#define VPE_DP_PORT_KERN_H

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

#endif
