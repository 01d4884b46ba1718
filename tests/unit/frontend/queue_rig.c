/* SPDX-License-Identifier: BSD-3-Clause */
#include "queue_rig.h"

#include <string.h>

#include "fakes/front.h"
#include "unit.h"

#define DOMID 5u

struct fe_queue rig_queue;
static struct shares *shares;

void
rig_start(void)
{
	fake_reset(0);
	const struct xen_ops *xen = front_xen(DOMID);
	shares = xen->shares->open();
	const struct fe_queue_params params = { .xen = xen,
						.shares = shares,
						.n_buffers = N_BUFFERS };
	REQUIRE_EQ(fe_queue_init(&rig_queue, &params), 0);
	rig_queue.peer = FE_PEER_SG | FE_PEER_GSO4 | FE_PEER_GSO6 | FE_PEER_CSUM6;
	fe_queue_post(&rig_queue);
}

unsigned
rig_n_held(void)
{
	unsigned n = rig_queue.n_pool;

	for (unsigned i = 0; i < NETIF_RING_SIZE; i++)
		n += (rig_queue.tx_buf[i] != NULL) + (rig_queue.rx_buf[i] != NULL);
	return n;
}

void
rig_end(void)
{
	CHECK_EQ(rig_n_held(), N_BUFFERS);
	const struct shares_ops *ops = rig_queue.shares_ops;
	fe_queue_fini(&rig_queue);
	ops->close(shares);
	CHECK_EQ(front_n_open(), 0);
}

void
peer_rx_put(uint32_t idx, uint16_t offset, uint16_t flags, int16_t status)
{
	netif_rx_response_t rsp = { .id = (uint16_t)(idx % NETIF_RING_SIZE),
				    .offset = offset,
				    .flags = flags,
				    .status = status };

	memcpy(fe_ring_slot(&rig_queue.rx, idx), &rsp, sizeof(rsp));
}

void
peer_rx_put_extra(uint32_t idx, uint8_t type, uint8_t flags, uint16_t size, uint8_t gso_type)
{
	netif_extra_info_t extra = { .type = type, .flags = flags };

	extra.u.gso.size = size;
	extra.u.gso.type = gso_type;
	memcpy(fe_ring_slot(&rig_queue.rx, idx), &extra, sizeof(extra));
}

void
peer_rx_publish(uint32_t n)
{
	__atomic_store_n(&rig_queue.rx.shared->rsp_prod, rig_queue.rx.shared->rsp_prod + n,
			 __ATOMIC_RELEASE);
}

void
peer_tx_answer(uint16_t id, int16_t status)
{
	netif_tx_response_t rsp = { .id = id, .status = status };
	uint32_t prod = rig_queue.tx.shared->rsp_prod;

	memcpy(fe_ring_slot(&rig_queue.tx, prod), &rsp, sizeof(rsp));
	__atomic_store_n(&rig_queue.tx.shared->rsp_prod, prod + 1, __ATOMIC_RELEASE);
}

netif_tx_request_t
peer_tx_request(uint32_t idx)
{
	netif_tx_request_t req;

	memcpy(&req, fe_ring_slot(&rig_queue.tx, idx), sizeof(req));
	return req;
}

struct vpe_fe_buf *
rig_frame(unsigned n_bufs, uint16_t len)
{
	struct vpe_fe_buf *first = NULL, **at = &first;

	for (unsigned i = 0; i < n_bufs; i++, at = &(*at)->next) {
		*at = fe_queue_alloc(&rig_queue);
		(*at)->len = len;
	}
	return first;
}
