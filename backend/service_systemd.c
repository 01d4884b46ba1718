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

unsigned
service_watchdog_ms(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? (unsigned)(usec / 1000) : 0;
}

void
service_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}
