/* SPDX-License-Identifier: BSD-3-Clause */
/* Uplinks without a device, which send frames back. */
#include "ctl/ports/uplink_kind.h"

#include "dp/port/port_echo.h"

static struct port *
echo_open(const struct uplink_params *params, const struct uplink_env *env, const char *name,
	  uint16_t bridge)
{
	(void)params;
	(void)env;
	return port_echo_create(name, bridge);
}

const struct uplink_kind uplink_echo = {
	.name = "echo",
	.is_static = true,
	.open = echo_open,
};
