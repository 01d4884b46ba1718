/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rate of one vif in one direction, whichever pollers its queues are on.
 *
 * Theory of operation: one number, the time at which all bytes so far would have passed at the rate (GCRA's theoretical
 * arrival time). While it is at most a burst ahead of the clock the meter is open. Who passes a frame moves it on by the
 * frame's time. So the last frame of a burst may overdraw, however long it is, and what follows waits until that is
 * paid: the rate holds over any time that is long beside the burst. What was not used is not saved up.
 *
 * Times are in sixteenths of a tick (dp/ticks.h), compared by their difference, so they may wrap.
 *
 * Threads: control sets it at any time, pollers ask and charge it at any time; no lock. Source: ITU-T I.371, annex A.
 */
#ifndef VPE_DP_METER_H
#define VPE_DP_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METER_SUBTICKS 16u /* a small frame on a fast line takes few ticks */
#define METER_COST_SHIFT 20

/*
 * A burst is what the rate allows in its interval, but in no less than this: pollers sleep, lose their CPU and serve others, and
 * what passes meanwhile must not be lost. xen-netback's is no less than 128 KiB, which is this at 13 MB/s.
 */
#define METER_BURST_MIN_US 10000u

/* Zero-initialise it: no limit. */
struct meter {
	uint64_t cost;  /* time of 2^METER_COST_SHIFT bytes; 0: no limit */
	uint64_t burst; /* how far `busy` may be ahead */
	uint64_t busy;  /* until when the line is busy with what has passed */
};

/*
 * Sets it to `bytes` in each `usecs`; either 0: no limit. Debts are forgiven. Slower than one byte in about five minutes counts as
 * that.
 */
void meter_set(struct meter *meter, uint64_t bytes, uint32_t usecs);

/* The same for a clock of `hz` ticks a second (up to 2^33) that stands at `now`. */
void meter_set_at(struct meter *meter, uint64_t bytes, uint32_t usecs, uint64_t hz, uint64_t now);

/* Accounts for a frame of `bytes` (of all segments, if it is to be cut) that passes at `now`; for a meter with a limit. */
void meter_pay(struct meter *meter, uint64_t now, uint32_t bytes);

/* Whether a frame may pass at `now` (ticks). NULL: always. */
static inline bool
meter_is_open(const struct meter *meter, uint64_t now)
{
	if (meter == NULL || __atomic_load_n(&meter->cost, __ATOMIC_RELAXED) == 0)
		return true;
	uint64_t limit = now * METER_SUBTICKS + __atomic_load_n(&meter->burst, __ATOMIC_RELAXED);
	return (int64_t)(__atomic_load_n(&meter->busy, __ATOMIC_RELAXED) - limit) <= 0;
}

/* A frame passes. NULL is allowed. */
static inline void
meter_charge(struct meter *meter, uint64_t now, uint32_t bytes)
{
	if (meter != NULL && __atomic_load_n(&meter->cost, __ATOMIC_RELAXED) != 0)
		meter_pay(meter, now, bytes);
}

#endif
