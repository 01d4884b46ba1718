/* SPDX-License-Identifier: BSD-3-Clause */
/* A frontend queue against a backend that is this file: honest, then hostile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/front.h"
#include "fe_queue.h"
#include "unit.h"

#define DOMID 5u
#define N_BUFFERS 600u
#define RX_USED NETIF_RING_SIZE

static struct fe_queue q;
static struct shares *shares;

static void
start(void)
{
	fake_reset(0);
	const struct xen_ops *xen = front_xen(DOMID);
	shares = xen->shares->open();
	const struct fe_queue_params params = { .xen = xen, .shares = shares, .n_buffers = N_BUFFERS };
	CU_ASSERT_EQUAL_FATAL(fe_queue_init(&q, &params), 0);
	q.peer = FE_PEER_SG | FE_PEER_GSO4 | FE_PEER_GSO6 | FE_PEER_CSUM6;
	fe_queue_post(&q);
}

/* Buffers in the pool and on the rings. */
static unsigned
n_held(void)
{
	unsigned n = q.n_pool;

	for (unsigned i = 0; i < NETIF_RING_SIZE; i++)
		n += (q.tx_buf[i] != NULL) + (q.rx_buf[i] != NULL);
	return n;
}

static void
end(void)
{
	CU_ASSERT_EQUAL(n_held(), N_BUFFERS);
	const struct shares_ops *ops = q.shares_ops;
	fe_queue_fini(&q);
	ops->close(shares);
	CU_ASSERT_EQUAL(front_n_open(), 0);
}

/* ---- the backend's side ---------------------------------------------------------------------------------- */

static void
rx_put(uint32_t idx, uint16_t offset, uint16_t flags, int16_t status)
{
	netif_rx_response_t rsp = { .id = (uint16_t)(idx % NETIF_RING_SIZE), .offset = offset, .flags = flags, .status = status };

	memcpy(fe_ring_slot(&q.rx, idx), &rsp, sizeof(rsp));
}

static void
rx_put_extra(uint32_t idx, uint8_t type, uint8_t flags, uint16_t size, uint8_t gso_type)
{
	netif_extra_info_t extra = { .type = type, .flags = flags };

	extra.u.gso.size = size;
	extra.u.gso.type = gso_type;
	memcpy(fe_ring_slot(&q.rx, idx), &extra, sizeof(extra));
}

static void
rx_publish(uint32_t n)
{
	__atomic_store_n(&q.rx.shared->rsp_prod, q.rx.shared->rsp_prod + n, __ATOMIC_RELEASE);
}

static void
tx_answer(uint16_t id, int16_t status)
{
	netif_tx_response_t rsp = { .id = id, .status = status };
	uint32_t prod = q.tx.shared->rsp_prod;

	memcpy(fe_ring_slot(&q.tx, prod), &rsp, sizeof(rsp));
	__atomic_store_n(&q.tx.shared->rsp_prod, prod + 1, __ATOMIC_RELEASE);
}

static netif_tx_request_t
tx_request(uint32_t idx)
{
	netif_tx_request_t req;

	memcpy(&req, fe_ring_slot(&q.tx, idx), sizeof(req));
	return req;
}

static struct vpe_fe_buf *
new_frame(unsigned n_bufs, uint16_t len)
{
	struct vpe_fe_buf *first = NULL, **at = &first;

	for (unsigned i = 0; i < n_bufs; i++, at = &(*at)->next) {
		*at = fe_queue_alloc(&q);
		(*at)->len = len;
	}
	return first;
}

/* ---- honest ---------------------------------------------------------------------------------------------- */

static void
rx_one(void)
{
	struct vpe_fe_buf *frame[4];

	start();
	CU_ASSERT_EQUAL(fe_rx_burst(&q, frame, 4), 0);
	rx_put(0, 100, NETRXF_data_validated, 60);
	rx_publish(1);
	CU_ASSERT_EQUAL_FATAL(fe_rx_burst(&q, frame, 4), 1);
	CU_ASSERT_PTR_EQUAL(frame[0]->data, frame[0]->page + 100);
	CU_ASSERT_EQUAL(frame[0]->len, 60);
	CU_ASSERT_EQUAL(frame[0]->flags, VPE_FE_CSUM_GOOD);
	CU_ASSERT_PTR_NULL(frame[0]->next);
	fe_queue_free(&q, frame[0]);
	end();
}

