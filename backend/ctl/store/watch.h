/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Store watches and the callbacks they invoke.
 *
 * A token names a slot of a fixed table and a serial number, so that a late event of a removed
 * watch is recognised and dropped. A watch that the store refuses (quota, memory) may be kept; it
 * is then tried again every second. Threads: control thread.
 */
#ifndef VPE_CTL_WATCH_H
#define VPE_CTL_WATCH_H

#include <stdint.h>

#include "ctl/store/node.h"

struct watches;
struct watch;

/* Something at or below the watched path may have changed. */
typedef void watch_fn(void *owner, const char *path);

/* `xs` must outlive the result. Returns NULL if memory is short. */
struct watches *watches_create(const struct xstore *xs);

/* Removes all watches. NULL is allowed. */
void watches_destroy(struct watches *watches);

/*
 * Watches `path`; the watch fires once immediately. Returns NULL with errno: ENOSPC if the table is
 * full, or the store's error.
 */
struct watch *watch_add(struct watches *watches, const char *path, watch_fn *fn, void *owner);

/*
 * As watch_add(), but keeps and logs a watch that the store refuses. Returns NULL with ENOSPC if
 * the table is full.
 */
struct watch *watch_keep(struct watches *watches, const char *path, watch_fn *fn, void *owner);

/* Removes a watch; its callback is not called any more. NULL is allowed. */
void watch_remove(struct watches *watches, struct watch *watch);

/*
 * Sets all watches on a new connection; each fires immediately. Those that the store refuses are
 * kept and logged. Returns 0, or -errno if it refuses all.
 */
int watches_renew(struct watches *watches);

/* Tries to set the refused watches again. */
void watches_retry(struct watches *watches, uint64_t now_ms);

/* Returns when watches_retry() is due next. CLOCK_NEVER: no watch was refused. */
uint64_t watches_due(const struct watches *watches);

/*
 * Takes at most `max` events from the store and calls the watches' callbacks. Returns the number of
 * events; negative if the connection to the store is lost.
 */
int watches_dispatch(struct watches *watches, unsigned max);

#endif
