/* SPDX-License-Identifier: BSD-3-Clause */
/* A DPDK ethdev as a port: a physical NIC, AF_XDP, AF_PACKET, ..., chosen by devargs. */
#ifndef VPE_DP_PORT_ETH_H
#define VPE_DP_PORT_ETH_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/port/port.h"

/*
 * Starts the ethdev named in `devargs`, which must be in dp_params.devargs, with one queue each
 * way, MTU `mtu` (0: unchanged) and promiscuous mode. Destroying the port stops and closes it.
 * Returns NULL with errno on error: ENODEV if EAL found no such device.
 */
struct port *port_eth_create(struct pools *pools, const char *name, const char *devargs,
			     unsigned mtu, uint16_t bridge);

/* Whether the link is up; true if the device does not know. Does not wait. Control only. */
bool port_eth_has_link(struct port *port);

#endif
