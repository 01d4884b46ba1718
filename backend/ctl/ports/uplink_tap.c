/* SPDX-License-Identifier: BSD-3-Clause */
/* New TAPs as uplinks: the host's own interface on the bridge. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>

#include "ctl/ports/tap.h"
#include "ctl/ports/uplink_kernel.h"
#include "dp/port/port_kern.h"

/* The owner of the TAP, as ctl/keep knows it: no vif has such a name. */
struct owner {
	char text[KEEP_OWNER_SIZE];
};

static struct owner
owner_of(const struct uplink_params *params)
{
	struct owner owner;

	snprintf(owner.text, sizeof(owner.text), UPLINK_TAP_OWNER "%s", params->device);
	return owner;
}

static struct port *
uplink_tap_open(const struct uplink_params *params, const struct uplink_env *env, const char *name,
		uint16_t bridge)
{
	struct owner owner = owner_of(params);
	unsigned last = keep_find_tap(env->keep, owner.text);

	(void)name; /* the port is called like its device */
	if (last != 0 && if_nametoindex(params->device) != last)
		tap_remove(env->keep, owner.text); /* somebody has renamed it */
	return uplink_kernel_set_mtu(tap_open(env->keep, owner.text, params->device, bridge),
				     params);
}

static void
uplink_tap_release(const struct uplink_params *params, const struct uplink_env *env,
		   struct port *port, bool keeps)
{
	tap_release(env->keep, owner_of(params).text, port, keeps);
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
	.open = uplink_tap_open,
	.release = uplink_tap_release,
	.advice = tap_advice,
	.ifindex = uplink_kernel_ifindex,
	.has_link = uplink_kernel_has_link,
	.has_device = port_kern_has_device,
};
