/* SPDX-License-Identifier: BSD-3-Clause */
/* Batched frames over a kernel device's file descriptor. Called by port_kern.c; calls liburing. */
#include "dp/kern_io.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "dp/offload.h"
#include "dp/poller.h"

_Static_assert((LIMIT_BURST & (LIMIT_BURST - 1)) == 0, "a ring's size");

/* The kernel does its part of an operation only when we enter it, and says in shared memory that there is some. */
#define RING_FLAGS (IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG)

int
kern_io_init(struct kern_io *io, enum kern_io_kind kind, int fd)
{
	io->kind = kind;
	io->fd = fd;
	io->n_next = KERN_IO_READS_MIN;
	int ret = io_uring_queue_init(2, &io->wake, RING_FLAGS);
	if (ret == 0) {
		ret = io_uring_queue_init(LIMIT_BURST, &io->tx, RING_FLAGS);
		if (ret < 0)
			io_uring_queue_exit(&io->wake);
	}
	if (ret < 0)
		close(fd);
	return ret;
}

/* Waits until the kernel has let go of the device: a new one of the same name may follow at once. */
static void
disarm(struct kern_io *io)
{
	struct io_uring_cqe *cqe;

	if (!io->armed)
		return;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&io->wake);
	io_uring_prep_cancel(sqe, NULL, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	io_uring_sqe_set_data(sqe, NULL);
	io_uring_submit(&io->wake);
	while (io->armed && io_uring_wait_cqe(&io->wake, &cqe) == 0) {
		if (io_uring_cqe_get_data(cqe) == io)
			io->armed = (cqe->flags & IORING_CQE_F_MORE) != 0;
		io_uring_cqe_seen(&io->wake, cqe);
	}
}

void
kern_io_fini(struct kern_io *io)
{
	disarm(io);
	io_uring_queue_exit(&io->wake);
	io_uring_queue_exit(&io->tx);
	close(io->fd);
}

int
kern_io_fd(const struct kern_io *io)
{
	return io->wake.ring_fd;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static void
arm(struct kern_io *io)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&io->wake);

	io_uring_prep_poll_multishot(sqe, io->fd, POLLIN);
	io_uring_sqe_set_data(sqe, io);
	io->armed = io_uring_submit(&io->wake) == 1;
	io->readable = true; /* what came before */
}

/* Sees what the kernel said since the last look. Peeking enters the kernel only if it has work to do for us. */
static void
look(struct kern_io *io)
{
	struct io_uring_cqe *cqe;

	if (!io->armed)
		arm(io);
	while (io_uring_peek_cqe(&io->wake, &cqe) == 0) {
		io->armed = (cqe->flags & IORING_CQE_F_MORE) != 0;
		io->readable = true;
		io_uring_cqe_seen(&io->wake, cqe);
	}
}

/* Gives up to `n` reads a large buffer each. Returns how many have one: the first ones. */
static unsigned
prepare_reads(struct kern_io *io, struct pools *pools, unsigned n)
{
	unsigned offset = io->kind == KERN_IO_PACKET ? KERN_IO_VLAN : 0;

	for (unsigned i = 0; i < n; i++) {
		struct kern_io_read *rd = &io->read[i];
		rd->m = pool_alloc(pools, POOL_LARGE_ROOM);
		if (rd->m == NULL)
			return i;
		rd->iov[0] = (struct iovec){ &rd->hdr, sizeof(rd->hdr) };
		rd->iov[1] = (struct iovec){ (char *)rd->m->buf_addr + offset, POOL_LARGE_ROOM - offset };
		io->msg[i].msg_hdr = (struct msghdr){ .msg_iov = rd->iov, .msg_iovlen = 2, .msg_control = rd->control,
						      .msg_controllen = sizeof(rd->control) };
	}
	return n;
}

/* Fills up to `n` prepared reads. Returns how many; fewer than `n` if there are no more frames. */
static unsigned
do_reads(struct kern_io *io, unsigned n)
{
	if (io->kind == KERN_IO_PACKET) {
		int n_read = recvmmsg(io->fd, io->msg, n, MSG_DONTWAIT, NULL);
		if (n_read < 0 && errno == ENETDOWN) /* said once, whatever waits behind it */
			n_read = recvmmsg(io->fd, io->msg, n, MSG_DONTWAIT, NULL);
		return n_read < 0 ? 0 : (unsigned)n_read;
	}
	for (unsigned i = 0; i < n; i++) {
		ssize_t len = readv(io->fd, io->read[i].iov, 2);
		if (len < 0)
			return i;
		io->msg[i].msg_len = (unsigned)len;
	}
	return n;
}

/* The VLAN tag that the kernel took off the frame, in auxiliary data; NULL if it had none. */
static const struct tpacket_auxdata *
vlan_of(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
			const struct tpacket_auxdata *aux = (const void *)CMSG_DATA(c);
			return (aux->tp_status & TP_STATUS_VLAN_VALID) ? aux : NULL;
		}
	}
	return NULL;
}

