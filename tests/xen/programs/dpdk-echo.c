/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dpdk-echo EAL-OPTION...: a program written for DPDK. Its first port returns frames of ethertype
 * 0x88b5, until SIGTERM.
 */
#include <err.h>
#include <signal.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define BURST 32u
#define ETHERTYPE 0x88b5 /* as vpe-ping has it */

static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void
open_port(uint16_t port)
{
	const struct rte_eth_conf conf = { 0 };
	struct rte_mempool *pool =
		rte_pktmbuf_pool_create("frames", 2047, 64, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					SOCKET_ID_ANY);

	if (pool == NULL || rte_eth_dev_configure(port, 1, 1, &conf) < 0 ||
	    rte_eth_rx_queue_setup(port, 0, 256, SOCKET_ID_ANY, NULL, pool) < 0 ||
	    rte_eth_tx_queue_setup(port, 0, 256, SOCKET_ID_ANY, NULL) < 0 ||
	    rte_eth_dev_start(port) < 0)
		errx(1, "the port does not start");
}

/* Whether the frame is for us and goes back. */
static bool
turn(struct rte_mbuf *m, const struct rte_ether_addr *own)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

	if (eth->ether_type != rte_cpu_to_be_16(ETHERTYPE) ||
	    !rte_is_same_ether_addr(&eth->dst_addr, own))
		return false;
	eth->dst_addr = eth->src_addr;
	eth->src_addr = *own;
	return true;
}

static void
run(uint16_t port)
{
	struct rte_ether_addr own;
	struct rte_mbuf *frame[BURST];

	rte_eth_macaddr_get(port, &own);
	while (!stopped) {
		uint16_t n = rte_eth_rx_burst(port, 0, frame, BURST), n_back = 0;
		for (uint16_t i = 0; i < n; i++) {
			if (turn(frame[i], &own))
				frame[n_back++] = frame[i];
			else
				rte_pktmbuf_free(frame[i]);
		}
		uint16_t n_sent = rte_eth_tx_burst(port, 0, frame, n_back);
		rte_pktmbuf_free_bulk(frame + n_sent, n_back - n_sent);
		if (n == 0)
			usleep(200); /* one CPU is for all in this guest */
	}
}

int
main(int argc, char **argv)
{
	if (rte_eal_init(argc, argv) < 0 || rte_eth_dev_count_avail() == 0)
		errx(1, "no port");
	signal(SIGTERM, stop);
	open_port(0);
	run(0);
	rte_eth_dev_stop(0);
	rte_eal_cleanup();
	return 0;
}
