/* SPDX-License-Identifier: BSD-3-Clause */
/* For systemd: the unit has Type=notify. */
#include "service.h"

#include <systemd/sd-daemon.h>

void
service_ready(void)
{
	sd_notify(0, "READY=1");
}

void
service_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}
