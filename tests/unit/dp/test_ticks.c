/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of dp/frame/ticks.c: a TSC that goes back, and what stands on it. */
#include "dp/frame/ticks.h"

#include "dp/guest/meter.h"
#include "unit.h"

#define HZ 1000000000ull
#define DAYS (24ull * 3600 * HZ)

static void
ticks_at_goes_on(void)
{
	uint64_t base = 0, now = ticks_at(&base, 5 * DAYS, 0);

	CHECK_EQ(now, 5 * DAYS);
	now = ticks_at(&base, 17, now); /* the machine wakes up */
	CHECK_EQ(now, 5 * DAYS);
	now = ticks_at(&base, 17 + HZ, now);
	CHECK_EQ(now, 5 * DAYS + HZ);
	now = ticks_at(&base, 3, now); /* and again */
	CHECK_EQ(now, 5 * DAYS + HZ);
	CHECK_EQ(ticks_at(&base, 9 * DAYS, now), 14 * DAYS + HZ - 3);
}

/* The first poller to notice had read its clock before the other one. */
static void
ticks_at_two_pollers(void)
{
	uint64_t base = 0, first = ticks_at(&base, 100, 0), second = ticks_at(&base, 150, 0);

	first = ticks_at(&base, 10, first);
	second = ticks_at(&base, 20, second);
	CHECK_EQ(first, 100);
	CHECK_EQ(second, 150);
	first = ticks_at(&base, 30, first);
	CHECK_EQ(first, 160);
	CHECK_EQ(ticks_at(&base, 30, second), 160);
	CHECK_EQ(ticks_at(&base, 30, 0), 160); /* control, which remembers nothing */
}

static void
ticks_at_wraps(void)
{
	uint64_t base = 0;

	CHECK_EQ(ticks_at(&base, 5, UINT64_MAX - 5), 5);
	CHECK_EQ(base, 0);
	CHECK_EQ(ticks_at(&base, 1, 5), 5);
}

/* A rate holds after three days and a restore, as it did before. */
static void
ticks_at_meter(void)
{
	struct meter meter = { .cost = 0 };
	uint64_t base = 0, now = ticks_at(&base, 3 * DAYS, 0), bytes = 0;

	meter_set_at(&meter, 50000, 50000, HZ, now);
	for (uint64_t tsc = 0; tsc < HZ; tsc += HZ / 10000) {
		now = ticks_at(&base, tsc, now);
		while (meter_is_open(&meter, now)) {
			meter_charge(&meter, now, 1514);
			bytes += 1514;
		}
	}
	CHECK_GT(bytes, 1000000);
	CHECK_LT(bytes, 1000000 + 50000 + 2 * 1514);
}

void test_ticks(CU_pSuite suite);

void
test_ticks(CU_pSuite suite)
{
	UNIT_ADD(suite, ticks_at_goes_on);
	UNIT_ADD(suite, ticks_at_two_pollers);
	UNIT_ADD(suite, ticks_at_wraps);
	UNIT_ADD(suite, ticks_at_meter);
}
