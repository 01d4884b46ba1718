/* SPDX-License-Identifier: BSD-3-Clause */
/* For systemd: the unit has Type=notify. */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* A line each: the socket, the watchdog's interval. */
void
service_describe(char *text, size_t size)
{
	const char *path = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC");

	snprintf(text, size, "%s\n%s\n", path == NULL ? "" : path, usec == NULL ? "" : usec);
}

void
service_adopt(char *text)
{
	char *path = text;
	char *usec = strchr(path, '\n');

	if (usec == NULL)
		return;
	*usec++ = '\0';
	usec[strcspn(usec, "\n")] = '\0';
	unsetenv("WATCHDOG_PID"); /* that of another process */
	if (path[0] != '\0')
		setenv("NOTIFY_SOCKET", path, 1);
	if (usec[0] != '\0')
		setenv("WATCHDOG_USEC", usec, 1);
}

void
service_hand_over(pid_t pid)
{
	sd_notifyf(0, "MAINPID=%d", (int)pid);
}
