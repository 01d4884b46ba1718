/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data plane as control sees it: start and stop, attach and detach of ports.
 *
 * Hand-off, for the requester (control): build the port completely; dp_attach(); touch nothing of it but counters
 * until DP_ATTACHED; change it by dp_call() and dp_move(); later dp_detach(), and again touch nothing until DP_DETACHED; from then on it is yours
 * alone, unmap and destroy it. One request per port at a time.
 * For the pollers: a request goes to all of them. Each takes it at the top of its loop, adds the port to or removes it
 * from its own tables, and counts the request down; the last one wakes control.
 *
 * Threads: all functions here are for the control thread, but for those at the end, which read counters.
 */
#ifndef VPE_DP_DP_H
#define VPE_DP_DP_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/port.h"
#include "sw/switch.h"
#include "xen/ops.h"

struct dp;

enum dp_poll_mode {
	DP_POLL_ALWAYS,   /* pollers never sleep */
	DP_POLL_ADAPTIVE, /* a poller that was idle for idle_us sleeps until work comes */
	DP_POLL_NAP,      /* it sleeps nap_us at a time, and guests need not wake it */
};

struct dp_params {
	unsigned n_pollers;
	int cpus[LIMIT_POLLERS]; /* one for each poller, all different */
	enum dp_poll_mode mode;
	unsigned idle_us;
	unsigned nap_us;
	bool hugepages;
	unsigned memory_mb; /* for EAL without hugepages */
	unsigned n_small_buffers;
	unsigned n_large_buffers;
	unsigned n_fdb_entries;
	unsigned fdb_age_s;
	unsigned broadcast_rate; /* as of sw_set_floods() */
	bool floods_guarded;
	/* devargs of the ethdevs that will be opened: "net_af_packet0,iface=eth0" or "0000:03:00.0" */
	const char *const *devargs;
	unsigned n_devargs;
	const char *file_prefix; /* names EAL's runtime directory, in which the telemetry socket is */
};

/*
 * Starts EAL (once in a process), the pools and the pollers. NULL on error, with one sentence in `why`. `xen` must
 * outlive it.
 */
struct dp *dp_create(const struct dp_params *params, const struct xen_ops *xen, char *why, size_t why_size);

/* Stops the pollers and frees all. Every port must be detached. NULL is allowed. */
void dp_destroy(struct dp *dp);

struct pools *dp_pools(struct dp *dp);

/*
 * Gives each queue of `port`, a leader, to the poller that it is pinned to, or else to the one with the fewest, and makes the port a
 * member of its bridge. Returns 0; -ENOSPC if LIMIT_PORTS are attached. The end is told by DP_ATTACHED.
 */
int dp_attach(struct dp *dp, struct port *port);

/* Takes it back. The end is told by DP_DETACHED. */
void dp_detach(struct dp *dp, struct port *port);

/* Changes the port while its pollers look: `fn` is called for each queue by the poller that owns it, at the top of its loop. */
typedef void dp_call_fn(struct port *port, void *arg);

/*
 * Has the owners call fn(queue, arg); `fn` may be NULL. The end is told by DP_CALLED, when every poller has passed the top of its
 * loop: what control took away from them before, nobody looks at any more.
 */
void dp_call(struct dp *dp, struct port *port, dp_call_fn *fn, void *arg);

/*
 * Has poller `poller` take over queue `queue` of the port. No frame is lost, and frames of one flow stay in order. The end is told
 * by DP_MOVED.
 */
void dp_move(struct dp *dp, struct port *port, unsigned queue, unsigned poller);

/*
 * Sets the flags (SW_BRIDGE_*) of bridge `bridge`, below LIMIT_BRIDGES. A port that is attached afterwards comes to a bridge that has
 * them; for those that are there, they hold within moments.
 */
void dp_set_bridge(struct dp *dp, unsigned bridge, unsigned flags);

/* Index of the poller that has the queue; any, while it moves. Any thread. */
unsigned dp_poller_of(const struct dp *dp, const struct port *queue);

enum dp_event_kind {
	DP_ATTACHED,
	DP_DETACHED,
	DP_CALLED,
	DP_MOVED,
	DP_FAULT, /* the port switched itself off: port->fault says why. Told once. It still has to be detached. */
};

struct dp_event {
	enum dp_event_kind kind;
	struct port *port;
};

/* Readable when dp_next_event() may have something. */
int dp_event_fd(struct dp *dp);

/* Takes the next event; false if there is none now. */
bool dp_next_event(struct dp *dp, struct dp_event *event);

/* ---- for those who show what happens: any thread, while no port is attached or detached; figures are approximate ---- */

struct dp_poller_stats {
	int cpu;
	unsigned n_ports;      /* polled by it; each queue counts */
	uint64_t n_loops;
	uint64_t n_busy_loops; /* that moved at least one frame */
	uint64_t busy_us;      /* time of these, the load that is balanced */
	uint64_t n_sleeps;
	uint64_t slept_us;     /* core time that adaptive polling gave back */
	uint64_t n_copies;     /* grant copy operations */
	uint64_t n_copy_calls; /* batches of them */
	uint64_t n_static_copies; /* from and to static grants, without a call */
	uint64_t n_foreign_copies; /* through mappings of guests' memory, without a call */
	struct sw_stats sw;
};

unsigned dp_n_pollers(const struct dp *dp);
void dp_get_poller_stats(const struct dp *dp, unsigned poller, struct dp_poller_stats *stats);

/* The attached port with index `id`, or NULL. */
struct port *dp_port(const struct dp *dp, unsigned id);

/* Forwarding table entries of a port, summed over the pollers. */
unsigned dp_port_entries(const struct dp *dp, uint16_t port);

/* Free and total buffers of both pools. */
struct dp_pool_stats {
	unsigned n_small, n_small_free, n_large, n_large_free;
};
void dp_get_pool_stats(const struct dp *dp, struct dp_pool_stats *stats);

#endif
