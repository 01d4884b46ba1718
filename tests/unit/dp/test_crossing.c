/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that cross in batches: their order, their count, the limits, and what does not fit. The
 * pollers of these tests are turns of one thread.
 */
#include "dp/port/crossing.h"

#include <stdlib.h>
#include <string.h>

#include "dp/frame/worker.h"
#include "unit.h"

#define N_SMALL 4095u
#define N_LARGE 7u
#define N_POLLERS 3u
#define N_SENDERS 6u  /* ports 0 to 5, two of each poller */
#define N_TARGETS 20u /* ports 10 and up: more than there are batches */
#define FIRST_TARGET 10u
#define SIZE 1000u

static struct pools pools;
static struct crossing_load load[LIMIT_PORTS];
static struct crossings pollers[N_POLLERS];
static struct port sender[N_SENDERS];
static struct port target[N_TARGETS];
/* By sender and target: the number of the next frame that is sent, and the next that is taken. */
static uint32_t n_put[N_SENDERS][N_TARGETS], n_taken[N_SENDERS][N_TARGETS];

/* The crossings of one poller are large, so they are static. */
static void
begin(uint32_t weight)
{
	static const struct port_ops ops = { .kind = "test" };

	REQUIRE_EQ(pools_create(&pools, N_SMALL, N_LARGE), 0);
	memset(load, 0, sizeof(load));
	memset(pollers, 0, sizeof(pollers));
	memset(n_put, 0, sizeof(n_put));
	memset(n_taken, 0, sizeof(n_taken));
	for (unsigned i = 0; i < N_POLLERS; i++) {
		pollers[i].load = load;
		pollers[i].margin = (N_POLLERS - 1) * CROSSING_BATCH;
	}
	for (unsigned i = 0; i < N_SENDERS; i++) {
		memset(&sender[i], 0, sizeof(sender[i]));
		REQUIRE_EQ(port_init(&sender[i], &ops, "sender", 0), 0);
		sender[i].id = (uint16_t)i;
		port_set_weight(&sender[i], weight);
	}
	for (unsigned i = 0; i < N_TARGETS; i++) {
		memset(&target[i], 0, sizeof(target[i]));
		REQUIRE_EQ(port_init(&target[i], &ops, "target", 0), 0);
		target[i].id = (uint16_t)(FIRST_TARGET + i);
	}
}

static void
end(void)
{
	for (unsigned i = 0; i < N_POLLERS; i++) {
		CHECK_EQ(pollers[i].used, 0);
		CHECK_EQ(pollers[i].counted, 0);
	}
	for (unsigned i = 0; i < N_TARGETS; i++) {
		crossing_drain(load, &target[i]);
		port_fini(&target[i]);
	}
	for (unsigned i = 0; i < N_SENDERS; i++) {
		CHECK_EQ(load[i].waiting, 0);
		port_fini(&sender[i]);
	}
	CHECK_EQ(rte_mempool_avail_count(pools.small), N_SMALL);
	pools_destroy(&pools);
}

static struct crossings *
poller_of(unsigned from)
{
	return &pollers[from % N_POLLERS];
}

/* Sends a frame of `size` bytes. Returns whether there was room. */
static bool
put(unsigned from, unsigned to, uint32_t size)
{
	struct rte_mbuf *m = pool_alloc(&pools, size);

	REQUIRE_NOT_NULL(m);
	m->port = (uint16_t)from;
	memcpy(rte_pktmbuf_mtod(m, void *), &n_put[from][to], sizeof(n_put[from][to]));
	bool is_put = crossing_put(poller_of(from), &sender[from], &target[to], m);
	if (crossing_is_due(poller_of(from)))
		poller_of(from)->n_touched = 0;
	if (is_put)
		n_put[from][to]++;
	else
		rte_pktmbuf_free(m);
	return is_put;
}

static void
end_turn(unsigned from)
{
	crossing_flush(poller_of(from));
	poller_of(from)->n_touched = 0;
}

