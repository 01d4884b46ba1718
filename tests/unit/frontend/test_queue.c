/* SPDX-License-Identifier: BSD-3-Clause */
/* A frontend queue against a backend that is honest, then hostile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue_rig.h"
#include "unit.h"

/* ---- honest ---------------------------------------------------------------------------------- */

static void
rx_one(void)
{
	struct vpe_fe_buf *frame[4];

	rig_start();
	CHECK_EQ(fe_rx_burst(&rig_queue, frame, 4), 0);
	peer_rx_put(0, 100, NETRXF_data_validated, 60);
	peer_rx_publish(1);
	REQUIRE_EQ(fe_rx_burst(&rig_queue, frame, 4), 1);
	CHECK_SAME(frame[0]->data, frame[0]->page + 100);
	CHECK_EQ(frame[0]->len, 60);
	CHECK_EQ(frame[0]->flags, VPE_FE_CSUM_GOOD);
	CHECK_NULL(frame[0]->next);
	fe_queue_free(&rig_queue, frame[0]);
	rig_end();
}

/* Buffers are posted again in batches of post_batch. */
static void
rx_posted_in_batches(void)
{
	struct vpe_fe_buf *frame[NETIF_RING_SIZE];

	rig_start();
	REQUIRE_GT(rig_queue.post_batch, 1);
	REQUIRE_LE(rig_queue.post_batch, RX_USED - VPE_FE_BUFS_MAX);
	for (uint32_t i = 0; i < rig_queue.post_batch; i++) {
		CHECK_EQ(rig_queue.rx.shared->req_prod, RX_USED);
		peer_rx_put(i, 0, 0, 60);
		peer_rx_publish(1);
		REQUIRE_EQ(fe_rx_burst(&rig_queue, frame, 4), 1);
		fe_queue_free(&rig_queue, frame[0]);
	}
	CHECK_EQ(rig_queue.rx.shared->req_prod, RX_USED + rig_queue.post_batch);
	rig_end();
}

/*
 * The program holds all buffers until nothing is posted any more; when it gives them back, they are
 * posted.
 */
static void
rx_posted_after_famine(void)
{
	struct vpe_fe_buf *frame[NETIF_RING_SIZE], *held[N_BUFFERS], *buf;
	unsigned n_held_now = 0;

	rig_start();
	while ((buf = fe_queue_alloc(&rig_queue)) != NULL)
		held[n_held_now++] = buf;
	for (uint32_t i = 0; i < RX_USED; i++)
		peer_rx_put(i, 0, 0, 60);
	peer_rx_publish(RX_USED);
	REQUIRE_EQ(fe_rx_burst(&rig_queue, frame, RX_USED), RX_USED);
	CHECK_EQ(rig_queue.rx.shared->req_prod, RX_USED);
	CHECK_EQ(fe_rx_burst(&rig_queue, frame + 1, 1), 0);
	for (uint32_t i = 0; i < RX_USED; i++)
		fe_queue_free(&rig_queue, frame[i]);
	CHECK_EQ(fe_rx_burst(&rig_queue, frame, 1), 0);
	CHECK_EQ(rig_queue.rx.shared->req_prod, 2 * RX_USED);
	while (n_held_now > 0)
		fe_queue_free(&rig_queue, held[--n_held_now]);
	rig_end();
}

/* Sent buffers are taken back when the ring or the pool has no room, and not before. */
static void
tx_reaped_when_full(void)
{
	rig_start();
	for (unsigned i = 0; i < NETIF_RING_SIZE - 1; i++) {
		struct vpe_fe_buf *frame = rig_frame(1, 60);
		REQUIRE_EQ(fe_tx_burst(&rig_queue, &frame, 1), 1);
		peer_tx_answer(peer_tx_request(i).id, NETIF_RSP_OKAY);
	}
	CHECK_EQ(rig_queue.tx.rsp_cons, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct vpe_fe_buf *frame = rig_frame(1, 60);
		CHECK_EQ(fe_tx_burst(&rig_queue, &frame, 1), 1);
	}
	CHECK_EQ(rig_queue.tx.rsp_cons, NETIF_RING_SIZE - 1);
	/* the pool is empty now, but for what is answered */
	struct vpe_fe_buf *all = rig_frame(rig_queue.n_pool, 60);
	peer_tx_answer(peer_tx_request(NETIF_RING_SIZE - 1).id, NETIF_RSP_OKAY);
	struct vpe_fe_buf *one = fe_queue_alloc(&rig_queue);
	CHECK_NOT_NULL(one);
	fe_queue_free(&rig_queue, one);
	fe_queue_free(&rig_queue, all);
	rig_end();
}

