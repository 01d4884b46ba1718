/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells ThreadSanitizer about an order between threads that it cannot see: a DPDK ring in the mode
 * "relaxed tail sync" reads the producers' tail with a plain load (docs/THREADS.md, "About the
 * rings"), and rte_eal_remote_launch() is in a library that is not instrumented. In other builds
 * nothing is left of it.
 */
#ifndef VPE_BASE_SYNC_H
#define VPE_BASE_SYNC_H

#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *address);
void __tsan_release(void *address);

/* All that the thread did before is done when another one gets beyond sync_take(object). */
#define sync_give(object) __tsan_release(object)
#define sync_take(object) __tsan_acquire(object)
#else
#define sync_give(object) ((void)(object))
#define sync_take(object) ((void)(object))
#endif

#endif
