/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large buffers in a transmit ring. The test is the driver: it keeps each frame until its
 * descriptors are needed, or until it is asked: the link has rte_eth_tx_done_cleanup() come here.
 */
#include "dp/port/tx_keep.h"

#include <errno.h>
#include <string.h>

#include "dp/frame/worker.h"
#include "unit.h"

#define N_SMALL 2047u
#define N_LARGE 63u
#define SHARE 8u /* an eighth of N_LARGE + 1 */
#define RING 256u
#define SEGS 38u /* of the longest frame: the driver above frees a frame with its last one */

static struct pools pools;
static struct worker pl;
static struct port port;
static struct tx_keep keep;

/* ---- the driver ------------------------------------------------------------------------------ */

static struct rte_mbuf *ring[RING]; /* a frame stands at its last descriptor */
static unsigned ring_at, n_asked;
static bool can_be_asked;

static void
driver_free(unsigned at)
{
	rte_pktmbuf_free(ring[at]);
	ring[at] = NULL;
}

static void
driver_send(struct rte_mbuf *m)
{
	for (unsigned i = 0; i < m->nb_segs; i++)
		driver_free(ring_at++ % RING);
	ring[(ring_at - 1) % RING] = m;
}

static void
driver_free_all(void)
{
	for (unsigned i = 0; i < RING; i++)
		driver_free((ring_at + i) % RING);
}

int __wrap_rte_eth_tx_done_cleanup(uint16_t id, uint16_t queue, uint32_t n);

int
__wrap_rte_eth_tx_done_cleanup(uint16_t id, uint16_t queue, uint32_t n)
{
	CHECK_EQ(id, 7);
	CHECK_EQ(queue, 0);
	CHECK_EQ(n, 0);
	if (!can_be_asked)
		return -ENOTSUP;
	n_asked++;
	driver_free_all();
	return 0;
}

/* ---- what all cases do ----------------------------------------------------------------------- */

static void
open_keep(bool ask, bool chains, uint16_t n_segs_max)
{
	struct rte_eth_dev_info info = { .tx_desc_lim = { .nb_seg_max = n_segs_max,
							  .nb_mtu_seg_max = n_segs_max } };

	REQUIRE_EQ(pools_create(&pools, N_SMALL, N_LARGE), 0);
	pl = (struct worker){ .pools = &pools, .now = 1 };
	port = (struct port){ .owner = &pl };
	ring_at = n_asked = 0;
	can_be_asked = ask;
	tx_keep_init(&keep, 7, &pools, &info, chains);
	tx_keep_start(&keep);
	CHECK_EQ(keep.can_ask, ask);
	CHECK_EQ(keep.max, SHARE);
	n_asked = 0;
}

/* Closes the device; all buffers come back. */
static void
close_keep(void)
{
	driver_free_all();
	tx_keep_fini(&keep);
	CHECK_EQ(rte_mempool_avail_count(pools.small), N_SMALL);
	CHECK_EQ(rte_mempool_avail_count(pools.large), N_LARGE);
	pools_destroy(&pools);
}

static uint8_t
byte_of(unsigned seed, uint32_t at)
{
	return (uint8_t)(seed * 31 + at * 7 + (at >> 8));
}

static struct rte_mbuf *
large_frame(uint32_t len, unsigned seed)
{
	struct rte_mbuf *m = pool_alloc(&pools, len);

	if (m == NULL)
		return NULL;
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	for (uint32_t i = 0; i < len; i++)
		data[i] = byte_of(seed, i);
	m->ol_flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_SEG;
	m->l2_len = 14;
	m->tso_segsz = 1400;
	return m;
}

