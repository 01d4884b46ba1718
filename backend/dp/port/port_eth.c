/* SPDX-License-Identifier: BSD-3-Clause */
/* A DPDK ethdev as a port. */
#include "dp/port/port_eth.h"

#include <errno.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "base/util.h"
#include "dp/frame/offload.h"
#include "dp/frame/worker.h"
#include "dp/port/tx_keep.h"

#define RX_DESCRIPTORS_MAX 1024u

#define TX_CSUM4 \
	(RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM | \
	 RTE_ETH_TX_OFFLOAD_UDP_CKSUM)
#define TX_CSUM6 (RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM)
#define TX_WANTED (TX_CSUM4 | RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_MULTI_SEGS)
#define RX_WANTED \
	(RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_SCATTER)

struct eth_port {
	struct port port;
	uint16_t id;  /* the ethdev's */
	bool prepare; /* the device has transmit offloads: frames go through rte_eth_tx_prepare() */
	const char *fault; /* why the device is unusable; set (release) by EAL's interrupt thread */
	struct tx_keep keep;
};

static struct eth_port *
eth_of(struct port *port)
{
	return container_of(port, struct eth_port, port);
}

/* ---- the end of a device --------------------------------------------------------------------- */

/* The device was removed, or the PF of a VF was reset. Runs in EAL's interrupt thread. */
static int
device_event(uint16_t id, enum rte_eth_event_type event, void *arg, void *ret)
{
	struct eth_port *eth = arg;

	(void)id;
	(void)ret;
	__atomic_store_n(&eth->fault,
			 event == RTE_ETH_EVENT_INTR_RMV ? "its device is gone"
							 : "its device was reset",
			 __ATOMIC_RELEASE);
	return 0;
}

static void
watch_device(struct eth_port *eth)
{
	rte_eth_dev_callback_register(eth->id, RTE_ETH_EVENT_INTR_RMV, device_event, eth);
	rte_eth_dev_callback_register(eth->id, RTE_ETH_EVENT_INTR_RESET, device_event, eth);
}

static void
unwatch_device(struct eth_port *eth)
{
	rte_eth_dev_callback_unregister(eth->id, RTE_ETH_EVENT_INTR_RMV, device_event, eth);
	rte_eth_dev_callback_unregister(eth->id, RTE_ETH_EVENT_INTR_RESET, device_event, eth);
}

static const char *
fault_of(const struct eth_port *eth)
{
	return __atomic_load_n(&eth->fault, __ATOMIC_ACQUIRE);
}

/* ---- frames ---------------------------------------------------------------------------------- */

/*
 * Returns the received frame in one segment: `m` itself or, if it was scattered, a copy. Returns
 * NULL if it was dropped and counted.
 */
static struct rte_mbuf *
linear(struct port *port, struct rte_mbuf *m)
{
	if (m->nb_segs == 1)
		return m;

	struct rte_mbuf *whole =
		m->pkt_len > LIMIT_FRAME_SIZE ? NULL : pool_alloc(port->owner->pools, m->pkt_len);
	if (whole == NULL) {
		port_drop(port, m, m->pkt_len > LIMIT_FRAME_SIZE ? DROP_TOO_BIG : DROP_NO_BUFFER);
		return NULL;
	}
	rte_pktmbuf_read(m, 0, m->pkt_len, rte_pktmbuf_mtod(whole, void *));
	whole->ol_flags = m->ol_flags;
	whole->packet_type = m->packet_type;
	whole->tso_segsz = m->tso_segsz;
	rte_pktmbuf_free(m);
	return whole;
}

static unsigned
eth_rx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct eth_port *eth = eth_of(port);
	unsigned n_frames = 0;

	if (unlikely(fault_of(eth) != NULL)) {
		port_set_fault(port, fault_of(eth));
		return 0;
	}
	unsigned n_got = rte_eth_rx_burst(eth->id, 0, frames, (uint16_t)n);
	tx_keep_look(&eth->keep, port->owner->now);
	for (unsigned i = 0; i < n_got; i++) {
		struct rte_mbuf *m = frames[i];
		if (m->pkt_len < RTE_ETHER_HDR_LEN) {
			port_drop(port, m, DROP_BAD_HEADERS);
			continue;
		}
		m = linear(port, m);
		if (m == NULL)
			continue;
		offload_from_ethdev(m);
		port->stats.rx_frames++;
		port->stats.rx_bytes += m->pkt_len;
		frames[n_frames++] = m;
	}
	return n_frames;
}

