/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * latency [--pairs N] [--json]: vpe against DPDK's vhost and virtio-user on this host, in turns.
 *
 *   vpe echo       libvpefront to the daemon's echo port and back; both ends poll, buffers are
 *                  static grants
 *   vpe one way    an application's vpe_fe_tx_burst() to another application's vpe_fe_rx_burst(),
 *                  through the switch
 *   vhost echo     virtio-user to a thread that swaps addresses on a vhost port and back
 *
 * The backend polls on CPU 1, the application on CPU 0. Frames have 60 bytes, one at a time. The
 * hypervisor is the fake one: shared memory takes the place of mapped grants, as it would be mapped
 * on Xen too.
 */
#include <err.h>
#include <getopt.h>
#include <jansson.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "ctl/ctl.h"
#include "dp/engine/dp.h"
#include "fakes/front.h"
#include "fakes/guest_store.h"
#include "fe_dev.h"

#define BACKEND_CPU 1
#define APP_CPU 0
#define N_WARM 20000u
#define N_TRIPS 200000u
#define FRAME_LEN 60u
#define DESCRIPTORS 256u /* as a netif ring */
#define PAIRS_MAX 99
#define ETHERTYPE 0x88b5 /* local experimental */

/* ---- figures --------------------------------------------------------------------------------- */

struct series {
	double p50_us[PAIRS_MAX], p99_us[PAIRS_MAX];
};

static uint64_t trip[N_TRIPS];

