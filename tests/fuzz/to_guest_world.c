/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest and the poller as dp/vif/to_guest.c sees them. */
#include "fuzz/to_guest_world.h"

#include <errno.h>
#include <limits.h>

#include "dp/engine/dp_private.h"
#include "dp/frame/worker.h"
#include "dp/vif/vif_queue.h"
#include "dp/vif/vif_scratch.h"
#include "fakes/fake_xen.h"
#include "fuzz/fuzz.h"

#define SELF 1u
#define DOMID 5u
#define BAD_GNTREF (-3) /* GNTST_bad_gntref */
#define N_SMALL 1023u
#define N_LARGE 31u
#define TICKS_PER_MS 1000u

struct to_guest_world to_guest_world;

static struct pools pools;
static struct worker pl;
static struct vif_scratch scratch;
static struct vif_queue q;
static struct meter meter;
static const struct steering hash = { .algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ,
				      .types = 15,
				      .key = { 0x6d, 0x5a } };
static struct static_grants *grants;
static struct grants *copying;
static struct events *events;
static uint32_t evtchn;
static uint32_t copy_fails; /* as for to_guest_world_fail_copies() */
static uint32_t n_failed, n_given;

/* Whether the bytes are of a frame that waits. */
static bool
waits(const uint8_t *from, unsigned len)
{
	for (unsigned k = 0; k < q.gp.backlog.n; k++) {
		struct rte_mbuf *m = backlog_peek(&q.gp.backlog, k);
		const uint8_t *start = rte_pktmbuf_mtod(m, const uint8_t *);

		if (from >= start && from + len <= start + m->pkt_len)
			return true;
	}
	return false;
}

/* Each copy is of bytes of a frame that waits, to the start of one page of the guest. */
static int16_t
look_at_copy(const struct grant_copy *c, unsigned i)
{
	bool fails = copy_fails >> (i % 32) & 1;

	MUST(c->flags == GRANT_COPY_DEST_REF && c->dest.foreign.domid == DOMID &&
	     c->dest.foreign.offset == q.headroom);
	MUST(c->len > 0 && waits(c->source.virt, c->len));
	n_failed += fails;
	return fails ? BAD_GNTREF : GRANT_STATUS_OKAY;
}

void
to_guest_world_fail_copies(uint32_t which)
{
	copy_fails = which;
	fake_copy_fail_call(0, which == UINT32_MAX ? UINT_MAX : 0, UINT_MAX, EFAULT);
}

void
to_guest_world_init(void)
{
	const struct xen_ops *xen = fake_xen();
	struct static_grant grant[2] = { { .ref = 0x10, .writable = true }, { .ref = 0x11 } };

	MUST(pools_create(&pools, N_SMALL, N_LARGE) == 0);
	fake_reset(SELF);
	fake_abort_on_violation();
	fake_copy_set_hook(look_at_copy);
	fake_grant_others(fake_page_alloc(DOMID), SELF, UINT32_MAX);
	copying = xen->grants->open();
	events = xen->events->open();
	evtchn = (uint32_t)xen->events->bind(events, DOMID, fake_port_alloc(DOMID, SELF));
	for (unsigned i = 0; i < 2; i++)
		grant[i].page = xen->grants->map(copying, DOMID, grant[i].ref, grant[i].writable);
	grants = static_grants_create(grant, 2);
}

void
to_guest_world_open(uint32_t index, bool has_grants, uint16_t headroom)
{
	struct ring_shared *shared = (void *)to_guest_world.page;

	memset(&to_guest_world, 0, sizeof(to_guest_world));
	to_guest_world_fail_copies(0);
	memset(&q, 0, sizeof(q));
	scratch = (struct vif_scratch){ .copy = { .ops = fake_xen()->grants, .grants = copying } };
	pl = (struct worker){ .pools = &pools,
			      .n_waiting_max = { N_SMALL / 2, N_LARGE / 2 },
			      .vif = &scratch,
			      .signal_fd = -1 };
	q = (struct vif_queue){
		.gp = { .port = { .owner = &pl, .leader = &q.gp.port },
			.ops = &to_guest_ops,
			.meter_to = &meter },
		.events_ops = fake_xen()->events,
		.events = events,
		.evtchn_rx = evtchn,
		.domid = DOMID,
		.grants = has_grants ? grants : NULL,
		.headroom = headroom,
	};
	meter = (struct meter){ .cost = 0 };
	shared->req_prod = shared->rsp_prod = index;
	ring_attach(&q.rx, to_guest_world.page, sizeof(netif_rx_request_t));
	q.journal = &q.own_journal;
	q.journal->rx_copied = q.rx.req_cons + 1; /* more than there are requests: not believed */
	to_guest_resume(&q);
	MUST(q.journal->rx_copied == q.rx.req_cons);
	n_given = 0;
}

bool
to_guest_world_is_on(void)
{
	return q.gp.port.fault == NULL;
}

