/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/watchdog.c. */
#include "ctl/watchdog.h"

#include "ctl/store/clock.h"
#include "fake_dp.h"
#include "unit.h"

static unsigned n_alive;

static void
alive(void)
{
	n_alive++;
}

/* It is told while both pollers move, and not once one of them does not. */
static void
watchdog_run_hang(void)
{
	struct watchdog dog = { .alive = alive, .interval_ms = 1000 };
	uint64_t now_ms = 5000;

	n_alive = 0;
	fake_dp_loop(0);
	fake_dp_loop(1);
	for (unsigned i = 1; i <= 3; i++) {
		watchdog_run(&dog, fake_dp(), now_ms);
		CHECK_EQ(n_alive, i);
		CHECK_EQ(watchdog_due(&dog), now_ms + 1000);
		watchdog_run(&dog, fake_dp(), now_ms + 999);
		CHECK_EQ(n_alive, i);
		now_ms += 1000;
		fake_dp_loop(0);
		fake_dp_loop(1);
	}
	watchdog_run(&dog, fake_dp(), now_ms);
	n_alive = 0;
	for (unsigned i = 0; i < 100; i++) {
		fake_dp_loop(0); /* the other one hangs */
		now_ms = watchdog_due(&dog);
		watchdog_run(&dog, fake_dp(), now_ms);
		CHECK_GT(watchdog_due(&dog), now_ms);
	}
	CHECK_EQ(n_alive, 0);
	fake_dp_loop(1);
	watchdog_run(&dog, fake_dp(), watchdog_due(&dog));
	CHECK_EQ(n_alive, 1);
}

static void
watchdog_run_none(void)
{
	struct watchdog dog = { .alive = NULL };

	CHECK_EQ(watchdog_due(&dog), CLOCK_NEVER);
	watchdog_run(&dog, fake_dp(), 1);
}

void
test_watchdog(CU_pSuite suite)
{
	UNIT_ADD(suite, watchdog_run_hang);
	UNIT_ADD(suite, watchdog_run_none);
}
