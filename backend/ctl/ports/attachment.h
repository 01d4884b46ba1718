/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The attachment of a port to the data plane, and the list of all attached ports.
 *
 *             join                joined
 *     OUT ------------> JOINING ----------> IN <------> BUSY
 *      ^                   | leave          | leave      call, move
 *      |  left             v                v
 *      +--------------- LEAVING <-----------+
 *
 * dp/engine/dp.h allows one request per port at a time, so leave, call and move wait until the
 * request under way is done.
 *
 * To replace an object that pollers read through a pointer in the port: publish the new one by a
 * store with release order, then give the old one to attachment_retire(). It is destroyed after a
 * grace period.
 *
 * Threads: control thread, except for attachments_each(), which any thread may call. The lock
 * guards the list and keeps its ports from being destroyed; only control changes the list. It is
 * never held across a hand-off.
 */
#ifndef VPE_CTL_ATTACHMENT_H
#define VPE_CTL_ATTACHMENT_H

#include <stdbool.h>
#include <sys/queue.h>

#include "dp/engine/dp.h"
#include "dp/port/port.h"

enum attachment_phase {
	ATTACHMENT_OUT,
	ATTACHMENT_JOINING,
	ATTACHMENT_IN,
	ATTACHMENT_BUSY,
	ATTACHMENT_LEAVING,
};

enum attachment_news {
	ATTACHMENT_JOINED,
	ATTACHMENT_LEFT,
	ATTACHMENT_CALLED,  /* a call is done, so another may begin; not sent if leaving */
	ATTACHMENT_FAULTED, /* port->fault says why; the port is still attached */
};

/* Callback of the owner. Must not destroy the attachment. */
typedef void attachment_fn(void *owner, enum attachment_news news);

/* Completion of an attachment_call(). Must not destroy the attachment. */
typedef void attachment_done_fn(void *arg);

/* An object that waits for its grace period. */
struct retired {
	SLIST_ENTRY(retired) entry;
	void *object;
	void (*destroy)(void *object);
};
SLIST_HEAD(retired_list, retired);

/* Control's own state of a queue. Pollers are stored as 1 + index, so that 0 is none. */
struct attachment_queue {
	unsigned pin;       /* poller that the operator chose */
	unsigned target;    /* poller that the queue is to move to */
	uint64_t work_seen; /* by balance.c */
};

/* Zero-initialise it. */
struct attachment {
	struct port *port; /* NULL: none */
	enum attachment_phase phase;
	bool leaves; /* leave when the request under way is done */
	bool calls;  /* `call` is set: under way or waiting */
	bool called; /* the request under way is `call`; else it only serves `passing` */
	dp_call_fn *call;
	void *arg;
	attachment_done_fn *done; /* of `call` */
	void *done_arg;
	bool moves; /* queue `queue` is to move, or is moving, to poller `poller` */
	unsigned queue;
	unsigned poller;
	struct attachment_queue queue_of[LIMIT_QUEUES];
	uint64_t note_ms;            /* when notes.c last logged a refused frame; 0: not yet */
	struct retired_list retired; /* retired since the request under way began */
	struct retired_list passing; /* retired earlier: freed when that request is done */
	attachment_fn *fn;
	void *owner;
	LIST_ENTRY(attachment) entry;
};

struct attachments;

/* Returns NULL if memory is short. */
struct attachments *attachments_create(struct dp *dp);

/* All ports must be detached and their ports destroyed. NULL is allowed. */
void attachments_destroy(struct attachments *attachments);

/*
 * Pins a queue to a poller, or to none (-1). Without effect on where the queue is until it is
 * attached, or until attachments_place().
 */
void attachment_pin(struct attachment *attachment, unsigned queue, int poller);

/* Whether the queue must stay where it is: it is pinned, or of a kind that cannot move. */
bool attachment_is_fixed(const struct attachment *attachment, unsigned queue);

/* Has attachments_place() move a queue to that poller. */
void attachment_want(struct attachment *attachment, unsigned queue, unsigned poller);

/*
 * Attaches `port`; `fn` is told the outcome. Returns 0; on error (-ENOSPC) the caller keeps the
 * port.
 */
int attachment_join(struct attachments *attachments, struct attachment *attachment,
		    struct port *port, attachment_fn *fn, void *owner);

/*
 * Returns whether attachment_call() would succeed. If only a call under way prevents it,
 * ATTACHMENT_CALLED tells when that ends.
 */
bool attachment_can_call(const struct attachment *attachment);

/*
 * Has the port's pollers call fn(port, arg), see dp_call(). When all have, `done` is called, unless
 * the port is leaving, and then ATTACHMENT_CALLED is sent. Returns false, without effect, if the
 * port is not in or another call is under way.
 */
bool attachment_call(struct attachments *attachments, struct attachment *attachment, dp_call_fn *fn,
		     void *arg, attachment_done_fn *done, void *done_arg);

/*
 * Moves a queue to poller `poller`, see dp_move(). Returns false if the port is not in or another
 * move is under way.
 */
bool attachment_move(struct attachments *attachments, struct attachment *attachment, unsigned queue,
		     unsigned poller);

/*
 * Destroys `object`, which the port's pollers may still use, after a grace period; at once if the
 * port is not attached. NULL is allowed.
 */
void attachment_retire(struct attachments *attachments, struct attachment *attachment, void *object,
		       void (*destroy)(void *object));

/* Detaches the port; ATTACHMENT_LEFT follows unless it is out already. Idempotent. */
void attachment_leave(struct attachments *attachments, struct attachment *attachment);

/* Destroys the port of an attachment that is out. Does nothing without a port. */
void attachment_destroy_port(struct attachments *attachments, struct attachment *attachment);

/* Readable when attachments_dispatch() has work. */
int attachments_fd(const struct attachments *attachments);

/* Tells the owners what the pollers have done. */
void attachments_dispatch(struct attachments *attachments);

/*
 * Starts moves of queues that are wanted on other pollers, one queue of each port at a time. Cheap
 * when there are none; call it in every round.
 */
void attachments_place(struct attachments *attachments);

/* Calls `fn` for each attachment that has a port. Control thread. */
void attachments_visit(struct attachments *attachments,
		       void (*fn)(void *arg, struct attachment *attachment), void *arg);

/* Calls `fn` for each port. Any thread. */
void attachments_each(struct attachments *attachments,
		      void (*fn)(void *arg, const struct port *port), void *arg);

#endif
