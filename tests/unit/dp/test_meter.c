/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of dp/guest/meter.c, on clocks of their own. */
#include "dp/guest/meter.h"

#include <pthread.h>

#include "base/util.h"
#include "proto/limits.h"
#include "unit.h"

#define GHZ3 3000000000ull

/*
 * What passes from `start` on in `ticks`, with a look every `step`, each of at most `n_max` frames.
 */
static uint64_t
pass(struct meter *meter, uint64_t start, uint64_t ticks, uint64_t step, unsigned n_max,
     uint32_t len)
{
	uint64_t bytes = 0;

	for (uint64_t at = 0; at < ticks; at += step) {
		for (unsigned i = 0; i < n_max && meter_is_open(meter, start + at); i++) {
			meter_charge(meter, start + at, len);
			bytes += len;
		}
	}
	return bytes;
}

static void
meter_is_open_unlimited(void)
{
	struct meter meter = { .cost = 0 };

	CHECK(meter_is_open(NULL, 0));
	meter_charge(NULL, 0, LIMIT_FRAME_SIZE);
	for (unsigned i = 0; i < 1000; i++) {
		CHECK(meter_is_open(&meter, 0));
		meter_charge(&meter, 0, LIMIT_FRAME_SIZE);
	}
	CHECK_EQ(meter.busy, 0);
	meter_set_at(&meter, 0, 50000, GHZ3, 0);
	CHECK_EQ(meter.cost, 0);
	meter_set_at(&meter, 1000, 0, GHZ3, 0);
	CHECK_EQ(meter.cost, 0);
}

/*
 * Whatever the rate, the frames' length, the clock and how seldom it is looked at: 1 % over a
 * second behind the first burst.
 */