/* Buffers are posted again in batches of post_batch. */
static void
rx_posted_in_batches(void)
{
	struct vpe_fe_buf *frame[NETIF_RING_SIZE];

	start();
	CU_ASSERT_FATAL(q.post_batch > 1 && q.post_batch <= RX_USED - VPE_FE_BUFS_MAX);
	for (uint32_t i = 0; i < q.post_batch; i++) {
		CU_ASSERT_EQUAL(q.rx.shared->req_prod, RX_USED);
		rx_put(i, 0, 0, 60);
		rx_publish(1);
		CU_ASSERT_EQUAL_FATAL(fe_rx_burst(&q, frame, 4), 1);
		fe_queue_free(&q, frame[0]);
	}
	CU_ASSERT_EQUAL(q.rx.shared->req_prod, RX_USED + q.post_batch);
	end();
}

/* The program holds all buffers until nothing is posted any more; when it gives them back, they are posted. */
static void
rx_posted_after_famine(void)
{
	struct vpe_fe_buf *frame[NETIF_RING_SIZE], *held[N_BUFFERS], *buf;
	unsigned n_held_now = 0;

	start();
	while ((buf = fe_queue_alloc(&q)) != NULL)
		held[n_held_now++] = buf;
	for (uint32_t i = 0; i < RX_USED; i++)
		rx_put(i, 0, 0, 60);
	rx_publish(RX_USED);
	CU_ASSERT_EQUAL_FATAL(fe_rx_burst(&q, frame, RX_USED), RX_USED);
	CU_ASSERT_EQUAL(q.rx.shared->req_prod, RX_USED);
	CU_ASSERT_EQUAL(fe_rx_burst(&q, frame + 1, 1), 0);
	for (uint32_t i = 0; i < RX_USED; i++)
		fe_queue_free(&q, frame[i]);
	CU_ASSERT_EQUAL(fe_rx_burst(&q, frame, 1), 0);
	CU_ASSERT_EQUAL(q.rx.shared->req_prod, 2 * RX_USED);
	while (n_held_now > 0)
		fe_queue_free(&q, held[--n_held_now]);
	end();
}

/* Sent buffers are taken back when the ring or the pool has no room, and not before. */
static void
tx_reaped_when_full(void)
{
	start();
	for (unsigned i = 0; i < NETIF_RING_SIZE - 1; i++) {
		struct vpe_fe_buf *frame = new_frame(1, 60);
		CU_ASSERT_EQUAL_FATAL(fe_tx_burst(&q, &frame, 1), 1);
		tx_answer(tx_request(i).id, NETIF_RSP_OKAY);
	}
	CU_ASSERT_EQUAL(q.tx.rsp_cons, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct vpe_fe_buf *frame = new_frame(1, 60);
		CU_ASSERT_EQUAL(fe_tx_burst(&q, &frame, 1), 1);
	}
	CU_ASSERT_EQUAL(q.tx.rsp_cons, NETIF_RING_SIZE - 1);
	struct vpe_fe_buf *all = new_frame(q.n_pool, 60); /* the pool is empty now, but for what is answered */
	tx_answer(tx_request(NETIF_RING_SIZE - 1).id, NETIF_RSP_OKAY);
	struct vpe_fe_buf *one = fe_queue_alloc(&q);
	CU_ASSERT_PTR_NOT_NULL(one);
	fe_queue_free(&q, one);
	fe_queue_free(&q, all);
	end();
}

static void
rx_gso_parts(void)
{
	struct vpe_fe_buf *frame[4];

	start();
	rx_put(0, 0, NETRXF_csum_blank | NETRXF_data_validated | NETRXF_extra_info | NETRXF_more_data, 4096);
	rx_put_extra(1, XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV6);
	rx_put(2, 0, NETRXF_more_data, 4096);
	rx_put(3, 8, 0, 10);
	rx_put(4, 0, 0, 60);
	rx_publish(5);
	CU_ASSERT_EQUAL_FATAL(fe_rx_burst(&q, frame, 4), 2);
	CU_ASSERT_EQUAL(frame[0]->flags, VPE_FE_CSUM_BLANK | VPE_FE_CSUM_GOOD | VPE_FE_GSO_TCPV6);
	CU_ASSERT_EQUAL(frame[0]->gso_size, 1448);
	CU_ASSERT_EQUAL(frame[0]->next->next->len, 10);
	CU_ASSERT_PTR_NULL(frame[0]->next->next->next);
	CU_ASSERT_EQUAL(q.stats.n_rx_bytes, 4096 + 4096 + 10 + 60);
	fe_queue_free(&q, frame[0]);
	fe_queue_free(&q, frame[1]);
	end();
}

