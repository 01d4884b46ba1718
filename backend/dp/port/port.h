/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port: anything that frames come from and go to. A vif, an ethdev or a kernel network device.
 *
 * Theory of operation: each port is polled by one poller, its owner. The owner calls rx_burst(),
 * asks the switch where each frame goes and stages it with port_send() on the output ports.
 * port_flush() then passes the staged frames to tx_burst() in one batch. A frame for a port of
 * another poller waits in that port's crossing ring until its owner takes it.
 *
 * Queues: a vif with several queue pairs has one port for each. The first one is the leader. The
 * switch knows only the leader and all queues have its id: input of any queue is accounted to the
 * leader, and output is spread over the queues by port_queue(). Each queue has an owner of its own,
 * which may change (dp_move()).
 *
 * Work: in a round the owner does a bounded amount of work for a port's frames (dp/engine/share.h).
 * Frames beyond that wait in `held`.
 *
 * Frames: a frame is one linear mbuf. Pending offloads (checksum, segmentation) are in its
 * RTE_MBUF_F_TX_* flags with l2_len, l3_len, l4_len and tso_segsz, as DPDK defines them. `takes`
 * lists the offloads that the port's far end does itself; port_send() does the others in software.
 * A frame with a reference count above one is shared by several ports and is read-only.
 *
 * Threads: between the acknowledgements of attach and detach (dp/engine/dp.h) everything but
 * `crossing` and the counters belongs to the owner, before and after to the control thread. The
 * owner writes the counters; any thread may read them.
 */
#ifndef VPE_DP_PORT_H
#define VPE_DP_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "base/counter.h"
#include "base/drop.h"
#include "dp/frame/note.h"
#include "dp/frame/offload.h"
#include "dp/frame/pool.h"
#include "dp/frame/steering.h"
#include "proto/limits.h"

struct mcast_filter;
struct policy; /* sw/policy.h */
struct worker;
struct port;

#define PORT_CROSSING_SIZE 1024u /* maximum of frames from other pollers; a power of two */

#define PORT_STATS_SIZE 256u /* of the counters that only one kind of port has */

enum port_armed {
	PORT_ARMED, /* fd() becomes readable when work comes */
	PORT_BUSY,  /* there is work already */
	PORT_BLIND, /* nothing reports work: the owner may only sleep for a bounded time */
};

struct port_ops {
	const char *kind; /* "vif", "eth", "kern" or "echo" */
	bool moves;       /* may change its owner: it has no state bound to a thread */
	bool is_uplink;   /* the far end is not a guest: SW_UPLINK */
	/*
	 * Receives up to `n` (at most LIMIT_BURST) frames, which the caller then owns, and returns
	 * their number. With `n` 0, which only non-uplinks get, it just does what is due to the far
	 * end.
	 */
	unsigned (*rx_burst)(struct port *port, struct rte_mbuf **frames, unsigned n);
	/*
	 * Whether rx_burst() would find nothing to do. Most ports are idle in most rounds, so this
	 * only looks. NULL: only rx_burst() can tell.
	 */
	bool (*is_idle)(const struct port *port);
	/*
	 * Sends frames. Takes ownership of all of them and counts drops in port->stats. The frames
	 * need only offloads in `takes`. They are at most port_max_frame() long, GSO frames
	 * excepted.
	 */
	void (*tx_burst)(struct port *port, struct rte_mbuf **frames, unsigned n);
	/*
	 * Whether the far end has room for `n` frames of `bytes` in total. NULL: always. Asked
	 * before segmentation.
	 */
	bool (*has_room)(struct port *port, unsigned n, uint32_t bytes);
	/* Prepares for the owner's sleep: fd() becomes readable when work comes. */
	enum port_armed (*arm)(struct port *port);
	/* Undoes arm() when the owner polls again. No system call. */
	void (*disarm)(struct port *port);
	/* Clears the event after fd() was readable. */
	void (*woken)(struct port *port);
	int (*fd)(struct port *port); /* for epoll; -1 if the port cannot wake anybody */
	/* The counters that only this kind has, of one queue. NULL: none. */
	const struct counter_set *counters;
	/*
	 * Writes the struct that `counters` describes, at most PORT_STATS_SIZE bytes. Any thread.
	 */
	void (*read_stats)(const struct port *queue, void *stats);
	/* Frees the port and all frames in it. Control only, while not attached. */
	void (*destroy)(struct port *port);
};

