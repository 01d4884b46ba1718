/* SPDX-License-Identifier: BSD-3-Clause */
/* Rate limits. */
#include "dp/guest/meter.h"

#include "dp/frame/ticks.h"

#define USECS_A_SECOND 1000000u
#define FRAME_COST_MAX (1ull << 60) /* keeps differences of times within an int64_t */

__extension__ typedef unsigned __int128 wide;

/* Time on the line of `bytes` at `cost`, in subticks. */
static uint64_t
time_of(uint64_t cost, uint32_t bytes)
{
	wide time = ((wide)cost * bytes) >> METER_COST_SHIFT;

	return time < FRAME_COST_MAX ? (uint64_t)time : FRAME_COST_MAX;
}

void
meter_set_at(struct meter *meter, uint64_t bytes, uint32_t usecs, uint64_t hz, uint64_t now)
{
	uint64_t cost = 0;
	uint32_t burst_us = usecs > METER_BURST_MIN_US ? usecs : METER_BURST_MIN_US;

	if (bytes > 0 && usecs > 0) {
		wide interval = (wide)hz * METER_SUBTICKS * usecs;
		wide exact = (interval << METER_COST_SHIFT) / ((wide)bytes * USECS_A_SECOND);
		cost = exact == 0 ? 1 : exact > UINT64_MAX ? UINT64_MAX : (uint64_t)exact;
	}
	/* A poller that sees only some of the new values is off by one burst at most, once. */
	__atomic_store_n(&meter->burst,
			 (uint64_t)((wide)hz * METER_SUBTICKS * burst_us / USECS_A_SECOND),
			 __ATOMIC_RELAXED);
	__atomic_store_n(&meter->busy, now * METER_SUBTICKS, __ATOMIC_RELAXED);
	__atomic_store_n(&meter->cost, cost, __ATOMIC_RELAXED);
}

void
meter_set(struct meter *meter, uint64_t bytes, uint32_t usecs)
{
	meter_set_at(meter, bytes, usecs, rte_get_tsc_hz(), ticks_now(0));
}

void
meter_pay(struct meter *meter, uint64_t now, uint32_t bytes)
{
	uint64_t time = time_of(__atomic_load_n(&meter->cost, __ATOMIC_RELAXED), bytes);
	uint64_t busy = __atomic_load_n(&meter->busy, __ATOMIC_RELAXED);
	uint64_t next;

	now *= METER_SUBTICKS;
	do {
		next = ((int64_t)(busy - now) > 0 ? busy : now) + time;
	} while (!__atomic_compare_exchange_n(&meter->busy, &busy, next, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
}
