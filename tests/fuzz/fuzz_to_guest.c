/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dp/to_guest.c: frames of any length to a guest that posts what it likes. The input is a series of steps of the guest, of
 * the poller and of the hypervisor.
 */
#include "dp/dp_private.h"
#include "dp/poller.h"
#include "dp/vif_queue.h"
#include "fuzz/fuzz.h"

#define DOMID 5u
#define N_SMALL 1023u
#define N_LARGE 31u
#define TICKS_PER_MS 1000u

static struct pools pools;
static struct poller pl;
static struct vif_queue q;
static uint8_t page[NETIF_PAGE_SIZE] __attribute__((aligned(NETIF_PAGE_SIZE)));
static uint8_t *mapped;
static struct meter meter;
static const struct steering hash = { .algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, .types = 15, .key = { 0x6d, 0x5a } };
static struct static_grants *grants;
static uint32_t copy_fails, n_failed, n_notified, n_given;

/* Each copy is of bytes of a frame that waits, to the start of one page of the guest. */
static int
grants_copy(struct grants *handle, struct grant_copy *c, unsigned n)
{
	(void)handle;
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *from = c[i].source.virt;
		bool found = false;

		MUST(c[i].flags == GRANT_COPY_DEST_REF && c[i].dest.foreign.domid == DOMID && c[i].dest.foreign.offset == q.headroom);
		MUST(c[i].len > 0 && c[i].len + q.headroom <= (int)NETIF_PAGE_SIZE && c[i].status == GRANT_STATUS_UNTOUCHED);
		for (unsigned k = 0; k < q.backlog.n && !found; k++) {
			struct rte_mbuf *m = q.backlog.frame[(q.backlog.head + k) % LIMIT_BACKLOG_FRAMES];
			const uint8_t *start = rte_pktmbuf_mtod(m, const uint8_t *);

			found = from >= start && from + c[i].len <= start + m->pkt_len;
		}
		MUST(found);
		c[i].status = copy_fails >> (i % 32) & 1 ? -3 : GRANT_STATUS_OKAY;
		n_failed += copy_fails >> (i % 32) & 1;
	}
	return copy_fails == UINT32_MAX ? -1 : 0;
}

static int
events_notify(struct events *events, uint32_t port)
{
	(void)events;
	MUST(port == 9);
	n_notified++;
	return 0;
}

static const struct grants_ops grants_ops = { .copy = grants_copy };
static const struct events_ops events_ops = { .notify = events_notify };

/* In place of dp/dp.c. */
void
dp_signal(struct dp *dp)
{
	(void)dp;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct static_grant grant[2] = { { .ref = 0x10, .writable = true }, { .ref = 0x11 } };

	(void)argc, (void)argv;
	start_eal();
	MUST(pools_create(&pools, N_SMALL, N_LARGE) == 0);
	grant[0].page = grant[1].page = mapped = malloc(NETIF_PAGE_SIZE);
	grants = static_grants_create(grant, 2);
	return 0;
}

/* What waits is counted, and bounded; each frame went somewhere, once. */
static void
check(void)
{
	uint32_t bytes = 0;

	for (unsigned k = 0; k < q.backlog.n; k++)
		bytes += q.backlog.frame[(q.backlog.head + k) % LIMIT_BACKLOG_FRAMES]->pkt_len;
	MUST(q.backlog.n <= LIMIT_BACKLOG_FRAMES && q.backlog.bytes <= LIMIT_BACKLOG_BYTES && bytes == q.backlog.bytes);
	MUST(q.port.n_waiting[POOL_SMALL] + q.port.n_waiting[POOL_LARGE] == q.backlog.n);
	MUST(memcmp(q.port.n_waiting, pl.n_waiting, sizeof(pl.n_waiting)) == 0);
	MUST(q.rx_copied - q.rx.req_cons <= NETIF_RING_SIZE);
	MUST((to_guest_need(&q) == 0) == (q.backlog.n == 0));
	MUST(n_given == q.port.stats.tx_frames + port_stats_dropped(&q.port.stats) + q.backlog.n);
	MUST(q.rx.rsp_prod == q.rx.req_cons && q.rx.rsp_published == q.rx.rsp_prod && q.rx.shared->rsp_prod == q.rx.rsp_prod);
}