static void
rx_gso_parts(void)
{
	struct vpe_fe_buf *frame[4];

	rig_start();
	peer_rx_put(0, 0,
		    NETRXF_csum_blank | NETRXF_data_validated | NETRXF_extra_info |
			    NETRXF_more_data,
		    4096);
	peer_rx_put_extra(1, XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV6);
	peer_rx_put(2, 0, NETRXF_more_data, 4096);
	peer_rx_put(3, 8, 0, 10);
	peer_rx_put(4, 0, 0, 60);
	peer_rx_publish(5);
	REQUIRE_EQ(fe_rx_burst(&rig_queue, frame, 4), 2);
	CHECK_EQ(frame[0]->flags, VPE_FE_CSUM_BLANK | VPE_FE_CSUM_GOOD | VPE_FE_GSO_TCPV6);
	CHECK_EQ(frame[0]->gso_size, 1448);
	CHECK_EQ(frame[0]->next->next->len, 10);
	CHECK_NULL(frame[0]->next->next->next);
	CHECK_EQ(rig_queue.stats.n_rx_bytes, 4096 + 4096 + 10 + 60);
	fe_queue_free(&rig_queue, frame[0]);
	fe_queue_free(&rig_queue, frame[1]);
	rig_end();
}

static void
rx_failed_slot(void)
{
	struct vpe_fe_buf *frame[4];

	rig_start();
	peer_rx_put(0, 0, NETRXF_more_data, 4096);
	peer_rx_put(1, 0, 0, NETIF_RSP_ERROR);
	peer_rx_put(2, 0, 0, 60);
	peer_rx_publish(3);
	CHECK_EQ(fe_rx_burst(&rig_queue, frame, 4), 1);
	CHECK_EQ(rig_queue.stats.n_rx_dropped, 1);
	fe_queue_free(&rig_queue, frame[0]);
	rig_end();
}

static void
tx_slots(void)
{
	rig_start();
	struct vpe_fe_buf *frame = rig_frame(3, 1000);
	frame->data += 96;
	frame->flags = VPE_FE_CSUM_BLANK | VPE_FE_GSO_TCPV4;
	frame->gso_size = 1448;
	uint32_t ref = frame->ref;
	CHECK_EQ(fe_tx_burst(&rig_queue, &frame, 1), 1);
	CHECK_EQ(rig_queue.tx.shared->req_prod, 4);
	netif_tx_request_t first = peer_tx_request(0), last = peer_tx_request(3);
	CHECK_EQ(first.gref, ref);
	CHECK_EQ(first.offset, 96);
	CHECK_EQ(first.size, 3000);
	CHECK_EQ(first.flags,
		 NETTXF_csum_blank | NETTXF_data_validated | NETTXF_more_data | NETTXF_extra_info);
	CHECK_EQ(last.size, 1000);
	CHECK_EQ(last.flags, 0);
	netif_extra_info_t extra;
	memcpy(&extra, fe_ring_slot(&rig_queue.tx, 1), sizeof(extra));
	CHECK_EQ(extra.type, XEN_NETIF_EXTRA_TYPE_GSO);
	CHECK_EQ(extra.flags, 0);
	CHECK_EQ(extra.u.gso.size, 1448);
	peer_tx_answer(first.id, NETIF_RSP_OKAY);
	peer_tx_answer(0xffff, NETIF_RSP_NULL);
	peer_tx_answer(last.id, NETIF_RSP_DROPPED);
	fe_tx_reap(&rig_queue);
	CHECK_EQ(rig_queue.stats.n_tx_failed, 1);
	CHECK_NULL(rig_queue.fault);
	rig_end();
}