static void
meter_charge_rates(void)
{
	static const struct {
		uint64_t bytes;
		uint32_t usecs, len;
		uint64_t hz, step;
	} rates[] = {
		{ 500000, 50000, 1514, GHZ3, 3000 }, /* 10 MB/s, as xl writes it */
		{ 500000, 50000, 60, GHZ3, 3000 },
		{ 50000, 50000, 1514, GHZ3, 3000 },
		{ 12500000, 1000, 60, GHZ3, 3000 }, /* 100 Gbit/s of small frames */
		{ 625000, 1, 65535, GHZ3, 30000 },  /* 5 Tbit/s */
		{ 10, 1, 1514, GHZ3, 15000000 },    /* looked at every 5 ms */
		{ 2500000, 50000, LIMIT_FRAME_SIZE, GHZ3, 3000 },
		{ 500000, 50000, 1514, 1000000000, 1000 },
		{ 500000, 50000, 1514, 1000000, 1 }, /* a slow clock */
		{ 1000000000, 1000000, 1514, GHZ3, 300000 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
		struct meter meter = { .cost = 0 };
		uint64_t start = 1ull << 40;
		double expected = (double)rates[i].bytes * 1e6 / rates[i].usecs;

		meter_set_at(&meter, rates[i].bytes, rates[i].usecs, rates[i].hz, start);
		for (unsigned s = 0; s < 2; s++) { /* the burst passes in the first one */
			uint64_t got = pass(&meter, start, rates[i].hz, rates[i].step, UINT32_MAX,
					    rates[i].len);
			double error = (double)got / expected - 1;
			if (s == 1 && (error > 0.01 || error < -0.01))
				fprintf(stderr, "rate %u: %.0f bytes wanted, %llu passed\n", i,
					expected, (unsigned long long)got);
			CHECK(s == 0 || (error < 0.01 && error > -0.01));
			start += rates[i].hz;
		}
	}
}

/*
 * A burst is one interval, but 10 ms at least, and the frame that overdraws it. An idle meter saves
 * no more than that.
 */
static void
meter_charge_burst(void)
{
	static const struct {
		uint64_t bytes;
		uint32_t usecs;
		uint64_t burst;
	} bursts[] = { { 1000000, 50000, 1000000 }, { 20000, 1000, 200000 }, { 20, 1, 200000 } };
	struct meter meter = { .cost = 0 };

	for (unsigned i = 0; i < ARRAY_SIZE(bursts); i++) {
		meter_set_at(&meter, bursts[i].bytes, bursts[i].usecs, GHZ3, 0);
		for (uint64_t now = 0; now < 1000 * GHZ3; now += 500 * GHZ3) {
			uint64_t got = pass(&meter, now, 1, 1, UINT32_MAX, 1000);
			CHECK_GE(got, bursts[i].burst);
			CHECK_LE(got, bursts[i].burst + 2000);
		}
	}
}

/* The longest frame passes at any rate, and is paid for afterwards. */
static void
meter_charge_overdraw(void)
{
	struct meter meter = { .cost = 0 };

	meter_set_at(&meter, 1000, 1000000, GHZ3, 0); /* 1 kB/s */
	CHECK(meter_is_open(&meter, 0));
	meter_charge(&meter, 0, LIMIT_FRAME_SIZE);
	CHECK(!meter_is_open(&meter, 0));
	CHECK(!meter_is_open(&meter, 64 * GHZ3)); /* 64.5 s and a burst of 1 s */
	CHECK(meter_is_open(&meter, 65 * GHZ3));
}

static void
meter_set_extremes(void)
{
	struct meter meter = { .cost = 0 };

	meter_set_at(&meter, UINT64_MAX, 1, GHZ3, 0); /* faster than can be told from no limit */
	CHECK_EQ(pass(&meter, 0, 1, 1, 100000, LIMIT_FRAME_SIZE), 100000ull * LIMIT_FRAME_SIZE);
	meter_set_at(&meter, UINT64_MAX, UINT32_MAX, GHZ3, 0);
	CHECK(meter_is_open(&meter, 0));
	/* slower than can be told from nothing */
	meter_set_at(&meter, 1, UINT32_MAX, 1ull << 33, 0);
	CHECK(meter_is_open(&meter, 0));
	for (unsigned i = 0; i < 4; i++) { /* two queues that looked at the same time, twice */
		uint64_t before = meter.busy;
		meter_charge(&meter, 0, LIMIT_FRAME_SIZE);
		CHECK_GT(meter.busy, before);
		CHECK(!meter_is_open(&meter, 1ull << 50));
	}
}

/* The clock in sixteenths of a tick wraps on the way. */
static void
meter_is_open_wrap(void)
{
	uint64_t start = (1ull << 60) - GHZ3 / 2;
	struct meter meter = { .cost = 0 };

	meter_set_at(&meter, 500000, 50000, GHZ3, start);
	pass(&meter, start, GHZ3 / 10, 3000, UINT32_MAX, 1514); /* the burst */
	uint64_t got = pass(&meter, start + GHZ3 / 10, GHZ3, 3000, UINT32_MAX, 1514);
	CHECK_GT(got, 9900000);
	CHECK_LT(got, 10100000);
}

/* Nothing is owed to another rate, and the new one holds at once. */
static void
meter_set_live(void)
{
	struct meter meter = { .cost = 0 };

	meter_set_at(&meter, 1000, 1000000, GHZ3, 0);
	meter_charge(&meter, 0, LIMIT_FRAME_SIZE);
	CHECK(!meter_is_open(&meter, GHZ3));
	meter_set_at(&meter, 500000, 50000, GHZ3, GHZ3);
	uint64_t got = pass(&meter, GHZ3, GHZ3, 3000, UINT32_MAX, 1514);
	CHECK_GT(got, 10000000);
	CHECK_LT(got, 10600000);
	meter_set_at(&meter, 50000, 50000, GHZ3, 2 * GHZ3);
	got = pass(&meter, 2 * GHZ3, GHZ3, 3000, UINT32_MAX, 1514);
	CHECK_GT(got, 1000000);
	CHECK_LT(got, 1060000);
	meter_set_at(&meter, 0, 0, GHZ3, 3 * GHZ3);
	CHECK(meter_is_open(&meter, 3 * GHZ3));
}

#define PAYMENTS 100000u

static void *
pay(void *meter)
{
	for (unsigned i = 0; i < PAYMENTS; i++)
		meter_charge(meter, 0, 1000);
	return NULL;
}

/* Two pollers: no payment is lost. */
static void
meter_pay_two_threads(void)
{
	struct meter meter = { .cost = 0 }, once = { .cost = 0 };
	pthread_t thread;

	meter_set_at(&meter, 1000000, 1000000, GHZ3, 0);
	meter_set_at(&once, 1000000, 1000000, GHZ3, 0);
	meter_charge(&once, 0, 1000);
	REQUIRE_EQ(pthread_create(&thread, NULL, pay, &meter), 0);
	pay(&meter);
	pthread_join(thread, NULL);
	CHECK_EQ(meter.busy, 2 * PAYMENTS * once.busy);
}

void test_meter(CU_pSuite suite);

void
test_meter(CU_pSuite suite)
{
	UNIT_ADD(suite, meter_is_open_unlimited);
	UNIT_ADD(suite, meter_charge_rates);
	UNIT_ADD(suite, meter_charge_burst);
	UNIT_ADD(suite, meter_charge_overdraw);
	UNIT_ADD(suite, meter_set_extremes);
	UNIT_ADD(suite, meter_is_open_wrap);
	UNIT_ADD(suite, meter_set_live);
	UNIT_ADD(suite, meter_pay_two_threads);
}
