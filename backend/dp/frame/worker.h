/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The thread that runs a port, as the port sees it: buffers, clock, and what its turn may still
 * cost. A poller embeds one. Private to dp.
 * Threads: belongs to the polling thread, except for worker_signal().
 */
#ifndef VPE_DP_WORKER_H
#define VPE_DP_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "dp/frame/blame.h"
#include "dp/frame/pool.h"

struct vif_scratch;

/*
 * Costs of operations other than copying, in units of the time to copy one byte. Rounded to orders
 * of magnitude.
 */
#define WORK_FRAME 2048 /* switching a frame, sending it to a port, or making a GSO segment */
#define WORK_SLOT 1024  /* a slot of a guest's tx ring: parsing, grant copy, response */
#define WORK_MAP 32768  /* mapping or unmapping a page of a guest */

struct worker {
	struct pools *pools;
	/* clock in ticks, read in iterations that moved frames and in every 16th other one */
	uint64_t now;
	uint64_t now_ms; /* `now` in milliseconds */
	/* work left for the port whose turn it is; each function subtracts its own cost */
	int64_t work;
	bool is_starved;                /* a port had input but no buffer was free */
	unsigned n_waiting[POOL_N];     /* sum over the owned ports (dp/port/waiting.h) */
	unsigned n_waiting_max[POOL_N]; /* POOL_USE_WAITING */
	struct blame *blame;            /* never NULL while a guest's port is owned */
	struct vif_scratch *vif;        /* owned by the code of vifs (dp/vif/vif_scratch.h) */
	int signal_fd;                  /* eventfd of control: see dp_event_fd() */
};

/* Makes dp_event_fd() readable. Any thread. */
static inline void
worker_signal(const struct worker *worker)
{
	uint64_t one = 1;

	if (write(worker->signal_fd, &one, sizeof(one)) < 0)
		return; /* EAGAIN: it is already readable */
}

#endif
