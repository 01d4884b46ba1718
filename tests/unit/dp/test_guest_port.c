/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port of a guest that is not Xen's: a toy whose far end is two counters. The tests cover what
 * dp/guest does for any guest, and show that a guest needs nothing of dp/vif.
 */
#include "dp/guest/guest_port.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define N_SMALL 2047u
#define N_LARGE 7u
#define HZ 1000000ull /* of the clock in these tests */
#define FRAME 100u

/* ---- the kind: a guest that takes `n_slots` frames, and has `n_to_give` frames to send ---- */

struct toy {
	struct guest_port gp;
	unsigned n_slots;
	unsigned n_to_give;
	unsigned n_got;
	unsigned got[2 * LIMIT_BACKLOG_FRAMES]; /* the numbers of the frames that it got */
};

static struct toy *
toy_of(struct guest_port *gp)
{
	return container_of(gp, struct toy, gp);
}

static void
toy_run(struct guest_port *gp)
{
	struct toy *toy = toy_of(gp);
	struct guest_run run = { 0 };
	struct rte_mbuf *m;

	while ((m = guest_run_next(gp, &run)) != NULL && toy->n_slots > 0 &&
	       guest_run_pay(gp, &run, m)) {
		toy->n_slots--;
		memcpy(&toy->got[toy->n_got++], rte_pktmbuf_mtod(m, void *), sizeof(toy->got[0]));
	}
	if (guest_run_settle(gp, &run))
		guest_run_end(gp, &run);
}

static bool
toy_takes(struct guest_port *gp, struct rte_mbuf *m)
{
	(void)m;
	return toy_of(gp)->n_slots > 0;
}

static bool
toy_takes_small(struct guest_port *gp, unsigned n)
{
	return toy_of(gp)->n_slots >= n;
}

static unsigned
toy_rx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct toy *toy = toy_of(guest_of(port));
	unsigned n_frames = 0;

	guest_port_retry(&toy->gp);
	struct guest_take take = guest_take_begin(&toy->gp);
	while (toy->n_to_give > 0 && n_frames < n && guest_take_next(&toy->gp, &take)) {
		frames[n_frames] = pool_alloc(port->owner->pools, FRAME);
		take.starved = frames[n_frames] == NULL;
		if (take.starved)
			break;
		guest_take_pay(&toy->gp, FRAME, FRAME);
		toy->n_to_give--;
		n_frames++;
	}
	guest_take_end(&toy->gp, &take, n_frames);
	return n_frames;
}

static void
toy_tx_burst(struct port *port, struct rte_mbuf **frames, unsigned n)
{
	guest_port_send(guest_of(port), frames, n);
}

static bool
toy_has_room(struct port *port, unsigned n, uint32_t bytes)
{
	return guest_port_has_room(guest_of(port), n, bytes);
}

static const struct port_ops toy_ops = {
	.kind = "toy",
	.moves = true,
	.rx_burst = toy_rx_burst,
	.tx_burst = toy_tx_burst,
	.has_room = toy_has_room,
};
static const struct guest_ops toy_guest_ops = {
	.run = toy_run,
	.takes = toy_takes,
	.takes_small = toy_takes_small,
};

/* ---- its surroundings ---- */

static struct pools pools;
static struct worker worker;
static struct mcast_filter mcast;
static struct guest_shared shared;
static struct toy toy;
static struct port *const port = &toy.gp.port;

static void
begin(void)
{
	memset(&toy, 0, sizeof(toy));
	memset(&mcast, 0, sizeof(mcast));
	shared = (struct guest_shared){ .mcast = &mcast };
	REQUIRE_EQ(pools_create(&pools, N_SMALL, N_LARGE), 0);
	worker = (struct worker){ .pools = &pools, .work = LIMIT_WORK };
	worker.n_waiting_max[POOL_SMALL] = 4 * LIMIT_BACKLOG_FRAMES;
	int err = guest_port_init(&toy.gp, &toy_ops, &toy_guest_ops, "toy", 1, &shared);
	REQUIRE_EQ(err, 0);
	port->max_frame = 1514;
	port->owner = &worker;
}

