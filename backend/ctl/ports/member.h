/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members: the attachment of a port to the data plane, and the list of all attached ports.
 *
 *                 join                joined
 *     MEMBER_OUT ------> MEMBER_JOINING ---> MEMBER_IN
 *          ^                   | leave          | leave
 *          |  left             v                v
 *          +---- MEMBER_LEAVING <---------------+
 *
 * From MEMBER_IN a call or a move leads to MEMBER_CALLED_ON and back. dp/engine/dp.h allows one request
 * per port at a time, so leave, call and move wait until the request under way is done.
 *
 * To replace an object that pollers read through a pointer in the port: publish the new one by a
 * store with release order, then give the old one to member_retire(). It is destroyed after a grace
 * period.
 *
 * Threads: control thread, except for members_each(), which any thread may call. The lock guards
 * the list and keeps its ports from being destroyed; only control changes the list. It is never
 * held across a hand-off.
 */
#ifndef VPE_CTL_MEMBER_H
#define VPE_CTL_MEMBER_H

#include <stdbool.h>
#include <sys/queue.h>

#include "dp/engine/dp.h"
#include "dp/port/port.h"

enum member_phase {
	MEMBER_OUT,
	MEMBER_JOINING,
	MEMBER_IN,
	MEMBER_CALLED_ON,
	MEMBER_LEAVING,
};

enum member_news {
	MEMBER_JOINED,
	MEMBER_LEFT,
	MEMBER_CALLED,  /* the member_call() is done; not sent if the member is leaving */
	MEMBER_FAULTED, /* port->fault says why; the port is still attached */
};

/* Callback of the member's owner. Must not destroy the member. */
typedef void member_fn(void *owner, enum member_news news);

/* An object that waits for its grace period. */
struct retired {
	SLIST_ENTRY(retired) entry;
	void *object;
	void (*destroy)(void *object);
};
SLIST_HEAD(retired_list, retired);

/* Control's own state of a queue. Pollers are stored as 1 + index, so that 0 is none. */
struct member_queue {
	unsigned pin;       /* poller that the operator chose */
	unsigned target;    /* poller that the queue is to move to */
	uint64_t work_seen; /* by balance.c */
};

/* Zero-initialise it. */
struct member {
	struct port *port; /* NULL: none */
	enum member_phase phase;
	bool leaves; /* leave when the request under way is done */
	bool calls;  /* `call` is set: under way or waiting */
	bool called; /* the request under way is `call`; else it only serves `passing` */
	dp_call_fn *call;
	void *arg;
	bool moves;  /* queue `queue` is to move, or is moving, to poller `poller` */
	unsigned queue;
	unsigned poller;
	struct member_queue queue_of[LIMIT_QUEUES];
	uint64_t note_ms; /* when notes.c last logged a refused frame; 0: not yet */
	struct retired_list retired; /* retired since the request under way began */
	struct retired_list passing; /* retired earlier: freed when that request is done */
	member_fn *fn;
	void *owner;
	LIST_ENTRY(member) entry;
};

struct members;

/* Returns NULL if memory is short. */
struct members *members_create(struct dp *dp);

/* All members must be out and their ports destroyed. NULL is allowed. */
void members_destroy(struct members *members);

/*
 * Pins a queue to a poller, or to none (-1). Without effect on where the queue is until it is
 * attached, or until members_place().
 */
void member_pin(struct member *member, unsigned queue, int poller);

/* Whether the queue must stay where it is: it is pinned, or of a kind that cannot move. */
bool member_is_fixed(const struct member *member, unsigned queue);

/* Has members_place() move a queue to that poller. */
void member_want(struct member *member, unsigned queue, unsigned poller);

/*
 * Attaches `port`; `fn` is told the outcome. Returns 0; on error (-ENOSPC) the caller keeps the
 * port.
 */
int member_join(struct members *members, struct member *member, struct port *port, member_fn *fn, void *owner);

/*
 * Returns whether member_call() would succeed. If only a call under way prevents it, MEMBER_CALLED
 * tells when that ends.
 */
bool member_can_call(const struct member *member);

/*
 * Has the port's pollers call fn(port, arg), see dp_call(); MEMBER_CALLED follows. Returns false,
 * without effect, if the member is not in or another call is under way.
 */
bool member_call(struct members *members, struct member *member, dp_call_fn *fn, void *arg);

/*
 * Moves a queue to poller `poller`, see dp_move(). Returns false if the member is not in or another
 * move is under way.
 */
bool member_move(struct members *members, struct member *member, unsigned queue, unsigned poller);

/*
 * Destroys `object`, which the port's pollers may still use, after a grace period; at once if the
 * port is not attached. NULL is allowed.
 */
void member_retire(struct members *members, struct member *member, void *object, void (*destroy)(void *object));

/* Detaches the port; MEMBER_LEFT follows unless it is out already. Idempotent. */
void member_leave(struct members *members, struct member *member);

/* Destroys the port of a member that is out. Does nothing without a port. */
void member_destroy_port(struct members *members, struct member *member);

/* Readable when members_dispatch() has work. */
int members_fd(const struct members *members);

/* Tells the owners what the pollers have done. */
void members_dispatch(struct members *members);

/*
 * Starts moves of queues that are wanted on other pollers, one queue of each port at a time. Cheap
 * when there are none; call it in every round.
 */
void members_place(struct members *members);

/* Calls `fn` for each member that has a port. Control thread. */
void members_visit(struct members *members, void (*fn)(void *arg, struct member *member), void *arg);

/* Calls `fn` for each port. Any thread. */
void members_each(struct members *members, void (*fn)(void *arg, const struct port *port), void *arg);

#endif
