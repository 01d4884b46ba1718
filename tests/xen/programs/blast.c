/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * blast DEVICE MAC: sends TCP frames of 64 KB, with checksums and segmentation left to the far end,
 * through a network device of the kernel until it is killed. The kernel's pktgen makes no such
 * frames.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packet.h"

#define LEN 65000u
#define MSS 1448u
#define HEADERS (PACKET_ETH_LEN + 20u + 20u)
#define SEND_BUFFER (4 << 20)

int
main(int argc, char **argv)
{
	static struct {
		struct virtio_net_hdr hdr;
		uint8_t frame[LEN];
	} __attribute__((packed)) buf;
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = 6 };
	struct packet_ends ends = { .src_mac = { 2, 0, 0, 0, 0, 1 } };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1, size = SEND_BUFFER;

	if (argc != 3 || !packet_parse_mac(argv[2], ends.dst_mac) ||
	    (to.sll_ifindex = (int)if_nametoindex(argv[1])) == 0)
		errx(1, "blast DEVICE MAC");
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		err(1, "packet socket");
	inet_aton("10.0.0.1", &ends.src);
	inet_aton("10.0.0.2", &ends.dst);
	packet_put_tcp(buf.frame, LEN, &ends);
	buf.hdr = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
					   .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
					   .hdr_len = HEADERS,
					   .gso_size = MSS,
					   .csum_start = PACKET_ETH_LEN + 20,
					   .csum_offset = 16 };
	for (;;)
		if (sendto(fd, &buf, sizeof(buf), 0, (struct sockaddr *)&to, sizeof(to)) < 0 &&
		    errno != ENOBUFS)
			err(1, "%s", argv[1]);
}
