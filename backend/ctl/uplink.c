/* SPDX-License-Identifier: BSD-3-Clause */
/* The uplinks. Called by loop.c; calls the makers of ports in dp/. */
#include "ctl/uplink.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/clock.h"
#include "ctl/link.h"
#include "dp/port_echo.h"
#include "dp/port_eth.h"
#include "dp/port_kern.h"

#define NAME_SIZE 32 /* as struct port has it */
#define LINK_POLL_MS 1000u

struct uplink {
	struct uplinks *all;
	char name[NAME_SIZE];
	enum uplink_kind kind;
	unsigned ifindex; /* of a kernel device */
	int bridge;
	bool counted; /* the bridge knows of it */
	bool linked;
	bool refusal_told;
	struct log_limit log;
	struct member member;
};

struct uplinks {
	struct bridges *bridges;
	struct members *members;
	int link_fd;       /* negative: none */
	bool polls;        /* somebody's link changes, or the kernel refuses frames, without a word */
	uint64_t looked_ms;
	unsigned n;
	struct uplink list[];
};

/* ---- links ---------------------------------------------------------------------------------------------------- */

static bool
has_link(const struct uplink *uplink)
{
	if (uplink->member.phase == MEMBER_OUT || uplink->member.leaves || uplink->member.phase == MEMBER_LEAVING)
		return false;
	if (uplink->kind == UPLINK_ETHDEV)
		return port_eth_has_link(uplink->member.port);
	return uplink->kind == UPLINK_ECHO || link_is_up(uplink->ifindex);
}

static void
look_at(struct uplink *uplink)
{
	bool linked = has_link(uplink);

	if (linked == uplink->linked)
		return;
	uplink->linked = linked;
	bridge_count_uplink(uplink->all->bridges, uplink->bridge, 0, linked ? 1 : -1);
	if (log_allowed(&uplink->log))
		log_info("uplink %s: link %s", uplink->name, linked ? "up" : "down");
}

/* A frame that the kernel would not send as it is: one line for each uplink, the counters have the rest. */
static void
tell_refusal(struct uplink *uplink)
{
	const struct port *port = uplink->member.phase == MEMBER_IN ? uplink->member.port : NULL;
	int error = port == NULL ? 0 : __atomic_load_n(&port->refused, __ATOMIC_RELAXED);

	if (error == 0 || uplink->refusal_told)
		return;
	uplink->refusal_told = true;
	log_warning("uplink %s: the kernel refuses frames (%s); its counters say how many", uplink->name, strerror(error));
}

int
uplinks_fd(const struct uplinks *uplinks)
{
	return uplinks->link_fd;
}

void
uplinks_look(struct uplinks *uplinks, uint64_t now_ms)
{
	if (uplinks->link_fd >= 0)
		link_drain(uplinks->link_fd);
	for (unsigned i = 0; i < uplinks->n; i++) {
		look_at(&uplinks->list[i]);
		tell_refusal(&uplinks->list[i]);
	}
	uplinks->looked_ms = now_ms;
}

uint64_t
uplinks_due(const struct uplinks *uplinks)
{
	return uplinks->polls ? uplinks->looked_ms + LINK_POLL_MS : CLOCK_NEVER;
}

/* ---- the devices ---------------------------------------------------------------------------------------------- */

static void
uplink_moved(void *owner, enum member_news news)
{
	struct uplink *uplink = owner;

	if (news != MEMBER_FAULTED)
		return;
	/* Acquire: pairs with port_set_fault(). */
	log_error("uplink %s is switched off: %s", uplink->name,
		  __atomic_load_n(&uplink->member.port->fault, __ATOMIC_ACQUIRE));
	member_leave(uplink->all->members, &uplink->member);
	look_at(uplink);
}

/* The MTU of a kernel device. 0 or -errno. */
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

static struct port *
open_kernel_port(struct dp *dp, const struct uplink_params *params, uint16_t bridge)
{
	struct port *port = params->kind == UPLINK_TAP ? port_kern_create_tap(dp, params->device, bridge)
						       : port_kern_create_packet(dp, params->device, bridge);
	int ret = port != NULL && params->mtu > 0 ? set_mtu(params->device, params->mtu) : 0;

	if (ret < 0) {
		port->ops->destroy(port);
		errno = -ret;
		return NULL;
	}
	return port;
}

/* What to do about it. */
static const char *
advice(enum uplink_kind kind, int error)
{
	if (kind == UPLINK_ETHDEV && error == ENODEV)
		return ": is it bound to a driver that DPDK can use, and are its devargs right?";
	if (kind == UPLINK_PACKET && error == ENODEV)
		return ": there is no such network device";
	if (kind == UPLINK_TAP && error == EBUSY)
		return ": there is a network device of that name already";
	if (kind == UPLINK_TAP && error == ENOENT)
		return ": load the kernel module tun";
	return error == EPERM ? ": it takes CAP_NET_ADMIN and CAP_NET_RAW" : "";
}

