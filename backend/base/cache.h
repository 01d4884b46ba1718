/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hints to the CPU where a line of memory will be wanted. They change nothing but the time. Any thread.
 *
 * These are statements of assembly, because compilers leave out a function of which they know that it only gives hints.
 */
#ifndef VPE_BASE_CACHE_H
#define VPE_BASE_CACHE_H

/* It will be wanted here, soon. */
static inline void
cache_fetch(const void *line)
{
#ifdef __x86_64__
	__asm__ volatile("prefetcht0 %0" : : "m"(*(const char *)line));
#else
	__builtin_prefetch(line);
#endif
}

/* It will be wanted by another CPU, which finds it sooner in the cache that all share. A CPU that does not know how does nothing. */
static inline void
cache_demote(const void *line)
{
#ifdef __x86_64__
	__asm__ volatile("cldemote %0" : : "m"(*(const char *)line));
#else
	(void)line;
#endif
}

#endif
