/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/ports/balance.c: who is moved, and when nobody is. */
#include "ctl/ports/balance.h"

#include <math.h>

#include "base/util.h"
#include "unit.h"

static const struct balance_params params = { .interval_s = 60,
					      .load_percent = 95,
					      .improvement_percent = 25 };

/* The load of a poller after the plan. */
static double
load_of(const struct balance_queue *queue, unsigned n, unsigned poller)
{
	double sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += queue[i].poller == poller ? queue[i].load : 0;
	return sum;
}

static void
balance_plan_spreads(void)
{
	struct balance_queue q[] = {
		{ .poller = 0, .load = 40 },
		{ .poller = 0, .load = 30 },
		{ .poller = 0, .load = 20 },
		{ .poller = 0, .load = 9 },
	};

	CHECK(balance_plan(&params, 2, q, ARRAY_SIZE(q)));
	CHECK_LT(fabs(load_of(q, ARRAY_SIZE(q), 0) - load_of(q, ARRAY_SIZE(q), 1)), 2);
	CHECK_LT(fabs(load_of(q, ARRAY_SIZE(q), 0) + load_of(q, ARRAY_SIZE(q), 1) - 99), 0.001);
}

static void
balance_plan_not_busy(void)
{
	struct balance_queue q[] = { { .poller = 0, .load = 50 }, { .poller = 0, .load = 44 } };

	CHECK_FALSE(balance_plan(&params, 2, q, ARRAY_SIZE(q)));
	CHECK_EQ(q[0].poller + q[1].poller, 0);
}

/* Both are busy: nothing would be better elsewhere. */
static void
balance_plan_no_improvement(void)
{
	struct balance_queue q[] = {
		{ .poller = 0, .load = 60 },
		{ .poller = 0, .load = 40 },
		{ .poller = 1, .load = 50 },
		{ .poller = 1, .load = 48 },
	};

	CHECK_FALSE(balance_plan(&params, 2, q, ARRAY_SIZE(q)));
	CHECK_EQ(q[0].poller, 0);
}

/* The busiest stays where it is, and what is beside it goes. */
static void
balance_plan_busiest_stays(void)
{
	struct balance_queue q[] = { { .poller = 1, .load = 8 },
				     { .poller = 1, .load = 60 },
				     { .poller = 1, .load = 30 } };

	CHECK(balance_plan(&params, 3, q, ARRAY_SIZE(q)));
	CHECK_EQ(q[0].load, 60);
	CHECK_EQ(q[0].poller, 1);
	CHECK_EQ(load_of(q, ARRAY_SIZE(q), q[0].poller), 60);
}

static void
balance_plan_fixed_stay(void)
{
	struct balance_queue q[] = {
		{ .poller = 0, .load = 50, .fixed = true },
		{ .poller = 0, .load = 30, .fixed = true },
		{ .poller = 0, .load = 19 },
	};

	CHECK(balance_plan(&params, 2, q, ARRAY_SIZE(q)));
	for (unsigned i = 0; i < ARRAY_SIZE(q); i++)
		CHECK_EQ(q[i].poller, q[i].fixed ? 0 : 1);
}

static void
balance_plan_one_poller(void)
{
	struct balance_queue q[] = { { .poller = 0, .load = 60 }, { .poller = 0, .load = 40 } };

	CHECK_FALSE(balance_plan(&params, 1, q, ARRAY_SIZE(q)));
	CHECK_FALSE(balance_plan(&params, 2, NULL, 0));
}

/* No load is nobody's: the one queue that there is stays. */
static void
balance_plan_lone_queue(void)
{
	struct balance_queue q[] = { { .poller = 1, .load = 100 } };

	CHECK_FALSE(balance_plan(&params, 2, q, 1));
	CHECK_EQ(q[0].poller, 1);
}

void test_balance(CU_pSuite suite);

void
test_balance(CU_pSuite suite)
{
	UNIT_ADD(suite, balance_plan_spreads);
	UNIT_ADD(suite, balance_plan_not_busy);
	UNIT_ADD(suite, balance_plan_no_improvement);
	UNIT_ADD(suite, balance_plan_busiest_stays);
	UNIT_ADD(suite, balance_plan_fixed_stay);
	UNIT_ADD(suite, balance_plan_one_poller);
	UNIT_ADD(suite, balance_plan_lone_queue);
}