static int
compare_ticks(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int
compare_values(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
us(uint64_t ticks)
{
	return (double)ticks * 1e6 / (double)rte_get_tsc_hz();
}

static void
take(struct series *s, int pair)
{
	qsort(trip, N_TRIPS, sizeof(trip[0]), compare_ticks);
	s->p50_us[pair] = us(trip[N_TRIPS / 2]);
	s->p99_us[pair] = us(trip[N_TRIPS / 100 * 99]);
}

static double
median(const double *value, int n)
{
	double sorted[PAIRS_MAX];

	memcpy(sorted, value, (size_t)n * sizeof(sorted[0]));
	qsort(sorted, (size_t)n, sizeof(sorted[0]), compare_values);
	return sorted[n / 2];
}

static void
pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		errx(1, "CPU %d cannot be had", cpu);
}

static void
fill(uint8_t *frame, const uint8_t dst[6], const uint8_t src[6])
{
	memset(frame, 0, FRAME_LEN);
	memcpy(frame, dst, 6);
	memcpy(frame + 6, src, 6);
	frame[12] = ETHERTYPE >> 8;
	frame[13] = ETHERTYPE & 0xff;
}

/* What an application does first with a frame, and part of the trip. */
static void
expect_ours(const uint8_t *frame)
{
	if (frame[12] != ETHERTYPE >> 8 || frame[13] != (ETHERTYPE & 0xff))
		errx(1, "somebody else's frame");
}

/* ---- vpe ------------------------------------------------------------------------------------- */

#define SELF 1u

struct host {
	struct dp *dp;
	struct ctl *ctl;
	pthread_t thread;
	struct guest *guest[2];
	struct vpe_fe *fe[2];
};

static void *
run_ctl(void *arg)
{
	ctl_run(arg);
	return NULL;
}

static void
host_start(struct host *h)
{
	const struct dp_params dp = {
		.n_pollers = 1,
		.cpus = { BACKEND_CPU },
		.mode = DP_POLL_ALWAYS,
		.memory_mb = 256,
		.n_small_buffers = 4095,
		.n_large_buffers = 255,
		.n_fdb_entries = 1024,
		.fdb_age_s = 300,
		.file_prefix = "vpe-latency",
	};
	const struct uplink_params echo = {
		.kind = UPLINK_ECHO, .device = "echo", .bridge = "echo", .poller = -1
	};
	const struct ctl_params ctl = {
		.uplinks = &echo, .n_uplinks = 1, .hotplug = HOTPLUG_SELF, .closes_on_stop = true
	};
	char why[512] = "";

	fake_reset(SELF);
	h->dp = dp_create(&dp, fake_xen(), why, sizeof(why));
	if (h->dp == NULL)
		errx(1, "%s", why);
	h->ctl = ctl_create(&ctl, h->dp, fake_xen(), why, sizeof(why));
	if (h->ctl == NULL)
		errx(1, "%s", why);
	pthread_create(&h->thread, NULL, run_ctl, h->ctl);
	pin(APP_CPU); /* EAL has put this thread elsewhere */
}

/* An application in a domain of its own, on a bridge. */
static void
host_open(struct host *h, unsigned i, const char *bridge)
{
	const struct guest_params domain = { .domid = 5 + i,
					     .backend = SELF,
					     .n_rx_slots = GUEST_SLOTS };
	const struct toolstack_vif vif = { .bridge = bridge };
	const struct vpe_fe_params params = { .vif = 0 };

	h->guest[i] = guest_create(&domain);
	toolstack_add(h->guest[i], &vif);
	const struct fe_host host = { .xen = front_xen(domain.domid), .sysfs = "/nonexistent" };
	h->fe[i] = fe_dev_open(&params, &host);
	if (h->fe[i] == NULL)
		errx(1, "%s", vpe_fe_error());
	if (h->fe[i]->info.n_static == 0)
		errx(1, "there are no static grants");
}

static void
host_stop(struct host *h)
{
	for (unsigned i = 0; i < 2; i++) {
		if (h->guest[i] == NULL)
			continue;
		vpe_fe_close(h->fe[i]);
		guest_destroy(h->guest[i]);
	}
	ctl_stop(h->ctl);
	pthread_join(h->thread, NULL);
	ctl_destroy(h->ctl);
	dp_destroy(h->dp);
}

/* One frame from `from` until it, or its echo, is at `to`. */
static uint64_t
vpe_trip(struct vpe_fe *from, struct vpe_fe *to, const uint8_t dst[6])
{
	struct vpe_fe_buf *frame = vpe_fe_alloc(from, 0);

	if (frame == NULL)
		errx(1, "no buffer");
	fill(frame->data, dst, from->info.mac);
	frame->len = FRAME_LEN;
	uint64_t start = rte_rdtsc_precise();
	if (vpe_fe_tx_burst(from, 0, &frame, 1) != 1)
		errx(1, "the ring is full");
	while (vpe_fe_rx_burst(to, 0, &frame, 1) == 0)
		;
	expect_ours(frame->data);
	uint64_t ticks = rte_rdtsc_precise() - start;
	vpe_fe_free(to, frame);
	return ticks;
}

static void
vpe_measure(struct vpe_fe *from, struct vpe_fe *to, const uint8_t dst[6], struct series *s,
	    int pair)
{
	for (unsigned i = 0; i < N_WARM; i++)
		vpe_trip(from, to, dst);
	for (unsigned i = 0; i < N_TRIPS; i++)
		trip[i] = vpe_trip(from, to, dst);
	take(s, pair);
}

static void
vpe_echo(struct series *s, int pair)
{
	static const uint8_t somebody[6] = { 2, 0, 0, 0, 0, 0x99 };
	struct host h = { 0 };

	host_start(&h);
	host_open(&h, 0, "echo");
	vpe_measure(h.fe[0], h.fe[0], somebody, s, pair);
	host_stop(&h);
}

static void
vpe_one_way(struct series *s, int pair)
{
	struct host h = { 0 };

	host_start(&h);
	host_open(&h, 0, "apps");
	host_open(&h, 1, "apps");
	vpe_trip(h.fe[1], h.fe[0], h.fe[0]->info.mac); /* the switch knows it from now on */
	vpe_measure(h.fe[0], h.fe[1], h.fe[1]->info.mac, s, pair);
	host_stop(&h);
}

/* ---- vhost and virtio-user ------------------------------------------------------------------- */

#define SOCKET "/tmp/vpe-latency-%d.sock"

struct peer {
	struct rte_mempool *pool;
	uint16_t vhost, virtio;
	bool stop;
};

static uint16_t
port_start(const char *name, const char *args, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = { 0 };
	uint16_t id;

	if (rte_eal_hotplug_add("vdev", name, args) < 0 ||
	    rte_eth_dev_get_port_by_name(name, &id) < 0)
		errx(1, "no %s", name);
	if (rte_eth_dev_configure(id, 1, 1, &conf) < 0 ||
	    rte_eth_rx_queue_setup(id, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL, pool) < 0 ||
	    rte_eth_tx_queue_setup(id, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL) < 0 ||
	    rte_eth_dev_start(id) < 0)
		errx(1, "%s does not start", name);
	return id;
}

static void *
vhost_echo_run(void *arg)
{
	struct peer *p = arg;
	struct rte_mbuf *frame[32];

	pin(BACKEND_CPU);
	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		uint16_t n = rte_eth_rx_burst(p->vhost, 0, frame, 32);
		for (uint16_t i = 0; i < n; i++) {
			struct rte_ether_hdr *eth =
				rte_pktmbuf_mtod(frame[i], struct rte_ether_hdr *);
			struct rte_ether_addr src = eth->src_addr;
			eth->src_addr = eth->dst_addr;
			eth->dst_addr = src;
		}
		uint16_t n_sent = n > 0 ? rte_eth_tx_burst(p->vhost, 0, frame, n) : 0;
		rte_pktmbuf_free_bulk(frame + n_sent, n - n_sent);
	}
	return NULL;
}