/* Prepares all frames with offload requests for the device. Returns how many frames are left. */
static unsigned
request_offloads(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	unsigned n_ready = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = frames[i];
		if (offload_needs(m) != 0) {
			m = port_own_frame(port, m);
			if (m == NULL)
				continue;
			offload_to_ethdev(m);
		}
		frames[n_ready++] = m;
	}
	return n_ready;
}

/*
 * Prepares frames in large buffers for the transmit ring, which may keep them. Returns how many
 * frames are left.
 */
static unsigned
keep_share(struct eth_port *eth, struct rte_mbuf **frames, unsigned n)
{
	unsigned n_ready = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = frames[i];
		if (pool_kind_of(eth->port.owner->pools, m) == POOL_LARGE) {
			m = tx_keep_frame(&eth->keep, &eth->port, m);
			if (m == NULL)
				continue;
		}
		frames[n_ready++] = m;
	}
	eth->keep.is_sent = true;
	return n_ready;
}

/*
 * Drops frames whose offload request the device cannot do, before they reach it (XSA-423). Returns
 * how many frames are left.
 */
static unsigned
prepare(struct eth_port *eth, struct rte_mbuf **frames, unsigned n)
{
	unsigned n_ready = 0;

	while (n_ready < n) {
		n_ready +=
			rte_eth_tx_prepare(eth->id, 0, frames + n_ready, (uint16_t)(n - n_ready));
		if (n_ready == n)
			break;
		port_drop(&eth->port, frames[n_ready], DROP_PORT_ERROR);
		n--;
		memmove(frames + n_ready, frames + n_ready + 1, (n - n_ready) * sizeof(frames[0]));
	}
	return n_ready;
}

static void
eth_tx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct eth_port *eth = eth_of(port);
	uint64_t bytes = 0;

	if (unlikely(fault_of(eth) != NULL)) {
		port->stats.n_dropped[DROP_PORT_ERROR] += n;
		rte_pktmbuf_free_bulk(frames, n);
		return;
	}
	if (eth->prepare)
		n = request_offloads(port, frames, n);
	n = keep_share(eth, frames, n);
	if (eth->prepare)
		n = prepare(eth, frames, n);
	for (unsigned i = 0; i < n; i++)
		bytes += frames[i]->pkt_len;
	unsigned n_sent = rte_eth_tx_burst(eth->id, 0, frames, (uint16_t)n);
	port->stats.tx_frames += n_sent;
	for (unsigned i = n_sent; i < n; i++) {
		bytes -= frames[i]->pkt_len;
		port_drop(port, frames[i], DROP_QUEUE_FULL);
	}
	port->stats.tx_bytes += bytes;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Poll-mode drivers of virtual devices have no interrupts, and those of NICs are not enabled. */
static enum port_armed
eth_arm(struct port *port)
{
	(void)port;
	return PORT_BLIND;
}

static void
eth_destroy(struct port *port)
{
	struct eth_port *eth = eth_of(port);

	unwatch_device(eth);
	rte_eth_dev_stop(eth->id);
	rte_eth_dev_close(eth->id);
	tx_keep_fini(&eth->keep);
	port_fini(port);
	rte_free(eth);
}

static const struct port_ops eth_ops = {
	.kind = "eth",
	.is_uplink = true,
	.rx_burst = eth_rx_burst,
	.tx_burst = eth_tx_burst,
	.arm = eth_arm,
	.disarm = port_no_event,
	.woken = port_no_event,
	.fd = port_no_fd,
	.destroy = eth_destroy,
};

/*
 * Finds the ethdev that EAL made from `devargs`: its name is the part before the first comma.
 * Returns 0 or -ENODEV.
 */
static int
find_device(const char *devargs, uint16_t *id)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	size_t len = strcspn(devargs, ",");

	if (len >= sizeof(name))
		return -ENODEV;
	memcpy(name, devargs, len);
	name[len] = '\0';
	return rte_eth_dev_get_port_by_name(name, id) < 0 ? -ENODEV : 0;
}

static uint32_t
takes_of(uint64_t tx_offloads)
{
	uint32_t takes = 0;

	if ((tx_offloads & TX_CSUM4) == TX_CSUM4)
		takes |= PORT_TAKES_CSUM4;
	if ((tx_offloads & TX_CSUM6) == TX_CSUM6)
		takes |= PORT_TAKES_CSUM6;
	if ((tx_offloads & RTE_ETH_TX_OFFLOAD_TCP_TSO) && (takes & PORT_TAKES_CSUM4))
		takes |= PORT_TAKES_TSO4 | PORT_TAKES_TSO6;
	return takes == 0 ? 0 : takes | PORT_TAKES_TAGGED;
}

