/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports on their way into the data plane and out of it, and the list of all of them.
 *
 *                 join                joined
 *     MEMBER_OUT ------> MEMBER_JOINING ---> MEMBER_IN
 *          ^                   | leave          | leave
 *          |  left             v                v
 *          +---- MEMBER_LEAVING <---------------+
 *
 * From MEMBER_IN a call or a move leads to MEMBER_CALLED_ON and back. dp/dp.h allows one request per port at a time: who leaves
 * while joining or called on waits for the first request to be done, and so do a call and a move.
 *
 * What pollers read through a pointer in the port, and control replaces: store the new pointer (release), then give the old
 * object to member_retire(). It is destroyed when every poller has passed the top of its loop since.
 *
 * Threads: control thread, but for members_each(), which any thread may call. The lock guards the list and keeps
 * the ports on it from being destroyed; only control changes the list. It is never held across a hand-off.
 */
#ifndef VPE_CTL_MEMBER_H
#define VPE_CTL_MEMBER_H

#include <stdbool.h>
#include <sys/queue.h>

#include "dp/dp.h"
#include "dp/port.h"

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
	MEMBER_CALLED,  /* what member_call() asked for is done; not told if the member is to leave */
	MEMBER_FAULTED, /* port->fault says why; the port is still in */
};

/* Must not destroy the member. */
typedef void member_fn(void *owner, enum member_news news);

/* An object that waits until no poller looks at it any more. */
struct retired {
	SLIST_ENTRY(retired) entry;
	void *object;
	void (*destroy)(void *object);
};
SLIST_HEAD(retired_list, retired);

/* Zero-initialise it. */
struct member {
	struct port *port; /* NULL: none */
	enum member_phase phase;
	bool leaves; /* as soon as the request under way is done */
	bool calls;  /* `call` is set: under way or waiting */
	bool called; /* the request under way is `call`; else it is for `passing` alone */
	dp_call_fn *call;
	void *arg;
	bool moves;  /* queue `queue` shall move to poller `poller`, or is on its way */
	unsigned queue;
	unsigned poller;
	struct retired_list retired; /* since the request under way began */
	struct retired_list passing; /* before that */
	member_fn *fn;
	void *owner;
	LIST_ENTRY(member) entry;
};

struct members;

/* NULL if memory is short. */
struct members *members_create(struct dp *dp);

/* All members must be out and their ports destroyed. NULL is allowed. */
void members_destroy(struct members *members);

/* Hands `port` to the pollers and tells the owner of what becomes of it. Returns 0; on error (-ENOSPC) the port stays the caller's. */
int member_join(struct members *members, struct member *member, struct port *port, member_fn *fn, void *owner);

/* Whether member_call() would work. If only a call under way is in the way, MEMBER_CALLED tells its end. */
bool member_can_call(const struct member *member);

/*
 * Has the port's poller call fn(port, arg), see dp_call(); MEMBER_CALLED follows. False: the member is not in, or another call is
 * under way; nothing happens then.
 */
bool member_call(struct members *members, struct member *member, dp_call_fn *fn, void *arg);

/* Has poller `poller` take over a queue of the port, see dp_move(). False: the member is not in, or another move is under way. */
bool member_move(struct members *members, struct member *member, unsigned queue, unsigned poller);

/*
 * Has `object`, which the port's pollers may still be looking at, destroyed when they are not any more; at once if no poller
 * has the port. NULL is allowed.
 */
void member_retire(struct members *members, struct member *member, void *object, void (*destroy)(void *object));

/* Takes the port back; MEMBER_LEFT follows unless it is out already. May be called again. */
void member_leave(struct members *members, struct member *member);

/* Destroys the port of a member that is out. Without a port: no effect. */
void member_destroy_port(struct members *members, struct member *member);

/* Readable when members_dispatch() has something to do. */
int members_fd(const struct members *members);

/* Tells the owners what the pollers did. */
void members_dispatch(struct members *members);

/* Moves queues that are wanted elsewhere, one of each port at a time. Cheap if there is nothing to do; call it in every round. */
void members_place(struct members *members);

/* Calls `fn` for each member that has a port. Control thread. */
void members_visit(struct members *members, void (*fn)(void *arg, struct member *member), void *arg);

/* Calls `fn` for each port. Any thread. */
void members_each(struct members *members, void (*fn)(void *arg, const struct port *port), void *arg);

#endif
