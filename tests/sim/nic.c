/* SPDX-License-Identifier: BSD-3-Clause */
/* A NIC that keeps what it has sent. Called by the cases. */
#include "sim/nic.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "sim/test_sim.h"

#define VHOST "net_vhost0"
#define DESCRIPTORS 1024u
#define WIRE_BUFFERS 1023u
#define BURST 32u

static struct rte_mempool *pool; /* the wire's own: what is in it is not the daemon's */
static uint16_t vhost;
static char path[64];

static bool
vhost_start(void)
{
	const struct rte_eth_conf conf = { 0 };

	return rte_eth_dev_get_port_by_name(VHOST, &vhost) == 0 &&
	       rte_eth_dev_configure(vhost, 1, 1, &conf) == 0 &&
	       rte_eth_rx_queue_setup(vhost, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL, pool) == 0 &&
	       rte_eth_tx_queue_setup(vhost, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL) == 0 &&
	       rte_eth_dev_start(vhost) == 0;
}

bool
nic_opened(void)
{
	char args[128];

#ifdef __SANITIZE_THREAD__
	sim_skip("ThreadSanitizer does not see what the drivers do");
	return false;
#endif
	pool = rte_pktmbuf_pool_create("wire", WIRE_BUFFERS, 0, 0, RTE_PKTMBUF_HEADROOM + 9216,
				       SOCKET_ID_ANY);
	snprintf(path, sizeof(path), "/tmp/vpe-sim-nic-%d.sock", (int)getpid());
	snprintf(args, sizeof(args), "iface=%s,queues=1", path);
	bool ok = pool != NULL && rte_eal_hotplug_add("vdev", VHOST, args) == 0 && vhost_start();
	snprintf(args, sizeof(args), "path=%s,queues=1,queue_size=%u,mac=02:00:00:00:00:ee", path,
		 DESCRIPTORS);
	return sim_check(ok && rte_eal_hotplug_add("vdev", NIC_DEVICE, args) == 0,
			 "no virtio-user with vhost");
}

bool
nic_is_ready(void)
{
	struct rte_eth_link link = { .link_status = RTE_ETH_LINK_DOWN };

	for (uint64_t end = sim_deadline();
	     link.link_status != RTE_ETH_LINK_UP && fake_now_ms() < end; usleep(1000)) {
		if (rte_eth_link_get_nowait(vhost, &link) < 0)
			break;
	}
	return sim_check(link.link_status == RTE_ETH_LINK_UP,
			 "virtio-user and vhost do not find each other");
}

bool
nic_send(const struct frame *f)
{
	uint64_t deadline = sim_deadline();
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	if (m == NULL)
		return sim_check(false, "no buffer on the wire");
	m->data_len = (uint16_t)f->len;
	m->pkt_len = f->len;
	frame_build(f, rte_pktmbuf_mtod(m, uint8_t *));
	while (rte_eth_tx_burst(vhost, 0, &m, 1) == 0) {
		if (fake_now_ms() >= deadline) {
			rte_pktmbuf_free(m);
			return sim_check(false, "the NIC takes no frame");
		}
		usleep(100);
	}
	return true;
}

unsigned
nic_take(const struct frame *f)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct rte_mbuf *frame[BURST];
	unsigned n_same = 0;
	uint16_t n;

	while ((n = rte_eth_rx_burst(vhost, 0, frame, BURST)) > 0) {
		for (unsigned i = 0; i < n; i++) {
			const void *got = rte_pktmbuf_read(frame[i], 0, frame[i]->pkt_len, data);
			n_same += frame_equal(f, FRAME_COMPLETE, got, frame[i]->pkt_len);
		}
		rte_pktmbuf_free_bulk(frame, n);
	}
	return n_same;
}

void
nic_stop(struct sim *s)
{
	sim_end(s);
	rte_eal_hotplug_remove("vdev", NIC_DEVICE);
	rte_eth_dev_stop(vhost);
	rte_eal_hotplug_remove("vdev", VHOST);
	rte_mempool_free(pool);
	pool = NULL;
	unlink(path);
	sim_stop(s);
}