/*
 * With virtio, LRO frames are the sender's GSO frames with their segment size, and they come
 * whether enabled or not. A NIC that merges segments itself does not keep enough information to
 * restore them.
 */
static bool
is_virtio(const struct rte_eth_dev_info *info)
{
	return strncmp(info->driver_name, "net_virtio", strlen("net_virtio")) == 0;
}

static int
setup_queues(struct eth_port *eth, struct pools *pools, const struct rte_eth_dev_info *info)
{
	unsigned rx_share = RTE_MAX(pools_share(pools, POOL_USE_NIC_RX, POOL_SMALL), 1u);
	uint16_t n_rx = (uint16_t)rte_align32prevpow2(RTE_MIN(rx_share, RX_DESCRIPTORS_MAX));
	bool large = eth->port.max_frame > POOL_SMALL_ROOM ||
		     (info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_TCP_TSO) != 0;
	uint16_t n_tx = tx_keep_descriptors(&eth->keep, pools, info->driver_name, large);
	struct rte_eth_txconf tx = info->default_txconf;
	int ret = rte_eth_dev_adjust_nb_rx_tx_desc(eth->id, &n_rx, &n_tx);

	tx.offloads = info->tx_offload_capa & TX_WANTED;
	if (ret == 0)
		ret = rte_eth_rx_queue_setup(eth->id, 0, n_rx, SOCKET_ID_ANY, NULL, pools->small);
	if (ret == 0)
		ret = rte_eth_tx_queue_setup(eth->id, 0, n_tx, SOCKET_ID_ANY, &tx);
	return ret;
}

/* Configures and starts the device. Returns 0 or -errno; on error the caller closes it. */
static int
start_device(struct eth_port *eth, struct pools *pools, unsigned mtu)
{
	struct rte_eth_conf conf = { 0 };
	struct rte_eth_dev_info info;
	uint16_t now_mtu = 0;
	int ret = rte_eth_dev_info_get(eth->id, &info);

	if (ret < 0)
		return ret;
	conf.txmode.offloads = info.tx_offload_capa & TX_WANTED;
	conf.rxmode.offloads =
		info.rx_offload_capa &
		(is_virtio(&info) ? RX_WANTED | RTE_ETH_RX_OFFLOAD_TCP_LRO : RX_WANTED);
	ret = rte_eth_dev_configure(eth->id, 1, 1, &conf);
	if (ret == 0 && mtu > 0)
		ret = rte_eth_dev_set_mtu(eth->id, (uint16_t)mtu);
	if (ret == 0)
		ret = rte_eth_dev_get_mtu(eth->id, &now_mtu);
	if (ret < 0)
		return ret;
	eth->port.max_frame = now_mtu + LIMIT_FRAME_OVERHEAD;
	tx_keep_init(&eth->keep, eth->id, pools, &info,
		     (conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0);
	ret = setup_queues(eth, pools, &info);
	if (ret == 0)
		ret = rte_eth_dev_start(eth->id);
	if (ret < 0)
		return ret;
	/* may fail: virtual devices without it deliver everything anyway */
	rte_eth_promiscuous_enable(eth->id);
	eth->port.takes = takes_of(conf.txmode.offloads);
	eth->prepare = eth->port.takes != 0;
	tx_keep_start(&eth->keep);
	if (eth->keep.n_segs_max > 1) /* a longer frame could never leave as a copy */
		eth->port.max_gso =
			util_min(LIMIT_FRAME_SIZE, eth->keep.n_segs_max * POOL_SMALL_ROOM);
	return 0;
}

struct port *
port_eth_create(struct pools *pools, const char *name, const char *devargs, unsigned mtu,
		uint16_t bridge)
{
	struct eth_port *eth = rte_zmalloc("eth", sizeof(*eth), RTE_CACHE_LINE_SIZE);

	if (eth == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	int ret = find_device(devargs, &eth->id);
	if (ret == 0)
		ret = port_init(&eth->port, &eth_ops, name, bridge);
	if (ret < 0) {
		rte_free(eth);
		errno = -ret;
		return NULL;
	}
	ret = start_device(eth, pools, mtu);
	if (ret < 0) {
		rte_eth_dev_close(eth->id);
		port_fini(&eth->port);
		rte_free(eth);
		errno = -ret;
		return NULL;
	}
	watch_device(eth);
	return &eth->port;
}

bool
port_eth_has_link(struct port *port)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(eth_of(port)->id, &link) < 0 ||
	       link.link_status == RTE_ETH_LINK_UP;
}