static void
rx_failed_slot(void)
{
	struct vpe_fe_buf *frame[4];

	start();
	rx_put(0, 0, NETRXF_more_data, 4096);
	rx_put(1, 0, 0, NETIF_RSP_ERROR);
	rx_put(2, 0, 0, 60);
	rx_publish(3);
	CU_ASSERT_EQUAL(fe_rx_burst(&q, frame, 4), 1);
	CU_ASSERT_EQUAL(q.stats.n_rx_dropped, 1);
	fe_queue_free(&q, frame[0]);
	end();
}

static void
tx_slots(void)
{
	start();
	struct vpe_fe_buf *frame = new_frame(3, 1000);
	frame->data += 96;
	frame->flags = VPE_FE_CSUM_BLANK | VPE_FE_GSO_TCPV4;
	frame->gso_size = 1448;
	uint32_t ref = frame->ref;
	CU_ASSERT_EQUAL(fe_tx_burst(&q, &frame, 1), 1);
	CU_ASSERT_EQUAL(q.tx.shared->req_prod, 4);
	netif_tx_request_t first = tx_request(0), last = tx_request(3);
	CU_ASSERT_EQUAL(first.gref, ref);
	CU_ASSERT_EQUAL(first.offset, 96);
	CU_ASSERT_EQUAL(first.size, 3000);
	CU_ASSERT_EQUAL(first.flags, NETTXF_csum_blank | NETTXF_data_validated | NETTXF_more_data | NETTXF_extra_info);
	CU_ASSERT_EQUAL(last.size, 1000);
	CU_ASSERT_EQUAL(last.flags, 0);
	netif_extra_info_t extra;
	memcpy(&extra, fe_ring_slot(&q.tx, 1), sizeof(extra));
	CU_ASSERT_EQUAL(extra.type, XEN_NETIF_EXTRA_TYPE_GSO);
	CU_ASSERT_EQUAL(extra.flags, 0);
	CU_ASSERT_EQUAL(extra.u.gso.size, 1448);
	tx_answer(first.id, NETIF_RSP_OKAY);
	tx_answer(0xffff, NETIF_RSP_NULL);
	tx_answer(last.id, NETIF_RSP_DROPPED);
	fe_tx_reap(&q);
	CU_ASSERT_EQUAL(q.stats.n_tx_failed, 1);
	CU_ASSERT_PTR_NULL(q.fault);
	end();
}

static void
tx_full(void)
{
	struct vpe_fe_buf *frame;
	unsigned n = 0;

	start();
	do
		frame = new_frame(1, 60);
	while (fe_tx_burst(&q, &frame, 1) == 1 && ++n < 300);
	CU_ASSERT_EQUAL(n, NETIF_RING_SIZE - 1); /* one slot is kept for an extra info */
	tx_answer(tx_request(0).id, NETIF_RSP_OKAY);
	CU_ASSERT_EQUAL(fe_tx_burst(&q, &frame, 1), 1);
	end();
}

/* ---- hostile --------------------------------------------------------------------------------------------- */

static void
rx_impossible(void)
{
	struct vpe_fe_buf *frame[4];

	start();
	rx_publish(RX_USED + 1);
	CU_ASSERT_EQUAL(fe_rx_burst(&q, frame, 4), 0);
	CU_ASSERT_PTR_NOT_NULL(q.fault);
	CU_ASSERT_EQUAL(fe_rx_burst(&q, frame, 4), 0);
	end();
}

static void
rx_no_end(void)
{
	static const uint16_t flags[] = { NETRXF_more_data, NETRXF_extra_info };
	struct vpe_fe_buf *frame[4];

	for (unsigned i = 0; i < 2; i++) {
		start();
		rx_put(0, 0, flags[i], 60);
		rx_publish(1);
		CU_ASSERT_EQUAL(fe_rx_burst(&q, frame, 4), 0);
		CU_ASSERT_PTR_NOT_NULL(q.fault);
		end();
	}
}

static void
rx_beyond_page(void)
{
	static const struct {
		uint16_t offset;
		int16_t status;
	} bad[] = { { 4096, 1 }, { 4095, 2 }, { 1, 4096 }, { 0xffff, 60 }, { 0, 4097 }, { 0, 0x7fff }, { 0, 0 } };
	struct vpe_fe_buf *frame[4];

	start();
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rx_put(i, bad[i].offset, 0, bad[i].status);
		rx_publish(1);
		CU_ASSERT_EQUAL(fe_rx_burst(&q, frame, 4), 0);
		CU_ASSERT_EQUAL(q.stats.n_rx_dropped, i + 1);
	}
	CU_ASSERT_PTR_NULL(q.fault);
	end();
}