/* Once: EAL runs since the first vpe turn. */
static void
peer_open(struct peer *p)
{
	char args[128], path[64];

	snprintf(path, sizeof(path), SOCKET, (int)getpid());
	p->pool = rte_pktmbuf_pool_create("peer", 4095, 128, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					  SOCKET_ID_ANY);
	if (p->pool == NULL)
		errx(1, "no pool");
	snprintf(args, sizeof(args), "iface=%s,queues=1", path);
	p->vhost = port_start("net_vhost0", args, p->pool);
	snprintf(args, sizeof(args), "path=%s,queues=1,queue_size=%u", path, DESCRIPTORS);
	p->virtio = port_start("net_virtio_user0", args, p->pool);
	struct rte_eth_link link = { .link_status = 0 };
	for (unsigned ms = 0; link.link_status == 0; ms++) {
		if (ms == 5000 || rte_eth_link_get_nowait(p->vhost, &link) < 0)
			errx(1, "virtio-user and vhost do not find each other");
		usleep(1000);
	}
	unlink(path);
}

static uint64_t
virtio_trip(const struct peer *p)
{
	static const uint8_t dst[6] = { 2, 0, 0, 0, 0, 0x99 }, src[6] = { 2, 0, 0, 0, 0, 1 };
	struct rte_mbuf *m = rte_pktmbuf_alloc(p->pool);

	if (m == NULL)
		errx(1, "no buffer");
	m->data_len = FRAME_LEN;
	m->pkt_len = FRAME_LEN;
	fill(rte_pktmbuf_mtod(m, uint8_t *), dst, src);
	uint64_t start = rte_rdtsc_precise();
	if (rte_eth_tx_burst(p->virtio, 0, &m, 1) != 1)
		errx(1, "the ring is full");
	while (rte_eth_rx_burst(p->virtio, 0, &m, 1) == 0)
		;
	expect_ours(rte_pktmbuf_mtod(m, const uint8_t *));
	uint64_t ticks = rte_rdtsc_precise() - start;
	rte_pktmbuf_free(m);
	return ticks;
}

static void
vhost_echo(struct peer *p, struct series *s, int pair)
{
	pthread_t thread;

	if (p->pool == NULL)
		peer_open(p);
	pin(APP_CPU);
	p->stop = false;
	pthread_create(&thread, NULL, vhost_echo_run, p);
	for (unsigned i = 0; i < N_WARM; i++)
		virtio_trip(p);
	for (unsigned i = 0; i < N_TRIPS; i++)
		trip[i] = virtio_trip(p);
	take(s, pair);
	__atomic_store_n(&p->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

/* ---- the run --------------------------------------------------------------------------------- */

static json_t *
in_json(const struct series *s, int n)
{
	json_t *p50 = json_array(), *p99 = json_array();

	for (int i = 0; i < n; i++) {
		json_array_append_new(p50, json_real(s->p50_us[i]));
		json_array_append_new(p99, json_real(s->p99_us[i]));
	}
	return json_pack("{s:f, s:f, s:o, s:o}", "p50_us", median(s->p50_us, n), "p99_us",
			 median(s->p99_us, n), "p50_us_all", p50, "p99_us_all", p99);
}

static void
show(const char *name, const struct series *s, int n)
{
	printf("%-12s p50 %7.3f us   p99 %7.3f us\n", name, median(s->p50_us, n),
	       median(s->p99_us, n));
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "pairs", 1, NULL, 'p' },
						 { "json", 0, NULL, 'j' },
						 { 0 } };
	static struct series echo, one_way, vhost;
	struct peer peer = { 0 };
	int pairs = 5, opt;
	bool json = false;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'j')
			json = true;
		else if (opt != 'p' || (pairs = atoi(optarg)) < 1 || pairs > PAIRS_MAX)
			errx(1, "usage: latency [--pairs N] [--json]");
	}
	for (int i = 0; i < pairs; i++) {
		vpe_echo(&echo, i);
		vhost_echo(&peer, &vhost, i);
		vpe_one_way(&one_way, i);
	}
	double ratio = median(echo.p50_us, pairs) / median(vhost.p50_us, pairs);
	if (json) {
		json_t *all =
			json_pack("{s:o, s:o, s:o, s:f, s:i}", "vpe_echo", in_json(&echo, pairs),
				  "vhost_echo", in_json(&vhost, pairs), "vpe_one_way",
				  in_json(&one_way, pairs), "echo_ratio", ratio, "pairs", pairs);
		json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
		putchar('\n');
		json_decref(all);
	} else {
		show("vpe echo", &echo, pairs);
		show("vhost echo", &vhost, pairs);
		show("vpe one way", &one_way, pairs);
		printf("echo, vpe/vhost: %.3f\n", ratio);
	}
	return 0;
}