struct port_stats {
	uint64_t rx_frames; /* into the switch; a GSO frame counts as one */
	uint64_t rx_bytes;
	uint64_t tx_frames; /* out of the switch */
	uint64_t tx_bytes;
	uint64_t n_dropped[DROP_N];
	uint64_t n_soft_csum; /* checksums completed in software for this port */
	uint64_t n_soft_gso;  /* frames segmented in software for this port */
	uint64_t n_notified;  /* events sent to the guest */
	uint64_t n_woken;     /* events taken from the guest or the kernel */
	/* times that its device had gone and was opened again; counted by control */
	uint64_t n_reopened;
	/* work done by the owner for the port, in units of copying one byte: dp/engine/share.h */
	uint64_t work;
};

/*
 * Received frames that wait to be switched, oldest first, and the remaining output ports of the
 * first one.
 */
struct port_held {
	unsigned n, at;         /* frame[at] to frame[n - 1]; both 0: none */
	unsigned n_out, at_out; /* out[at_out] to out[n_out - 1]; n_out 0: not looked up yet */
	/* clock when another poller's ring first had no room; 0: it has room */
	uint64_t since;
	struct rte_mbuf *frame[LIMIT_BURST];
	uint16_t out[LIMIT_PORTS];
};

/*
 * Grouped by writer. Other pollers read the first group for each frame that they send to the port,
 * so what the owner writes for each burst begins a cache line of its own.
 */
struct port {
	/* set before dp_attach(), then constant */
	const struct port_ops *ops;
	char name[32];   /* unique: "vif3.0", "eth0" */
	uint16_t id;     /* index in the port table, set by dp_attach() */
	uint16_t bridge; /* id of its bridge */
	uint32_t takes;  /* PORT_TAKES_* */
	uint32_t blame;  /* the number of its guest for struct blame; 0: none */
	/* multicast frames that the far end wants; NULL: all; not owned */
	struct mcast_filter *mcast;
	/* frames from other pollers; many producers, one consumer: the owner */
	struct rte_ring *crossing;
	/* the queue that the switch knows; a port of one queue is its own leader */
	struct port *leader;
	unsigned n_queues; /* leader: number of queues, itself included */
	struct port *queue[LIMIT_QUEUES];

	/* written by control while pollers read: port_set_*() */
	uint32_t frame_limit;            /* the operator's limit of max_frame */
	uint32_t weight;                 /* leader: see port_set_weight() */
	const struct policy *policy;     /* leader; NULL: no restrictions */
	const struct steering *steering; /* leader; NULL: the default */

	/* written by the owner, rarely */
	struct worker *owner; /* NULL while the port moves; other threads load it (acquire) */
	/*
	 * leader: why the port is off, or NULL; set once by an owner (release), read by control
	 * (acquire)
	 */
	const char *fault;
	/* errno of the first frame that the device refused; 0: none (relaxed) */
	int refused;
	/* longest frame that the far end takes without GSO, in bytes with the Ethernet header */
	uint32_t max_frame;
	uint32_t max_gso; /* longest GSO frame that the far end takes whole, in bytes; 0: any */
	struct port_note note; /* of a refused frame */

	/* written by the owner in each burst; control reads the counters */
	struct port_stats stats __rte_cache_aligned;
	unsigned rules; /* SW_RULE_*: checks of the switch that the port's frames need */
	/* buffers that the port holds back; also counted in its owner's n_waiting */
	unsigned n_waiting[POOL_N];
	bool is_watched; /* the owner's epoll set has fd(), or need not */
	bool has_more;   /* the last rx_burst() left frames that a later turn can take */
	struct port_held held;
	unsigned n_staged;
	struct rte_mbuf *staged[LIMIT_BURST];
};