static void
rx_too_many_parts(void)
{
	struct vpe_fe_buf *frame[4];

	start();
	for (uint32_t i = 0; i < RX_USED; i++)
		rx_put(i, 0, i < RX_USED - 1 ? NETRXF_more_data : 0, 1);
	rx_publish(RX_USED);
	CU_ASSERT_EQUAL(fe_rx_burst(&q, frame, 4), 0);
	CU_ASSERT_EQUAL(q.stats.n_rx_dropped, 1);
	end();
}

static void
tx_response_to_nothing(void)
{
	struct vpe_fe_buf *frame;

	for (unsigned i = 0; i < 3; i++) {
		start();
		frame = new_frame(2, 60);
		fe_tx_burst(&q, &frame, 1);
		uint16_t id = tx_request(0).id;
		if (i == 0) { /* twice the same */
			tx_answer(id, NETIF_RSP_OKAY);
			tx_answer(id, NETIF_RSP_OKAY);
		} else {
			tx_answer(i == 1 ? 255 - id : 256, NETIF_RSP_OKAY);
		}
		fe_tx_reap(&q);
		CU_ASSERT_PTR_NOT_NULL(q.fault);
		frame = new_frame(1, 60);
		CU_ASSERT_EQUAL(fe_tx_burst(&q, &frame, 1), 0);
		fe_queue_free(&q, frame);
		end();
	}
}

/* All answers are NULL: the ring has room for ever, ids have not. */
static void
tx_null_for_ever(void)
{
	struct vpe_fe_buf *frame;
	unsigned n = 0;

	start();
	for (; n < 1000 && q.n_pool > 0; n++) {
		frame = new_frame(1, 60);
		if (fe_tx_burst(&q, &frame, 1) == 0) {
			fe_queue_free(&q, frame);
			break;
		}
		tx_answer(0, NETIF_RSP_NULL);
	}
	CU_ASSERT_EQUAL(n, NETIF_RING_SIZE);
	end();
}

/* Whatever is on the rings, no buffer is lost or given out twice. */
static void
random_responses(void)
{
	struct vpe_fe_buf *frame[8];
	unsigned n_faults = 0;

	srandom(1);
	for (unsigned round = 0; round < 200; round++) {
		start();
		for (unsigned i = 0; i < 500 && q.fault == NULL; i++) {
			unsigned n = (unsigned)random() % 6;
			for (unsigned k = 0; k < n; k++) {
				uint32_t idx = q.rx.shared->rsp_prod + k;
				rx_put(idx, (uint16_t)(random() % 3 ? 0 : random()), (uint16_t)(random() % 16),
				       (int16_t)(random() % 3 ? random() % 4097 : random()));
				if (random() % 8 == 0)
					rx_put_extra(idx, (uint8_t)random() % 6, (uint8_t)random() % 2, (uint16_t)random(), (uint8_t)random() % 4);
			}
			rx_put(q.rx.shared->rsp_prod + n, 0, 0, 60);
			rx_publish(n + 1);
			n = fe_rx_burst(&q, frame, 8);
			for (unsigned k = 0; k < n; k++)
				fe_queue_free(&q, frame[k]);
			frame[0] = new_frame(1 + (unsigned)random() % 4, 60);
			if (fe_tx_burst(&q, frame, 1) == 0)
				fe_queue_free(&q, frame[0]);
			while (q.tx.shared->rsp_prod != q.tx.shared->req_prod && random() % 4)
				tx_answer(random() % 1000 ? tx_request(q.tx.shared->rsp_prod).id : (uint16_t)random(), (int16_t)(random() % 4 - 2));
			CU_ASSERT_EQUAL_FATAL(n_held(), N_BUFFERS);
		}
		n_faults += q.fault != NULL;
		end();
	}
	CU_ASSERT(n_faults > 0);
}

/* Both indices pass 2^32. */
static void
wrap(void)
{
	struct vpe_fe_buf *frame[2];

	start();
	uint32_t at = 0xffffff80u;
	q.rx.rsp_cons = q.rx.shared->rsp_prod = at;
	q.rx.req_prod = q.rx.req_published = q.rx.shared->req_prod = at + RX_USED;
	q.tx.rsp_cons = q.tx.shared->rsp_prod = q.tx.req_prod = q.tx.req_published = q.tx.shared->req_prod = at;
	for (uint32_t i = 0; i < 512; i++) {
		rx_put(at + i, 0, 0, 60);
		rx_publish(1);
		CU_ASSERT_EQUAL_FATAL(fe_rx_burst(&q, frame, 2), 1);
		CU_ASSERT_EQUAL_FATAL(fe_tx_burst(&q, frame, 1), 1);
		tx_answer(tx_request(at + i).id, NETIF_RSP_OKAY);
	}
	CU_ASSERT_PTR_NULL(q.fault);
	fe_tx_reap(&q);
	end();
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
