/* SPDX-License-Identifier: BSD-3-Clause */
/* Small helpers for all layers. */
#ifndef VPE_BASE_UTIL_H
#define VPE_BASE_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * The object of `type` whose member `member` is at `ptr`. It is const if the member is. DPDK has a
 * macro of this name as well, which drops the const.
 */
#undef container_of
/* clang-format off */
#ifdef CPPCHECK_HAS_NO_GENERIC /* tests/lint/cppcheck.h */
#define container_of(ptr, type, member) CONTAINER_(ptr, type, member)
#else
#define container_of(ptr, type, member)                                                            \
	_Generic((ptr),                                                                            \
		__typeof__(((type *)NULL)->member) *: CONTAINER_(ptr, type, member),               \
		const __typeof__(((type *)NULL)->member) *: CONTAINER_(ptr, const type, member))
#endif
#define CONTAINER_(ptr, type, member) ((type *)((uintptr_t)(ptr) - offsetof(type, member)))
/* clang-format on */

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
