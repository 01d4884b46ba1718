/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port: anything that frames come from and go to. A vif, an ethdev or a kernel network device.
 *
 * Theory of operation: each port is polled by one poller, its owner. The owner calls rx_burst(), asks the
 * switch where each frame goes and stages it with port_send() on the output ports; port_flush() then hands
 * what was staged to tx_burst() in one batch. A frame for a port of another poller waits in that port's
 * crossing ring until its owner takes it.
 *
 * Queues: a vif of several queue pairs is as many ports. The first one, the leader, is the member of the bridge; frames
 * that come in by any of them come from the leader, and a frame that goes to the leader leaves by the queue that port_queue()
 * names. Each queue has a poller of its own choice, and may change it (dp_move()).
 *
 * Work: the owner does so much for a port's frames in a round, and no more (dp/share.h). What came in and is still to be switched
 * waits in `held`.
 *
 * Frames: one linear mbuf. What a frame still needs (checksum, segmentation) stands in its RTE_MBUF_F_TX_*
 * flags with l2_len, l3_len, l4_len and tso_segsz as DPDK defines them. `takes` says which of these a port's
 * own far end can do; port_send() does the rest in software. A frame with a reference count above one is
 * shared by several ports and is read-only.
 *
 * Threads: between the attach and the detach acknowledgement (dp/dp.h) everything but `crossing` and the
 * counters belongs to the owner; before and after, to the control thread. Counters are written by the owner and
 * may be read at any time by anybody.
 */
#ifndef VPE_DP_PORT_H
#define VPE_DP_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "base/drop.h"
#include "dp/note.h"
#include "dp/pool.h"
#include "dp/steering.h"
#include "proto/limits.h"

struct mcast_filter;
struct policy; /* sw/policy.h */
struct poller;
struct port;

#define PORT_CROSSING_SIZE 1024u /* frames from other pollers that may wait; a power of two */

/* What a port's far end does itself. */
#define PORT_TAKES_CSUM4 (1u << 0) /* blank TCP and UDP checksums over IPv4 */
#define PORT_TAKES_CSUM6 (1u << 1) /* the same over IPv6 */
#define PORT_TAKES_TSO4 (1u << 2)  /* TCP over IPv4 longer than the MTU */
#define PORT_TAKES_TSO6 (1u << 3)  /* TCP over IPv6 longer than the MTU */
#define PORT_TAKES_TAGGED (1u << 4) /* any of these in frames with VLAN tags */
#define PORT_TAKES_RARE (1u << 5)  /* segmentation of UDP, and of TCP in tunnels. No port has it */
#define PORT_TAKES_ALL (PORT_TAKES_CSUM4 | PORT_TAKES_CSUM6 | PORT_TAKES_TSO4 | PORT_TAKES_TSO6 | PORT_TAKES_TAGGED)

enum port_armed {
	PORT_ARMED, /* fd() will tell */
	PORT_BUSY,  /* there is work already */
	PORT_BLIND, /* nothing can tell: the owner may only sleep for a bounded time */
};

struct port_ops {
	const char *kind; /* "vif", "eth", "kern" or "echo" */
	bool moves;       /* may change its owner: nothing in it is bound to a thread */
	bool is_uplink;   /* what is behind it is no guest's: SW_UPLINK */
	/*
	 * Takes up to `n` (at most LIMIT_BURST) frames that came in. The caller owns them then. 0, for all but uplinks: only does what
	 * is due to the far end.
	 */
	unsigned (*rx_burst)(struct port *port, struct rte_mbuf **frames, unsigned n);
	/*
	 * Sends frames out. Takes ownership of all of them, counts what it drops in port->stats. The frames only
	 * need what `takes` allows and are at most `max_frame` long (GSO frames excepted).
	 */
	void (*tx_burst)(struct port *port, struct rte_mbuf **frames, unsigned n);
	/*
	 * Whether `n` frames of `bytes` in all would find room at the far end; NULL: always. For who asks before making them.
	 */
	bool (*has_room)(struct port *port, unsigned n, uint32_t bytes);
	/* Prepares for the owner's sleep, so that fd() becomes readable when work comes. */
	enum port_armed (*arm)(struct port *port);
	/* The owner polls again: undoes arm(). No system call. */
	void (*disarm)(struct port *port);
	/* fd() was readable: takes the event off it. */
	void (*woken)(struct port *port);
	int (*fd)(struct port *port); /* for epoll, -1 if the port cannot wake anybody */
	/* Frees the port and all frames in it. Control thread, not attached. */
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
	uint64_t n_reopened;  /* times that the device behind it had gone and a new one was opened; kept by control */
	uint64_t work;        /* that the port caused on its owner, in the time of copying a byte: dp/share.h */
};

/* Frames that came in and wait to be switched, oldest first; of the first one, the ports that it still has to go to. */
struct port_held {
	unsigned n, at;         /* frame[at] to frame[n - 1]; both 0: none */
	unsigned n_out, at_out; /* out[at_out] to out[n_out - 1]; n_out 0: the switch has not been asked */
	uint64_t since;         /* the poller's clock when another poller first did not take a frame; 0: it takes them */
	struct rte_mbuf *frame[LIMIT_BURST];
	uint16_t out[LIMIT_PORTS];
};

