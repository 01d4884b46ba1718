/* SPDX-License-Identifier: BSD-3-Clause */
#include "vif_backend.h"

#include <rte_mbuf.h>

#include "dp/frame/worker.h"
#include "dp/vif/vif_scratch.h"
#include "frames/frame.h"
#include "stepper.h"
#include "unit.h"

#define N_SMALL 255u
#define N_LARGE 31u

struct guest *backend_guest;
struct vif_journal backend_journal;
static struct mcast_filter mcast;
static struct guest_shared shared = { .mcast = &mcast };
struct foreign_grant backend_marks[BACKEND_MARKS];
static uint8_t marked_page[FAKE_PAGE_SIZE];

static struct pools pools;
static struct worker worker;
static struct vif_scratch scratch;

/* A killed process is in no hypercall: Xen ends what has begun. */
static int
copy_whole(struct grants *grants, struct grant_copy *copies, unsigned n)
{
	stepper_enter();
	int ret = fake_xen()->grants->copy(grants, copies, n);
	stepper_leave();
	return ret;
}

static int
notify_whole(struct events *events, uint32_t port)
{
	stepper_enter();
	int ret = fake_xen()->events->notify(events, port);
	stepper_leave();
	return ret;
}

static struct foreign_grant *
map_marks(struct foreign *memory, unsigned frame)
{
	(void)memory;
	return frame == 0 ? backend_marks : NULL;
}

static void
unmap_marks(struct foreign *memory, struct foreign_grant *table)
{
	(void)memory;
	(void)table;
}

static const void *
map_page(struct foreign *memory, uint64_t frame)
{
	(void)memory;
	(void)frame;
	return marked_page;
}

static void
unmap_page(struct foreign *memory, const void *page)
{
	(void)memory;
	(void)page;
}

static const struct foreign_ops foreign_ops = {
	.map_table = map_marks,
	.unmap_table = unmap_marks,
	.map_page = map_page,
	.unmap_page = unmap_page,
};

bool
backend_start(struct backend *b, bool in_use, uint16_t headroom)
{
	static struct grants_ops grants_ops;
	static struct events_ops events_ops;
	static struct xen_ops xen;

	xen = *fake_xen();
	grants_ops = *xen.grants;
	events_ops = *xen.events;
	grants_ops.copy = copy_whole;
	events_ops.notify = notify_whole;
	xen.grants = &grants_ops;
	xen.events = &events_ops;
	b->grants = xen.grants->open();
	b->copies = xen.grants->open();
	b->events = xen.events->open();
	struct port_vif_queue queue = {
		.tx_page = xen.grants->map(b->grants, BACKEND_DOMID, backend_guest->tx_ref, true),
		.rx_page = xen.grants->map(b->grants, BACKEND_DOMID, backend_guest->rx_ref, true),
		.foreign = (struct foreign *)backend_marks,
		.events = b->events,
		.evtchn_tx = (uint32_t)xen.events->bind(b->events, BACKEND_DOMID,
							backend_guest->port_tx),
		.evtchn_rx = (uint32_t)xen.events->bind(b->events, BACKEND_DOMID,
							backend_guest->port_rx),
		.journal = &backend_journal,
	};
	const struct port_vif_params params = {
		.name = "vif5.0",
		.domid = BACKEND_DOMID,
		.guest = VIF_GUEST_SG | VIF_GUEST_GSO4 | VIF_GUEST_CSUM4 | VIF_GUEST_RX_NOTIFY,
		.headroom = headroom,
		.foreign_ops = &foreign_ops,
		.n_queues = 1,
		.queue = &queue,
		.in_use = in_use,
		.shared = &shared,
	};
	scratch.copy = (struct copy_batch){ .ops = &grants_ops, .grants = b->copies };
	b->port = port_vif_create(&xen, &params);
	if (b->port == NULL)
		return false;
	b->port->owner = &worker;
	return true;
}

void
backend_bury(struct backend *b)
{
	fake_xen()->events->close(b->events);
	fake_xen()->grants->close(b->copies);
	fake_xen()->grants->close(b->grants);
}

void
backend_end(struct backend *b)
{
	b->port->ops->destroy(b->port);
	backend_bury(b);
}

unsigned
backend_take(struct backend *b)
{
	struct rte_mbuf *frames[LIMIT_BURST];

	worker.now++;
	worker.work = LIMIT_WORK;
	unsigned n = b->port->ops->rx_burst(b->port, frames, LIMIT_BURST);
	rte_pktmbuf_free_bulk(frames, n);
	return n;
}

static struct rte_mbuf *frames_to_give[LIMIT_BURST];

void
backend_make_frames(unsigned first_number, unsigned n)
{
	struct rte_mbuf **frames = frames_to_give;
	struct frame frame = { .kind = FRAME_TCP4, .dst = { 2 }, .src = { 2, 1 } };

	for (unsigned i = 0; i < n; i++) {
		bool gso = i % 2 == 1;
		frame.len = gso ? 6000 : 100;
		frames[i] = pool_alloc(&pools, frame.len);
		uint8_t *data = rte_pktmbuf_mtod(frames[i], uint8_t *);
		frame_build_blank(&frame, data);
		data[frame.len - 1] = (uint8_t)(first_number + i);
		if (!gso)
			continue;
		frames[i]->ol_flags |=
			RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_CKSUM;
		frames[i]->tso_segsz = 1448;
	}
}

void
backend_give(struct backend *b, unsigned n)
{
	worker.work = LIMIT_WORK;
	b->port->ops->tx_burst(b->port, frames_to_give, n);
}

void
backend_open_worker(void)
{
	static struct blame blame;

	worker = (struct worker){ .pools = &pools,
				  .blame = &blame,
				  .n_waiting_max = { N_SMALL, N_LARGE },
				  .vif = &scratch,
				  .signal_fd = -1 };
	REQUIRE_EQ(pools_create(&pools, N_SMALL, N_LARGE), 0);
}

void
backend_close_worker(void)
{
	pools_destroy(&pools);
}
