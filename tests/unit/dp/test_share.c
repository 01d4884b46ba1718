/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of dp/engine/share.c: vifs with more to do than their parts, round by round, without a
 * poller.
 */
#include "dp/engine/share.h"

#include <string.h>

#include "unit.h"

#define ROUNDS 1000u

static struct sharing sharing;

/* A vif that always has frames of one cost. */
struct sender {
	unsigned weight;
	unsigned n_queues;
	int64_t cost;      /* of a frame */
	unsigned every;    /* only in each so many rounds */
	uint64_t n_frames; /* that it got through */
	int64_t work;
};

static void
turn(struct sender *s, unsigned id)
{
	struct share *share = sharing_get(&sharing, id, s->weight);
	unsigned n_max = sharing_frames(&sharing, share), n = 0;
	int64_t work = share->work;

	while (n < n_max && work > 0) {
		work -= s->cost;
		n++;
	}
	s->n_frames += n;
	s->work += share->work - work;
	sharing_end_turn(&sharing, share, s->weight, n, work, true);
}

static void
run(struct sender *sender, unsigned n)
{
	memset(&sharing, 0, sizeof(sharing));
	for (unsigned round = 0; round < ROUNDS; round++) {
		sharing_next_round(&sharing);
		for (unsigned i = 0; i < n; i++) {
			for (unsigned q = 0; round % sender[i].every == 0 && q < sender[i].n_queues;
			     q++)
				turn(&sender[i], i);
		}
	}
}

static void
check(double value, double wanted)
{
	CHECK_GT(value, 0.97 * wanted);
	CHECK_LT(value, 1.03 * wanted);
	if (value <= 0.97 * wanted || value >= 1.03 * wanted)
		fprintf(stderr, "\n    %.0f, not %.0f", value, wanted);
}

/* A frame costs what it costs: who sends dear ones sends few. */
static void
sharing_work(void)
{
	struct sender s[] = { { 1, 1, 2000, 1, 0, 0 },
			      { 1, 1, 150000, 1, 0, 0 },
			      { 1, 1, 40 * LIMIT_WORK, 1, 0, 0 } };

	run(s, 3);
	check((double)s[0].n_frames, ROUNDS * LIMIT_BURST);
	check((double)s[1].work, (double)ROUNDS * LIMIT_WORK);
	check((double)s[2].work, (double)ROUNDS * LIMIT_WORK);
	check((double)s[2].n_frames, ROUNDS / 40);
}

static void
sharing_weights(void)
{
	struct sender s[] = { { 4, 1, 100000, 1, 0, 0 },
			      { 1, 1, 100000, 1, 0, 0 },
			      { 0, 1, 100000, 1, 0, 0 } };

	run(s, 3);
	check((double)s[0].work, (double)ROUNDS * LIMIT_WORK);
	check((double)s[1].work, (double)ROUNDS * LIMIT_WORK / 4);
	check((double)s[2].work, (double)ROUNDS * LIMIT_WORK_UPLINK);
}

/* Queues divide what their vif has: frames, if others compete, and work in any case. */
static void
sharing_queues(void)
{
	struct sender s[] = { { 1, 8, 1000, 1, 0, 0 }, { 1, 1, 1000, 1, 0, 0 } };
	struct sender dear[] = { { 1, 8, 100000, 1, 0, 0 }, { 1, 1, 100000, 1, 0, 0 } };
	struct sender alone[] = { { 1, 8, 1000, 1, 0, 0 } };

	run(s, 2);
	check((double)s[0].n_frames, (double)s[1].n_frames);
	run(dear, 2);
	check((double)dear[0].work, (double)dear[1].work);
	run(alone, 1);
	check((double)alone[0].n_frames, ROUNDS * 8 * LIMIT_BURST);
}

/* A vif that has its poller for itself has longer rounds, until another one sends a frame. */
static void
sharing_alone(void)
{
	struct sender alone[] = { { 1, 1, 100000, 1, 0, 0 } };
	struct sender uplink[] = { { 1, 1, 100000, 1, 0, 0 }, { 0, 1, 1000, 1, 0, 0 } };
	struct sender seldom[] = { { 1, 1, 100000, 1, 0, 0 }, { 1, 1, 100, 50, 0, 0 } };
	const double rounds = 64.0 * LIMIT_WORK + (ROUNDS - 64.0) * LIMIT_WORK_ALONE;

	run(alone, 1);
	check((double)alone[0].work, rounds);
	run(uplink, 2);
	check((double)uplink[0].work, rounds);
	run(seldom, 2);
	check((double)seldom[0].work, (double)ROUNDS * LIMIT_WORK);
}

/* Nothing is saved up in rounds without work. */
static void
sharing_saves_nothing(void)
{
	struct sender s[] = { { 1, 8, 1000, 10, 0, 0 } };

	run(s, 1);
	check((double)s[0].work, (double)ROUNDS / 10 * LIMIT_WORK);
}

void test_share(CU_pSuite suite);

void
test_share(CU_pSuite suite)
{
	UNIT_ADD(suite, sharing_work);
	UNIT_ADD(suite, sharing_weights);
	UNIT_ADD(suite, sharing_queues);
	UNIT_ADD(suite, sharing_alone);
	UNIT_ADD(suite, sharing_saves_nothing);
}
