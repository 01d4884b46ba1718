/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Store watches and who is told when they fire.
 *
 * A token names a slot of a fixed table and a serial number, so that an event of a watch that is gone already is
 * recognised and dropped. One that the store refuses (a quota, memory) may be kept nevertheless, and is tried again every second.
 * Threads: control thread.
 */
#ifndef VPE_CTL_WATCH_H
#define VPE_CTL_WATCH_H

#include <stdint.h>

#include "ctl/node.h"

struct watches;
struct watch;

/* Told that something at or below the watched path may have changed. */
typedef void watch_fn(void *owner, const char *path);

/* `xs` must outlive it. NULL if memory is short. */
struct watches *watches_create(const struct xstore *xs);

/* Ends all watches. NULL is allowed. */
void watches_destroy(struct watches *watches);

/* Watches `path`; fires once at once. NULL with errno: ENOSPC if the table is full, or the store's error. */
struct watch *watch_add(struct watches *watches, const char *path, watch_fn *fn, void *owner);

/* The same, but a watch that the store refuses is kept and told of in the log. NULL with ENOSPC if the table is full. */
struct watch *watch_keep(struct watches *watches, const char *path, watch_fn *fn, void *owner);

/* Ends it; its owner is not told any more. NULL is allowed. */
void watch_remove(struct watches *watches, struct watch *watch);

/*
 * Sets all of them on a new connection; each fires at once. Those that the store refuses are kept and told of. 0, or -errno if it
 * refuses all.
 */
int watches_renew(struct watches *watches);

/* Tries to set those that were refused. */
void watches_retry(struct watches *watches, uint64_t now_ms);

/* When watches_retry() is to be called next; CLOCK_NEVER: when something happens. */
uint64_t watches_due(const struct watches *watches);

/*
 * Takes at most `max` fired watches from the store and tells their owners. Returns how many; negative: the connection
 * to the store is lost.
 */
int watches_dispatch(struct watches *watches, unsigned max);

#endif
