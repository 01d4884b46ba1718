/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports on their way into the data plane and out of it. Called by vif.c, uplink.c, loop.c; calls dp/dp.h. */
#include "ctl/member.h"

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

int
member_join(struct members *members, struct member *member, struct port *port, int poller, member_fn *fn,
	    void *owner)
{
	assert(member->phase == MEMBER_OUT && member->port == NULL);
	int ret = dp_attach(members->dp, port, poller);
	if (ret < 0)
		return ret;
	member->port = port;
	member->phase = MEMBER_JOINING;
	member->leaves = false;
	member->fn = fn;
	member->owner = owner;
	pthread_mutex_lock(&members->lock);
	LIST_INSERT_HEAD(&members->list, member, entry);
	pthread_mutex_unlock(&members->lock);
	return 0;
}

bool
member_call(struct members *members, struct member *member, dp_call_fn *fn, void *arg)
{
	if (member->phase != MEMBER_IN)
		return false;
	member->phase = MEMBER_CALLED_ON;
	dp_call(members->dp, member->port, fn, arg);
	return true;
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
	case DP_CALLED:
		member->phase = MEMBER_IN;
		if (member->leaves)
			member_leave(members, member);
		else
			member->fn(member->owner, kind == DP_ATTACHED ? MEMBER_JOINED : MEMBER_CALLED);
		return;
	case DP_DETACHED:
		member->phase = MEMBER_OUT;
		member->fn(member->owner, MEMBER_LEFT);
		return;
	case DP_FAULT:
		member->fn(member->owner, MEMBER_FAULTED);
		return;
	}
}

void
members_dispatch(struct members *members)
{
	struct dp_event event;

	while (dp_next_event(members->dp, &event)) {
		struct member *member = find(members, event.port);
		assert(member != NULL); /* dp tells only of ports that we gave it */
		member_handle(members, member, event.kind);
	}
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