/* All buffers are back, also those that waited. */
static void
end(void)
{
	guest_port_fini(&toy.gp);
	CHECK_EQ(rte_mempool_avail_count(pools.small), N_SMALL);
	CHECK_EQ(rte_mempool_avail_count(pools.large), N_LARGE);
	pools_destroy(&pools);
}

/* Sends frames with the numbers from `first` on, in bursts, as frames of another port come. */
static void
give(unsigned first, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = pool_alloc(&pools, FRAME);
		unsigned number = first + i;

		REQUIRE_NOT_NULL(m);
		memset(rte_pktmbuf_mtod(m, void *), 0, FRAME);
		memcpy(rte_pktmbuf_mtod(m, void *), &number, sizeof(number));
		port_send(port, m);
	}
	port_flush(port);
	worker.work = LIMIT_WORK; /* that was the sender's turn */
}

/* The guest got the frames with the numbers from 0 to `n` - 1, in that order. */
static bool
got_all(unsigned n)
{
	unsigned i = 0;

	while (i < toy.n_got && toy.got[i] == i)
		i++;
	return i == n && toy.n_got == n;
}

static struct guest_port_stats
stats_of(void)
{
	struct guest_port_stats stats;

	guest_port_get_stats(&toy.gp, &stats);
	return stats;
}

/* Takes what the guest gives in one turn. */
static unsigned
take(unsigned n)
{
	struct rte_mbuf *frames[LIMIT_BURST];

	n = port->ops->rx_burst(port, frames, n);
	rte_pktmbuf_free_bulk(frames, n);
	return n;
}

/* ---- to the guest ---- */

static void
guest_port_send_in_order(void)
{
	begin();
	toy.n_slots = 2;
	give(0, 5);
	CHECK(got_all(2));
	CHECK_EQ(toy.gp.backlog.n, 3);
	CHECK_EQ(stats_of().n_backlog_bytes, 3 * FRAME);
	CHECK_EQ(worker.n_waiting[POOL_SMALL], 3);
	toy.n_slots = 2;
	give(5, 1);
	CHECK(got_all(4));
	toy.n_slots = 100;
	take(0);
	CHECK(got_all(6));
	CHECK_EQ(port->stats.tx_frames, 6);
	CHECK_EQ(port->stats.tx_bytes, 6 * FRAME);
	CHECK_EQ(worker.n_waiting[POOL_SMALL], 0);
	CHECK_EQ(port_stats_dropped(&port->stats), 0);
	end();
}

/* Frames that the guest does not take are kept up to the limit. Those that it takes have none. */
static void
guest_port_send_limit(void)
{
	begin();
	give(0, LIMIT_BACKLOG_FRAMES + 30);
	CHECK_EQ(toy.gp.backlog.n, LIMIT_BACKLOG_FRAMES);
	CHECK_EQ(port->stats.n_dropped[DROP_QUEUE_FULL], 30);
	CHECK_FALSE(port->ops->has_room(port, 1, FRAME));
	toy.n_slots = LIMIT_BACKLOG_FRAMES + 200;
	CHECK(port->ops->has_room(port, 1, FRAME)); /* it sent some */
	give(LIMIT_BACKLOG_FRAMES, 200);
	while (toy.gp.backlog.n > 0)
		take(0);
	CHECK(got_all(LIMIT_BACKLOG_FRAMES + 200));
	CHECK_EQ(port->stats.n_dropped[DROP_QUEUE_FULL], 30);
	end();
}

/* Others hold the buffers back: only a frame that goes at once is sent. */
static void
guest_port_send_no_share(void)
{
	begin();
	worker.n_waiting_max[POOL_SMALL] = 0;
	give(0, 1);
	CHECK_EQ(port->stats.n_dropped[DROP_QUEUE_FULL], 1);
	CHECK_FALSE(port->ops->has_room(port, 1, FRAME));
	toy.n_slots = 3;
	CHECK(port->ops->has_room(port, 3, 3 * FRAME));
	CHECK_FALSE(port->ops->has_room(port, 4, 4 * FRAME));
	give(0, 3);
	CHECK(got_all(3));
	end();
}