/* Takes up to `n` frames of a target, and checks that each sender's come in order. */
static unsigned
take(struct crossings *owner, unsigned to, unsigned n)
{
	struct rte_mbuf *frame[LIMIT_BURST];

	n = crossing_take(owner, &target[to], frame, n);
	for (unsigned i = 0; i < n; i++) {
		uint32_t number;

		memcpy(&number, rte_pktmbuf_mtod(frame[i], void *), sizeof(number));
		CHECK_EQ(number, n_taken[frame[i]->port][to]++);
		rte_pktmbuf_free(frame[i]);
	}
	return n;
}

static void
take_all(void)
{
	for (unsigned to = 0; to < N_TARGETS; to++) {
		while (take(&pollers[0], to, LIMIT_BURST) > 0)
			continue;
	}
	crossing_end_round(&pollers[0]);
}

/* Nothing is in the ring before the turn ends; then all is, and the owner is to be woken once. */
static void
crossing_put_one_turn(void)
{
	begin(1);
	for (unsigned i = 0; i < 5; i++)
		CHECK(put(0, 0, SIZE));
	CHECK(rte_ring_empty(target[0].crossing));
	CHECK_EQ(load[0].waiting, 0);
	crossing_flush(poller_of(0));
	CHECK_EQ(rte_ring_count(target[0].crossing), 5);
	CHECK_EQ(load[0].waiting >> 40, 5);
	CHECK_EQ(poller_of(0)->n_touched, 1);
	CHECK_SAME(poller_of(0)->touched[0], &target[0]);
	crossing_flush(poller_of(0)); /* nothing is left */
	CHECK_EQ(poller_of(0)->n_touched, 1);
	CHECK_EQ(take(&pollers[1], 0, LIMIT_BURST), 5);
	CHECK_EQ(load[0].waiting >> 40, 5); /* until the round ends */
	crossing_end_round(&pollers[1]);
	CHECK_EQ(load[0].waiting, 0);
	end();
}

/* A full batch does not wait for the end. */
static void
crossing_put_full_batch(void)
{
	begin(1);
	for (unsigned i = 0; i <= CROSSING_BATCH; i++)
		CHECK(put(0, 0, 60));
	CHECK_EQ(rte_ring_count(target[0].crossing), CROSSING_BATCH);
	CHECK_EQ(load[0].waiting >> 40, CROSSING_BATCH);
	end_turn(0);
	CHECK_EQ(rte_ring_count(target[0].crossing), CROSSING_BATCH + 1);
	take_all();
	end();
}

/* A flood to more targets than there are batches: each gets its frames in order. */
static void
crossing_put_many_targets(void)
{
	begin(0);
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned to = 0; to < N_TARGETS; to++)
			CHECK(put(0, to, 60));
	}
	end_turn(0);
	for (unsigned to = 0; to < N_TARGETS; to++)
		CHECK_EQ(rte_ring_count(target[to].crossing), 20);
	take_all();
	CHECK_EQ(n_taken[0][N_TARGETS - 1], 20);
	end();
}

/* Every target whose ring got frames is told of, however many there are. */
static void
crossing_is_due_many(void)
{
	bool told[N_TARGETS] = { false };
	struct crossings *c = poller_of(0);

	begin(0);
	for (unsigned to = 0; to < N_TARGETS; to++) {
		struct rte_mbuf *m = pool_alloc(&pools, 60);

		m->port = 0;
		CHECK(crossing_put(c, &sender[0], &target[to], m));
		CHECK_LE(c->n_touched, CROSSING_TOUCHED + CROSSING_BATCHES);
		for (; crossing_is_due(c); c->n_touched = 0) {
			for (unsigned i = 0; i < c->n_touched; i++)
				told[c->touched[i]->id - FIRST_TARGET] = true;
		}
	}
	crossing_flush(c);
	for (unsigned i = 0; i < c->n_touched; i++)
		told[c->touched[i]->id - FIRST_TARGET] = true;
	for (unsigned to = 0; to < N_TARGETS; to++) {
		CHECK(told[to]);
		CHECK_EQ(rte_ring_count(target[to].crossing), 1);
	}
	end();
}