static void
tx_full(void)
{
	struct vpe_fe_buf *frame;
	unsigned n = 0;

	rig_start();
	do
		frame = rig_frame(1, 60);
	while (fe_tx_burst(&rig_queue, &frame, 1) == 1 && ++n < 300);
	CHECK_EQ(n, NETIF_RING_SIZE - 1); /* one slot is kept for an extra info */
	peer_tx_answer(peer_tx_request(0).id, NETIF_RSP_OKAY);
	CHECK_EQ(fe_tx_burst(&rig_queue, &frame, 1), 1);
	rig_end();
}

/* ---- hostile --------------------------------------------------------------------------------- */

static void
rx_impossible(void)
{
	struct vpe_fe_buf *frame[4];

	rig_start();
	peer_rx_publish(RX_USED + 1);
	CHECK_EQ(fe_rx_burst(&rig_queue, frame, 4), 0);
	CHECK_NOT_NULL(rig_queue.fault);
	CHECK_EQ(fe_rx_burst(&rig_queue, frame, 4), 0);
	rig_end();
}

static void
rx_no_end(void)
{
	static const uint16_t flags[] = { NETRXF_more_data, NETRXF_extra_info };
	struct vpe_fe_buf *frame[4];

	for (unsigned i = 0; i < 2; i++) {
		rig_start();
		peer_rx_put(0, 0, flags[i], 60);
		peer_rx_publish(1);
		CHECK_EQ(fe_rx_burst(&rig_queue, frame, 4), 0);
		CHECK_NOT_NULL(rig_queue.fault);
		rig_end();
	}
}

static void
rx_beyond_page(void)
{
	static const struct {
		uint16_t offset;
		int16_t status;
	} bad[] = { { 4096, 1 }, { 4095, 2 },   { 1, 4096 }, { 0xffff, 60 },
		    { 0, 4097 }, { 0, 0x7fff }, { 0, 0 } };
	struct vpe_fe_buf *frame[4];

	rig_start();
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		peer_rx_put(i, bad[i].offset, 0, bad[i].status);
		peer_rx_publish(1);
		CHECK_EQ(fe_rx_burst(&rig_queue, frame, 4), 0);
		CHECK_EQ(rig_queue.stats.n_rx_dropped, i + 1);
	}
	CHECK_NULL(rig_queue.fault);
	rig_end();
}

static void
rx_too_many_parts(void)
{
	struct vpe_fe_buf *frame[4];

	rig_start();
	for (uint32_t i = 0; i < RX_USED; i++)
		peer_rx_put(i, 0, i < RX_USED - 1 ? NETRXF_more_data : 0, 1);
	peer_rx_publish(RX_USED);
	CHECK_EQ(fe_rx_burst(&rig_queue, frame, 4), 0);
	CHECK_EQ(rig_queue.stats.n_rx_dropped, 1);
	rig_end();
}

static void
tx_response_to_nothing(void)
{
	struct vpe_fe_buf *frame;

	for (unsigned i = 0; i < 3; i++) {
		rig_start();
		frame = rig_frame(2, 60);
		fe_tx_burst(&rig_queue, &frame, 1);
		uint16_t id = peer_tx_request(0).id;
		if (i == 0) { /* twice the same */
			peer_tx_answer(id, NETIF_RSP_OKAY);
			peer_tx_answer(id, NETIF_RSP_OKAY);
		} else {
			peer_tx_answer(i == 1 ? 255 - id : 256, NETIF_RSP_OKAY);
		}
		fe_tx_reap(&rig_queue);
		CHECK_NOT_NULL(rig_queue.fault);
		frame = rig_frame(1, 60);
		CHECK_EQ(fe_tx_burst(&rig_queue, &frame, 1), 0);
		fe_queue_free(&rig_queue, frame);
		rig_end();
	}
}

/* All answers are NULL: the ring has room for ever, ids have not. */
static void
tx_null_for_ever(void)
{
	struct vpe_fe_buf *frame;
	unsigned n = 0;

	rig_start();
	for (; n < 1000 && rig_queue.n_pool > 0; n++) {
		frame = rig_frame(1, 60);
		if (fe_tx_burst(&rig_queue, &frame, 1) == 0) {
			fe_queue_free(&rig_queue, frame);
			break;
		}
		peer_tx_answer(0, NETIF_RSP_NULL);
	}
	CHECK_EQ(n, NETIF_RING_SIZE);
	rig_end();
}