/* Puts the tag back where it was, into the room kept before the frame. */
static void
restore_vlan(struct kern_io_read *rd, const struct tpacket_auxdata *aux)
{
	uint8_t *frame = (uint8_t *)rd->m->buf_addr;
	uint16_t tpid = (aux->tp_status & TP_STATUS_VLAN_TPID_VALID) ? aux->tp_vlan_tpid : ETHERTYPE_VLAN;
	uint16_t tag[2] = { htons(tpid), htons(aux->tp_vlan_tci) };

	memmove(frame, frame + KERN_IO_VLAN, 2 * ETHER_ADDR_LEN);
	memcpy(frame + 2 * ETHER_ADDR_LEN, tag, sizeof(tag));
	rd->m->data_off = 0;
	rd->m->data_len += KERN_IO_VLAN;
	rd->m->pkt_len += KERN_IO_VLAN;
	if (rd->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		rd->hdr.csum_start += KERN_IO_VLAN;
}

/* The frame of read `i`, in the read's own buffer, which it takes, or in a small one. NULL: dropped and counted. */
static struct rte_mbuf *
take_frame(struct kern_io *io, unsigned i, struct port *port)
{
	struct kern_io_read *rd = &io->read[i];
	struct rte_mbuf *m = rd->m;
	uint32_t room = POOL_LARGE_ROOM - (io->kind == KERN_IO_PACKET ? KERN_IO_VLAN : 0);
	uint32_t n_read = io->msg[i].msg_len;
	uint32_t len = n_read - (uint32_t)sizeof(rd->hdr);

	if (n_read < sizeof(rd->hdr) + ETHER_HDR_LEN || len >= room) {
		port->stats.n_dropped[n_read > room ? DROP_TOO_BIG : DROP_BAD_HEADERS]++;
		return NULL;
	}
	m->data_off = (uint16_t)(POOL_LARGE_ROOM - room);
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	m->ol_flags = 0;
	const struct tpacket_auxdata *aux = io->kind == KERN_IO_PACKET ? vlan_of(&io->msg[i].msg_hdr) : NULL;
	if (aux != NULL)
		restore_vlan(rd, aux);
	if (m->pkt_len <= POOL_SMALL_ROOM) {
		struct rte_mbuf *small = pool_alloc(port->owner->pools, m->pkt_len);
		if (small == NULL) {
			port->stats.n_dropped[DROP_NO_BUFFER]++;
			return NULL;
		}
		memcpy(rte_pktmbuf_mtod(small, void *), rte_pktmbuf_mtod(m, void *), m->pkt_len);
		m = small;
	} else {
		rd->m = NULL;
	}
	if (offload_from_virtio(m, &rd->hdr) < 0) {
		port_drop(port, m, DROP_BAD_HEADERS);
		return NULL;
	}
	return m;
}

unsigned
kern_io_recv(struct kern_io *io, struct port *port, struct rte_mbuf **frames, unsigned n)
{
	unsigned n_frames = 0;

	if (!io->readable)
		look(io);
	if (!io->readable)
		return 0;
	unsigned n_ready = prepare_reads(io, port->owner->pools, RTE_MIN(n, io->n_next));
	unsigned n_read = do_reads(io, n_ready);
	io->readable = n_read == n_ready;
	io->n_next = RTE_MIN(RTE_MAX(2 * n_read, (unsigned)KERN_IO_READS_MIN), (unsigned)KERN_IO_READS_MAX);
	for (unsigned i = 0; i < n_ready; i++) {
		struct rte_mbuf *m = i < n_read ? take_frame(io, i, port) : NULL;
		if (m != NULL)
			frames[n_frames++] = m;
		rte_pktmbuf_free(io->read[i].m);
	}
	return n_frames;
}

bool
kern_io_pending(const struct kern_io *io)
{
	return io->readable || !io->armed || io_uring_cq_ready(&io->wake) > 0 ||
	       (__atomic_load_n(io->wake.sq.kflags, __ATOMIC_ACQUIRE) & IORING_SQ_TASKRUN) != 0;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

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
	} else {
		port->stats.n_dropped[DROP_PORT_ERROR]++;
	}
}

void
kern_io_send(struct kern_io *io, struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct io_uring_cqe *cqe;

	for (unsigned i = 0; i < n; i++) {
		struct kern_io_write *wr = &io->write[i];
		struct io_uring_sqe *sqe = io_uring_get_sqe(&io->tx);

		offload_to_virtio(frames[i], &wr->hdr);
		wr->iov[0] = (struct iovec){ &wr->hdr, sizeof(wr->hdr) };
		wr->iov[1] = (struct iovec){ rte_pktmbuf_mtod(frames[i], void *), frames[i]->pkt_len };
		if (io->kind == KERN_IO_PACKET) {
			wr->msg = (struct msghdr){ .msg_iov = wr->iov, .msg_iovlen = 2 };
			io_uring_prep_sendmsg(sqe, io->fd, &wr->msg, MSG_DONTWAIT);
		} else {
			io_uring_prep_writev(sqe, io->fd, wr->iov, 2, 0);
		}
		io_uring_sqe_set_data(sqe, frames[i]);
	}
	io_uring_submit_and_wait(&io->tx, n);
	for (unsigned i = 0; i < n && io_uring_wait_cqe(&io->tx, &cqe) == 0; i++) {
		count_write(port, io_uring_cqe_get_data(cqe), cqe->res);
		io_uring_cqe_seen(&io->tx, cqe);
	}
	rte_pktmbuf_free_bulk(frames, n);
}