_Static_assert(offsetof(struct port, stats) % RTE_CACHE_LINE_SIZE == 0 &&
		       offsetof(struct port, fault) < offsetof(struct port, stats),
	       "what other pollers read shares no cache line with the counters");

/* Control only: the setters of what pollers read while the port is attached. */

/* The operator's limit of the frame length in bytes; 0: none. */
static inline void
port_set_frame_limit(struct port *port, uint32_t bytes)
{
	__atomic_store_n(&port->frame_limit, bytes == 0 ? UINT32_MAX : bytes, __ATOMIC_RELAXED);
}

/* Weight of a leader on each of its pollers, 1 to LIMIT_WEIGHT; 0: an uplink. */
static inline void
port_set_weight(struct port *port, uint32_t weight)
{
	__atomic_store_n(&port->weight, weight, __ATOMIC_RELAXED);
}

/*
 * Publishes a leader's policy, which must not change any more. Pollers use the old one until they
 * have done their next dp_call() for the port; fn = NULL if nothing else is to be done.
 * Release: pairs with the acquire in take_policy().
 */
static inline void
port_set_policy(struct port *port, const struct policy *policy)
{
	__atomic_store_n(&port->policy, policy, __ATOMIC_RELEASE);
}

/* The same for the steering, which pollers load for each frame. */
static inline void
port_set_steering(struct port *port, const struct steering *steering)
{
	__atomic_store_n(&port->steering, steering, __ATOMIC_RELEASE);
}

/*
 * Initialises the common part. `ops` and all that the port refers to must outlive it. Returns 0 or
 * -errno.
 */
int port_init(struct port *port, const struct port_ops *ops, const char *name, uint16_t bridge);

/*
 * Makes `queue` another queue of `leader`. Both are complete and not attached. At most LIMIT_QUEUES
 * in all.
 */
void port_add_queue(struct port *leader, struct port *queue);

/* disarm(), woken() and fd() for ports that nothing wakes. */
void port_no_event(struct port *port);
int port_no_fd(struct port *port);

/* Frees the common part and its frames: held, staged and crossing. */
void port_fini(struct port *port);

/*
 * Sends one frame out of `port`: drops it, completes it in software, or stages it. Flushes when
 * enough frames are staged. Consumes one reference of `m`. Owner only.
 */
void port_send(struct port *port, struct rte_mbuf *m);

/*
 * Returns a frame that may be written to: `m` itself or, if it is shared, a copy. Consumes `m`.
 * Returns NULL if no buffer is free; the drop is counted.
 */
struct rte_mbuf *port_own_frame(struct port *port, struct rte_mbuf *m);

/*
 * The queue of `leader` that `m` leaves by. All packets of a flow leave by the same one. Any
 * poller.
 */
static inline struct port *
port_queue(struct port *leader, struct rte_mbuf *m)
{
	if (leader->n_queues == 1)
		return leader;
	const struct steering *s = __atomic_load_n(&leader->steering, __ATOMIC_ACQUIRE);
	return leader->queue[steering_queue(s, m, leader->n_queues)];
}

/* The longest frame that may leave the port without GSO, in bytes with the Ethernet header. */
static inline uint32_t
port_max_frame(const struct port *port)
{
	uint32_t limit = __atomic_load_n(&port->frame_limit, __ATOMIC_RELAXED);

	return port->max_frame < limit ? port->max_frame : limit;
}

/* Passes the staged frames to tx_burst(). */
void port_flush(struct port *port);

/* Drops a frame on behalf of `port` and counts it. */
void port_drop(struct port *port, struct rte_mbuf *m, enum drop_reason reason);

/* Sums all drop counters. */
uint64_t port_stats_dropped(const struct port_stats *stats);

/*
 * Switches the port and all its queues off for good. `reason` is a literal. The owners stop polling
 * it and control is told. Only the first reason is kept.
 */
void port_set_fault(struct port *port, const char *reason);

#endif
