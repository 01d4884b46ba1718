/* SPDX-License-Identifier: BSD-3-Clause */
/* Existing devices of the kernel as uplinks, by AF_PACKET. */
#include <errno.h>

#include "ctl/ports/uplink_kernel.h"
#include "dp/port/port_kern.h"

static struct port *
packet_open(const struct uplink_params *params, const struct uplink_env *env, const char *name,
	    uint16_t bridge)
{
	(void)env;
	(void)name; /* the port is called like its device */
	struct port *port = port_kern_create_packet(params->device, bridge, params->tx_ring);

	return uplink_kernel_set_mtu(port, params);
}

static const char *
packet_advice(int error, const char *root)
{
	return error == ENODEV ? ": there is no such network device"
			       : uplink_kernel_advice(error, root);
}

const struct uplink_kind uplink_packet = {
	.name = "packet",
	.check = uplink_kernel_check,
	.open = packet_open,
	.advice = packet_advice,
	.ifindex = uplink_kernel_ifindex,
	.has_link = uplink_kernel_has_link,
	.has_device = port_kern_has_device,
};
