/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that wait until a guest takes them, oldest first. Private to dp.
 *
 * The backlog is bounded in frames and bytes (LIMIT_BACKLOG_FRAMES, LIMIT_BACKLOG_BYTES), and by
 * the port's share of the poller's buffers (dp/port/waiting.h). A frame that does not fit is
 * dropped. A guest that took nothing for LIMIT_STALL_MS is stalled: it loses its backlog but for
 * one frame, and nothing more waits for it.
 *
 * Threads: the port's owner.
 */
#ifndef VPE_DP_BACKLOG_H
#define VPE_DP_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/frame/worker.h"
#include "dp/port/port.h"
#include "dp/port/waiting.h"

struct backlog {
	struct rte_mbuf *frame[LIMIT_BACKLOG_FRAMES];
	unsigned head; /* free-running; index modulo the size */
	unsigned n;
	uint32_t bytes;
	uint64_t moved_ms; /* when the guest last took a frame, or the backlog was empty */
};

/* Frame `i`, counted from the oldest. There are more than `i`. */
static inline struct rte_mbuf *
backlog_peek(const struct backlog *backlog, unsigned i)
{
	return backlog->frame[(backlog->head + i) % LIMIT_BACKLOG_FRAMES];
}

static inline bool
backlog_is_stalled(const struct backlog *backlog, const struct port *port)
{
	/*
	 * Another poller, whose clock is ahead, may have set moved_ms, so the difference is signed.
	 */
	return backlog->n > 0 &&
	       (int64_t)(port->owner->now_ms - backlog->moved_ms) >= LIMIT_STALL_MS;
}

/* Whether `n` more frames of `bytes` in total are within the limits. */
static inline bool
backlog_is_below(const struct backlog *backlog, unsigned n, uint32_t bytes)
{
	return backlog->n + n <= LIMIT_BACKLOG_FRAMES &&
	       backlog->bytes + bytes <= LIMIT_BACKLOG_BYTES;
}

/* Whether `m` may wait for the guest of `port`. */
static inline bool
backlog_has_room(const struct backlog *backlog, const struct port *port, const struct rte_mbuf *m)
{
	return backlog_is_below(backlog, 1, m->pkt_len) && !backlog_is_stalled(backlog, port) &&
	       waiting_has_room(port, pool_kind_of(port->owner->pools, m));
}

/* Adds a frame. The caller has checked the limits. */
static inline void
backlog_push(struct backlog *backlog, struct port *port, struct rte_mbuf *m)
{
	if (backlog->n == 0)
		backlog->moved_ms = port->owner->now_ms;
	backlog->frame[(backlog->head + backlog->n++) % LIMIT_BACKLOG_FRAMES] = m;
	backlog->bytes += m->pkt_len;
	waiting_count(port, m, 1);
}

/* Frees the `n` oldest frames. */
void backlog_pop(struct backlog *backlog, struct port *port, unsigned n);

/* The same, and counts them as dropped. */
void backlog_drop(struct backlog *backlog, struct port *port, unsigned n);

/* Frees all frames of a port that no poller has. */
void backlog_free(struct backlog *backlog);

#endif
