/* SPDX-License-Identifier: BSD-3-Clause */
/* Large buffers in an ethdev's transmit ring. */
#include "dp/port/tx_keep.h"

#include <string.h>

#include <rte_cycles.h>

#include "base/util.h"
#include "dp/frame/worker.h"
#include "sw/frame_headers.h"

#define DESCRIPTORS_MAX 1024u
#define SEGS_MAX ((LIMIT_FRAME_SIZE + POOL_SMALL_ROOM - 1) / POOL_SMALL_ROOM)

void
tx_keep_init(struct tx_keep *keep, uint16_t id, const struct pools *pools,
	     const struct rte_eth_dev_info *info, bool chains)
{
	*keep = (struct tx_keep){ .id = id, .ask_age = rte_get_tsc_hz() / 1000 };
	keep->max =
		RTE_MIN(RTE_MAX(pools_share(pools, POOL_USE_NIC_TX, POOL_LARGE), 1u), TX_KEEP_MAX);
	keep->n_segs_max = chains ? info->tx_desc_lim.nb_seg_max : 1;
	keep->n_segs_max_mtu = chains ? info->tx_desc_lim.nb_mtu_seg_max : 1;
}

void
tx_keep_start(struct tx_keep *keep)
{
	keep->can_ask = rte_eth_tx_done_cleanup(keep->id, 0, 0) >= 0;
}

uint16_t
tx_keep_descriptors(const struct tx_keep *keep, const struct pools *pools, const char *driver,
		    bool large)
{
	unsigned n = pools_share(pools, POOL_USE_NIC_TX, POOL_SMALL);

	if (large && strstr(driver, "virtio") != NULL)
		n /= TX_KEEP_SHORT_CHAIN;
	/*
	 * Without chains, frames beyond a small buffer always use large ones. The driver may free
	 * them only when the ring is full, so the ring must be able to fill up within the share.
	 */
	if (large && keep->n_segs_max == 1)
		n = RTE_MIN(n, keep->max);
	return (uint16_t)rte_align32prevpow2(RTE_MAX(RTE_MIN(n, DESCRIPTORS_MAX), 1u));
}

/*
 * ---- buffers in the ring
 * -------------------------------------------------------------------------------
 */

/*
 * The driver frees in order. Acquire: pairs with the release that dropped the driver's reference.
 */
static void
reap(struct tx_keep *keep)
{
	while (keep->n > 0) {
		struct rte_mbuf *m = keep->frame[keep->head % TX_KEEP_MAX];

		if (__atomic_load_n(&m->refcnt, __ATOMIC_ACQUIRE) != 1)
			return;
		rte_pktmbuf_free(m);
		keep->head++;
		keep->n--;
	}
}

static void
ask(struct tx_keep *keep, uint64_t now)
{
	keep->asked = now;
	rte_eth_tx_done_cleanup(keep->id, 0, 0);
}

void
tx_keep_look(struct tx_keep *keep, uint64_t now)
{
	if (!keep->is_sent && keep->n == 0)
		return;
	if (keep->can_ask && now - keep->asked >= keep->ask_age) {
		ask(keep, now);
		keep->is_sent = false;
	}
	reap(keep);
}

/* Whether one more large buffer may go in. */
static bool
has_room(struct tx_keep *keep, uint64_t now)
{
	if (keep->n == keep->max)
		reap(keep);
	if (keep->n == keep->max && keep->can_ask && now != keep->asked) {
		ask(keep, now);
		reap(keep);
	}
	return keep->n < keep->max;
}

static struct rte_mbuf *
put_in(struct tx_keep *keep, struct rte_mbuf *m)
{
	rte_mbuf_refcnt_update(m, 1);
	keep->frame[(keep->head + keep->n++) % TX_KEEP_MAX] = m;
	return m;
}

/* ---- copies ---------------------------------------------------------------------------------- */

static unsigned
segs_of(const struct rte_mbuf *m)
{
	return (m->pkt_len + POOL_SMALL_ROOM - 1) / POOL_SMALL_ROOM;
}

/*
 * Copies the frame to `n` small buffers of similar length; the headers are in the first. Returns
 * NULL if there are not enough buffers.
 */
static struct rte_mbuf *
copy_in_chain(struct pools *pools, const struct rte_mbuf *m, unsigned n)
{
	struct rte_mbuf *seg[SEGS_MAX];
	const uint8_t *from = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t left = m->pkt_len;

	if (rte_pktmbuf_alloc_bulk(pools->small, seg, n) < 0)
		return NULL;
	for (unsigned i = 0; i < n; i++) {
		uint32_t len = (left + n - i - 1) / (n - i);

		memcpy(rte_pktmbuf_mtod(seg[i], void *), from, len);
		seg[i]->data_len = (uint16_t)len;
		seg[i]->next = i + 1 < n ? seg[i + 1] : NULL;
		from += len;
		left -= len;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): n is not 0, frames are not empty */
	seg[0]->nb_segs = (uint16_t)n;
	seg[0]->pkt_len = m->pkt_len;
	seg[0]->ol_flags = m->ol_flags & ~(RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL);
	seg[0]->tx_offload = m->tx_offload;
	frame_headers_forget(seg[0]);
	return seg[0];
}

struct rte_mbuf *
tx_keep_frame(struct tx_keep *keep, struct port *port, struct rte_mbuf *m)
{
	unsigned n = segs_of(m);
	bool chain = n <= ((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) ? keep->n_segs_max
								 : keep->n_segs_max_mtu);
	/* otherwise the count would not show when the driver is done */
	bool own = __atomic_load_n(&m->refcnt, __ATOMIC_ACQUIRE) == 1;

	if (chain && (!own || (!keep->can_ask && n <= TX_KEEP_SHORT_CHAIN) ||
		      !has_room(keep, port->owner->now))) {
		struct rte_mbuf *copy = copy_in_chain(port->owner->pools, m, n);
		if (copy == NULL)
			port->stats.n_dropped[DROP_NO_BUFFER]++;
		rte_pktmbuf_free(m);
		return copy;
	}
	if (!has_room(keep, port->owner->now)) {
		port_drop(port, m, DROP_QUEUE_FULL);
		return NULL;
	}
	m = port_own_frame(port, m);
	return m == NULL ? NULL : put_in(keep, m);
}

void
tx_keep_fini(struct tx_keep *keep)
{
	for (; keep->n > 0; keep->n--)
		rte_pktmbuf_free(keep->frame[keep->head++ % TX_KEEP_MAX]);
}
