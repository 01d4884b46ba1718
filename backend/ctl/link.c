/* SPDX-License-Identifier: BSD-3-Clause */
/* Links of kernel devices. Called by uplink.c; calls the kernel. */
#include "ctl/link.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int
link_open(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		int error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

void
link_drain(int fd)
{
	char byte;

	/* ENOBUFS: some were lost, and there may be more. */
	while (recv(fd, &byte, sizeof(byte), MSG_TRUNC) >= 0 || errno == ENOBUFS)
		;
}

bool
link_is_up(unsigned ifindex)
{
	struct ifreq ifr = { .ifr_flags = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return true; /* not known */
	bool up = if_indextoname(ifindex, ifr.ifr_name) != NULL && ioctl(fd, SIOCGIFFLAGS, &ifr) == 0 &&
		  (ifr.ifr_flags & IFF_RUNNING) != 0;
	close(fd);
	return up;
}
