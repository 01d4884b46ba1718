/* SPDX-License-Identifier: BSD-3-Clause */
/* New TAPs as uplinks: the host's own interface on the bridge. */
#include <errno.h>

#include "ctl/ports/uplink_kernel.h"
#include "dp/port/port_kern.h"

static struct port *
tap_open(const struct uplink_params *params, struct pools *pools, const char *name, uint16_t bridge)
{
	(void)pools;
	(void)name; /* the port is called like its device */
	return uplink_kernel_set_mtu(port_kern_create_tap(params->device, bridge), params);
}

static const char *
tap_advice(int error, const char *root)
{
	switch (error) {
	case EBUSY:
		return ": there is a network device of that name already";
	case ENOENT:
		return ": load the kernel module tun";
	default:
		return uplink_kernel_advice(error, root);
	}
}

const struct uplink_kind uplink_tap = {
	.name = "tap",
	.makes_device = true,
	.check = uplink_kernel_check,
	.open = tap_open,
	.advice = tap_advice,
	.ifindex = uplink_kernel_ifindex,
	.has_link = uplink_kernel_has_link,
	.has_device = port_kern_has_device,
};
