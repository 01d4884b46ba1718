/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TAP device of vpe-tap. Source: Linux Documentation/networking/tuntap.rst; virtio
 * specification, struct virtio_net_hdr
 */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packet.h"

static int
set_addresses(const char *name, const struct vpe_fe_info *info)
{
	struct ifreq ifr = { .ifr_mtu = info->mtu };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = 0;

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, SIOCSIFMTU, &ifr) < 0)
		ret = -errno;
	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr.ifr_hwaddr.sa_data, info->mac, 6);
	if (ret == 0 && ioctl(fd, SIOCSIFHWADDR, &ifr) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Selects the offloads that the backend supports. */
static unsigned
offloads(const struct vpe_fe_info *info)
{
	unsigned flags = 0;

	if (!info->csum_ipv6) /* a TAP has no checksum offload for IPv4 alone */
		return 0;
	flags |= TUN_F_CSUM;
	if (info->sg && info->gso_tcpv4)
		flags |= TUN_F_TSO4;
	if (info->sg && info->gso_tcpv6)
		flags |= TUN_F_TSO6;
	return flags;
}

int
tap_open(char name[16], const struct vpe_fe_info *info)
{
	struct ifreq ifr = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR) };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETOFFLOAD, offloads(info)) < 0)
		ret = -errno;
	if (ret == 0)
		ret = set_addresses(ifr.ifr_name, info);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	snprintf(name, 16, "%s", ifr.ifr_name);
	return fd;
}

bool
tap_header_of(const struct vpe_fe_buf *frame, struct virtio_net_hdr *hdr)
{
	*hdr = (struct virtio_net_hdr){ .gso_type = VIRTIO_NET_HDR_GSO_NONE };
	if (frame->flags & VPE_FE_CSUM_BLANK) {
		hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		if (!packet_find_csum(frame->data, frame->len, &hdr->csum_start, &hdr->csum_offset))
			return false;
	} else if (frame->flags & VPE_FE_CSUM_GOOD) {
		hdr->flags = VIRTIO_NET_HDR_F_DATA_VALID;
	}
	if (frame->flags & (VPE_FE_GSO_TCPV4 | VPE_FE_GSO_TCPV6)) {
		hdr->gso_type = (frame->flags & VPE_FE_GSO_TCPV4) ? VIRTIO_NET_HDR_GSO_TCPV4
								  : VIRTIO_NET_HDR_GSO_TCPV6;
		hdr->gso_size = frame->gso_size;
		hdr->hdr_len = frame->len;
	}
	return true;
}

bool
tap_marks_of(const struct virtio_net_hdr *hdr, struct vpe_fe_buf *frame)
{
	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		frame->flags |= VPE_FE_CSUM_BLANK;
	switch (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		frame->flags |= VPE_FE_GSO_TCPV4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		frame->flags |= VPE_FE_GSO_TCPV6;
		break;
	default:
		return false;
	}
	frame->gso_size = hdr->gso_size;
	return true;
}