static struct port *
open_port(struct dp *dp, const struct uplink *uplink, const struct uplink_params *params)
{
	if (params->kind == UPLINK_ETHDEV)
		return port_eth_create(dp, uplink->name, params->device, params->mtu, (uint16_t)uplink->bridge);
	if (params->kind == UPLINK_ECHO)
		return port_echo_create(uplink->name, (uint16_t)uplink->bridge);
	return open_kernel_port(dp, params, (uint16_t)uplink->bridge);
}

static int
uplink_open(struct uplink *uplink, struct dp *dp, const struct uplink_params *params, char *why, size_t why_size)
{
	int bridge = bridge_get(uplink->all->bridges, params->bridge);

	if (bridge < 0) {
		snprintf(why, why_size, "uplink %s: bridge \"%s\": %s", params->device, params->bridge,
			 strerror(-bridge));
		return bridge;
	}
	uplink->bridge = bridge;
	/* Devargs start with the device's name. */
	snprintf(uplink->name, sizeof(uplink->name), "%.*s", (int)strcspn(params->device, ","), params->device);
	struct port *port = open_port(dp, uplink, params);
	if (port == NULL) {
		int error = errno;
		snprintf(why, why_size, "uplink %s cannot be opened: %s%s", params->device, strerror(error),
			 advice(params->kind, error));
		return -error;
	}
	port->pinned = params->poller;
	int ret = member_join(uplink->all->members, &uplink->member, port, uplink_moved, uplink);
	if (ret < 0) {
		snprintf(why, why_size, "uplink %s: no room for another port", params->device);
		port->ops->destroy(port);
		return ret;
	}
	uplink->kind = params->kind;
	uplink->ifindex = params->kind == UPLINK_PACKET || params->kind == UPLINK_TAP ? if_nametoindex(params->device) : 0;
	uplink->all->polls = uplink->all->polls || params->kind != UPLINK_ECHO;
	uplink->counted = true;
	bridge_count_uplink(uplink->all->bridges, bridge, 1, 0);
	log_info("uplink %s: member of %s", uplink->name, params->bridge);
	look_at(uplink);
	return 0;
}

/* Waits until the pollers have given all ports back. */
static void
call_back(struct uplinks *uplinks)
{
	uplinks_leave(uplinks);
	while (!uplinks_are_out(uplinks)) {
		members_dispatch(uplinks->members);
		usleep(1000); /* at start only, after an error */
	}
}

struct uplinks *
uplinks_create(const struct uplink_params *params, unsigned n, struct dp *dp, struct bridges *bridges,
	       struct members *members, char *why, size_t why_size)
{
	struct uplinks *uplinks = calloc(1, sizeof(*uplinks) + n * sizeof(uplinks->list[0]));

	if (uplinks == NULL) {
		snprintf(why, why_size, "out of memory");
		return NULL;
	}
	uplinks->bridges = bridges;
	uplinks->members = members;
	uplinks->link_fd = n > 0 ? link_open() : -1;
	uplinks->polls = n > 0 && uplinks->link_fd < 0;
	for (unsigned i = 0; i < n; i++) {
		struct uplink *uplink = &uplinks->list[uplinks->n++];
		uplink->all = uplinks;
		uplink->bridge = -1;
		int ret = uplink_open(uplink, dp, &params[i], why, why_size);
		if (ret < 0) {
			call_back(uplinks);
			uplinks_destroy(uplinks);
			errno = -ret;
			return NULL;
		}
	}
	return uplinks;
}

void
uplinks_leave(struct uplinks *uplinks)
{
	for (unsigned i = 0; i < uplinks->n; i++)
		member_leave(uplinks->members, &uplinks->list[i].member);
}

bool
uplinks_are_out(const struct uplinks *uplinks)
{
	for (unsigned i = 0; uplinks != NULL && i < uplinks->n; i++) {
		if (uplinks->list[i].member.phase != MEMBER_OUT)
			return false;
	}
	return true;
}

void
uplinks_destroy(struct uplinks *uplinks)
{
	if (uplinks == NULL)
		return;
	assert(uplinks_are_out(uplinks));
	for (unsigned i = 0; i < uplinks->n; i++) {
		struct uplink *uplink = &uplinks->list[i];
		member_destroy_port(uplinks->members, &uplink->member);
		if (uplink->counted)
			bridge_count_uplink(uplinks->bridges, uplink->bridge, -1, uplink->linked ? -1 : 0);
		bridge_put(uplinks->bridges, uplink->bridge);
	}
	if (uplinks->link_fd >= 0)
		close(uplinks->link_fd);
	free(uplinks);
}
