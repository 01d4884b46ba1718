/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port whose far end is a guest, whatever its rings look like: rates, backlog, and the settings
 * that change while the guest runs.
 *
 * Theory of operation: a kind of guest embeds a struct guest_port, which embeds a struct port.
 *
 * - To the guest: the kind's tx_burst() calls guest_port_send(). It puts the frames into the
 *   backlog and calls run(), which sends as many as the guest takes. run() goes through the backlog
 *   with guest_run_next() and guest_run_pay(), and ends with guest_run_settle() and
 *   guest_run_end(). The kind's rx_burst() first calls guest_port_retry(), for frames that waited.
 * - From the guest: the kind asks guest_take_next() before each frame, calls guest_take_pay() for
 *   it, and ends the burst with guest_take_end(). Frames beyond the rate stay in the guest's ring.
 *
 * Settings of the operator, which control may change at any time:
 *
 *   rates             meter_set() of the meters in struct guest_shared
 *   multicast filter  mcast_apply() of the filter of struct guest_shared
 *   longest frame     guest_port_set_max_frame()
 *   weight, policy    port_set_weight(), port_set_policy() (dp/port/port.h)
 *   pinned queues     dp_attach() and dp_move() (dp/engine/dp.h)
 *
 * Threads: owned like the port in it. struct guest_shared is shared by the queues of a guest and
 * belongs to control; its members say who may use them.
 */
#ifndef VPE_DP_GUEST_PORT_H
#define VPE_DP_GUEST_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"
#include "dp/frame/mcast.h"
#include "dp/frame/offload.h"
#include "dp/frame/worker.h"
#include "dp/guest/backlog.h"
#include "dp/guest/meter.h"
#include "dp/port/port.h"

/* The part that all queues of a guest share. Zero-initialise it: no limits, no filter. */
struct guest_shared {
	struct meter from_guest; /* rate of the guest's frames */
	struct meter to_guest;
	struct mcast_filter *mcast; /* NULL: none. It must outlive the port */
};

/* Counters of one queue that only a guest has. Any thread may read them, approximately. */
struct guest_port_stats {
	uint64_t n_backlog_bytes;   /* waiting for the guest now: see guest_port_get_stats() */
	uint64_t n_starved;         /* frames that waited in the guest for a free packet buffer */
	uint64_t n_rate_from_guest; /* frames that waited for the rate limit, each way */
	uint64_t n_rate_to_guest;
};

struct guest_port;

/* The part of a kind of guest that its rings decide. */
struct guest_ops {
	/* Sends frames of the backlog as far as the guest takes them, at most LIMIT_BURST. */
	void (*run)(struct guest_port *guest);
	/* Whether the guest would take `m` at once. */
	bool (*takes)(struct guest_port *guest, struct rte_mbuf *m);
	/* The same for `n` frames of the smallest size. */
	bool (*takes_small)(struct guest_port *guest, unsigned n);
};

struct guest_port {
	struct port port;
	const struct guest_ops *ops;
	struct meter *meter_from; /* NULL: no limit */
	struct meter *meter_to;   /* NULL: no limit */
	struct backlog backlog;
	struct guest_port_stats stats;
	/* a frame is waiting that is counted in n_starved, n_rate_from_guest or n_rate_to_guest */
	bool starved, held_from, held_to;
};

static inline struct guest_port *
guest_of(struct port *port)
{
	return container_of(port, struct guest_port, port);
}

/*
 * Initialises the common part, of a zeroed port. `ops`, `guest_ops` and `shared` must outlive it.
 * Returns 0 or -errno.
 */
int guest_port_init(struct guest_port *guest, const struct port_ops *ops,
		    const struct guest_ops *guest_ops, const char *name, uint16_t bridge,
		    struct guest_shared *shared);

/* Frees the common part and its frames. */
void guest_port_fini(struct guest_port *guest);

/* The operator's limit of the frame length, for all queues of `leader`; 0: none. Control. */
void guest_port_set_max_frame(struct port *leader, uint32_t max_frame);

/* Any thread, approximate. */
void guest_port_get_stats(const struct guest_port *guest, struct guest_port_stats *stats);

/*
 * Counts each frame that waits once, however many bursts find it waiting. `waits`: a waiting frame
 * ended this burst, which may have `moved` others before. `waiting`: a frame ended the last burst.
 */
static inline void
guest_count_wait(uint64_t *n, bool *waiting, bool waits, bool moved)
{
	*n += waits && (moved || !*waiting);
	*waiting = waits;
}

