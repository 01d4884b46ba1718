/* SPDX-License-Identifier: BSD-3-Clause */
/* Network devices of the kernel, through rtnetlink. */
#include "ctl/ports/carrier.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_SIZE 16384 /* room for a device's attributes; those we need come first */

static int
open_socket(unsigned groups, int flags)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		int error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

int
carrier_open(void)
{
	return open_socket(RTMGRP_LINK, SOCK_NONBLOCK);
}

unsigned
carrier_next(int fd)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} message = { .link.ifi_index = 0 };
	ssize_t len = recv(fd, &message, sizeof(message), MSG_TRUNC);

	if (len < 0)
		return errno == ENOBUFS ? CARRIER_ANY : 0;
	return (size_t)len < sizeof(message) || message.link.ifi_index <= 0
		       ? CARRIER_ANY
		       : (unsigned)message.link.ifi_index;
}

static void
carrier_add_name(struct nlmsghdr *header, const char *name)
{
	struct rtattr *attr = (struct rtattr *)((char *)header + NLMSG_ALIGN(header->nlmsg_len));
	size_t len = strlen(name) + 1;

	attr->rta_type = IFLA_IFNAME;
	attr->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(attr), name, len);
	header->nlmsg_len = NLMSG_ALIGN(header->nlmsg_len) + RTA_LENGTH((unsigned)len);
}

static int
ask(int fd, const char *name, unsigned ifindex)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
		char name[RTA_SPACE(IFNAMSIZ)];
	} request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			    .nlmsg_type = RTM_GETLINK,
			    .nlmsg_flags = NLM_F_REQUEST },
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex },
	};

	if (name != NULL && strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	if (name != NULL)
		carrier_add_name(&request.header, name);
	return send(fd, &request, request.header.nlmsg_len, 0) < 0 ? -errno : 0;
}

static int
parse(struct nlmsghdr *header, size_t len, struct carrier_info *info)
{
	if (len >= NLMSG_LENGTH(sizeof(struct nlmsgerr)) && header->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(header))->error;
	if (len < NLMSG_LENGTH(sizeof(struct ifinfomsg)) || header->nlmsg_type != RTM_NEWLINK)
		return -EPROTO;
	const struct ifinfomsg *link = NLMSG_DATA(header);
	struct rtattr *attr = IFLA_RTA(link);
	int left = (int)(len - NLMSG_LENGTH(sizeof(*link)));

	*info = (struct carrier_info){
		.ifindex = (unsigned)link->ifi_index,
		.up = (link->ifi_flags & IFF_UP) != 0,
		.has_link = (link->ifi_flags & IFF_UP) != 0 && (link->ifi_flags & IFF_RUNNING) != 0,
	};
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type == IFLA_MASTER && RTA_PAYLOAD(attr) >= sizeof(info->master))
			memcpy(&info->master, RTA_DATA(attr), sizeof(info->master));
	}
	return 0;
}

int
carrier_get(const char *name, unsigned ifindex, struct carrier_info *info)
{
	char reply[REPLY_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd = open_socket(0, 0);

	if (fd < 0)
		return fd;
	int ret = ask(fd, name, ifindex);
	if (ret == 0) {
		ssize_t len = recv(fd, reply, sizeof(reply), 0);
		ret = len < 0 ? -errno : parse((struct nlmsghdr *)reply, (size_t)len, info);
	}
	close(fd);
	return ret;
}

bool
carrier_is_up(unsigned ifindex)
{
	struct carrier_info info = { 0 };
	int ret = carrier_get(NULL, ifindex, &info);

	return ret == 0 ? info.has_link : ret != -ENODEV;
}
