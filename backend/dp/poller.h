/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A polling thread: its loop, its ports, its switch. Private to dp.
 *
 * Theory of operation: one loop iteration takes hand-off requests, polls each owned port once (at most
 * LIMIT_BURST frames), switches what came as far as the port's share goes (share.h), takes crossing frames, flushes the
 * output. Nothing in it allocates
 * memory, takes a lock or logs; the system calls are the ports' own (batched grant copy, notify, a kernel device's
 * batch). In the mode adaptive an idle poller arms its ports and sleeps in epoll; in the mode nap it sleeps for a short
 * time without that, so it is late by that time at most and nobody need wake it.
 * Threads: everything but the counters belongs to the polling thread while it runs.
 */
#ifndef VPE_DP_POLLER_H
#define VPE_DP_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ring.h>

#include "dp/copy.h"
#include "dp/crossing.h"
#include "dp/dp.h"
#include "dp/pool.h"
#include "dp/port.h"
#include "dp/share.h"
#include "dp/slots.h"
#include "sw/switch.h"

/* Scratch for one packet on its way from a guest. */
struct from_guest_packet {
	struct gpkt pkt;
	struct rte_mbuf *m;
	struct slot_rsp *rsp; /* the first slot's answer */
	int16_t copy[LIMIT_SLOTS_ACCEPTED];
};

struct dp_bridges;
struct handoff;

struct poller {
	struct dp *dp;
	const struct dp_bridges *bridges;
	unsigned bridges_seen;     /* their generation that the switch knows */
	unsigned lcore; /* EAL's id of the thread */
	int cpu;
	struct pools *pools;
	unsigned n_waiting[POOL_N];     /* sum over the owned ports */
	unsigned n_waiting_max[POOL_N]; /* POOL_USE_WAITING */
	struct sw *sw;
	struct rte_ring *handoffs; /* struct handoff *; many producers, the poller consumes */
	int wake_fd;               /* eventfd: ends the sleep */
	int epoll_fd;              /* wake_fd and the fds of the owned ports */
	bool sleeping;             /* written by the poller (seq_cst), read by whoever gives it work */
	bool stop;                 /* written by control (release) */
	uint64_t now;              /* ticks; read in every iteration that moved frames and in every few others */
	uint64_t notify_delay;     /* LIMIT_NOTIFY_DELAY_US in TSC ticks */
	uint64_t crossing_wait;    /* LIMIT_CROSSING_WAIT_MS in TSC ticks */
	uint64_t foreign_age;      /* between two foreign_age(), in TSC ticks */
	unsigned idle_us;          /* of idleness before a sleep; 0 = never sleep */
	unsigned nap_us;           /* length of each sleep; 0 = until a port or somebody else wakes it */
	unsigned blind_us;         /* longest sleep while a port cannot wake us */
	uint64_t now_ms;           /* `now` in milliseconds */
	uint64_t next_ms;          /* when `now` reaches this, now_ms grows */
	struct port *port[LIMIT_PORTS]; /* all attached ports, by id */
	struct port *own[LIMIT_PORTS];
	unsigned n_own;
	uint64_t busy;             /* TSC ticks of iterations that moved frames */
	bool is_starved; /* no buffer was free for what a port had */
	int64_t work;              /* that may still be done for the port whose turn it is: whoever does some takes its cost off */
	struct sharing sharing;
	struct crossings crossings;
	struct dp_poller_stats stats;
	struct copy_batch copy;
	struct from_guest_packet from_guest[LIMIT_BURST];
};

/* 0 or -errno; `poller` is zeroed, with dp, lcore, cpu and pools set. */
int poller_init(struct poller *pl, unsigned idx, const struct dp_params *params, const struct xen_ops *xen);

/* The thread must have ended. */
void poller_fini(struct poller *pl);

/* The thread's function, in the form that rte_eal_remote_launch() wants. */
int poller_main(void *poller);

/* Switches the frames that the port holds as far as pl->work goes. */
void poller_switch(struct poller *pl, struct port *in);

/* Has the poller do `request` at the top of its loop. Control and other pollers. */
void poller_request(struct poller *pl, struct handoff *request);

/* Has the poller woken by the port's descriptor, if it is to be. False: the kernel would not. The poller. */
bool poller_watch(struct poller *pl, struct port *port);

/* Does what was requested. The poller. */
void poller_take_handoffs(struct poller *pl);

/* Whether a bridge's flags have changed. Has the switch take what they are now. The poller. */
bool poller_has_bridges(const struct poller *pl);
void poller_take_bridges(struct poller *pl);

/*
 * Sends frames that other pollers have put into the port's ring: LIMIT_BURST at most, and a round's work. Returns how many. The
 * owner.
 */
unsigned poller_take_crossing(struct poller *pl, struct port *port);

static inline bool
poller_owns(const struct poller *pl, const struct port *port)
{
	/* Acquire: pairs with the release of who had it before; all that was done to the port happened before. */
	return __atomic_load_n(&port->owner, __ATOMIC_ACQUIRE) == pl;
}

/* Ends the poller's sleep, if it sleeps. Any thread, after it made work visible. */
void poller_wake(struct poller *pl);
/* The same for the poller that has the port, if one has. */
void poller_wake_owner(const struct port *port);

#endif
