/* SPDX-License-Identifier: BSD-3-Clause */
/* The pollers' clock. */
#include "dp/frame/ticks.h"

uint64_t ticks_base;

uint64_t
ticks_go_on(uint64_t *base, uint64_t tsc, uint64_t last)
{
	uint64_t old = __atomic_load_n(base, __ATOMIC_RELAXED);

	/* Another poller may have moved it already, and further. */
	while ((int64_t)(tsc + old - last) < 0) {
		if (__atomic_compare_exchange_n(base, &old, last - tsc, true, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return last;
	}
	return tsc + old;
}
