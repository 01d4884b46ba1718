/* SPDX-License-Identifier: BSD-3-Clause */
/* A ring of large frames for a kernel device. */
#include "dp/port/kern_ring.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dp/frame/offload.h"
#include "proto/limits.h"

/*
 * A slot begins on a page and takes as many pages as a packet of the kernel's can have
 * (MAX_SKB_FRAGS). A block is physically contiguous if the kernel finds such memory; it makes do
 * with single pages otherwise.
 */
#define PAGE 4096u
#define SLOT_SIZE (17 * PAGE)
#define SLOTS_PER_BLOCK 15u
#define BLOCKS 2u
#define SLOTS (SLOTS_PER_BLOCK * BLOCKS)
#define RING_SIZE (SLOTS * SLOT_SIZE)
/* af_packet.c, tpacket_parse_header(): data follows the header without the address */
#define DATA_OFFSET (TPACKET2_HDRLEN - sizeof(struct sockaddr_ll))
/* bytes of packets that may be on their way; the kernel counts what it allocates as well */
#define SNDBUF (SLOTS * 128 * 1024)

_Static_assert(DATA_OFFSET + sizeof(struct virtio_net_hdr) + LIMIT_FRAME_SIZE <= SLOT_SIZE,
	       "the largest frame fits");

static int
setup(int fd, unsigned ifindex)
{
	/* protocol 0: the socket receives nothing, and each frame has the protocol of its header */
	const struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_ifindex = (int)ifindex };
	const struct tpacket_req req = {
		.tp_block_size = SLOTS_PER_BLOCK * SLOT_SIZE,
		.tp_block_nr = BLOCKS,
		.tp_frame_size = SLOT_SIZE,
		.tp_frame_nr = SLOTS,
	};
	const int version = TPACKET_V2, on = 1, sndbuf = SNDBUF;

	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &sndbuf, sizeof(sndbuf)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, sizeof(req)) < 0 ||
	    bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return 0;
}

static uint8_t *
map_slots(int fd)
{
	void *slots =
		mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);

	return slots == MAP_FAILED ? NULL : slots;
}

int
kern_ring_open(struct kern_ring *ring, unsigned ifindex)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int ret;

	*ring = KERN_RING_NONE;
	if (fd < 0)
		return -errno;
	ret = setup(fd, ifindex);
	uint8_t *slots = ret < 0 ? NULL : map_slots(fd);
	if (slots == NULL) {
		ret = ret < 0 ? ret : -errno;
		close(fd);
		return ret;
	}
	*ring = (struct kern_ring){ .fd = fd, .slots = slots };
	return 0;
}

void
kern_ring_close(struct kern_ring *ring)
{
	if (ring->fd < 0)
		return;
	munmap(ring->slots, RING_SIZE);
	close(ring->fd); /* frames on their way hold references to the pages */
	*ring = KERN_RING_NONE;
}

static struct tpacket2_hdr *
slot(const struct kern_ring *ring, unsigned i)
{
	return (struct tpacket2_hdr *)(ring->slots + (size_t)(i % SLOTS) * SLOT_SIZE);
}

static bool
put(struct tpacket2_hdr *hdr, const struct rte_mbuf *m)
{
	struct virtio_net_hdr *vnet = (struct virtio_net_hdr *)((uint8_t *)hdr + DATA_OFFSET);

	/* acquire: the kernel has read the slot's last frame */
	if (__atomic_load_n(&hdr->tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_AVAILABLE)
		return false;
	offload_to_virtio(m, vnet);
	memcpy(vnet + 1, rte_pktmbuf_mtod(m, const void *), m->pkt_len);
	hdr->tp_len = (uint32_t)sizeof(*vnet) + m->pkt_len;
	/* release: the kernel sees the frame */
	__atomic_store_n(&hdr->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
	return true;
}

/*
 * Whether the kernel has not taken the slot's frame. It sends in order and stops at a frame that it
 * refuses, so all frames behind that one are left as well.
 */
static bool
is_left(struct tpacket2_hdr *hdr)
{
	uint32_t status = __atomic_load_n(&hdr->tp_status, __ATOMIC_ACQUIRE);

	return (status & (TP_STATUS_SEND_REQUEST | TP_STATUS_WRONG_FORMAT)) != 0;
}

/* Takes back what is left of `n` frames. Returns the number of the others. */
static unsigned
take_back(const struct kern_ring *ring, unsigned n)
{
	while (n > 0 && is_left(slot(ring, ring->next + n - 1)))
		__atomic_store_n(&slot(ring, ring->next + --n)->tp_status, TP_STATUS_AVAILABLE,
				 __ATOMIC_RELAXED);
	return n;
}

unsigned
kern_ring_send(struct kern_ring *ring, struct rte_mbuf *const *frames, unsigned n)
{
	unsigned n_put = 0, n_sent;

	if (ring->fd < 0)
		return 0;
	while (n_put < n && put(slot(ring, ring->next + n_put), frames[n_put]))
		n_put++;
	if (n_put == 0)
		return 0;
	sendto(ring->fd, NULL, 0, MSG_DONTWAIT, NULL, 0); /* the slots tell more than the result */
	n_sent = take_back(ring, n_put);
	ring->next = (ring->next + n_sent) % SLOTS;
	return n_sent;
}