/* A guest that takes nothing for long loses what waits for it, but for the newest frame. */
static void
guest_port_stalled(void)
{
	begin();
	give(0, 10);
	worker.now_ms += LIMIT_STALL_MS - 1;
	take(0);
	CHECK_EQ(toy.gp.backlog.n, 10);
	worker.now_ms++;
	take(0);
	CHECK_EQ(toy.gp.backlog.n, 1);
	CHECK_EQ(port->stats.n_dropped[DROP_QUEUE_FULL], 9);
	give(10, 1);
	CHECK_EQ(port->stats.n_dropped[DROP_QUEUE_FULL], 10);
	toy.n_slots = 5;
	take(0);
	CHECK_EQ(toy.got[0], 9);
	give(11, 4);
	CHECK_EQ(toy.n_got, 5);
	end();
}

static void
guest_port_rate_to(void)
{
	begin();
	meter_set_at(&shared.to_guest, FRAME, 1000000, HZ, 0);
	toy.n_slots = 1000;
	give(0, 5);
	CHECK_EQ(toy.n_got, 2); /* one second's burst, and the frame that overdraws it */
	CHECK_FALSE(guest_is_open_to(&toy.gp));
	worker.now_ms = 2 * LIMIT_STALL_MS; /* which is not the guest's fault */
	for (unsigned i = 0; i < 10; i++)
		take(0);
	CHECK_EQ(stats_of().n_rate_to_guest, 1);
	CHECK_EQ(toy.gp.backlog.n, 3);
	worker.now = 10 * HZ;
	take(0);
	CHECK_EQ(toy.n_got, 4);
	CHECK_EQ(stats_of().n_rate_to_guest, 2);
	meter_set_at(&shared.to_guest, 0, 0, HZ, worker.now); /* while the guest runs */
	take(0);
	CHECK(got_all(5));
	CHECK(guest_is_open_to(&toy.gp));
	end();
}

/* Frames that waited are paid by the guest, with half of its turn at most. */
static void
guest_port_retry_work(void)
{
	begin();
	give(0, 40);
	toy.n_slots = 1000;
	worker.work = 0;
	take(0);
	CHECK_EQ(toy.n_got, 0);
	worker.work = LIMIT_WORK;
	take(0);
	CHECK(got_all(40));
	CHECK_EQ(worker.work, LIMIT_WORK - 40 * (int64_t)(WORK_FRAME + FRAME));
	toy.n_slots = 0;
	give(40, 10);
	toy.n_slots = 1000;
	worker.work = 100;
	take(0);
	CHECK_EQ(worker.work, 50);
	end();
}

static void
guest_port_drop_all(void)
{
	begin();
	give(0, 7);
	guest_port_drop(&toy.gp);
	CHECK_EQ(toy.gp.backlog.n, 0);
	CHECK_EQ(port->stats.n_dropped[DROP_QUEUE_FULL], 7);
	CHECK_EQ(worker.n_waiting[POOL_SMALL], 0);
	end();
}

/* ---- from the guest ---- */

static void
guest_take_rate(void)
{
	begin();
	meter_set_at(&shared.from_guest, FRAME, 1000000, HZ, 0);
	toy.n_to_give = 10;
	CHECK_EQ(take(LIMIT_BURST), 2);
	CHECK_FALSE(guest_is_open_from(&toy.gp));
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(take(LIMIT_BURST), 0);
	CHECK_EQ(stats_of().n_rate_from_guest, 1);
	CHECK_EQ(toy.n_to_give, 8); /* nothing is lost */
	meter_set_at(&shared.from_guest, 0, 0, HZ, 0);
	CHECK_EQ(take(LIMIT_BURST), 8);
	CHECK_EQ(stats_of().n_rate_from_guest, 1);
	end();
}

/* Half of the work is kept for what becomes of the frames. */
static void
guest_take_work(void)
{
	begin();
	toy.n_to_give = 64;
	worker.work = 20 * FRAME;
	CHECK_EQ(take(LIMIT_BURST), 10);
	CHECK_EQ(worker.work, 10 * FRAME);
	end();
}

