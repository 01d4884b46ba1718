/* SPDX-License-Identifier: BSD-3-Clause */
/* Reception of frames from a kernel device. */
#include "dp/port/kern_io.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/util.h"
#include "dp/frame/offload.h"
#include "dp/frame/worker.h"

/* batches after an error that are followed by another read even if they are short */
#define DOUBTS 1024u

/*
 * Gives each of up to `n` reads a large buffer. Returns how many have one. If there is none at all,
 * the first read uses the spare buffer: most frames are short and are copied to a small one anyway.
 */
static unsigned
prepare_reads(struct kern_io *io, struct pools *pools, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct kern_io_read *rd = &io->read[i];
		rd->m = pool_alloc(pools, POOL_LARGE_ROOM);
		if (rd->m == NULL && i > 0)
			return i;
		rd->data = rd->m != NULL ? rte_pktmbuf_mtod(rd->m, uint8_t *) : io->spare;
		rd->iov[0] = (struct iovec){ &rd->hdr, sizeof(rd->hdr) };
		rd->iov[1] =
			(struct iovec){ rd->data + KERN_IO_VLAN, POOL_LARGE_ROOM - KERN_IO_VLAN };
		io->msg[i].msg_hdr = (struct msghdr){ .msg_iov = rd->iov,
						      .msg_iovlen = 2,
						      .msg_control = rd->control,
						      .msg_controllen = sizeof(rd->control) };
		if (rd->m == NULL)
			return 1;
	}
	return n;
}

/* A packet socket whose device is gone only reports ENETDOWN. It is then bound to no device. */
static bool
is_gone(const struct kern_io *io, int error)
{
	struct sockaddr_ll addr = { 0 };
	socklen_t size = sizeof(addr);

	if (error == EBADFD || error == ENODEV || error == ENXIO)
		return true;
	return io->kind == KERN_IO_PACKET && error == ENETDOWN &&
	       getsockname(io->fd, (struct sockaddr *)&addr, &size) == 0 &&
	       addr.sll_family == AF_PACKET && addr.sll_ifindex <= 0;
}

/*
 * Handles a failed read. A packet socket reports an error once, whatever frames wait behind it: the
 * device is down, or a frame was lost because its kind of segmentation has no virtio-net type.
 */
static void
read_failed(struct kern_io *io, struct port *port, int error)
{
	io->readable = io->kind == KERN_IO_PACKET;
	if (is_gone(io, error)) {
		io->readable = false;
		port_set_fault(port, KERN_IO_GONE);
	} else if (error != ENETDOWN && error != EINTR) {
		io->n_doubts = DOUBTS;
		port->stats.n_dropped[DROP_PORT_ERROR]++;
	}
}

/*
 * Fills up to `n` prepared reads and returns their number. recvmmsg() reports an error that follows
 * a frame only on the next call, so after errors a short batch is followed by another read.
 */
static unsigned
do_reads(struct kern_io *io, struct port *port, unsigned n)
{
	unsigned n_read = 0;
	int error = 0;

	if (io->kind == KERN_IO_PACKET) {
		int ret = recvmmsg(io->fd, io->msg, n, MSG_DONTWAIT, NULL);
		error = ret < 0 ? errno : 0;
		n_read = ret < 0 ? 0 : (unsigned)ret;
	}
	while (io->kind == KERN_IO_TAP && n_read < n && error == 0) {
		ssize_t len = readv(io->fd, io->read[n_read].iov, 2);
		if (len < 0)
			error = errno;
		else
			io->msg[n_read++].msg_len = (unsigned)len;
	}
	io->readable = n_read == n || (n_read > 0 && io->n_doubts > 0);
	io->n_doubts -= io->n_doubts > 0;
	if (error != 0 && error != EAGAIN)
		read_failed(io, port, error);
	return n_read;
}

/* Returns the VLAN tag that the kernel removed, from the auxiliary data; NULL if there was none. */
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

