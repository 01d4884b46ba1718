/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells the service manager that the daemon is alive, as long as every poller is.
 *
 * A poller's count of rounds moves at least every 100 ms, also while it sleeps. The control thread
 * compares the counts now and then; that it does so shows that it runs itself. A thread that hangs
 * keeps the manager from hearing of us, and it then restarts the daemon. Threads: control thread.
 */
#ifndef VPE_CTL_WATCHDOG_H
#define VPE_CTL_WATCHDOG_H

#include <stdint.h>

#include "dp/engine/dp.h"

/* Zero-initialise it: there is no service manager that waits. */
struct watchdog {
	void (*alive)(void);  /* NULL: nobody wants to know */
	unsigned interval_ms; /* between two calls, at most */
	uint64_t due_ms;
	uint64_t n_loops[LIMIT_POLLERS]; /* as last seen */
};

/* Calls alive() if it is due and all pollers have moved since the last call. */
void watchdog_run(struct watchdog *dog, const struct dp *dp, uint64_t now_ms);

/* Returns when watchdog_run() is due next. CLOCK_NEVER: never. */
uint64_t watchdog_due(const struct watchdog *dog);

#endif
