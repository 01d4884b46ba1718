/* SPDX-License-Identifier: BSD-3-Clause */
/* Advice for the operator on a device that cannot be opened. */
#include "ctl/ports/advice.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

/* Reads the sysctl kernel.io_uring_disabled (Linux 6.6): 1 means unprivileged processes, 2 all. */
static bool
io_uring_is_off(const char *root)
{
	char path[PATH_MAX];
	int value = 0;

	if (snprintf(path, sizeof(path), "%s/proc/sys/kernel/io_uring_disabled", root) >= (int)sizeof(path))
		return false;
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	bool off = fscanf(file, "%d", &value) == 1 && value != 0;
	fclose(file);
	return off;
}

/* Covers the needs of sockets, TAPs and io_uring. */
static const char *
on_kernel_device(enum uplink_kind kind, int error, const char *root)
{
	switch (error) {
	case ENODEV:
		return kind == UPLINK_PACKET ? ": there is no such network device" : "";
	case EBUSY:
		return kind == UPLINK_TAP ? ": there is a network device of that name already" : "";
	case ENOENT:
		return kind == UPLINK_TAP ? ": load the kernel module tun" : "";
	case EPERM:
	case EACCES:
		return io_uring_is_off(root) ? ": io_uring is switched off: set the sysctl kernel.io_uring_disabled to 0"
					     : ": it takes CAP_NET_ADMIN and CAP_NET_RAW";
	case EINVAL:
		return ": is that a device's name, and is this Linux 5.19 or later, as io_uring has to be?";
	case ENOSYS:
		return ": io_uring as of Linux 5.19 is needed";
	case EMFILE:
		return ": allow the daemon more open files (LimitNOFILE= of its service)";
	default:
		return "";
	}
}

const char *
advice_on_device(enum uplink_kind kind, int error, const char *root)
{
	if (kind == UPLINK_PACKET || kind == UPLINK_TAP)
		return on_kernel_device(kind, error, root);
	return kind == UPLINK_ETHDEV && error == ENODEV
		       ? ": is it bound to a driver that DPDK can use, and are its devargs right?" : "";
}
