/* SPDX-License-Identifier: BSD-3-Clause */
/* Replaces service_systemd.c after `configure --without-systemd`. */
#include "service.h"

void
service_ready(void)
{
}

void
service_stopping(void)
{
}

unsigned
service_watchdog_ms(void)
{
	return 0;
}

void
service_alive(void)
{
}