static void
guest_take_starved(void)
{
	static struct rte_mbuf *all[N_SMALL];

	begin();
	toy.n_to_give = 3;
	for (unsigned i = 0; i < N_SMALL; i++)
		all[i] = pool_alloc(&pools, FRAME);
	CHECK_EQ(take(LIMIT_BURST), 0);
	CHECK_EQ(take(LIMIT_BURST), 0);
	CHECK_EQ(stats_of().n_starved, 1);
	rte_pktmbuf_free_bulk(all, N_SMALL);
	CHECK_EQ(take(LIMIT_BURST), 3);
	end();
}

/* One frame that waits is seen a thousand times; then it moves, and the next one waits. */
static void
guest_count_wait_once(void)
{
	bool waiting = false;
	uint64_t n = 0;

	guest_count_wait(&n, &waiting, false, true);
	CHECK_EQ(n, 0);
	for (unsigned i = 0; i < 1000; i++)
		guest_count_wait(&n, &waiting, true, false);
	CHECK_EQ(n, 1);
	guest_count_wait(&n, &waiting, true, true);
	CHECK_EQ(n, 2);
	guest_count_wait(&n, &waiting, false, true);
	guest_count_wait(&n, &waiting, false, false);
	CHECK_EQ(n, 2);
	guest_count_wait(&n, &waiting, true, false);
	CHECK_EQ(n, 3);
}

/* ---- settings that change while the guest runs ---- */

static void
guest_port_settings(void)
{
	static const uint8_t group[6] = { 0x01, 0, 0x5e, 0, 0, 7 };
	struct guest_port *second = calloc(1, sizeof(*second));

	begin();
	int err = guest_port_init(second, &toy_ops, &toy_guest_ops, "toy-q1", 1, &shared);
	REQUIRE_EQ(err, 0);
	second->port.max_frame = 9000;
	port_add_queue(port, &second->port);
	guest_port_set_max_frame(port, 1000);
	CHECK_EQ(port_max_frame(port), 1000);
	CHECK_EQ(port_max_frame(&second->port), 1000);
	guest_port_set_max_frame(port, 0);
	CHECK_EQ(port_max_frame(port), 1514);
	CHECK_EQ(port_max_frame(&second->port), 9000);
	/* The queues share the meters and the filter. */
	CHECK_EQ(second->meter_from, toy.gp.meter_from);
	CHECK_EQ(second->meter_to, toy.gp.meter_to);
	mcast_apply(&mcast, true);
	struct rte_mbuf *m = pool_alloc(&pools, FRAME);
	memcpy(rte_pktmbuf_mtod(m, void *), group, sizeof(group));
	port_send(port, m);
	CHECK_EQ(port->stats.n_dropped[DROP_MCAST_FILTER], 1);
	CHECK(mcast_add(second->port.mcast, group));
	toy.n_slots = 1;
	m = pool_alloc(&pools, FRAME);
	memcpy(rte_pktmbuf_mtod(m, void *), group, sizeof(group));
	port_send(port, m);
	port_flush(port);
	CHECK_EQ(toy.n_got, 1);
	guest_port_fini(second);
	end();
	free(second);
}

/* A guest that goes while frames wait for it leaves no buffer behind. */
static void
guest_port_fini_waiting(void)
{
	begin();
	give(0, 20);
	CHECK_EQ(toy.gp.backlog.n, 20);
	end();
}

void test_guest_port(CU_pSuite suite);

void
test_guest_port(CU_pSuite suite)
{
	UNIT_ADD(suite, guest_port_send_in_order);
	UNIT_ADD(suite, guest_port_send_limit);
	UNIT_ADD(suite, guest_port_send_no_share);
	UNIT_ADD(suite, guest_port_stalled);
	UNIT_ADD(suite, guest_port_rate_to);
	UNIT_ADD(suite, guest_port_retry_work);
	UNIT_ADD(suite, guest_port_drop_all);
	UNIT_ADD(suite, guest_take_rate);
	UNIT_ADD(suite, guest_take_work);
	UNIT_ADD(suite, guest_take_starved);
	UNIT_ADD(suite, guest_count_wait_once);
	UNIT_ADD(suite, guest_port_settings);
	UNIT_ADD(suite, guest_port_fini_waiting);
}
