/* SPDX-License-Identifier: BSD-3-Clause */
/* The control plane's clock. Called by all of ctl that waits for something. */
#include "ctl/clock.h"

#include <time.h>

uint64_t
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}
