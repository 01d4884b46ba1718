/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells the service manager that the daemon is alive. */
#include "ctl/watchdog.h"

#include <stdbool.h>

#include "ctl/store/clock.h"

#define ROUNDS_MS 200u /* a poller that runs makes a round in this time */

void
watchdog_run(struct watchdog *dog, const struct dp *dp, uint64_t now_ms)
{
	bool moved = true;

	if (dog->alive == NULL || now_ms < dog->due_ms)
		return;
	for (unsigned i = 0; i < dp_n_pollers(dp); i++) {
		struct dp_poller_stats stats;
		dp_get_poller_stats(dp, i, &stats);
		moved = moved && stats.n_loops != dog->n_loops[i];
	}
	/* Look again soon, and leave the counts as they are: each poller has to move. */
	dog->due_ms = now_ms + (moved ? dog->interval_ms : ROUNDS_MS);
	if (!moved)
		return;
	for (unsigned i = 0; i < dp_n_pollers(dp); i++) {
		struct dp_poller_stats stats;
		dp_get_poller_stats(dp, i, &stats);
		dog->n_loops[i] = stats.n_loops;
	}
	dog->alive();
}

uint64_t
watchdog_due(const struct watchdog *dog)
{
	return dog->alive == NULL ? CLOCK_NEVER : dog->due_ms;
}