/* Puts the tag back, using the room before the frame. */
static void
restore_vlan(struct kern_io_read *rd, const struct tpacket_auxdata *aux)
{
	uint16_t tpid =
		(aux->tp_status & TP_STATUS_VLAN_TPID_VALID) ? aux->tp_vlan_tpid : ETHERTYPE_VLAN;
	uint16_t tag[2] = { htons(tpid), htons(aux->tp_vlan_tci) };

	memmove(rd->data, rd->data + KERN_IO_VLAN, 2 * ETHER_ADDR_LEN);
	memcpy(rd->data + 2 * ETHER_ADDR_LEN, tag, sizeof(tag));
	if (rd->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		rd->hdr.csum_start += KERN_IO_VLAN;
}

/*
 * Moves the frame at `at` of the read's data into an mbuf: a small one, or the read's own. Returns
 * NULL if it was dropped and counted.
 */
static struct rte_mbuf *
take_buffer(struct kern_io_read *rd, struct port *port, uint32_t at, uint32_t len)
{
	struct rte_mbuf *m = rd->m;

	if (len <= POOL_SMALL_ROOM) {
		m = pool_alloc(port->owner->pools, len);
		if (m != NULL)
			memcpy(rte_pktmbuf_mtod(m, void *), rd->data + at, len);
	} else if (m != NULL) {
		m->data_off = (uint16_t)at;
		m->data_len = (uint16_t)len;
		m->pkt_len = len;
		rd->m = NULL;
	}
	if (m == NULL)
		port->stats.n_dropped[DROP_NO_BUFFER]++;
	return m;
}

/* Returns the frame of read `i`, or NULL if it was dropped and counted. */
static struct rte_mbuf *
take_frame(struct kern_io *io, unsigned i, struct port *port)
{
	struct kern_io_read *rd = &io->read[i];
	uint32_t n_read = io->msg[i].msg_len;
	uint32_t len = n_read - (uint32_t)sizeof(rd->hdr);
	uint32_t at = KERN_IO_VLAN;

	if (n_read < sizeof(rd->hdr) + ETHER_HDR_LEN || len >= POOL_LARGE_ROOM - KERN_IO_VLAN) {
		port->stats.n_dropped[n_read > POOL_SMALL_ROOM ? DROP_TOO_BIG : DROP_BAD_HEADERS]++;
		return NULL;
	}
	const struct tpacket_auxdata *aux =
		io->kind == KERN_IO_PACKET ? vlan_of(&io->msg[i].msg_hdr) : NULL;
	if (aux != NULL) {
		restore_vlan(rd, aux);
		at = 0;
		len += KERN_IO_VLAN;
	}
	struct rte_mbuf *m = take_buffer(rd, port, at, len);
	if (m != NULL && offload_from_virtio(m, &rd->hdr) < 0) {
		port_drop(port, m, DROP_BAD_HEADERS);
		return NULL;
	}
	return m;
}

unsigned
kern_io_recv(struct kern_io *io, struct port *port, struct rte_mbuf **frames, unsigned n)
{
	unsigned n_frames = 0;

	if (io->n_flying > 0)
		kern_io_reap(io, port);
	if (!io->readable)
		kern_io_look(io);
	if (!io->readable)
		return 0;
	unsigned n_ready = prepare_reads(io, port->owner->pools, RTE_MIN(n, io->n_next));
	unsigned n_read = do_reads(io, port, n_ready);
	io->n_next = RTE_MIN(RTE_MAX(2 * n_read, (unsigned)KERN_IO_READS_MIN),
			     (unsigned)KERN_IO_READS_MAX);
	for (unsigned i = 0; i < n_ready; i++) {
		struct rte_mbuf *m = i < n_read ? take_frame(io, i, port) : NULL;
		if (m != NULL)
			frames[n_frames++] = m;
		rte_pktmbuf_free(io->read[i].m);
	}
	return n_frames;
}