struct port {
	const struct port_ops *ops;
	char name[32];      /* unique: "vif3.0", "eth0" */
	uint16_t id;        /* index in the port table; set by dp_attach() */
	uint16_t bridge;    /* id of the bridge that it is a member of */
	uint32_t takes;     /* PORT_TAKES_* */
	struct mcast_filter *mcast; /* which multicast frames the far end wants; NULL: all. Not the port's */
	uint32_t max_frame; /* bytes with the Ethernet header, that the far end takes without GSO */
	uint32_t max_gso;   /* bytes of a GSO frame that the far end takes whole; 0: any */
	uint32_t frame_limit; /* the same as the operator wants it; control may change it (relaxed) */
	uint32_t weight;    /* of a leader: of each queue's part of its poller, 1 to LIMIT_WEIGHT; 0: always all; changed as max_frame is */
	struct poller *owner; /* NULL while it moves: others load it (acquire) */
	int pinned;           /* index of the poller that it has to be with; -1: any. Control's, like the next two */
	int wanted;           /* index of the poller that it shall be with; -1: where it is */
	uint64_t work_seen;   /* ctl/balance.c */
	struct port *leader;  /* the queue that is the member of the bridge; itself, if it has no other */
	unsigned n_queues;    /* of a leader, with itself as the first */
	struct port *queue[LIMIT_QUEUES];
	const struct steering *steering; /* of a leader; NULL: the default; replaced and loaded like `policy` */
	struct rte_ring *crossing; /* frames from other pollers; many producers, the owner consumes */
	const char *fault;  /* of a leader: set once by an owner (release), read by control (acquire): why the port is off; or NULL */
	int refused;        /* errno of the first frame that the device would not take as it was; 0: none (relaxed) */
	/*
	 * Of a leader; NULL: anything goes. Control sets it before dp_attach(); later it replaces it (release), and the pollers take the
	 * new one (acquire) at the top of their loops as part of the next dp_call() for the port: a call of nothing will do.
	 */
	const struct policy *policy;
	unsigned rules; /* SW_RULE_*: what the owner has to ask its switch about the port's frames */
	struct port_note note; /* of a refused frame */
	uint64_t note_ms;      /* when control last told of one; control's */
	struct port_stats stats;
	unsigned n_waiting[POOL_N]; /* buffers that the port holds back; also counted in its owner's sum */
	bool is_watched; /* the owner's epoll knows fd(), or need not */
	bool has_more;   /* the last rx_burst() left frames that a later turn can take */
	struct port_held held;
	unsigned n_staged;
	struct rte_mbuf *staged[LIMIT_BURST];
};

/* Fills the common part. `ops`, `name` and the rest must outlive the port. Returns 0 or -errno. */
int port_init(struct port *port, const struct port_ops *ops, const char *name, uint16_t bridge);

/* Makes `queue` another queue of `leader`; both are whole and not attached. Below LIMIT_QUEUES in all. */
void port_add_queue(struct port *leader, struct port *queue);

/* Verbs of a port that nothing wakes: disarm() and woken(), and fd(). */
void port_no_event(struct port *port);
int port_no_fd(struct port *port);

/* Frees the common part with the frames that are held, staged or crossing. */
void port_fini(struct port *port);

/*
 * Takes one frame for `port` (the caller must be its owner): drops it, completes it in software, or stages it;
 * flushes when enough is staged. Consumes one reference of `m`.
 */
void port_send(struct port *port, struct rte_mbuf *m);

/*
 * A frame that may be written to: `m` itself or, if other ports hold it too, a copy. Consumes `m`; NULL if no buffer is
 * free (the drop is counted).
 */
struct rte_mbuf *port_own_frame(struct port *port, struct rte_mbuf *m);

/* The queue of `leader` that `m` leaves by: packets of one flow leave by one queue. Any poller. */
static inline struct port *
port_queue(struct port *leader, const struct rte_mbuf *m)
{
	if (leader->n_queues == 1)
		return leader;
	const struct steering *s = __atomic_load_n(&leader->steering, __ATOMIC_ACQUIRE);
	return leader->queue[steering_queue(s, m, leader->n_queues)];
}

/* The longest frame that may go out by the port without GSO: bytes with the Ethernet header. */
static inline uint32_t
port_max_frame(const struct port *port)
{
	uint32_t limit = __atomic_load_n(&port->frame_limit, __ATOMIC_RELAXED);

	return port->max_frame < limit ? port->max_frame : limit;
}

/* Hands what is staged to tx_burst(). */
void port_flush(struct port *port);

/* Drops a frame on behalf of `port` and counts it. */
void port_drop(struct port *port, struct rte_mbuf *m, enum drop_reason reason);

/* Sums all drop counters. */
uint64_t port_stats_dropped(const struct port_stats *stats);

/* Switches the port off for good, with all its queues, for a reason (a literal). The owners stop polling and control is told. */
void port_set_fault(struct port *port, const char *reason);

#endif
