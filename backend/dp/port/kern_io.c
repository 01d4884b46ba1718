/* SPDX-License-Identifier: BSD-3-Clause */
/* The descriptor of a kernel device and its io_urings: open, close, watch. */
#include "dp/port/kern_io.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rte_mbuf.h>

#include "base/util.h"

_Static_assert((LIMIT_BURST & (LIMIT_BURST - 1)) == 0, "a ring's size");

/* Closing waits this long for the kernel, and so many times. */
#define CLOSE_WAIT_NS 10000000
#define CLOSE_WAITS 100u

#define RING_OPS_MAX 3u

/* liburing 2.3 declares functions for these requests, but its library lacks them. */
static int
configure_ring(const struct io_uring *ring, unsigned request, void *arg, unsigned n)
{
	return syscall(SYS_io_uring_register, ring->ring_fd, request, arg, n) < 0 ? -errno : 0;
}

/*
 * Makes a ring in which the kernel takes only the given operations and no flags of entries, so that
 * it is no way around a filter of system calls. Source: io_uring_register(2),
 * IORING_REGISTER_RESTRICTIONS. Returns 0 or -errno.
 */
static int
make_ring(struct io_uring *ring, unsigned size, const uint8_t *ops, unsigned n_ops)
{
	struct io_uring_restriction may[RING_OPS_MAX + 1] = {
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED }, /* none */
	};
	int ret = io_uring_queue_init(size, ring, KERN_IO_RING_FLAGS | IORING_SETUP_R_DISABLED);

	if (ret < 0)
		return ret;
	for (unsigned i = 0; i < n_ops; i++)
		may[i + 1] = (struct io_uring_restriction){
			.opcode = IORING_RESTRICTION_SQE_OP,
			.sqe_op = ops[i],
		};
	ret = configure_ring(ring, IORING_REGISTER_RESTRICTIONS, may, n_ops + 1);
	if (ret == 0)
		ret = configure_ring(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
	if (ret < 0)
		io_uring_queue_exit(ring);
	return ret;
}

static int
make_rings(struct kern_io *io)
{
	static const uint8_t wake[] = { IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL };
	static const uint8_t tx[] = { IORING_OP_WRITEV, IORING_OP_SENDMSG, IORING_OP_NOP };
	int ret = make_ring(&io->wake, 2, wake, ARRAY_SIZE(wake));

	if (ret < 0)
		return ret;
	ret = make_ring(&io->tx, LIMIT_BURST, tx, ARRAY_SIZE(tx));
	if (ret < 0)
		io_uring_queue_exit(&io->wake);
	return ret;
}

int
kern_io_init(struct kern_io *io, enum kern_io_kind kind, int fd)
{
	io->kind = kind;
	io->fd = fd;
	io->n_next = KERN_IO_READS_MIN;
	io->ring = KERN_RING_NONE;
	io->spare = malloc(POOL_LARGE_ROOM);
	int ret = io->spare == NULL ? -ENOMEM : make_rings(io);
	if (ret < 0) {
		free(io->spare);
		close(fd);
	}
	return ret;
}

static void
take_wakes(struct kern_io *io)
{
	struct io_uring_cqe *cqe;

	while (io_uring_peek_cqe(&io->wake, &cqe) == 0) {
		if (io_uring_cqe_get_data(cqe) == io) {
			io->armed = (cqe->flags & IORING_CQE_F_MORE) != 0;
			io->readable = true;
		}
		io_uring_cqe_seen(&io->wake, cqe);
	}
}

/* Waits up to CLOSE_WAIT_NS for a completion in `ring`. */
static void
wait_for(struct io_uring *ring)
{
	struct __kernel_timespec limit = { .tv_nsec = CLOSE_WAIT_NS };
	struct io_uring_cqe *cqe;

	io_uring_wait_cqe_timeout(ring, &cqe, &limit);
}

/*
 * Waits until the kernel has released the device, because a new one of the same name may follow at
 * once.
 */
static void
disarm(struct kern_io *io)
{
	struct io_uring_sqe *sqe = io->armed ? io_uring_get_sqe(&io->wake) : NULL;

	if (sqe == NULL)
		return;
	io_uring_prep_cancel(sqe, NULL, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	io_uring_sqe_set_data(sqe, NULL);
	io_uring_submit(&io->wake); /* on an error the wait below submits it again */
	for (unsigned i = 0; io->armed && i < CLOSE_WAITS; i++) {
		wait_for(&io->wake);
		take_wakes(io);
	}
}

void
kern_io_fini(struct kern_io *io)
{
	disarm(io);
	for (unsigned i = 0; io->n_flying > 0 && i < CLOSE_WAITS; i++) {
		wait_for(&io->tx);
		kern_io_reap(io, NULL);
	}
	io_uring_queue_exit(&io->wake);
	io_uring_queue_exit(&io->tx); /* a frame that the kernel still has cannot be freed */
	kern_ring_close(&io->ring);
	free(io->spare);
	close(io->fd);
}

int
kern_io_fd(const struct kern_io *io)
{
	return io->wake.ring_fd;
}

/*
 * Posts the poll request. If the kernel did not take the last one it is still in the ring, so there
 * is never more than one.
 */
static void
arm(struct kern_io *io)
{
	if (io_uring_sq_ready(&io->wake) == 0) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&io->wake);
		io_uring_prep_poll_multishot(sqe, io->fd, POLLIN);
		io_uring_sqe_set_data(sqe, io);
	}
	io->armed = io_uring_submit(&io->wake) == 1;
	io->readable = true; /* frames may have come before */
}

/* Enters the kernel only if the kernel has completions to post. */
void
kern_io_look(struct kern_io *io)
{
	if (!io->armed)
		arm(io);
	take_wakes(io);
}

bool
kern_io_pending(const struct kern_io *io)
{
	return io->readable || !io->armed || io->n_flying > 0 || io_uring_cq_ready(&io->wake) > 0 ||
	       (__atomic_load_n(io->wake.sq.kflags, __ATOMIC_ACQUIRE) & IORING_SQ_TASKRUN) != 0;
}
