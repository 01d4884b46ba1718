/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors of TAP devices. */
#include "dp/port/kern_tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TAP_FLAGS (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)

/* Opens a TAP with `flags`. Returns its descriptor or -errno. */
static int
open_tap(const char *device, int flags)
{
	struct ifreq ifr = { .ifr_flags = (short)flags };

	if (strlen(device) >= sizeof(ifr.ifr_name))
		return -ENAMETOOLONG;
	memcpy(ifr.ifr_name, device, strlen(device));
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, TUNSETIFF, &ifr) == 0 &&
	    ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) == 0)
		return fd;
	int error = errno;
	close(fd);
	return -error;
}

int
kern_tap_create(const char *device)
{
	return open_tap(device, TAP_FLAGS | IFF_TUN_EXCL);
}

/* The name may change while it is opened, and another device may get it. */
int
kern_tap_open(unsigned ifindex)
{
	char name[IF_NAMESIZE];

	if (if_indextoname(ifindex, name) == NULL)
		return -ENODEV;
	int fd = open_tap(name, TAP_FLAGS);
	if (fd == -EINVAL || fd == -EPERM) /* no TAP, or not ours */
		return -ENODEV;
	if (fd >= 0 && kern_tap_ifindex(fd) != ifindex) {
		close(fd);
		return -ENODEV;
	}
	return fd;
}

unsigned
kern_tap_ifindex(int fd)
{
	struct ifreq ifr = { .ifr_flags = 0 };

	return ioctl(fd, TUNGETIFF, &ifr) < 0 ? 0 : if_nametoindex(ifr.ifr_name);
}

int
kern_tap_persist(int fd, bool persists)
{
	if (persists && ioctl(fd, TUNSETOWNER, (unsigned long)geteuid()) < 0)
		return -errno;
	return ioctl(fd, TUNSETPERSIST, persists ? 1UL : 0UL) < 0 ? -errno : 0;
}
