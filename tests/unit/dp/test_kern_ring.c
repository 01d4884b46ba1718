/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring of large frames, on a pair of veth devices in a network namespace of the test's own.
 * Without root there is none: then only the ring that refuses everything is tested.
 */
#include "dp/port/kern_ring.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dp/frame/offload.h"
#include "packet_mbuf.h"
#include "unit.h"

#define N_SLOTS 30u
#define SLOT_SIZE (17u * 4096)
#define MSS 1448u
#define BURST 8u

static struct bench {
	int host_ns, peer;
	struct kern_ring ring;
	struct rte_mbuf m[BURST];
} bench;

static void
close_bench(void)
{
	kern_ring_close(&bench.ring);
	if (bench.peer >= 0)
		close(bench.peer);
	if (bench.host_ns >= 0) { /* the devices go with their namespace */
		CHECK_EQ(setns(bench.host_ns, CLONE_NEWNET), 0);
		close(bench.host_ns);
	}
}

static int
open_peer(const char *device)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
				    .sll_protocol = htons(ETH_P_ALL),
				    .sll_ifindex = (int)if_nametoindex(device) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
	const int on = 1, size = 16 * 1024 * 1024;

	REQUIRE_GE(fd, 0);
	CHECK_EQ(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)), 0);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)), 0);
	CHECK_EQ(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* False: there can be no devices here. */
static bool
open_bench(void)
{
	bench = (struct bench){ .peer = -1, .ring = KERN_RING_NONE };
	bench.host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (bench.host_ns < 0 || unshare(CLONE_NEWNET) < 0 ||
	    system("ip link add ring0 type veth peer name ring1 && ip link set ring0 up && ip link set ring1 up") !=
		    0) {
		printf("(skipped: no network namespace with veth devices) ");
		close_bench();
		return false;
	}
	bench.peer = open_peer("ring1");
	REQUIRE_EQ(kern_ring_open(&bench.ring, if_nametoindex("ring0")), 0);
	return true;
}

static struct packet
packet_of(unsigned i, unsigned payload_size)
{
	return (struct packet){ .family = i % 2 ? 6 : 4,
				.n_tags = i % 3 == 2,
				.protocol = IPPROTO_TCP,
				.tcp_flags = 0x10,
				.seq = i * 100000,
				.payload_size = payload_size };
}

static void
make_frame(struct rte_mbuf *m, unsigned i, unsigned payload_size)
{
	static uint8_t data[PACKET_SIZE_MAX];
	struct packet p = packet_of(i, payload_size);

	packet_mbuf(m, data, packet_build(&p, data));
	REQUIRE_EQ(offload_request(m, i % 2 ? OFFLOAD_GSO_TCPV6 : OFFLOAD_GSO_TCPV4, MSS), 0);
}

/* Sends frames number `first` and following; returns how many the ring took. */
static unsigned
send_frames(unsigned first, unsigned n, unsigned payload_size)
{
	struct rte_mbuf *frames[BURST] = { NULL };

	for (unsigned i = 0; i < n; i++) {
		frames[i] = &bench.m[i];
		make_frame(frames[i], first + i, payload_size);
	}
	unsigned n_sent = kern_ring_send(&bench.ring, frames, n);
	for (unsigned i = 0; i < n; i++)
		packet_mbuf_free(frames[i]);
	return n_sent;
}

/*
 * The next frame that the other device gets must be number `i`, with its header. The kernel's own
 * frames are passed over.
 */
static void
expect_frame(unsigned i, unsigned payload_size)
{
	static uint8_t data[sizeof(struct virtio_net_hdr) + PACKET_SIZE_MAX], want[PACKET_SIZE_MAX];
	struct packet p = packet_of(i, payload_size);
	size_t size = packet_build(&p, want), at = packet_l2_size(&p), csum = packet_csum_start(&p);
	const uint8_t *frame = data + sizeof(struct virtio_net_hdr);
	struct virtio_net_hdr hdr;
	struct pollfd pfd = { .fd = bench.peer, .events = POLLIN };
	ssize_t len;

	do {
		REQUIRE_EQ(poll(&pfd, 1, 2000), 1);
		len = recv(bench.peer, data, sizeof(data), 0);
		memcpy(&hdr, data, sizeof(hdr));
	} while (hdr.gso_size == 0);
	/* A packet socket gives a tag beside the frame. */
	size_t tag = 4 * p.n_tags;
	REQUIRE_EQ((size_t)len, sizeof(hdr) + size - tag);
	CHECK_EQ(hdr.gso_size, MSS);
	CHECK_EQ(hdr.gso_type, i % 2 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4);
	CHECK_MEM(frame, want, 12);
	/*
	 * IPv4's header is the frame's own; the transport's checksum is left to whoever segments
	 * it.
	 */
	CHECK_MEM(frame + at - tag, want + at, csum - at);
	CHECK_MEM(frame + csum + 2 - tag, want + csum + 2, size - csum - 2);
}

static uint32_t *
status_of(unsigned i)
{
	return &((struct tpacket2_hdr *)(bench.ring.slots + (size_t)(i % N_SLOTS) * SLOT_SIZE))
			->tp_status;
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void
kern_ring_none(void)
{
	struct rte_mbuf *frame = &bench.m[0];

	bench.ring = KERN_RING_NONE;
	make_frame(frame, 0, 20000);
	CHECK_EQ(kern_ring_send(&bench.ring, &frame, 1), 0);
	packet_mbuf_free(frame);
	kern_ring_close(&bench.ring);
	CHECK_LT(kern_ring_open(&bench.ring, 0x7ffffff0), 0); /* no such device, or no permission */
	CHECK_EQ(bench.ring.fd, -1);
}

/* All lengths up to the largest, several times round the ring. */
static void
kern_ring_send_each(void)
{
	if (!open_bench())
		return;
	for (unsigned i = 0; i < 3 * N_SLOTS; i += BURST) {
		unsigned size = i == 0 ? 65000 : 17000 + i * 400;

		CHECK_EQ(send_frames(i, BURST, size), BURST);
		for (unsigned k = 0; k < BURST; k++)
			expect_frame(i + k, size);
	}
	close_bench();
}

/*
 * A slot that the kernel still has ends the burst; what came before goes, and the ring goes on
 * where it stopped.
 */
static void
kern_ring_send_full(void)
{
	if (!open_bench())
		return;
	for (unsigned n_free = 0; n_free < 4; n_free++) {
		unsigned busy = bench.ring.next + n_free;

		*status_of(busy) = TP_STATUS_SENDING;
		CHECK_EQ(send_frames(0, 4, 20000), n_free);
		CHECK_EQ(send_frames(0, 4, 20000), 0);
		for (unsigned i = 0; i < n_free; i++)
			expect_frame(i, 20000);
		*status_of(busy) = TP_STATUS_AVAILABLE;
		CHECK_EQ(send_frames(8, 4, 20000), 4);
		for (unsigned i = 0; i < 4; i++)
			expect_frame(8 + i, 20000);
	}
	close_bench();
}

/*
 * The device is down: nothing is taken, nothing is sent later, and the ring works when it is up
 * again.
 */
static void
kern_ring_send_down(void)
{
	if (!open_bench())
		return;
	REQUIRE_EQ(system("ip link set ring0 down"), 0);
	for (unsigned i = 0; i < 2 * N_SLOTS; i += BURST)
		CHECK_EQ(send_frames(i, BURST, 20000), 0);
	REQUIRE_EQ(system("ip link set ring0 up"), 0);
	CHECK_EQ(send_frames(5, 2, 30000), 2);
	expect_frame(5, 30000);
	expect_frame(6, 30000);
	REQUIRE_EQ(system("ip link delete ring0"), 0);
	CHECK_EQ(send_frames(0, 2, 20000), 0);
	close_bench();
}

/*
 * The kernel refuses one frame for its header: those before it go, it and those behind it are left,
 * and the next ones go.
 */
static void
kern_ring_send_refused(void)
{
	struct rte_mbuf *frames[4];

	if (!open_bench())
		return;
	for (unsigned bad = 0; bad < 4; bad++) {
		for (unsigned i = 0; i < 4; i++) {
			frames[i] = &bench.m[i];
			make_frame(frames[i], i, 20000);
		}
		bench.m[bad].tso_segsz = 0;
		CHECK_EQ(kern_ring_send(&bench.ring, frames, 4), bad);
		for (unsigned i = 0; i < 4; i++)
			packet_mbuf_free(frames[i]);
		for (unsigned i = 0; i < bad; i++)
			expect_frame(i, 20000);
		CHECK_EQ(send_frames(10, BURST, 20000), BURST);
		for (unsigned i = 0; i < BURST; i++)
			expect_frame(10 + i, 20000);
	}
	close_bench();
}

void test_kern_ring(CU_pSuite suite);

void
test_kern_ring(CU_pSuite suite)
{
	UNIT_ADD(suite, kern_ring_none);
	UNIT_ADD(suite, kern_ring_send_each);
	UNIT_ADD(suite, kern_ring_send_full);
	UNIT_ADD(suite, kern_ring_send_down);
	UNIT_ADD(suite, kern_ring_send_refused);
}