/* ---- to the guest ---- */

/* Takes ownership of the frames: sends them, keeps them in the backlog, or drops them. */
void guest_port_send(struct guest_port *guest, struct rte_mbuf **frames, unsigned n);

/*
 * Sends frames that waited because the guest was slow to take them, at that guest's expense. Call
 * it at the beginning of the port's turn.
 */
void guest_port_retry(struct guest_port *guest);

/*
 * Whether `n` more frames of `bytes` in total could wait for the guest, or at least begin to. Sends
 * from the backlog if it is full.
 */
bool guest_port_has_room(struct guest_port *guest, unsigned n, uint32_t bytes);

/* Drops all frames that wait. */
void guest_port_drop(struct guest_port *guest);

/* State of one run(). Zero-initialise it. */
struct guest_run {
	unsigned n; /* frames paid for, which are the oldest in the backlog */
	bool held;  /* the rate limit was reached */
};

/* The next frame to send, or NULL if the run ends. It stays in the backlog. */
static inline struct rte_mbuf *
guest_run_next(const struct guest_port *guest, const struct guest_run *run)
{
	return run->n < util_min(guest->backlog.n, LIMIT_BURST)
		       ? backlog_peek(&guest->backlog, run->n)
		       : NULL;
}

/*
 * Call it for each frame that the guest takes, before it is sent. Returns false, and the run ends
 * without the frame, if the rate limit is reached.
 */
static inline bool
guest_run_pay(struct guest_port *guest, struct guest_run *run, const struct rte_mbuf *m)
{
	const struct worker *w = guest->port.owner;

	if (!meter_is_open(guest->meter_to, w->now)) {
		run->held = true;
		guest->backlog.moved_ms = w->now_ms; /* it is not the guest that holds them back */
		return false;
	}
	meter_charge(guest->meter_to, w->now,
		     offload_wire_bytes(m->pkt_len, offload_gso_headers(m),
					offload_is_gso(m) ? m->tso_segsz : 0));
	run->n++;
	guest->port.stats.tx_frames++;
	guest->port.stats.tx_bytes += m->pkt_len;
	return true;
}

/* Call it when no more frames are paid for. Returns whether any was. */
bool guest_run_settle(struct guest_port *guest, const struct guest_run *run);

/* Call it when the frames were sent, if there were any: frees them. */
static inline void
guest_run_end(struct guest_port *guest, const struct guest_run *run)
{
	backlog_pop(&guest->backlog, &guest->port, run->n);
}

/* ---- from the guest ---- */

/* State of one burst from the guest: see guest_take_begin(). */
struct guest_take {
	int64_t reserve; /* work that is kept for forwarding the frames */
	bool starved;    /* set by the kind: no buffer was free for the next frame */
	bool held;       /* the rate limit was reached */
};

static inline struct guest_take
guest_take_begin(const struct guest_port *guest)
{
	return (struct guest_take){ .reserve = guest->port.owner->work / 2 };
}

/*
 * Whether another frame may be taken. Otherwise the guest's frames stay where they are; nothing is
 * dropped.
 */
static inline bool
guest_take_next(const struct guest_port *guest, struct guest_take *take)
{
	const struct worker *w = guest->port.owner;

	if (w->work <= take->reserve)
		return false;
	take->held = !meter_is_open(guest->meter_from, w->now);
	return !take->held;
}

/* A frame was taken: `bytes` of data, `wire_bytes` after segmentation. */
static inline void
guest_take_pay(struct guest_port *guest, uint32_t bytes, uint32_t wire_bytes)
{
	meter_charge(guest->meter_from, guest->port.owner->now, wire_bytes);
	guest->port.owner->work -= bytes;
}

/* Ends the burst, in which `n` frames were taken. */
static inline void
guest_take_end(struct guest_port *guest, const struct guest_take *take, unsigned n)
{
	guest_count_wait(&guest->stats.n_starved, &guest->starved, take->starved, n > 0);
	guest_count_wait(&guest->stats.n_rate_from_guest, &guest->held_from, take->held, n > 0);
}

/* ---- before a sleep ---- */

/* Whether nothing but the guest is waited for, each way: nobody tells when a meter opens. */
static inline bool
guest_is_open_from(const struct guest_port *guest)
{
	return meter_is_open(guest->meter_from, guest->port.owner->now);
}

static inline bool
guest_is_open_to(const struct guest_port *guest)
{
	return guest->backlog.n == 0 || meter_is_open(guest->meter_to, guest->port.owner->now);
}

#endif
