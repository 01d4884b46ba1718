/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's netfront. Source: Linux Documentation/ABI/testing/sysfs-bus-*, drivers/base/bus.c */
#include "fe_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 256

bool
fe_kernel_has(const char *sysfs, unsigned vif)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/bus/xen/devices/vif-%u/driver", sysfs, vif);
	return access(path, F_OK) == 0;
}

static int
tell_driver(const char *sysfs, const char *file, unsigned vif)
{
	char path[PATH_SIZE], name[24];

	snprintf(path, sizeof(path), "%s/bus/xen/drivers/vif/%s", sysfs, file);
	snprintf(name, sizeof(name), "vif-%u", vif);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int ret = write(fd, name, strlen(name)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

int
fe_kernel_unbind(const char *sysfs, unsigned vif)
{
	return tell_driver(sysfs, "unbind", vif);
}

int
fe_kernel_bind(const char *sysfs, unsigned vif)
{
	return tell_driver(sysfs, "bind", vif);
}
