/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Batched frames with virtio-net headers over one file descriptor of a kernel device. Private to port_kern.c and
 * kernel_check.c. kern_io.c opens, closes and wakes; kern_recv.c reads; kern_send.c writes.
 *
 * Theory of operation: a poll request stays posted in an io_uring, so while nothing comes, looking for a frame reads shared
 * memory and makes no system call. When the kernel says that frames came they are read until there are no more:
 * with readv(2) from a TAP, in batches with recvmmsg(2) from a packet socket. Writes go as one io_uring_enter(2) a burst.
 * Reads are not posted in the ring ahead of the frames: kernels that do not know TAPs as non-blocking (Linux before 6.4)
 * hand such reads to worker threads, and that costs more than all the rest.
 *
 * Each call that enters a ring can fail for want of memory. Then reading goes on without a poll request, and writing with
 * one system call a frame, so nothing waits for an entry that the kernel never took. Waits are bounded: a write that is not
 * done in time keeps its buffer until it is.
 *
 * A device that is gone (a TAP deleted, a driver unloaded) never comes back under the same descriptor: port_set_fault() with
 * KERN_IO_GONE tells control.
 */
#ifndef VPE_DP_KERN_IO_H
#define VPE_DP_KERN_IO_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <liburing.h>

#include "dp/pool.h"
#include "dp/port.h"

/* The kernel does its part of an operation only when we enter it, and says in shared memory that there is some. Linux 5.19. */
#define KERN_IO_RING_FLAGS (IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG)
#define KERN_IO_READS_MIN 4 /* frames read in one go; each takes a large buffer meanwhile */
#define KERN_IO_READS_MAX 32
#define KERN_IO_VLAN 4   /* bytes kept free before a frame of a packet socket for the tag that the kernel took off */
#define KERN_IO_GONE "its network device is gone"

enum kern_io_kind {
	KERN_IO_TAP,
	KERN_IO_PACKET, /* an AF_PACKET socket: VLAN tags come beside the frame */
};

struct kern_io_read {
	struct rte_mbuf *m; /* large; only while frames are read; NULL: the spare one */
	uint8_t *data;      /* KERN_IO_VLAN bytes, then the frame */
	struct virtio_net_hdr hdr;
	struct iovec iov[2];
	char control[CMSG_SPACE(32)] __attribute__((aligned(8)));
};

struct kern_io_write {
	struct rte_mbuf *m; /* NULL: not in use */
	struct io_uring_sqe *sqe; /* of this burst */
	struct virtio_net_hdr hdr;
	struct iovec iov[2];
	struct msghdr msg;
};

struct kern_io {
	enum kern_io_kind kind;
	int fd; /* non-blocking; owned */
	struct io_uring wake; /* holds the poll request */
	struct io_uring tx;
	bool armed;    /* the poll request is posted */
	bool readable; /* frames may be there: to be read until there are none */
	unsigned n_next; /* reads of the next go: follows the load */
	unsigned n_doubts; /* batches that are to be looked behind; see kern_recv.c */
	uint8_t *spare; /* to read into where no large buffer is free; owned */
	unsigned n_flying; /* writes that the kernel has taken and not finished */
	struct kern_io_read read[KERN_IO_READS_MAX];
	struct mmsghdr msg[KERN_IO_READS_MAX]; /* msg_len: what was read */
	struct kern_io_write write[LIMIT_BURST];
};

/* Takes `fd` over, also on error. 0 or -errno. */
int kern_io_init(struct kern_io *io, enum kern_io_kind kind, int fd);

/* Also frees the frames that are being written. */
void kern_io_fini(struct kern_io *io);

/* Sees what the kernel said since the last look: sets `readable`. Posts the poll request if it is not. */
void kern_io_look(struct kern_io *io);

/* Takes up to `n` frames that came. Counts those that it must drop in `port`. */
unsigned kern_io_recv(struct kern_io *io, struct port *port, struct rte_mbuf **frames, unsigned n);

/* Whether kern_io_recv() would find something. */
bool kern_io_pending(const struct kern_io *io);

/* Readable when frames came. */
int kern_io_fd(const struct kern_io *io);

/* Writes `n` (at most LIMIT_BURST) frames and frees them; counts those that the kernel refuses in `port`. */
void kern_io_send(struct kern_io *io, struct port *port, struct rte_mbuf **frames, unsigned n);

/* Takes back the buffers of writes that are done. `port` NULL: nothing is counted. */
void kern_io_reap(struct kern_io *io, struct port *port);

#endif
