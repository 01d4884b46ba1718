/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pollers' clock: the TSC, made monotonic. Private to dp.
 *
 * After a suspend (S3), or in a domain that was restored or migrated, the TSC may start again,
 * often at 0. Time comparisons would then stall for as long as the machine had been up. So a
 * reading before the last one raises the base that is added to the TSC, and time continues from
 * there. All pollers share one base, because they compare each other's times.
 * Threads: any; no lock.
 */
#ifndef VPE_DP_TICKS_H
#define VPE_DP_TICKS_H

#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_cycles.h>

extern uint64_t ticks_base; /* added to the TSC */

/* Raises `base` so that `tsc` stands for `last` or later. Returns the resulting time. */
uint64_t ticks_go_on(uint64_t *base, uint64_t tsc, uint64_t last);

/* The time at `tsc`, but not before `last`, the caller's previous reading. */
static inline uint64_t
ticks_at(uint64_t *base, uint64_t tsc, uint64_t last)
{
	uint64_t now = tsc + __atomic_load_n(base, __ATOMIC_RELAXED);

	return likely((int64_t)(now - last) >= 0) ? now : ticks_go_on(base, tsc, last);
}

/* The time in TSC ticks. `last` is the caller's previous reading, or 0. */
static inline uint64_t
ticks_now(uint64_t last)
{
	return ticks_at(&ticks_base, rte_rdtsc(), last);
}

#endif
