/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports that a case makes itself: they give exactly as many frames as it wants, without a guest or
 * a control plane, and count what is sent to them. In the poller's own time they also say how long
 * a frame was on its way.
 */
#ifndef VPE_SIM_SOURCE_H
#define VPE_SIM_SOURCE_H

#include <stdint.h>

#include "dp/port/port.h"

#define SOURCE_LEN 60u
#define SOURCE_BUCKETS 512u /* of delays */
#define SOURCE_BUCKET_US 4u /* that each is wide; what is longer is in the last one */

struct source {
	struct port port; /* of weight 1 */
	int poller;       /* that it is attached to */
	unsigned supply;  /* frames a round at most */
	unsigned every;   /* only in each so many rounds; 0 and 1: in each */
	/*
	 * or one frame in so much of the poller's CPU time, from `due_ns` on; 0: as many as it may
	 */
	uint64_t period_ns;
	uint64_t due_ns;
	unsigned slow_ns; /* that each frame takes that is sent to it */
	/*
	 * that each of its frames costs; it stops at half of the work it may do, as a guest's ring
	 * does
	 */
	unsigned work;
	uint8_t dst[6], src[6];      /* of its frames */
	uint64_t n_rounds, n_frames; /* written by the poller */
	unsigned n_to_count;         /* rounds; counted down by the poller */
	uint64_t n_counted;          /* frames given in these */
	/* frames sent to it; those whose source address ends with SOURCE_MARK */
	uint64_t n_out, n_out_marked;
	/* of the marked ones with a time in them, by the time since they were due */
	uint64_t n_delayed[SOURCE_BUCKETS];
};

#define SOURCE_MARK 0xb

/* `supply` frames a round, from an address to another one that nobody has. */
void source_make(struct source *s, const char *name, uint16_t bridge, unsigned supply);
/* Attaches it with all its queues, and waits for that. */
void source_attach(struct source *s);
/* Detaches the leader `s` of `n` queues, which are the first of an array, and ends them. */
void source_end(struct source *s, unsigned n);

/* Microseconds that `percent` of the delays since n_delayed[] was `before` are below. */
unsigned source_delay_us(const struct source *s, const uint64_t *before, unsigned percent);

#endif
