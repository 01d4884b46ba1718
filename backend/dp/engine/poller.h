/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A polling thread: its loop, its ports, its switch. Private to dp.
 *
 * Theory of operation: a loop iteration takes hand-off requests, polls each owned port once (at
 * most LIMIT_BURST frames), switches the frames as far as the port's share of work goes (share.h),
 * takes crossing frames and flushes the output. It allocates no memory, takes no lock and does not
 * log. The only system calls are those of the ports: batched grant copy, notify, the batches of a
 * kernel device.
 *
 * An idle poller in adaptive mode arms its ports and sleeps in epoll. In nap mode it sleeps nap_us
 * without arming its ports: latency grows by at most nap_us, and guests need not send events.
 * Threads: everything but the counters belongs to the polling thread while it runs.
 */
#ifndef VPE_DP_POLLER_H
#define VPE_DP_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ring.h>

#include "dp/engine/dp.h"
#include "dp/engine/share.h"
#include "dp/frame/worker.h"
#include "dp/port/crossing.h"
#include "dp/port/port.h"
#include "sw/switch.h"

struct dp_bridges;
struct handoff;

struct poller {
	struct worker w; /* the part that ports see */
	const struct dp_bridges *bridges;
	unsigned bridges_seen; /* the generation that the switch knows */
	unsigned lcore;        /* EAL's id of the thread */
	int cpu;
	struct sw *sw;
	struct rte_ring *handoffs; /* struct handoff *; many producers, one consumer: the poller */
	int wake_fd;               /* eventfd: ends the sleep */
	int epoll_fd;              /* watches wake_fd and the descriptors of the owned ports */
	/* written by the poller, read by any thread that gives it work (seq_cst) */
	bool sleeping;
	bool stop;                      /* written by control (release) */
	uint64_t crossing_wait;         /* LIMIT_CROSSING_WAIT_MS in ticks */
	unsigned idle_us;               /* idle time before a sleep; 0: never sleep */
	unsigned nap_us;                /* length of a nap; 0: sleep until woken */
	unsigned blind_us;              /* longest sleep while a port cannot wake us */
	uint64_t next_ms;               /* value of w.now at which w.now_ms advances */
	struct port *port[LIMIT_PORTS]; /* all attached ports, by id */
	struct port *own[LIMIT_PORTS];
	unsigned n_own;
	uint64_t busy; /* ticks in busy iterations; see dp_poller_stats.busy_us */
	void (*confine)(void);
	struct sharing sharing;
	struct crossings crossings;
	struct blame own_blame; /* if there is none that outlives the process */
	struct dp_poller_stats stats;
};

/*
 * Initialises `pl`, which is zeroed except for the members set by start_poller(). Returns 0 or
 * -errno.
 */
int poller_init(struct poller *pl, unsigned idx, const struct dp_params *params,
		const struct xen_ops *xen);

/* Frees what poller_init() made. The thread must have ended. */
void poller_fini(struct poller *pl);

/* The thread's function, for rte_eal_remote_launch(). */
int poller_main(void *poller);

/*
 * Switches the port's held frames as far as pl->w.work goes. When it returns, all frames that cross
 * are in their rings.
 */
void poller_switch(struct poller *pl, struct port *in);

/* Has the poller do `request` at the top of its loop. For control and other pollers. */
void poller_request(struct poller *pl, struct handoff *request);

/*
 * Adds the port's descriptor to the epoll set, if the port is to wake the poller. Returns false if
 * the kernel refused. Poller only.
 */
bool poller_watch(struct poller *pl, struct port *port);

/* Does all pending requests. Poller only. */
void poller_take_handoffs(struct poller *pl);

/*
 * The first returns whether bridge flags have changed, the second passes them to the switch. Poller
 * only.
 */
bool poller_has_bridges(const struct poller *pl);
void poller_take_bridges(struct poller *pl);

/*
 * Sends frames from the port's crossing ring, at most LIMIT_BURST and one round's work. Returns
 * their number. Owner only.
 */
unsigned poller_take_crossing(struct poller *pl, struct port *port);

static inline bool
poller_owns(const struct poller *pl, const struct port *port)
{
	/*
	 * Acquire: pairs with the previous owner's release, so all it did to the port happened
	 * before.
	 */
	return __atomic_load_n(&port->owner, __ATOMIC_ACQUIRE) == &pl->w;
}

/* Wakes the poller if it sleeps. Any thread, after it made work visible. */
void poller_wake(struct poller *pl);
/*
 * The same for the owners of the ports that got crossing frames (crossings.touched). Only for the
 * poller that sent them.
 */
void poller_wake_touched(struct poller *pl);

#endif
