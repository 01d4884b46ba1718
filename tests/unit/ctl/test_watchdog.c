/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/watchdog.c. */
#include "ctl/watchdog.h"

#include <time.h>

#include "ctl/store/clock.h"
#include "fake_dp.h"
#include "unit.h"

static unsigned n_alive;

static void
alive(void)
{
	__atomic_fetch_add(&n_alive, 1, __ATOMIC_RELAXED);
}

/* It is told while both pollers move, and not once one of them does not. */
static void
watchdog_look_poller_hangs(void)
{
	struct watchdog dog = { .alive = alive, .interval_ms = 1000, .dp = fake_dp() };

	n_alive = 0;
	for (unsigned i = 1; i <= 3; i++) {
		fake_dp_loop(0);
		fake_dp_loop(1);
		CHECK_EQ(watchdog_look(&dog, 0), 1000);
		CHECK_EQ(n_alive, i);
	}
	n_alive = 0;
	for (unsigned i = 0; i < 100; i++) {
		fake_dp_loop(0); /* the other one hangs */
		CHECK_RANGE(watchdog_look(&dog, 0), 1, 999);
	}
	CHECK_EQ(n_alive, 0);
	fake_dp_loop(1);
	watchdog_look(&dog, 0);
	CHECK_EQ(n_alive, 1);
}

static void
watchdog_look_control_hangs(void)
{
	struct watchdog dog = { .alive = alive, .interval_ms = 1000, .dp = fake_dp() };

	n_alive = 0;
	watchdog_beat(&dog, 5000);
	fake_dp_loop(0);
	fake_dp_loop(1);
	watchdog_look(&dog, 5000 + WATCHDOG_CONTROL_MS - 1);
	CHECK_EQ(n_alive, 1);
	fake_dp_loop(0);
	fake_dp_loop(1);
	watchdog_look(&dog, 5000 + WATCHDOG_CONTROL_MS);
	CHECK_EQ(n_alive, 1);
	watchdog_beat(&dog, 6000);
	watchdog_look(&dog, 5000 + WATCHDOG_CONTROL_MS);
	CHECK_EQ(n_alive, 2);
}

static void
watchdog_start_and_stop(void)
{
	const struct timespec while_it_looks = { .tv_nsec = 1000000 };
	struct watchdog dog = { .alive = NULL };

	n_alive = 0;
	CHECK_EQ(watchdog_start(&dog, fake_dp(), NULL, 10, 0), 0);
	CHECK_EQ(watchdog_start(&dog, fake_dp(), alive, 0, 0), 0);
	CHECK_FALSE(dog.runs);
	watchdog_stop(&dog);
	fake_dp_loop(0);
	fake_dp_loop(1);
	CHECK_EQ(watchdog_start(&dog, fake_dp(), alive, 10, clock_ms()), 0);
	for (unsigned i = 0; i < 5000 && __atomic_load_n(&n_alive, __ATOMIC_RELAXED) == 0; i++)
		nanosleep(&while_it_looks, NULL);
	watchdog_stop(&dog);
	CHECK_GE(n_alive, 1);
}

void
test_watchdog(CU_pSuite suite)
{
	UNIT_ADD(suite, watchdog_look_poller_hangs);
	UNIT_ADD(suite, watchdog_look_control_hangs);
	UNIT_ADD(suite, watchdog_start_and_stop);
}
