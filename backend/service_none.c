/* SPDX-License-Identifier: BSD-3-Clause */
/* Replaces service_systemd.c after `configure --without-systemd`. */
#include "service.h"

#include <stdio.h>

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

void
service_describe(char *text, size_t size)
{
	snprintf(text, size, "none");
}

void
service_adopt(char *text)
{
	(void)text;
}

void
service_hand_over(pid_t pid)
{
	(void)pid;
}
