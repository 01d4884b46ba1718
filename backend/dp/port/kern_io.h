/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Batched frames with virtio-net headers over the descriptor of a kernel device. Private to
 * port_kern.c and kernel_check.c. kern_io.c opens, closes and watches it, kern_recv.c reads,
 * kern_send.c writes. Large frames for a packet socket go by kern_ring.c.
 *
 * Theory of operation: a multishot poll request stays posted in an io_uring. So while no frames
 * come, polling only reads shared memory and makes no system call. When the kernel reports frames,
 * they are read until there are none left: with readv(2) from a TAP, in batches with recvmmsg(2)
 * from a packet socket. Writes take one io_uring_enter(2) per burst. Reads are not posted ahead of
 * the frames: kernels that do not treat TAPs as non-blocking (Linux before 6.4) pass such reads to
 * worker threads, which costs more than everything else.
 *
 * Errors: a call that enters a ring can fail for lack of memory. Reading then continues without a
 * poll request, and writing with one system call per frame, so nothing waits for an entry that the
 * kernel never took. Waits are bounded: a write that takes longer keeps its buffer until it is
 * done.
 *
 * A device that is gone (TAP deleted, driver unloaded) never comes back on the same descriptor.
 * port_set_fault() with KERN_IO_GONE tells control.
 */
#ifndef VPE_DP_KERN_IO_H
#define VPE_DP_KERN_IO_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <liburing.h>

#include "dp/frame/pool.h"
#include "dp/port/kern_ring.h"
#include "dp/port/port.h"

/*
 * The kernel posts completions only when we enter it, and sets a flag in shared memory when there
 * are any. Linux 5.19.
 */
#define KERN_IO_RING_FLAGS (IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG)
#define KERN_IO_READS_MIN 4 /* frames read at once; each takes a large buffer for the duration */
#define KERN_IO_READS_MAX 32
/* bytes kept free before a frame from a packet socket, for the tag that the kernel removed */
#define KERN_IO_VLAN 4
#define KERN_IO_GONE "its network device is gone"

enum kern_io_kind {
	KERN_IO_TAP,
	KERN_IO_PACKET, /* an AF_PACKET socket: VLAN tags come in auxiliary data */
};

struct kern_io_read {
	struct rte_mbuf *m; /* large buffer, only during a read; NULL: `spare` is used */
	uint8_t *data;      /* KERN_IO_VLAN bytes, then the frame */
	struct virtio_net_hdr hdr;
	struct iovec iov[2];
	char control[CMSG_SPACE(32)] __attribute__((aligned(8)));
};

struct kern_io_write {
	struct rte_mbuf *m;       /* NULL: unused */
	struct io_uring_sqe *sqe; /* its entry in this burst */
	struct virtio_net_hdr hdr;
	struct iovec iov[2];
	struct msghdr msg;
};

struct kern_io {
	enum kern_io_kind kind;
	int fd;               /* non-blocking; owned */
	struct io_uring wake; /* holds the poll request */
	struct io_uring tx;
	bool armed;      /* the poll request is posted */
	bool readable;   /* frames may be there: read until there are none */
	unsigned n_next; /* number of frames for the next read; follows the load */
	/* batches still to be followed by another read; see DOUBTS in kern_recv.c */
	unsigned n_doubts;
	uint8_t *spare;    /* read buffer for when no large mbuf is free; owned */
	unsigned n_flying; /* writes in progress in the kernel */
	/* large frames of a packet socket; opened by port_kern.c, closed by kern_io_fini() */
	struct kern_ring ring;
	struct kern_io_read read[KERN_IO_READS_MAX];
	struct mmsghdr msg[KERN_IO_READS_MAX]; /* msg_len: bytes read */
	struct kern_io_write write[LIMIT_BURST];
};

/* Takes ownership of `fd`, also on error. There is no ring yet. Returns 0 or -errno. */
int kern_io_init(struct kern_io *io, enum kern_io_kind kind, int fd);

/* Waits for writes in progress, for a bounded time, and frees their frames. */
void kern_io_fini(struct kern_io *io);

/*
 * Processes completions of the poll request and sets `readable`. Posts the request if it is not
 * posted.
 */
void kern_io_look(struct kern_io *io);

/* Receives up to `n` frames and returns their number. Counts drops in `port`. */
unsigned kern_io_recv(struct kern_io *io, struct port *port, struct rte_mbuf **frames, unsigned n);

/* Whether kern_io_recv() may find something. */
bool kern_io_pending(const struct kern_io *io);

/* Descriptor that is readable when frames came. */
int kern_io_fd(const struct kern_io *io);

/*
 * Writes `n` (at most LIMIT_BURST) frames and frees them. Counts sent and refused ones in `port`.
 */
void kern_io_send(struct kern_io *io, struct port *port, struct rte_mbuf **frames, unsigned n);

/* Frees the buffers of completed writes. If `port` is NULL nothing is counted. */
void kern_io_reap(struct kern_io *io, struct port *port);

#endif