static bool
is_same(const struct rte_mbuf *m, uint32_t len, unsigned seed)
{
	uint32_t at = 0;
	unsigned n = 0;

	for (const struct rte_mbuf *seg = m; seg != NULL; seg = seg->next, n++) {
		const uint8_t *data = rte_pktmbuf_mtod(seg, const uint8_t *);
		for (unsigned i = 0; i < seg->data_len; i++, at++) {
			if (data[i] != byte_of(seed, at))
				return false;
		}
	}
	return at == len && m->pkt_len == len && n == m->nb_segs &&
	       (m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0 && m->l2_len == 14 &&
	       m->tso_segsz == 1400;
}

/*
 * Sends `n` frames, one a round. Returns how many went into the ring; each is checked, and so is
 * what it costs the pool.
 */
static unsigned
send_frames(unsigned n, uint32_t len)
{
	unsigned n_sent = 0;

	for (unsigned i = 0; i < n; i++, pl.now++) {
		struct rte_mbuf *m = large_frame(len, i);
		REQUIRE_NOT_NULL(m); /* whoever sends always finds a large buffer */
		m = tx_keep_frame(&keep, &port, m);
		if (m == NULL)
			continue;
		CHECK(is_same(m, len, i));
		driver_send(m);
		n_sent++;
		tx_keep_look(&keep, pl.now);
		CHECK_GE(rte_mempool_avail_count(pools.large), N_LARGE - SHARE);
	}
	return n_sent;
}

/* ---- cases ----------------------------------------------------------------------------------- */

/*
 * A driver that gives back when it is asked: no frame is copied, and in idle times all come back.
 */
static void
tx_keep_frame_asked(void)
{
	open_keep(true, true, 64);
	CHECK_EQ(send_frames(1000, 65535), 1000);
	CHECK_RANGE(n_asked, 1000 / SHARE - 1, 1000 / SHARE + 1);
	CHECK_EQ(rte_mempool_avail_count(pools.small), N_SMALL);
	keep.is_sent = true;
	n_asked = 0;
	tx_keep_look(&keep, pl.now + keep.ask_age);
	CHECK_EQ(rte_mempool_avail_count(pools.large), N_LARGE);
	for (unsigned i = 2; i < 10; i++)
		tx_keep_look(&keep, pl.now + i * keep.ask_age);
	CHECK_EQ(n_asked, 1); /* nothing is sent: it is left alone */
	close_keep();
}

/* A driver that has its share and cannot give any of it back yet: the rest goes in copies. */
static void
tx_keep_frame_above_share(void)
{
	open_keep(true, true, 64);
	pl.now = keep.asked; /* it was asked in this round */
	for (unsigned i = 0; i < SHARE + 2; i++) {
		struct rte_mbuf *m = tx_keep_frame(&keep, &port, large_frame(9000, i));
		REQUIRE_NOT_NULL(m);
		CHECK_EQ(m->nb_segs, i < SHARE ? 1 : 6);
		CHECK(is_same(m, 9000, i));
		driver_send(m);
	}
	close_keep();
}

/*
 * A driver that frees only what stands in its way: frames of a few small buffers never leave it a
 * large one.
 */
static void
tx_keep_frame_short(void)
{
	static const uint32_t len[] = { POOL_SMALL_ROOM + 1, 4000, 9018,
					TX_KEEP_SHORT_CHAIN * POOL_SMALL_ROOM };

	for (unsigned i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		open_keep(false, true, UINT16_MAX);
		CHECK_EQ(send_frames(1000, len[i]), 1000);
		CHECK_EQ(rte_mempool_avail_count(pools.large), N_LARGE);
		CHECK_GE(rte_mempool_avail_count(pools.small), N_SMALL - RING - SEGS);
		close_keep();
	}
}

/*
 * The same with longer ones: it has its share, and however long nothing else is sent, every frame
 * goes.
 */
static void
tx_keep_frame_long(void)
{
	open_keep(false, true, UINT16_MAX);
	CHECK_EQ(send_frames(2000, 65535), 2000);
	CHECK_GE(rte_mempool_avail_count(pools.small), N_SMALL - RING - SEGS);
	CHECK_EQ(port.stats.n_dropped[DROP_NO_BUFFER], 0);
	close_keep();
}

/*
 * A device that takes no chains, or too short ones: what is above the share is dropped and counted.
 */
static void
tx_keep_frame_no_chains(void)
{
	open_keep(false, false, UINT16_MAX);
	CHECK_EQ(send_frames(50, 4000), SHARE);
	CHECK_EQ(port.stats.n_dropped[DROP_QUEUE_FULL], 50 - SHARE);
	driver_free_all();
	CHECK_EQ(send_frames(1, 4000), 1);
	close_keep();
	open_keep(false, true, 2);
	CHECK_EQ(send_frames(50, 3 * POOL_SMALL_ROOM), SHARE);
	CHECK_EQ(port.stats.n_dropped[DROP_QUEUE_FULL], 50 - SHARE);
	close_keep();
}

/* A frame that others hold, too, is copied: its count does not tell what the driver does. */
static void
tx_keep_frame_shared(void)
{
	for (unsigned chains = 0; chains < 2; chains++) {
		open_keep(true, chains, UINT16_MAX);
		struct rte_mbuf *m = large_frame(4000, 3);
		rte_mbuf_refcnt_update(m, 1);
		struct rte_mbuf *copy = tx_keep_frame(&keep, &port, m);
		REQUIRE_NOT_NULL(copy);
		REQUIRE_NE(copy, m);
		CHECK(is_same(copy, 4000, 3));
		CHECK_EQ(rte_mbuf_refcnt_read(m), 1);
		rte_pktmbuf_free(m);
		driver_send(copy);
		close_keep();
	}
}

/* No small buffer is left for a copy: dropped and counted, nothing else. */
static void
tx_keep_frame_no_buffer(void)
{
	static struct rte_mbuf *taken[N_SMALL];

	open_keep(false, true, UINT16_MAX);
	REQUIRE_EQ(rte_pktmbuf_alloc_bulk(pools.small, taken, N_SMALL - 2), 0);
	CHECK_NULL(tx_keep_frame(&keep, &port, large_frame(4000, 1)));
	CHECK_EQ(port.stats.n_dropped[DROP_NO_BUFFER], 1);
	rte_pktmbuf_free_bulk(taken, N_SMALL - 2);
	close_keep();
}

/*
 * Rings are as long as the pool allows: a quarter of it for all, and virtio's descriptors may name
 * seven buffers each.
 */
static void
tx_keep_descriptors_by_pool(void)
{
	open_keep(false, true, UINT16_MAX);
	struct pools p = pools;
	CHECK_EQ(tx_keep_descriptors(&keep, &p, "net_ixgbe", true), 512);
	CHECK_EQ(tx_keep_descriptors(&keep, &p, "net_virtio_user", true), 64);
	CHECK_EQ(tx_keep_descriptors(&keep, &p, "net_virtio_user", false), 512);
	p.n_ethdevs = 4;
	CHECK_EQ(tx_keep_descriptors(&keep, &p, "net_ixgbe", true), 128);
	CHECK_EQ(tx_keep_descriptors(&keep, &p, "net_virtio", true), 16);
	keep.n_segs_max = 1;
	CHECK_EQ(tx_keep_descriptors(&keep, &p, "net_ixgbe", true), SHARE);
	CHECK_EQ(tx_keep_descriptors(&keep, &p, "net_ixgbe", false), 128);
	close_keep();
}

void
test_tx_keep(CU_pSuite suite)
{
	UNIT_ADD(suite, tx_keep_frame_asked);
	UNIT_ADD(suite, tx_keep_frame_above_share);
	UNIT_ADD(suite, tx_keep_frame_short);
	UNIT_ADD(suite, tx_keep_frame_long);
	UNIT_ADD(suite, tx_keep_frame_no_chains);
	UNIT_ADD(suite, tx_keep_frame_shared);
	UNIT_ADD(suite, tx_keep_frame_no_buffer);
	UNIT_ADD(suite, tx_keep_descriptors_by_pool);
}
