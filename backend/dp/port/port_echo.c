/* SPDX-License-Identifier: BSD-3-Clause */
/* The echo port. */
#include "dp/port/port_echo.h"

#include <errno.h>

#include <rte_ether.h>
#include <rte_malloc.h>

#include "base/util.h"
#include "dp/frame/worker.h"
#include "dp/port/waiting.h"

#define ECHO_FRAMES 256u /* capacity; as many as a guest's ring */

struct echo_port {
	struct port port;
	unsigned head; /* free-running; index modulo ECHO_FRAMES */
	unsigned n;
	struct rte_mbuf *frame[ECHO_FRAMES];
};

static struct echo_port *
echo_of(struct port *port)
{
	return container_of(port, struct echo_port, port);
}

static void
swap_addresses(struct rte_mbuf *m)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_ether_addr src = eth->src_addr;

	eth->src_addr = eth->dst_addr;
	eth->dst_addr = src;
	/* a source address is never a group */
	eth->src_addr.addr_bytes[0] &= (uint8_t)~RTE_ETHER_GROUP_ADDR;
}

static void
echo_tx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct echo_port *echo = echo_of(port);

	for (unsigned i = 0; i < n; i++) {
		if (echo->n == ECHO_FRAMES ||
		    !waiting_has_room(port, pool_kind_of(port->owner->pools, frames[i]))) {
			port_drop(port, frames[i], DROP_QUEUE_FULL);
			continue;
		}
		struct rte_mbuf *m = port_own_frame(port, frames[i]);
		if (m == NULL)
			continue;
		port->stats.tx_frames++;
		port->stats.tx_bytes += m->pkt_len;
		swap_addresses(m);
		waiting_count(port, m, 1);
		echo->frame[(echo->head + echo->n++) % ECHO_FRAMES] = m;
	}
}

static unsigned
echo_rx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct echo_port *echo = echo_of(port);

	n = util_min(n, echo->n);
	for (unsigned i = 0; i < n; i++) {
		frames[i] = echo->frame[echo->head++ % ECHO_FRAMES];
		waiting_count(port, frames[i], -1);
		port->stats.rx_frames++;
		port->stats.rx_bytes += frames[i]->pkt_len;
	}
	echo->n -= n;
	return n;
}

static bool
echo_is_idle(const struct port *port)
{
	return container_of(port, struct echo_port, port)->n == 0;
}

/* Only the own poller adds frames, and it is awake then. */
static enum port_armed
echo_arm(struct port *port)
{
	return echo_of(port)->n > 0 ? PORT_BUSY : PORT_ARMED;
}

static void
echo_destroy(struct port *port)
{
	struct echo_port *echo = echo_of(port);

	while (echo->n > 0) {
		rte_pktmbuf_free(echo->frame[echo->head++ % ECHO_FRAMES]);
		echo->n--;
	}
	port_fini(port);
	rte_free(echo);
}

static const struct port_ops echo_ops = {
	.kind = "echo",
	.is_uplink = true,
	.rx_burst = echo_rx_burst,
	.is_idle = echo_is_idle,
	.tx_burst = echo_tx_burst,
	.arm = echo_arm,
	.disarm = port_no_event,
	.woken = port_no_event,
	.fd = port_no_fd,
	.destroy = echo_destroy,
};

struct port *
port_echo_create(const char *name, uint16_t bridge)
{
	struct echo_port *echo = rte_zmalloc("echo", sizeof(*echo), RTE_CACHE_LINE_SIZE);

	if (echo == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	int ret = port_init(&echo->port, &echo_ops, name, bridge);
	if (ret < 0) {
		rte_free(echo);
		errno = -ret;
		return NULL;
	}
	echo->port.takes = PORT_TAKES_ALL;
	echo->port.max_frame = LIMIT_FRAME_SIZE;
	return &echo->port;
}
