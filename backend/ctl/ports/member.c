/* SPDX-License-Identifier: BSD-3-Clause */
/* Members: attachment of ports to the data plane. */
#include "ctl/ports/member.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct members {
	struct dp *dp;
	pthread_mutex_t lock;
	LIST_HEAD(, member) list;
};

struct members *
members_create(struct dp *dp)
{
	struct members *members = calloc(1, sizeof(*members));

	if (members == NULL)
		return NULL;
	members->dp = dp;
	pthread_mutex_init(&members->lock, NULL);
	LIST_INIT(&members->list);
	return members;
}

void
members_destroy(struct members *members)
{
	if (members == NULL)
		return;
	assert(LIST_EMPTY(&members->list));
	pthread_mutex_destroy(&members->lock);
	free(members);
}

void
member_pin(struct member *member, unsigned queue, int poller)
{
	member->queue_of[queue].pin = (unsigned)(poller + 1);
	member->queue_of[queue].target = (unsigned)(poller + 1);
}

bool
member_is_fixed(const struct member *member, unsigned queue)
{
	return member->queue_of[queue].pin != 0 || !member->port->queue[queue]->ops->moves;
}

void
member_want(struct member *member, unsigned queue, unsigned poller)
{
	member->queue_of[queue].target = poller + 1;
}

int
member_join(struct members *members, struct member *member, struct port *port, member_fn *fn, void *owner)
{
	assert(member->phase == MEMBER_OUT && member->port == NULL);
	int pinned[LIMIT_QUEUES];
	for (unsigned i = 0; i < LIMIT_QUEUES; i++) {
		pinned[i] = (int)member->queue_of[i].pin - 1;
		member->queue_of[i].work_seen = 0;
	}
	int ret = dp_attach(members->dp, port, pinned);
	if (ret < 0)
		return ret;
	member->note_ms = 0;
	member->port = port;
	member->phase = MEMBER_JOINING;
	member->leaves = member->calls = member->called = member->moves = false;
	member->fn = fn;
	member->owner = owner;
	pthread_mutex_lock(&members->lock);
	LIST_INSERT_HEAD(&members->list, member, entry);
	pthread_mutex_unlock(&members->lock);
	return 0;
}

static void
destroy_all(struct retired_list *list)
{
	struct retired *r;

	while ((r = SLIST_FIRST(list)) != NULL) {
		SLIST_REMOVE_HEAD(list, entry);
		r->destroy(r->object);
		free(r);
	}
}

static void
start_call(struct members *members, struct member *member)
{
	member->phase = MEMBER_CALLED_ON;
	member->called = member->calls;
	member->passing = member->retired;
	SLIST_INIT(&member->retired);
	dp_call(members->dp, member->port, member->calls ? member->call : NULL, member->arg);
}

static void
start_move(struct members *members, struct member *member)
{
	member->phase = MEMBER_CALLED_ON;
	dp_move(members->dp, member->port, member->queue, member->poller);
}

/* Starts the next request, if there is one and none is under way. */
static void
go_on(struct members *members, struct member *member)
{
	if (member->phase != MEMBER_IN)
		return;
	if (member->calls || !SLIST_EMPTY(&member->retired))
		start_call(members, member);
	else if (member->moves)
		start_move(members, member);
}

bool
member_move(struct members *members, struct member *member, unsigned queue, unsigned poller)
{
	if ((member->phase != MEMBER_IN && member->phase != MEMBER_CALLED_ON) || member->moves || member->leaves)
		return false;
	member->moves = true;
	member->queue = queue;
	member->poller = poller;
	go_on(members, member);
	return true;
}

bool
member_can_call(const struct member *member)
{
	return (member->phase == MEMBER_IN || member->phase == MEMBER_CALLED_ON) && !member->calls && !member->leaves;
}

bool
member_call(struct members *members, struct member *member, dp_call_fn *fn, void *arg)
{
	if (!member_can_call(member))
		return false;
	member->calls = true;
	member->call = fn;
	member->arg = arg;
	go_on(members, member);
	return true;
}

