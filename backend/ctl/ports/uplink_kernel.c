/* SPDX-License-Identifier: BSD-3-Clause */
/* Common parts of the uplinks whose device belongs to the kernel. */
#include "ctl/ports/uplink_kernel.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/ports/carrier.h"

/* Reads the sysctl kernel.io_uring_disabled (Linux 6.6): 1 means unprivileged processes, 2 all. */
static bool
io_uring_is_off(const char *root)
{
	char path[PATH_MAX];
	int value = 0;

	if (snprintf(path, sizeof(path), "%s/proc/sys/kernel/io_uring_disabled", root) >=
	    (int)sizeof(path))
		return false;
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	bool off = fscanf(file, "%d", &value) == 1 && value != 0;
	fclose(file);
	return off;
}

const char *
uplink_kernel_advice(int error, const char *root)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return io_uring_is_off(root)
			       ? ": io_uring is switched off: set the sysctl kernel.io_uring_disabled to 0"
			       : ": CAP_NET_ADMIN and CAP_NET_RAW are needed";
	case EINVAL:
		return ": either this is not the name of a device, or io_uring is older than that "
		       "of Linux 5.19";
	case ENOSYS:
		return ": io_uring of Linux 5.19 or later is needed";
	case EMFILE:
		return ": allow the daemon more open files (LimitNOFILE= of its service)";
	default:
		return "";
	}
}

int
uplink_kernel_check(const struct uplink_params *params, char *why, size_t why_size)
{
	if (strlen(params->device) < IFNAMSIZ)
		return 0;
	snprintf(why, why_size,
		 "\"%s\" is longer than the name of a network device, which has %d "
		 "characters at most",
		 params->device, IFNAMSIZ - 1);
	return -EINVAL;
}

/* Returns 0 or -errno. */
static int
set_mtu(const char *device, unsigned mtu)
{
	struct ifreq ifr = { .ifr_mtu = (int)mtu };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device);
	int ret = ioctl(fd, SIOCSIFMTU, &ifr) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

struct port *
uplink_kernel_set_mtu(struct port *port, const struct uplink_params *params)
{
	int ret = port != NULL && params->mtu > 0 ? set_mtu(params->device, params->mtu) : 0;

	if (ret < 0) {
		port->ops->destroy(port);
		errno = -ret;
		return NULL;
	}
	return port;
}

unsigned
uplink_kernel_ifindex(const char *device)
{
	return if_nametoindex(device);
}

bool
uplink_kernel_has_link(struct port *port, unsigned ifindex)
{
	(void)port;
	return carrier_is_up(ifindex);
}
