/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames from a kernel device. Called by port_kern.c; calls readv(2), recvmmsg(2) and offload.c. */
#include "dp/kern_io.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/util.h"
#include "dp/offload.h"
#include "dp/poller.h"

#define DOUBTS 1024u /* batches after an error that are looked behind */

/*
 * Gives up to `n` reads a large buffer each. Returns how many have one: the first ones. Where there is none at all, the first
 * read has the spare one: most frames are short and move into a small buffer anyway.
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
		rd->iov[1] = (struct iovec){ rd->data + KERN_IO_VLAN, POOL_LARGE_ROOM - KERN_IO_VLAN };
		io->msg[i].msg_hdr = (struct msghdr){ .msg_iov = rd->iov, .msg_iovlen = 2, .msg_control = rd->control,
						      .msg_controllen = sizeof(rd->control) };
		if (rd->m == NULL)
			return 1;
	}
	return n;
}

/* A packet socket that has lost its device says no more than that it is down. */
static bool
is_gone(const struct kern_io *io, int error)
{
	struct sockaddr_ll addr;
	socklen_t size = sizeof(addr);

	if (error == EBADFD || error == ENODEV || error == ENXIO)
		return true;
	return io->kind == KERN_IO_PACKET && error == ENETDOWN &&
	       getsockname(io->fd, (struct sockaddr *)&addr, &size) == 0 && addr.sll_family == AF_PACKET &&
	       addr.sll_ifindex <= 0;
}

/*
 * A read failed. A packet socket says an error once, whatever waits behind it: that the device is down, or that a frame was lost
 * since it has no virtio-net header (kinds of segmentation that the kernel has no word for).
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
 * Fills up to `n` prepared reads. Returns how many. recvmmsg() tells of an error behind the first frame only when it is called
 * again, so after errors it is.
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
	uint16_t tpid = (aux->tp_status & TP_STATUS_VLAN_TPID_VALID) ? aux->tp_vlan_tpid : ETHERTYPE_VLAN;
	uint16_t tag[2] = { htons(tpid), htons(aux->tp_vlan_tci) };

	memmove(rd->data, rd->data + KERN_IO_VLAN, 2 * ETHER_ADDR_LEN);
	memcpy(rd->data + 2 * ETHER_ADDR_LEN, tag, sizeof(tag));
	if (rd->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		rd->hdr.csum_start += KERN_IO_VLAN;
}

/* The frame at `at` of the read's data, in the read's own buffer (it is taken) or in a small one. NULL: dropped and counted. */
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

/* The frame of read `i`. NULL: dropped and counted. */
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
	const struct tpacket_auxdata *aux = io->kind == KERN_IO_PACKET ? vlan_of(&io->msg[i].msg_hdr) : NULL;
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
	io->n_next = RTE_MIN(RTE_MAX(2 * n_read, (unsigned)KERN_IO_READS_MIN), (unsigned)KERN_IO_READS_MAX);
	for (unsigned i = 0; i < n_ready; i++) {
		struct rte_mbuf *m = i < n_read ? take_frame(io, i, port) : NULL;
		if (m != NULL)
			frames[n_frames++] = m;
		rte_pktmbuf_free(io->read[i].m);
	}
	return n_frames;
}
