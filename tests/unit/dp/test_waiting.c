/* SPDX-License-Identifier: BSD-3-Clause */
/* What ports may hold back: the share of one, of many, and of a vif with many queues. */
#include "dp/port/waiting.h"

#include "unit.h"

#define N_SMALL 2047u
#define N_LARGE 255u
#define PORTS_MAX 512u

static struct pools pools;
static struct worker pl;
static struct port port[PORTS_MAX];
static struct rte_mbuf *one[POOL_N];

static void
open_ports(unsigned n, unsigned n_queues)
{
	REQUIRE_EQ(pools_create(&pools, N_SMALL, N_LARGE), 0);
	pl = (struct worker){ .pools = &pools };
	for (enum pool_kind k = POOL_SMALL; k < POOL_N; k++)
		pl.n_waiting_max[k] = pools_share(&pools, POOL_USE_WAITING, k);
	for (unsigned i = 0; i < n; i++) {
		struct port *leader = &port[i - i % n_queues];
		port[i] = (struct port){ .owner = &pl, .leader = leader, .n_queues = n_queues };
	}
	one[POOL_SMALL] = pool_alloc(&pools, 60);
	one[POOL_LARGE] = pool_alloc(&pools, 9000);
}

static void
close_ports(void)
{
	rte_pktmbuf_free(one[POOL_SMALL]);
	rte_pktmbuf_free(one[POOL_LARGE]);
	pools_destroy(&pools);
}

/*
 * Each of ports `from` to `to` - 1 takes one in turn, for as long as there is room. Returns what
 * all of the pool have.
 */
static unsigned
take_all(unsigned from, unsigned to, enum pool_kind k)
{
	bool any = true;

	while (any) {
		any = false;
		for (unsigned i = from; i < to; i++) {
			if (!waiting_has_room(&port[i], k))
				continue;
			waiting_count(&port[i], one[k], 1);
			any = true;
		}
	}
	return pl.n_waiting[k];
}

static unsigned
held_by(unsigned from, unsigned to, enum pool_kind k)
{
	unsigned n = 0;

	for (unsigned i = from; i < to; i++)
		n += port[i].n_waiting[k];
	return n;
}

/* One port alone has a third of the budget, however long it tries. */
static void
waiting_one(void)
{
	for (enum pool_kind k = POOL_SMALL; k < POOL_N; k++) {
		open_ports(1, 1);
		unsigned third = (pl.n_waiting_max[k] + 2) / 3;
		CHECK_EQ(take_all(0, 1, k), third);
		waiting_count(&port[0], one[k], -1);
		CHECK(waiting_has_room(&port[0], k));
		CHECK_EQ(pl.n_waiting[k], third - 1);
		close_ports();
	}
}

/* A vif of many queues has no more than one of a single queue. */
static void
waiting_queues(void)
{
	for (enum pool_kind k = POOL_SMALL; k < POOL_N; k++) {
		for (unsigned n = 2; n <= LIMIT_QUEUES; n *= 2) {
			open_ports(n, n);
			CHECK_LE(take_all(0, n, k), (pl.n_waiting_max[k] + 2) / 3 + n);
			close_ports();
		}
	}
}

/*
 * Many that take nothing: never more than the budget, all the same, and the next one still has
 * room.
 */
static void
waiting_many(void)
{
	static const unsigned n_hogs[] = { 1, 2, 8, 20, 100, 500 };

	for (unsigned i = 0; i < sizeof(n_hogs) / sizeof(n_hogs[0]); i++) {
		open_ports(n_hogs[i] + 1, 1);
		CHECK_LT(take_all(0, n_hogs[i], POOL_SMALL), pl.n_waiting_max[POOL_SMALL]);
		CHECK_LE(take_all(0, n_hogs[i], POOL_LARGE), pl.n_waiting_max[POOL_LARGE]);
		CHECK(waiting_has_room(&port[n_hogs[i]], POOL_SMALL));
		unsigned each = held_by(0, n_hogs[i], POOL_SMALL) / n_hogs[i];
		CHECK_LE(port[0].n_waiting[POOL_SMALL], each + 1);
		CHECK_EQ(held_by(n_hogs[i], n_hogs[i] + 1, POOL_SMALL), 0);
		take_all(n_hogs[i], n_hogs[i] + 1, POOL_SMALL);
		CHECK_GE(port[n_hogs[i]].n_waiting[POOL_SMALL], each / 3);
		close_ports();
	}
}

void
test_waiting(CU_pSuite suite)
{
	UNIT_ADD(suite, waiting_one);
	UNIT_ADD(suite, waiting_queues);
	UNIT_ADD(suite, waiting_many);
}
