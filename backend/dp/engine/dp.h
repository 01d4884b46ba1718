/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data plane as control sees it: start and stop, attach and detach of ports.
 *
 * Hand-off, control's side: build the port completely and call dp_attach(). Until DP_ATTACHED,
 * touch nothing of it but counters. Change it with dp_call() and dp_move(). Call dp_detach(), and
 * again touch nothing until DP_DETACHED. From then on the port is yours alone: unmap and destroy
 * it. A port has one request at a time.
 *
 * Hand-off, the pollers' side: a request goes to all pollers, a move only to the old and then to
 * the new owner. Each takes it at the top of its loop, updates its own tables and counts the
 * request down. The last one wakes control.
 *
 * Threads: all functions are for the control thread, except the statistics at the end.
 */
#ifndef VPE_DP_DP_H
#define VPE_DP_DP_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/frame/blame.h"
#include "dp/port/port.h"
#include "sw/switch.h"
#include "xen/ops.h"

struct dp;

enum dp_poll_mode {
	DP_POLL_ALWAYS,   /* pollers never sleep */
	DP_POLL_ADAPTIVE, /* a poller that was idle for idle_us sleeps until work comes */
	DP_POLL_NAP,      /* an idle poller sleeps nap_us at a time; guests need not wake it */
};

struct dp_params {
	unsigned n_pollers;
	int cpus[LIMIT_POLLERS]; /* one per poller, all different */
	enum dp_poll_mode mode;
	unsigned idle_us;
	unsigned nap_us;
	bool hugepages;
	unsigned memory_mb; /* for EAL, without hugepages */
	unsigned n_small_buffers;
	unsigned n_large_buffers;
	unsigned n_fdb_entries;
	unsigned fdb_age_s;
	unsigned broadcast_rate; /* see sw_set_floods() */
	bool floods_guarded;
	/* devargs of the ethdevs to be opened: "net_af_packet0,iface=eth0" or "0000:03:00.0" */
	const char *const *devargs;
	unsigned n_devargs;
	const char *file_prefix; /* for EAL: its runtime directory has the telemetry socket */
	void (*confine)(void);   /* each poller calls it before anything else; NULL: none */
};

/*
 * Starts EAL (once per process), the pools and the pollers. Returns NULL with errno on error, with
 * a message in `why`. `xen` must outlive the data plane.
 */
struct dp *dp_create(const struct dp_params *params, const struct xen_ops *xen, char *why,
		     size_t why_size);

/* Stops the pollers and frees everything. Every port must be detached. NULL is allowed. */
void dp_destroy(struct dp *dp);

struct pools *dp_pools(struct dp *dp);

/*
 * From now on the pollers note whom they work for in blame[], one for each, which must outlive the
 * data plane. No port has been attached yet.
 */
void dp_use_blame(struct dp *dp, struct blame *blame);

/* Whether devargs are those of a virtual device ("net_tap0,iface=x"), not of a NIC. */
bool dp_is_virtual(const char *devargs);

/*
 * Attaches `port`, a leader. Queue i goes to the poller pinned[i]; if that is -1 or `pinned` is
 * NULL, to the one with the fewest queues. Returns 0, or -ENOSPC if LIMIT_PORTS are attached.
 * DP_ATTACHED reports the end.
 */
int dp_attach(struct dp *dp, struct port *port, const int *pinned);

/* Detaches the port. DP_DETACHED reports the end. */
void dp_detach(struct dp *dp, struct port *port);

/*
 * Changes a queue of an attached port. Runs on the poller that owns the queue, at the top of its
 * loop.
 */
typedef void dp_call_fn(struct port *port, void *arg);

/*
 * Has the owner of each queue call fn(queue, arg); `fn` may be NULL. DP_CALLED reports the end. It
 * is a grace period: no poller still uses what control unpublished before the call.
 */
void dp_call(struct dp *dp, struct port *port, dp_call_fn *fn, void *arg);

/*
 * Moves queue `queue` of the port to poller `poller`. No frame is lost and no flow is reordered.
 * DP_MOVED reports the end.
 */
void dp_move(struct dp *dp, struct port *port, unsigned queue, unsigned poller);

/*
 * Sets the flags (SW_BRIDGE_*) of bridge `bridge`, which is below LIMIT_BRIDGES. They are in effect
 * before any later dp_attach(). For ports already attached they take effect shortly afterwards.
 */
void dp_set_bridge(struct dp *dp, unsigned bridge, unsigned flags);

/* Index of the poller that owns the queue; arbitrary while the queue moves. Any thread. */
unsigned dp_poller_of(const struct dp *dp, const struct port *queue);

enum dp_event_kind {
	DP_ATTACHED,
	DP_DETACHED,
	DP_CALLED,
	DP_MOVED,
	DP_FAULT, /* the port is off, see port->fault; told once; it must still be detached */
};

struct dp_event {
	enum dp_event_kind kind;
	struct port *port;
};

/* Readable when dp_next_event() may have an event. */
int dp_event_fd(struct dp *dp);

/* Takes the next event. Returns false if there is none. */
bool dp_next_event(struct dp *dp, struct dp_event *event);

/* ---- statistics: any thread, while no port is attached or detached; approximate ---- */

struct dp_poller_stats {
	int cpu;
	unsigned n_ports; /* polled by it, counting each queue */
	uint64_t n_loops;
	uint64_t n_busy_loops; /* that moved at least one frame */
	/* time of these, with the idle loops since the last clock reading; used for balancing */
	uint64_t busy_us;
	uint64_t n_sleeps;
	uint64_t slept_us;        /* CPU time that sleeping saved */
	uint64_t n_copies;        /* grant copy operations */
	uint64_t n_copy_calls;    /* batches of them, one system call each */
	uint64_t n_static_copies; /* copies from and to static grants, without a hypercall */
	/* copies through mappings of guest memory, without a hypercall */
	uint64_t n_foreign_copies;
	struct sw_stats sw;
};

unsigned dp_n_pollers(const struct dp *dp);
void dp_get_poller_stats(const struct dp *dp, unsigned poller, struct dp_poller_stats *stats);

/* Returns the attached port with id `id`, or NULL. */
struct port *dp_port(const struct dp *dp, unsigned id);

/* Returns the number of forwarding table entries of a port, summed over the pollers. */
unsigned dp_port_entries(const struct dp *dp, uint16_t port);

/* Free and total buffers of both pools. */
struct dp_pool_stats {
	unsigned n_small, n_small_free, n_large, n_large_free;
};
void dp_get_pool_stats(const struct dp *dp, struct dp_pool_stats *stats);

#endif
