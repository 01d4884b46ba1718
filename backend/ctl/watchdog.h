/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells the service manager that the daemon is alive, as long as every poller and the control
 * thread are.
 *
 * Theory of operation: a thread of its own looks at counters. A poller's count of rounds moves at
 * least every 100 ms, also while it sleeps. The control thread beats once in each round of its
 * event loop. It may wait long for a xenstored that is stopped or overloaded, while frames flow on,
 * so it is given much more time. If one of them hangs, the manager does not hear of us, and
 * restarts the daemon.
 */
#ifndef VPE_CTL_WATCHDOG_H
#define VPE_CTL_WATCHDOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "dp/engine/dp.h"

#define WATCHDOG_CONTROL_MS 300000u /* the control thread may be silent for that long */

/* Zero-initialise it: nobody wants to know. */
struct watchdog {
	void (*alive)(void);
	unsigned interval_ms; /* between two calls, at most */
	const struct dp *dp;
	uint64_t beat_ms; /* written by the control thread, read by the watchdog's (relaxed) */
	/* the watchdog's thread */
	uint64_t n_loops[LIMIT_POLLERS]; /* as last seen */
	pthread_t thread;
	int stop_fd; /* eventfd: ends the thread */
	bool runs;
};

/*
 * Starts the thread, unless `alive` is NULL or `interval_ms` 0. Returns 0 or -errno. Control
 * thread.
 */
int watchdog_start(struct watchdog *dog, const struct dp *dp, void (*alive)(void),
		   unsigned interval_ms, uint64_t now_ms);

/* Ends it. Control thread. */
void watchdog_stop(struct watchdog *dog);

/* The control thread runs. */
void watchdog_beat(struct watchdog *dog, uint64_t now_ms);

/*
 * Calls alive() if all pollers have moved since the last call, and control has beaten. Returns in
 * how many milliseconds to look again. The watchdog's thread.
 */
unsigned watchdog_look(struct watchdog *dog, uint64_t now_ms);

#endif
