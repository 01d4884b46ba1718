/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache hints for the CPU. They affect only timing. Any thread.
 *
 * These are assembly statements, because compilers remove calls of functions that only give hints.
 */
#ifndef VPE_BASE_CACHE_H
#define VPE_BASE_CACHE_H

/* Prefetches the cache line (prefetcht0). */
static inline void
cache_fetch(const void *line)
{
#ifdef __x86_64__
	__asm__ volatile("prefetcht0 %0" : : "m"(*(const char *)line));
#else
	__builtin_prefetch(line);
#endif
}

/*
 * Moves the cache line to the shared cache level, for another CPU that will read it soon
 * (cldemote). A no-op on CPUs without it.
 */
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
