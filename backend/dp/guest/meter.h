/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rate limit of one guest in one direction, across all pollers of its queues.
 *
 * Theory of operation: the generic cell rate algorithm (GCRA). Its state is one number, `busy`: the
 * time until which the line is busy with all bytes so far (the theoretical arrival time). The meter
 * is open while `busy` is at most one burst ahead of the clock. Each frame that passes advances
 * `busy` by its time on the line. This is a token bucket of depth `burst` that the last frame may
 * overdraw, whatever its length. Later frames wait until that is repaid, so the rate holds over any
 * time that is long compared to the burst.
 *
 * rte_meter does not fit: several pollers charge one meter at the same time.
 *
 * Times are in sixteenths of a tick (dp/frame/ticks.h), compared by difference, so they may wrap.
 *
 * Threads: control may set it and pollers may query and charge it at any time, without a lock.
 * Source: ITU-T I.371, annex A.
 */
#ifndef VPE_DP_METER_H
#define VPE_DP_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METER_SUBTICKS 16u /* a small frame on a fast line takes only a few ticks */
#define METER_COST_SHIFT 20

/*
 * The burst is what the rate allows in its interval, but at least in this time: pollers sleep, are
 * preempted and serve other ports, and the bandwidth of such pauses must not be lost. That is 128
 * KiB at 13 MB/s.
 */
#define METER_BURST_MIN_US 10000u

/* Zero-initialise it: no limit. */
struct meter {
	uint64_t cost;  /* time on the line of 2^METER_COST_SHIFT bytes; 0: no limit */
	uint64_t burst; /* how far `busy` may be ahead of the clock */
	uint64_t busy;  /* time until which the line is busy */
};

/*
 * Sets the rate to `bytes` per `usecs`; no limit if either is 0. Overdrafts are forgiven. The
 * slowest rate is about one byte in five minutes.
 */
void meter_set(struct meter *meter, uint64_t bytes, uint32_t usecs);

/* The same for a clock of `hz` ticks a second (up to 2^33) that reads `now`. */
void meter_set_at(struct meter *meter, uint64_t bytes, uint32_t usecs, uint64_t hz, uint64_t now);

/*
 * Charges a frame that passes at `now` (ticks). `bytes` counts all segments of a GSO frame that is
 * to be segmented. Only for a meter with a limit.
 */
void meter_pay(struct meter *meter, uint64_t now, uint32_t bytes);

/* Whether a frame may pass at `now` (ticks). A NULL meter is always open. */
static inline bool
meter_is_open(const struct meter *meter, uint64_t now)
{
	if (meter == NULL || __atomic_load_n(&meter->cost, __ATOMIC_RELAXED) == 0)
		return true;
	uint64_t limit = now * METER_SUBTICKS + __atomic_load_n(&meter->burst, __ATOMIC_RELAXED);
	return (int64_t)(__atomic_load_n(&meter->busy, __ATOMIC_RELAXED) - limit) <= 0;
}

/* Charges a frame that passes. NULL is allowed. */
static inline void
meter_charge(struct meter *meter, uint64_t now, uint32_t bytes)
{
	if (meter != NULL && __atomic_load_n(&meter->cost, __ATOMIC_RELAXED) != 0)
		meter_pay(meter, now, bytes);
}

#endif
