/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pollers' clock: the TSC, but one that never goes back. Private to dp.
 *
 * A machine that sleeps (S3), or a domain that is restored or migrated, goes on with another TSC, often one that began at 0. Then
 * all that compares times would wait for as long as the machine had been up. So a reading that is before the last one moves
 * what is added to the TSC: time goes on from there. One number for all pollers, since they compare times of each other's.
 * Threads: any; no lock.
 */
#ifndef VPE_DP_TICKS_H
#define VPE_DP_TICKS_H

#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_cycles.h>

extern uint64_t ticks_base; /* added to the TSC */

/* Moves `base` so that `tsc` stands for `last` or later. Returns the time then. */
uint64_t ticks_go_on(uint64_t *base, uint64_t tsc, uint64_t last);

/* The time at `tsc`; not before `last`, what the caller read before. */
static inline uint64_t
ticks_at(uint64_t *base, uint64_t tsc, uint64_t last)
{
	uint64_t now = tsc + __atomic_load_n(base, __ATOMIC_RELAXED);

	return likely((int64_t)(now - last) >= 0) ? now : ticks_go_on(base, tsc, last);
}

/* The time in ticks of the TSC; `last`: what the caller read before, or 0. */
static inline uint64_t
ticks_now(uint64_t last)
{
	return ticks_at(&ticks_base, rte_rdtsc(), last);
}

#endif