/* Whatever is on the rings, no buffer is lost or given out twice. */
static void
random_responses(void)
{
	struct vpe_fe_buf *frame[8];
	unsigned n_faults = 0;

	srandom(1);
	for (unsigned round = 0; round < 200; round++) {
		rig_start();
		for (unsigned i = 0; i < 500 && rig_queue.fault == NULL; i++) {
			unsigned n = (unsigned)random() % 6;
			for (unsigned k = 0; k < n; k++) {
				uint32_t idx = rig_queue.rx.shared->rsp_prod + k;
				peer_rx_put(idx, (uint16_t)(random() % 3 ? 0 : random()),
					    (uint16_t)(random() % 16),
					    (int16_t)(random() % 3 ? random() % 4097 : random()));
				if (random() % 8 == 0)
					peer_rx_put_extra(idx, (uint8_t)random() % 6,
							  (uint8_t)random() % 2, (uint16_t)random(),
							  (uint8_t)random() % 4);
			}
			peer_rx_put(rig_queue.rx.shared->rsp_prod + n, 0, 0, 60);
			peer_rx_publish(n + 1);
			n = fe_rx_burst(&rig_queue, frame, 8);
			for (unsigned k = 0; k < n; k++)
				fe_queue_free(&rig_queue, frame[k]);
			frame[0] = rig_frame(1 + (unsigned)random() % 4, 60);
			if (fe_tx_burst(&rig_queue, frame, 1) == 0)
				fe_queue_free(&rig_queue, frame[0]);
			while (rig_queue.tx.shared->rsp_prod != rig_queue.tx.shared->req_prod &&
			       random() % 4)
				peer_tx_answer(
					random() % 1000
						? peer_tx_request(rig_queue.tx.shared->rsp_prod).id
						: (uint16_t)random(),
					(int16_t)(random() % 4 - 2));
			REQUIRE_EQ(rig_n_held(), N_BUFFERS);
		}
		n_faults += rig_queue.fault != NULL;
		rig_end();
	}
	CHECK_GT(n_faults, 0);
}

/* Both indices pass 2^32. */
static void
wrap(void)
{
	struct vpe_fe_buf *frame[2];

	rig_start();
	uint32_t at = 0xffffff80u;
	rig_queue.rx.rsp_cons = rig_queue.rx.shared->rsp_prod = at;
	rig_queue.rx.req_prod = rig_queue.rx.req_published = rig_queue.rx.shared->req_prod =
		at + RX_USED;
	rig_queue.tx.rsp_cons = rig_queue.tx.shared->rsp_prod = rig_queue.tx.req_prod =
		rig_queue.tx.req_published = rig_queue.tx.shared->req_prod = at;
	for (uint32_t i = 0; i < 512; i++) {
		peer_rx_put(at + i, 0, 0, 60);
		peer_rx_publish(1);
		REQUIRE_EQ(fe_rx_burst(&rig_queue, frame, 2), 1);
		REQUIRE_EQ(fe_tx_burst(&rig_queue, frame, 1), 1);
		peer_tx_answer(peer_tx_request(at + i).id, NETIF_RSP_OKAY);
	}
	CHECK_NULL(rig_queue.fault);
	fe_tx_reap(&rig_queue);
	rig_end();
}

static void
queue_add(CU_pSuite suite)
{
	UNIT_ADD(suite, rx_one);
	UNIT_ADD(suite, rx_posted_in_batches);
	UNIT_ADD(suite, rx_posted_after_famine);
	UNIT_ADD(suite, rx_gso_parts);
	UNIT_ADD(suite, rx_failed_slot);
	UNIT_ADD(suite, tx_slots);
	UNIT_ADD(suite, tx_full);
	UNIT_ADD(suite, tx_reaped_when_full);
	UNIT_ADD(suite, rx_impossible);
	UNIT_ADD(suite, rx_no_end);
	UNIT_ADD(suite, rx_beyond_page);
	UNIT_ADD(suite, rx_too_many_parts);
	UNIT_ADD(suite, tx_response_to_nothing);
	UNIT_ADD(suite, tx_null_for_ever);
	UNIT_ADD(suite, random_responses);
	UNIT_ADD(suite, wrap);
}

int
main(void)
{
	static const struct unit_suite suites[] = { { "queue", queue_add } };

	return unit_run(suites, 1);
}