/* The chain of extra infos at `idx`. Returns where it ends. */
static uint32_t
skip_extras(uint32_t idx)
{
	netif_extra_info_t extra;

	do {
		MUST(idx != q.rx.rsp_prod);
		ring_copy_request(&q.rx, idx++, &extra);
		MUST(extra.type == XEN_NETIF_EXTRA_TYPE_GSO || (extra.type == XEN_NETIF_EXTRA_TYPE_HASH && q.hash != NULL) ||
		     (extra.type == NETIF_EXTRA_TYPE_XDP && q.headroom > 0));
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return idx;
}

/* The responses since `idx` are whole frames with `bytes` in all, unless a copy failed. */
static void
check_responses(uint32_t idx, uint64_t n_frames, uint64_t bytes)
{
	netif_rx_response_t rsp;
	uint64_t sum = 0;

	for (; n_frames > 0; n_frames--) {
		uint16_t more = NETRXF_more_data;

		for (unsigned n = 0; more; n++) {
			MUST(idx != q.rx.rsp_prod && n < (q.headroom > 0 ? NETIF_RING_SIZE : LIMIT_SLOTS_ACCEPTED));
			ring_copy_request(&q.rx, idx++, &rsp);
			MUST(rsp.offset == q.headroom && rsp.offset + rsp.status <= (int)NETIF_PAGE_SIZE && rsp.status != 0);
			MUST(rsp.status > 0 || n_failed > 0);
			sum += rsp.status > 0 ? (uint64_t)rsp.status : 0;
			more = rsp.flags & NETRXF_more_data;
			MUST(n == 0 || !(rsp.flags & NETRXF_extra_info));
			if (rsp.flags & NETRXF_extra_info)
				idx = skip_extras(idx);
		}
	}
	MUST(idx == q.rx.rsp_prod && (n_failed > 0 || sum == bytes));
}

/* IPv4 or IPv6 with TCP, or what looks like it: a hash is made of it. */
static void
fill(struct rte_mbuf *m, uint32_t flags)
{
	uint8_t *at = rte_pktmbuf_mtod(m, uint8_t *);

	memset(at, (int)flags, 60);
	memcpy(at + 12, flags & 8 ? "\x08\x00\x45\x00\x00\x40" : "\x86\xdd\x60\x00\x00\x00", 6);
	at[flags & 8 ? 23 : 20] = 6;
}

static void
give(struct input *in)
{
	struct rte_mbuf *frames[LIMIT_BURST];
	unsigned n = 0, n_wanted = take(in, 1) % (LIMIT_BURST + 1);
	uint32_t len = take(in, 2), at = take(in, 2), flags = take(in, 1);
	uint32_t idx = q.rx.rsp_prod, pending = ring_pending(&q.rx), copied = q.rx_copied - q.rx.req_cons;
	uint64_t n_before = q.port.stats.tx_frames, bytes_before = q.port.stats.tx_bytes;

	len = len < 60 ? 60 : len;
	while (n < n_wanted && (frames[n] = pool_alloc_at(&pools, len, at % POOL_PAGE)) != NULL) {
		frames[n]->ol_flags |= flags & 1 ? RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_IPV4 : 0;
		frames[n]->ol_flags |= flags & 2 ? RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IPV6 : 0;
		frames[n]->ol_flags |= flags & 4 ? RTE_MBUF_F_RX_L4_CKSUM_GOOD : 0;
		fill(frames[n], flags);
		frames[n++]->tso_segsz = 1448;
	}
	n_given += n;
	n_failed = 0;
	to_guest_burst(&q, frames, n);
	/* An impossible index is found out when the copies of slots are used up, and may be possible again by then. */
	bool possible = pending >= copied && pending <= NETIF_RING_SIZE;
	MUST(q.rx.rsp_prod - idx <= (possible ? pending : copied + NETIF_RING_SIZE));
	if (possible)
		check_responses(idx, q.port.stats.tx_frames - n_before, q.port.stats.tx_bytes - bytes_before);
}

static void
post(struct input *in)
{
	unsigned n = take(in, 1);
	uint32_t ref = take(in, 1), prod = q.rx.shared->req_prod;
	netif_rx_request_t req = { .id = 1 };

	for (unsigned i = 0; i < n; i++, req.id++) {
		req.gref = ref + i % 4;
		memcpy(q.rx.shared->slots + (prod++ % NETIF_RING_SIZE) * sizeof(req), &req, sizeof(req));
	}
	q.rx.shared->req_prod = prod;
}

static void
step(struct input *in)
{
	switch (take(in, 1) % 11) {
	case 0: case 1: post(in); break;
	case 2: case 3: give(in); break;
	case 4: pl.now_ms += take(in, 2), pl.now = pl.now_ms * TICKS_PER_MS; break;
	case 5: copy_fails = take(in, 4); break;
	case 6: q.rx.shared->req_prod = take(in, 4); break;
	case 7: take_bytes(in, page + (take(in, 1) & 1 ? 12 : 64 + take(in, 2) % 2048), 4); break; /* never our rsp_prod */
	case 8: to_guest_drop(&q); break;
	case 10: meter_set_at(&meter, take(in, 4), 1 + take(in, 2), TICKS_PER_MS * 1000, pl.now); break;
	case 9: q.port.steering = take(in, 1) & 1 ? &hash : NULL; break;
	}
	check();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct ring_shared *shared = (void *)page;

	memset(page, 0, sizeof(page));
	memset(&q, 0, sizeof(q));
	pl = (struct poller){ .pools = &pools, .n_waiting_max = { N_SMALL / 2, N_LARGE / 2 }, .copy.ops = &grants_ops };
	q = (struct vif_queue){ .port.owner = &pl, .port.leader = &q.port, .events_ops = &events_ops, .evtchn_rx = 9, .domid = DOMID, .meter_to = &meter };
	meter = (struct meter){ .cost = 0 };
	uint32_t what = take(&in, 1);
	q.grants = what & 1 ? grants : NULL;
	shared->req_prod = shared->rsp_prod = take(&in, 4);
	q.headroom = what & 2 ? (uint16_t)(take(&in, 2) % (LIMIT_XDP_HEADROOM + 1)) : 0;
	ring_attach(&q.rx, page, sizeof(netif_rx_request_t));
	q.rx_copied = q.rx.req_cons;
	copy_fails = n_given = n_notified = 0;
	while (in.left > 0 && q.port.fault == NULL)
		step(&in);
	for (unsigned k = 0; k < q.backlog.n; k++)
		rte_pktmbuf_free(q.backlog.frame[(q.backlog.head + k) % LIMIT_BACKLOG_FRAMES]);
	MUST(rte_mempool_avail_count(pools.small) == N_SMALL && rte_mempool_avail_count(pools.large) == N_LARGE);
	return 0;
}