/* An uplink may fill half of a ring, and the frame beyond that is refused. */
static void
crossing_put_uplink(void)
{
	unsigned n = 0;

	begin(0);
	while (n < PORT_CROSSING_SIZE && put(0, 0, 60))
		n++;
	CHECK_EQ(n, PORT_CROSSING_SIZE - 1 - PORT_CROSSING_SIZE / 2);
	end_turn(0);
	CHECK_FALSE(put(0, 0, 60));
	take(&pollers[1], 0, 1);
	CHECK(put(0, 0, 60)); /* the place is seen at once */
	end_turn(0);
	take_all();
	crossing_end_round(&pollers[1]);
	CHECK_EQ(port_stats_dropped(&sender[0].stats), 0);
	end();
}

/* The work that a vif has waiting in all rings is bounded, in a batch as well. */
static void
crossing_put_work(void)
{
	unsigned n = 0, expected = LIMIT_WORK_CROSSING / (WORK_FRAME + SIZE);

	begin(1);
	while (n < PORT_CROSSING_SIZE && put(0, n % 3, SIZE))
		n++;
	CHECK_EQ(n, expected);
	CHECK(put(3, 0, SIZE)); /* another one is not concerned */
	end_turn(3);
	CHECK_FALSE(put(0, 0, SIZE));
	take_all();
	CHECK(put(0, 0, SIZE));
	end_turn(0);
	take_all();
	end();
}

/*
 * However pollers take turns, a frame that was collected finds room in the ring, and a vif with
 * nothing in the rings never finds them full.
 */
static void
crossing_flush_fits(void)
{
	begin(1);
	srandom(1);
	for (unsigned i = 0; i < 200000; i++) {
		unsigned what = (unsigned)random() % 200, from = (unsigned)random() % N_SENDERS;
		unsigned to = (unsigned)random() % 2;

		if (what < 180) {
			/* A vif's turn is one thing: what another one collected is in the ring. */
			if (poller_of(from)->used != 0 && poller_of(from)->in != &sender[from])
				end_turn(from);
			bool none = load[from].waiting + poller_of(from)->counted == 0;
			CHECK(put(from, to, 60) || !none);
		} else if (what < 190) {
			end_turn(from);
		} else if (what < 193) {
			take(&pollers[0], to, (unsigned)random() % LIMIT_BURST);
			crossing_end_round(&pollers[0]);
		}
	}
	for (unsigned from = 0; from < N_SENDERS; from++) {
		end_turn(from);
		CHECK_EQ(port_stats_dropped(&sender[from].stats), 0);
	}
	take_all();
	CHECK_MEM(n_put, n_taken, sizeof(n_put));
	end();
}

/* If the ring is full nevertheless, each frame that does not fit is counted, once. */
static void
crossing_flush_full(void)
{
	static int filler;

	begin(1);
	for (unsigned i = 0; i < 10; i++)
		CHECK(put(0, 0, SIZE));
	while (rte_ring_free_count(target[0].crossing) > 4)
		rte_ring_enqueue(target[0].crossing, &filler);
	end_turn(0);
	CHECK_EQ(sender[0].stats.n_dropped[DROP_QUEUE_FULL], 6);
	CHECK_EQ(load[0].waiting >> 40, 4);
	CHECK_FALSE(put(0, 0, SIZE));
	void *first;
	do { /* until a frame comes */
		rte_ring_sc_dequeue(target[0].crossing, &first);
	} while (rte_ring_count(target[0].crossing) > 4);
	take_all();
	CHECK_EQ(n_taken[0][0], 4);
	end();
}

void test_crossing(CU_pSuite suite);

void
test_crossing(CU_pSuite suite)
{
	UNIT_ADD(suite, crossing_put_one_turn);
	UNIT_ADD(suite, crossing_put_full_batch);
	UNIT_ADD(suite, crossing_put_many_targets);
	UNIT_ADD(suite, crossing_is_due_many);
	UNIT_ADD(suite, crossing_put_uplink);
	UNIT_ADD(suite, crossing_put_work);
	UNIT_ADD(suite, crossing_flush_fits);
	UNIT_ADD(suite, crossing_flush_full);
}
