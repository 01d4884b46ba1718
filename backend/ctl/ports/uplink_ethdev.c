/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK devices as uplinks. */
#include "ctl/ports/uplink_kind.h"

#include <errno.h>

#include "dp/port/port_eth.h"

static struct port *
ethdev_open(const struct uplink_params *params, const struct uplink_env *env, const char *name,
	    uint16_t bridge)
{
	return port_eth_create(env->pools, name, params->device, params->mtu, bridge);
}

static const char *
ethdev_advice(int error, const char *root)
{
	(void)root;
	return error == ENODEV
		       ? ": is it bound to a driver that DPDK can use, and are its devargs right?"
		       : "";
}

static bool
ethdev_has_link(struct port *port, unsigned ifindex)
{
	(void)ifindex;
	return port_eth_has_link(port);
}

const struct uplink_kind uplink_ethdev = {
	.name = "ethdev",
	.has_devargs = true,
	.open = ethdev_open,
	.advice = ethdev_advice,
	.has_link = ethdev_has_link,
};
