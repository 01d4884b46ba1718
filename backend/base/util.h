/* SPDX-License-Identifier: BSD-3-Clause */
/* Small helpers for all layers. */
#ifndef VPE_BASE_UTIL_H
#define VPE_BASE_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* container_of: the object whose member `member` is at `ptr`. */
#define member_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#define util_min(a, b) ((a) < (b) ? (a) : (b))
#define util_max(a, b) ((a) > (b) ? (a) : (b))

/* CLOCK_MONOTONIC in milliseconds. */
static inline uint64_t
util_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif
