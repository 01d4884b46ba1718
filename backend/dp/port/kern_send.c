/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending of frames to a kernel device. */
#include "dp/port/kern_io.h"

#include <errno.h>

#include "dp/frame/offload.h"

#define WAIT_NS 1000000 /* limit for writes that the kernel passes to a worker thread */

/*
 * Records the first error for control. A device that is down (ENETDOWN, or EIO from a TAP) is no
 * error.
 */
static void
note_refusal(struct port *port, int error)
{
	if (error != ENETDOWN && error != EIO &&
	    __atomic_load_n(&port->refused, __ATOMIC_RELAXED) == 0)
		__atomic_store_n(&port->refused, error, __ATOMIC_RELAXED);
}

static void
count_write(struct port *port, const struct rte_mbuf *m, int result)
{
	if (result >= 0) {
		port->stats.tx_frames++;
		port->stats.tx_bytes += m->pkt_len;
	} else if (result == -EAGAIN || result == -ENOBUFS) {
		port->stats.n_dropped[DROP_QUEUE_FULL]++;
	} else if (result == -EMSGSIZE) {
		port->stats.n_dropped[DROP_TOO_BIG]++;
		note_refusal(port, EMSGSIZE);
	} else if (result == -EBADFD || result == -ENODEV || result == -ENXIO) {
		port->stats.n_dropped[DROP_PORT_GONE]++;
		port_set_fault(port, KERN_IO_GONE);
	} else {
		port->stats.n_dropped[DROP_PORT_ERROR]++;
		note_refusal(port, -result);
	}
}

static void
write_done(struct kern_io_write *wr, struct port *port, int result)
{
	if (port != NULL)
		count_write(port, wr->m, result);
	rte_pktmbuf_free(wr->m);
	wr->m = NULL;
}

/* Completions without a write belong to the no-ops that withdraw() left. */
void
kern_io_reap(struct kern_io *io, struct port *port)
{
	struct io_uring_cqe *cqe;

	while (io_uring_peek_cqe(&io->tx, &cqe) == 0) {
		struct kern_io_write *wr = io_uring_cqe_get_data(cqe);
		if (wr != NULL) {
			write_done(wr, port, cqe->res);
			io->n_flying--;
		}
		io_uring_cqe_seen(&io->tx, cqe);
	}
}

static void
prepare(struct kern_io_write *wr, struct rte_mbuf *m)
{
	wr->m = m;
	offload_to_virtio(m, &wr->hdr);
	wr->iov[0] = (struct iovec){ &wr->hdr, sizeof(wr->hdr) };
	wr->iov[1] = (struct iovec){ rte_pktmbuf_mtod(m, void *), m->pkt_len };
	wr->msg = (struct msghdr){ .msg_iov = wr->iov, .msg_iovlen = 2 };
}

static void
write_now(struct kern_io *io, struct kern_io_write *wr, struct port *port)
{
	ssize_t ret = io->kind == KERN_IO_PACKET ? sendmsg(io->fd, &wr->msg, MSG_DONTWAIT)
						 : writev(io->fd, wr->iov, 2);

	write_done(wr, port, ret < 0 ? -errno : 0);
}

/*
 * Queues a write. Returns false if the ring is full because the kernel has not taken earlier
 * entries.
 */
static bool
queue(struct kern_io *io, struct kern_io_write *wr)
{
	wr->sqe = io_uring_get_sqe(&io->tx);
	if (wr->sqe == NULL)
		return false;
	if (io->kind == KERN_IO_PACKET)
		io_uring_prep_sendmsg(wr->sqe, io->fd, &wr->msg, MSG_DONTWAIT);
	else
		io_uring_prep_writev(wr->sqe, io->fd, wr->iov, 2, 0);
	io_uring_sqe_set_data(wr->sqe, wr);
	return true;
}

/*
 * Handles a write that the kernel did not take for lack of memory. Its entry stays in the ring and
 * must not refer to the frame any more, so it becomes a no-op. The frame is sent with a system call
 * of its own.
 */
static void
withdraw(struct kern_io *io, struct kern_io_write *wr, struct port *port)
{
	io_uring_prep_nop(wr->sqe);
	io_uring_sqe_set_data(wr->sqe, NULL);
	write_now(io, wr, port);
}

/*
 * Submits the burst's `n` entries, the last ones in the ring, and waits for them for up to WAIT_NS.
 */
static void
submit(struct kern_io *io, struct port *port, struct kern_io_write **queued, unsigned n)
{
	struct __kernel_timespec limit = { .tv_nsec = WAIT_NS };
	struct io_uring_cqe *cqe;

	/*
	 * The return value depends on the liburing version. The ring tells what the kernel did not
	 * take.
	 */
	io_uring_submit_and_wait_timeout(&io->tx, &cqe, io->n_flying + n, &limit, NULL);
	unsigned n_left = RTE_MIN(io_uring_sq_ready(&io->tx), n);
	io->n_flying += n - n_left;
	kern_io_reap(io, port);
	for (unsigned i = n - n_left; i < n; i++)
		withdraw(io, queued[i], port);
}

/* Sends `n` frames with one system call for all. */
static void
send_by_calls(struct kern_io *io, struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct kern_io_write *queued[LIMIT_BURST];
	struct kern_io_write *wr = io->write;
	unsigned n_queued = 0;

	for (unsigned i = 0; i < n; i++, wr++) {
		while (wr < io->write + LIMIT_BURST && wr->m != NULL)
			wr++;
		if (wr == io->write + LIMIT_BURST) { /* all other writes are in progress */
			port->stats.n_dropped[DROP_QUEUE_FULL] += n - i;
			rte_pktmbuf_free_bulk(frames + i, n - i);
			break;
		}
		prepare(wr, frames[i]);
		if (queue(io, wr))
			queued[n_queued++] = wr;
		else
			write_now(io, wr, port);
	}
	if (n_queued > 0)
		submit(io, port, queued, n_queued);
}

static bool
is_for_ring(const struct kern_io *io, const struct rte_mbuf *m)
{
	return io->ring.fd >= 0 && m->pkt_len >= KERN_RING_FRAME_MIN && offload_is_gso(m);
}

/* Sends the first frames by the ring, as many as it takes. Returns their number. */
static unsigned
send_by_ring(struct kern_io *io, struct port *port, struct rte_mbuf **frames, unsigned n)
{
	unsigned n_sent = kern_ring_send(&io->ring, frames, n);

	for (unsigned i = 0; i < n_sent; i++)
		count_write(port, frames[i], 0);
	rte_pktmbuf_free_bulk(frames, n_sent);
	return n_sent;
}

/* Frames leave in order: each run of frames that go the same way is sent before the next one. */
void
kern_io_send(struct kern_io *io, struct port *port, struct rte_mbuf **frames, unsigned n)
{
	if (io->n_flying > 0)
		kern_io_reap(io, port);
	while (n > 0) {
		bool by_ring = is_for_ring(io, frames[0]);
		unsigned n_run = 1, n_sent = 0;

		while (n_run < n && is_for_ring(io, frames[n_run]) == by_ring)
			n_run++;
		if (by_ring)
			n_sent = send_by_ring(io, port, frames, n_run);
		if (n_sent < n_run)
			send_by_calls(io, port, frames + n_sent, n_run - n_sent);
		frames += n_run;
		n -= n_run;
	}
}
