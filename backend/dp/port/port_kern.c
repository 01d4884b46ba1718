/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel network device as a port: TAP or AF_PACKET. */
#include "dp/port/port_kern.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_malloc.h>

#include "base/log.h"
#include "base/util.h"
#include "dp/frame/gro.h"
#include "dp/frame/worker.h"
#include "dp/port/kern_io.h"
#include "dp/port/kern_tap.h"

#define PACKET_RCVBUF (8 * 1024 * 1024) /* bytes that may wait in a packet socket */
/* bytes that may wait in the device's queue: a burst of the largest frames */
#define PACKET_SNDBUF (LIMIT_BURST * 64 * 1024)

struct kern_port {
	struct port port; /* must be first, see io_of() */
	struct kern_io io;
};

static struct kern_port *
kern_of(struct port *port)
{
	return container_of(port, struct kern_port, port);
}

static unsigned
kern_rx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	n = kern_io_recv(&kern_of(port)->io, port, frames, n);
	port->stats.rx_frames += n;
	for (unsigned i = 0; i < n; i++)
		port->stats.rx_bytes += frames[i]->pkt_len;
	return n;
}

static bool
kern_is_idle(const struct port *port)
{
	return !kern_io_pending(&container_of(port, struct kern_port, port)->io);
}

static void
kern_tx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	n = gro_burst(port->owner->pools, frames, n);
	kern_io_send(&kern_of(port)->io, port, frames, n);
}

/*
 * The poll request makes the ring's descriptor readable when frames come. While none is posted, the
 * port is busy, so that the poller tries again at once.
 */
static enum port_armed
kern_arm(struct port *port)
{
	return kern_io_pending(&kern_of(port)->io) ? PORT_BUSY : PORT_ARMED;
}

static void
kern_woken(struct port *port)
{
	port->stats.n_woken++;
}

static int
kern_fd(struct port *port)
{
	return kern_io_fd(&kern_of(port)->io);
}

static void
kern_destroy(struct port *port)
{
	struct kern_port *kern = kern_of(port);

	kern_io_fini(&kern->io);
	port_fini(port);
	rte_free(kern);
}

static const struct port_ops kern_ops = {
	.kind = "kern",
	.is_uplink = true,
	.rx_burst = kern_rx_burst,
	.is_idle = kern_is_idle,
	.tx_burst = kern_tx_burst,
	.arm = kern_arm,
	.disarm = port_no_event,
	.woken = kern_woken,
	.fd = kern_fd,
	.destroy = kern_destroy,
};

/* Creates the port around an open descriptor. Takes ownership of `fd`, also on error. */
static struct port *
kern_create(const char *device, uint16_t bridge, enum kern_io_kind kind, int fd)
{
	struct kern_port *kern = rte_zmalloc("kern", sizeof(*kern), RTE_CACHE_LINE_SIZE);

	if (kern == NULL) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	int ret = kern_io_init(&kern->io, kind, fd);
	if (ret < 0) {
		rte_free(kern);
		errno = -ret;
		return NULL;
	}
	ret = port_init(&kern->port, &kern_ops, device, bridge);
	if (ret < 0) {
		kern_io_fini(&kern->io);
		rte_free(kern);
		errno = -ret;
		return NULL;
	}
	kern->port.takes = PORT_TAKES_ALL;
	/* the kernel knows the device's MTU and refuses longer frames */
	kern->port.max_frame = LIMIT_FRAME_SIZE;
	return &kern->port;
}

static int
set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/*
 * Binds the socket to the device and sets the options that the port relies on. Returns 0 or -errno.
 * Frames pass the device's queueing discipline: with PACKET_QDISC_BYPASS the kernel would drop
 * every frame that it has to segment itself, because the device lacks TSO or limits its size. That
 * reduces TCP to a hundredth of its throughput.
 */
static int
setup_packet(int fd, unsigned ifindex)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
				    .sll_protocol = htons(ETH_P_ALL),
				    .sll_ifindex = (int)ifindex };
	struct packet_mreq promisc = { .mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_PROMISC };

	if (set_option(fd, SOL_PACKET, PACKET_VNET_HDR, 1) < 0 ||
	    set_option(fd, SOL_PACKET, PACKET_AUXDATA, 1) < 0 ||
	    set_option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) < 0 ||
	    set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, PACKET_SNDBUF) < 0 ||
	    set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, PACKET_RCVBUF) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof(promisc)) < 0 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return 0;
}

static int
open_packet(const char *device)
{
	unsigned ifindex = if_nametoindex(device);

	if (ifindex == 0)
		return -ENODEV;
	/* Protocol 0: nothing is received before bind() selects the device. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int ret = setup_packet(fd, ifindex);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	return fd;
}

static const struct kern_io *
io_of(const struct port *port)
{
	return &((const struct kern_port *)port)->io;
}

int
port_kern_name(const struct port *port, char *name)
{
	struct ifreq ifr;

	if (ioctl(io_of(port)->fd, TUNGETIFF, &ifr) < 0)
		return -errno; /* EBADFD: it was deleted */
	snprintf(name, IF_NAMESIZE, "%s", ifr.ifr_name);
	return 0;
}

/*
 * Returns the index of the socket's device, 0 if there is none: the kernel unbinds the socket when
 * its device goes away, and never binds it to another.
 */
static unsigned
bound_ifindex(int fd)
{
	struct sockaddr_ll addr = { .sll_ifindex = 0 };
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0 || addr.sll_ifindex <= 0)
		return 0;
	return (unsigned)addr.sll_ifindex;
}

bool
port_kern_has_device(const struct port *port)
{
	char name[IF_NAMESIZE];

	return io_of(port)->kind == KERN_IO_TAP ? port_kern_name(port, name) == 0
						: bound_ifindex(io_of(port)->fd) != 0;
}

/* Makes a port of the descriptor `fd`, or of the error -`fd`. */
static struct port *
create_tap(const char *name, int fd, uint16_t bridge)
{
	if (fd >= 0)
		return kern_create(name, bridge, KERN_IO_TAP, fd);
	errno = -fd;
	return NULL;
}

struct port *
port_kern_create_tap(const char *device, uint16_t bridge)
{
	return create_tap(device, kern_tap_create(device), bridge);
}

struct port *
port_kern_open_tap(unsigned ifindex, uint16_t bridge)
{
	char name[IF_NAMESIZE] = "";

	if_indextoname(ifindex, name);
	return create_tap(name, kern_tap_open(ifindex), bridge);
}

unsigned
port_kern_ifindex(const struct port *port)
{
	return kern_tap_ifindex(io_of(port)->fd);
}

int
port_kern_persist(struct port *port, bool persists)
{
	return kern_tap_persist(io_of(port)->fd, persists);
}

/* Without the ring, large frames go as all others do. */
static void
open_ring(struct kern_io *io, const char *device)
{
	int ret = kern_ring_open(&io->ring, bound_ifindex(io->fd));

	if (ret < 0)
		log_warning("%s: no ring for large frames, sending them is slower: %s", device,
			    strerror(-ret));
}

struct port *
port_kern_create_packet(const char *device, uint16_t bridge, bool ring)
{
	int fd = open_packet(device);

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	struct port *port = kern_create(device, bridge, KERN_IO_PACKET, fd);
	if (port != NULL && ring)
		open_ring(&kern_of(port)->io, device);
	return port;
}
