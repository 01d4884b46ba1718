/* SPDX-License-Identifier: BSD-3-Clause */
/* A DPDK ethdev as a port: a physical NIC, AF_XDP, AF_PACKET, ... by its devargs. */
#ifndef VPE_DP_PORT_ETH_H
#define VPE_DP_PORT_ETH_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/dp.h"
#include "dp/port.h"

/*
 * Starts the ethdev that `devargs` names (it must have been in dp_params.devargs) with one queue each way, MTU `mtu` (0: as it is) and promiscuous
 * mode. Stopped and closed with the port. NULL with errno: ENODEV if EAL found no such device.
 */
struct port *port_eth_create(struct dp *dp, const char *name, const char *devargs, unsigned mtu, uint16_t bridge);

/* Whether its link is up; true if the device does not know. Control thread; does not wait. */
bool port_eth_has_link(struct port *port);

#endif