void
member_retire(struct members *members, struct member *member, void *object, void (*destroy)(void *object))
{
	if (object == NULL)
		return;
	if (member->phase == MEMBER_OUT) {
		destroy(object);
		return;
	}
	struct retired *r = malloc(sizeof(*r));
	if (r == NULL)
		return; /* leaks the object rather than free memory in use */
	*r = (struct retired){ .object = object, .destroy = destroy };
	SLIST_INSERT_HEAD(&member->retired, r, entry);
	go_on(members, member);
}

void
member_leave(struct members *members, struct member *member)
{
	if (member->phase == MEMBER_JOINING || member->phase == MEMBER_CALLED_ON) {
		member->leaves = true;
	} else if (member->phase == MEMBER_IN) {
		member->phase = MEMBER_LEAVING;
		dp_detach(members->dp, member->port);
	}
}

void
member_destroy_port(struct members *members, struct member *member)
{
	assert(member->phase == MEMBER_OUT);
	if (member->port == NULL)
		return;
	pthread_mutex_lock(&members->lock);
	LIST_REMOVE(member, entry);
	pthread_mutex_unlock(&members->lock);
	member->port->ops->destroy(member->port);
	member->port = NULL;
}

int
members_fd(const struct members *members)
{
	return dp_event_fd(members->dp);
}

static struct member *
find(struct members *members, const struct port *port)
{
	struct member *member;

	LIST_FOREACH(member, &members->list, entry) {
		if (member->port == port)
			return member;
	}
	return NULL;
}

static void
member_handle(struct members *members, struct member *member, enum dp_event_kind kind)
{
	switch (kind) {
	case DP_ATTACHED:
		member->phase = MEMBER_IN;
		if (!member->leaves)
			member->fn(member->owner, MEMBER_JOINED);
		break;
	case DP_CALLED:
		member->phase = MEMBER_IN;
		destroy_all(&member->passing);
		if (!member->called)
			break;
		member->calls = member->called = false;
		if (!member->leaves)
			member->fn(member->owner, MEMBER_CALLED);
		break;
	case DP_MOVED:
		member->phase = MEMBER_IN;
		member->moves = false;
		break;
	case DP_DETACHED:
		member->phase = MEMBER_OUT;
		member->calls = member->moves = false;
		destroy_all(&member->retired);
		member->fn(member->owner, MEMBER_LEFT);
		return;
	case DP_FAULT:
		member->fn(member->owner, MEMBER_FAULTED);
		return;
	}
	if (member->leaves)
		member_leave(members, member);
	else
		go_on(members, member);
}

void
members_dispatch(struct members *members)
{
	struct dp_event event;

	while (dp_next_event(members->dp, &event)) {
		struct member *member = find(members, event.port);
		assert(member != NULL); /* dp only reports ports that we attached */
		member_handle(members, member, event.kind);
	}
}

static void
place(struct members *members, struct member *member)
{
	for (unsigned i = 0; member->phase == MEMBER_IN && i < member->port->n_queues; i++) {
		const struct port *queue = member->port->queue[i];
		unsigned target = member->queue_of[i].target;
		member->queue_of[i].target = 0;
		if (target != 0 && queue->ops->moves && target - 1 != dp_poller_of(members->dp, queue))
			member_move(members, member, i, target - 1);
	}
}

void
members_place(struct members *members)
{
	struct member *member;

	LIST_FOREACH(member, &members->list, entry)
		place(members, member);
}

void
members_visit(struct members *members, void (*fn)(void *arg, struct member *member), void *arg)
{
	struct member *member;

	LIST_FOREACH(member, &members->list, entry)
		fn(arg, member);
}

void
members_each(struct members *members, void (*fn)(void *arg, const struct port *port), void *arg)
{
	struct member *member;

	pthread_mutex_lock(&members->lock);
	LIST_FOREACH(member, &members->list, entry)
		fn(arg, member->port);
	pthread_mutex_unlock(&members->lock);
}
