/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending of large frames to a kernel device by a PACKET_TX_RING (packet(7), the kernel's
 * packet_mmap.rst), in place of sendmsg(2). Private to port_kern.c and kern_send.c.
 *
 * Theory of operation: sendmsg(2) copies a frame of 64 KiB into buffers of several pages that the
 * kernel allocates for it. In a PV dom0 pages that are neighbours for the kernel are not neighbours
 * for the NIC, so swiotlb copies such buffers once more. A frame in the ring is copied into pages
 * that exist, and the kernel sends each page where it is. One sendto(2) sends all frames that were
 * put in. The kernel frees a slot when the device has sent its frame; where a frame stays longer
 * (veth, a bridge, a capture), the kernel makes its own copy first (since Linux 4.20). Where
 * nothing is copied by swiotlb the ring is the slower way, so only PV domains use it.
 *
 * A frame that the ring cannot take, because all slots are with the kernel or the kernel refuses
 * it, is left to the caller, who sends it with sendmsg(2). So errors are told in one way only.
 * Threads: the port's owner, or control while the port is not attached.
 */
#ifndef VPE_DP_KERN_RING_H
#define VPE_DP_KERN_RING_H

#include <stdint.h>

#include <rte_mbuf.h>

/*
 * Frames below this go with sendmsg(2): the kernel copies them into few pages, and many of them
 * share a system call by io_uring.
 */
#define KERN_RING_FRAME_MIN 16384u

struct kern_ring {
	int fd; /* -1: there is no ring, every frame is refused */
	uint8_t *slots;
	unsigned next; /* the slot that the kernel looks at next */
};

/* A ring that refuses every frame. */
#define KERN_RING_NONE ((struct kern_ring){ .fd = -1 })

/*
 * Opens a socket for sending to the device and its ring, about 2 MiB of kernel memory. Returns 0,
 * or -errno with *ring = KERN_RING_NONE.
 */
int kern_ring_open(struct kern_ring *ring, unsigned ifindex);

void kern_ring_close(struct kern_ring *ring);

/*
 * Sends frames in order, up to the first that the ring cannot take. The frames stay the caller's.
 * Returns the number of frames sent. Frames are linear GSO frames of at least KERN_RING_FRAME_MIN
 * bytes.
 */
unsigned kern_ring_send(struct kern_ring *ring, struct rte_mbuf *const *frames, unsigned n);

#endif