void
to_guest_world_pass_time(uint32_t ms)
{
	pl.now_ms += ms;
	pl.now = pl.now_ms * TICKS_PER_MS;
}

void
to_guest_world_meter(uint32_t bytes, uint32_t usecs)
{
	meter_set_at(&meter, bytes, usecs, TICKS_PER_MS * 1000, pl.now);
}

void
to_guest_world_hash(bool on)
{
	q.gp.port.steering = on ? &hash : NULL;
}

void
to_guest_world_drop(void)
{
	guest_port_drop(&q.gp);
}

/* What waits is counted, and bounded; each frame went somewhere, once. */
void
to_guest_world_check(void)
{
	uint32_t bytes = 0;

	for (unsigned k = 0; k < q.gp.backlog.n; k++)
		bytes += backlog_peek(&q.gp.backlog, k)->pkt_len;
	MUST(q.gp.backlog.n <= LIMIT_BACKLOG_FRAMES && q.gp.backlog.bytes <= LIMIT_BACKLOG_BYTES &&
	     bytes == q.gp.backlog.bytes);
	MUST(q.gp.port.n_waiting[POOL_SMALL] + q.gp.port.n_waiting[POOL_LARGE] == q.gp.backlog.n);
	MUST(memcmp(q.gp.port.n_waiting, pl.n_waiting, sizeof(pl.n_waiting)) == 0);
	MUST(q.journal->rx_copied - q.rx.req_cons <= NETIF_RING_SIZE);
	MUST((to_guest_need(&q) == 0) == (q.gp.backlog.n == 0));
	MUST(n_given ==
	     q.gp.port.stats.tx_frames + port_stats_dropped(&q.gp.port.stats) + q.gp.backlog.n);
	MUST(q.rx.rsp_prod == q.rx.req_cons && q.rx.rsp_published == q.rx.rsp_prod &&
	     q.rx.shared->rsp_prod == q.rx.rsp_prod);
}

/* The chain of extra infos at `idx`. Returns where it ends. */
static uint32_t
skip_extras(uint32_t idx)
{
	netif_extra_info_t extra;

	do {
		MUST(idx != q.rx.rsp_prod);
		ring_copy_request(&q.rx, idx++, &extra);
		MUST(extra.type == XEN_NETIF_EXTRA_TYPE_GSO ||
		     (extra.type == XEN_NETIF_EXTRA_TYPE_HASH && q.hash != NULL) ||
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
			MUST(idx != q.rx.rsp_prod &&
			     n < (q.headroom > 0 ? NETIF_RING_SIZE : LIMIT_SLOTS_ACCEPTED));
			ring_copy_request(&q.rx, idx++, &rsp);
			MUST(rsp.offset == q.headroom &&
			     rsp.offset + rsp.status <= (int)NETIF_PAGE_SIZE && rsp.status != 0);
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

void
to_guest_world_give(unsigned n_wanted, uint32_t len, uint32_t at, uint32_t flags)
{
	struct rte_mbuf *frames[LIMIT_BURST];
	unsigned n = 0;
	uint32_t idx = q.rx.rsp_prod, pending = ring_pending(&q.rx),
		 copied = q.journal->rx_copied - q.rx.req_cons;
	uint64_t n_before = q.gp.port.stats.tx_frames, bytes_before = q.gp.port.stats.tx_bytes;

	len = len < 60 ? 60 : len;
	while (n < n_wanted % (LIMIT_BURST + 1) &&
	       (frames[n] = pool_alloc_at(&pools, len, at % POOL_PAGE)) != NULL) {
		frames[n]->ol_flags |= flags & 1 ? RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_IPV4 : 0;
		frames[n]->ol_flags |= flags & 2 ? RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IPV6 : 0;
		frames[n]->ol_flags |= flags & 4 ? RTE_MBUF_F_RX_L4_CKSUM_GOOD : 0;
		fill(frames[n], flags);
		frames[n++]->tso_segsz = 1448;
	}
	n_given += n;
	n_failed = 0;
	guest_port_send(&q.gp, frames, n);
	/*
	 * An impossible index is found out when the copies of slots are used up, and may be
	 * possible again by then.
	 */
	bool possible = pending >= copied && pending <= NETIF_RING_SIZE;
	MUST(q.rx.rsp_prod - idx <= (possible ? pending : copied + NETIF_RING_SIZE));
	if (possible)
		check_responses(idx, q.gp.port.stats.tx_frames - n_before,
				q.gp.port.stats.tx_bytes - bytes_before);
}

void
to_guest_world_close(void)
{
	for (unsigned k = 0; k < q.gp.backlog.n; k++)
		rte_pktmbuf_free(backlog_peek(&q.gp.backlog, k));
	MUST(rte_mempool_avail_count(pools.small) == N_SMALL &&
	     rte_mempool_avail_count(pools.large) == N_LARGE);
}
