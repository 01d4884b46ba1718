/* SPDX-License-Identifier: BSD-3-Clause */
/* Attachment of ports to the data plane. */
#include "ctl/ports/attachment.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct attachments {
	struct dp *dp;
	pthread_mutex_t lock;
	LIST_HEAD(, attachment) list;
};

struct attachments *
attachments_create(struct dp *dp)
{
	struct attachments *attachments = calloc(1, sizeof(*attachments));

	if (attachments == NULL)
		return NULL;
	attachments->dp = dp;
	pthread_mutex_init(&attachments->lock, NULL);
	LIST_INIT(&attachments->list);
	return attachments;
}

void
attachments_destroy(struct attachments *attachments)
{
	if (attachments == NULL)
		return;
	assert(LIST_EMPTY(&attachments->list));
	pthread_mutex_destroy(&attachments->lock);
	free(attachments);
}

void
attachment_pin(struct attachment *attachment, unsigned queue, int poller)
{
	attachment->queue_of[queue].pin = (unsigned)(poller + 1);
	attachment->queue_of[queue].target = (unsigned)(poller + 1);
}

bool
attachment_is_fixed(const struct attachment *attachment, unsigned queue)
{
	return attachment->queue_of[queue].pin != 0 || !attachment->port->queue[queue]->ops->moves;
}

void
attachment_want(struct attachment *attachment, unsigned queue, unsigned poller)
{
	attachment->queue_of[queue].target = poller + 1;
}

int
attachment_join(struct attachments *attachments, struct attachment *attachment, struct port *port,
		attachment_fn *fn, void *owner)
{
	assert(attachment->phase == ATTACHMENT_OUT && attachment->port == NULL);
	int pinned[LIMIT_QUEUES];
	for (unsigned i = 0; i < LIMIT_QUEUES; i++) {
		pinned[i] = (int)attachment->queue_of[i].pin - 1;
		attachment->queue_of[i].work_seen = 0;
	}
	int ret = dp_attach(attachments->dp, port, pinned);
	if (ret < 0)
		return ret;
	attachment->note_ms = 0;
	attachment->port = port;
	attachment->phase = ATTACHMENT_JOINING;
	attachment->leaves = attachment->calls = attachment->called = attachment->moves = false;
	attachment->fn = fn;
	attachment->owner = owner;
	pthread_mutex_lock(&attachments->lock);
	LIST_INSERT_HEAD(&attachments->list, attachment, entry);
	pthread_mutex_unlock(&attachments->lock);
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
start_call(struct attachments *attachments, struct attachment *attachment)
{
	attachment->phase = ATTACHMENT_BUSY;
	attachment->called = attachment->calls;
	attachment->passing = attachment->retired;
	SLIST_INIT(&attachment->retired);
	dp_call(attachments->dp, attachment->port, attachment->calls ? attachment->call : NULL,
		attachment->arg);
}

static void
start_move(struct attachments *attachments, struct attachment *attachment)
{
	attachment->phase = ATTACHMENT_BUSY;
	dp_move(attachments->dp, attachment->port, attachment->queue, attachment->poller);
}

/* Starts the next request, if there is one and none is under way. */
static void
go_on(struct attachments *attachments, struct attachment *attachment)
{
	if (attachment->phase != ATTACHMENT_IN)
		return;
	if (attachment->calls || !SLIST_EMPTY(&attachment->retired))
		start_call(attachments, attachment);
	else if (attachment->moves)
		start_move(attachments, attachment);
}

bool
attachment_move(struct attachments *attachments, struct attachment *attachment, unsigned queue,
		unsigned poller)
{
	if ((attachment->phase != ATTACHMENT_IN && attachment->phase != ATTACHMENT_BUSY) ||
	    attachment->moves || attachment->leaves)
		return false;
	attachment->moves = true;
	attachment->queue = queue;
	attachment->poller = poller;
	go_on(attachments, attachment);
	return true;
}

bool
attachment_can_call(const struct attachment *attachment)
{
	return (attachment->phase == ATTACHMENT_IN || attachment->phase == ATTACHMENT_BUSY) &&
	       !attachment->calls && !attachment->leaves;
}

bool
attachment_call(struct attachments *attachments, struct attachment *attachment, dp_call_fn *fn,
		void *arg, attachment_done_fn *done, void *done_arg)
{
	if (!attachment_can_call(attachment))
		return false;
	attachment->calls = true;
	attachment->call = fn;
	attachment->arg = arg;
	attachment->done = done;
	attachment->done_arg = done_arg;
	go_on(attachments, attachment);
	return true;
}

void
attachment_retire(struct attachments *attachments, struct attachment *attachment, void *object,
		  void (*destroy)(void *object))
{
	if (object == NULL)
		return;
	if (attachment->phase == ATTACHMENT_OUT) {
		destroy(object);
		return;
	}
	struct retired *r = malloc(sizeof(*r));
	if (r == NULL)
		return; /* leaks the object rather than free memory in use */
	*r = (struct retired){ .object = object, .destroy = destroy };
	SLIST_INSERT_HEAD(&attachment->retired, r, entry);
	go_on(attachments, attachment);
}

void
attachment_leave(struct attachments *attachments, struct attachment *attachment)
{
	if (attachment->phase == ATTACHMENT_JOINING || attachment->phase == ATTACHMENT_BUSY) {
		attachment->leaves = true;
	} else if (attachment->phase == ATTACHMENT_IN) {
		attachment->phase = ATTACHMENT_LEAVING;
		dp_detach(attachments->dp, attachment->port);
	}
}

void
attachment_destroy_port(struct attachments *attachments, struct attachment *attachment)
{
	assert(attachment->phase == ATTACHMENT_OUT);
	if (attachment->port == NULL)
		return;
	pthread_mutex_lock(&attachments->lock);
	LIST_REMOVE(attachment, entry);
	pthread_mutex_unlock(&attachments->lock);
	attachment->port->ops->destroy(attachment->port);
	attachment->port = NULL;
}

int
attachments_fd(const struct attachments *attachments)
{
	return dp_event_fd(attachments->dp);
}

static struct attachment *
attachment_find(struct attachments *attachments, const struct port *port)
{
	struct attachment *attachment;

	LIST_FOREACH(attachment, &attachments->list, entry) {
		if (attachment->port == port)
			return attachment;
	}
	return NULL;
}

static void
attachment_handle(struct attachments *attachments, struct attachment *attachment,
		  enum dp_event_kind kind)
{
	switch (kind) {
	case DP_ATTACHED:
		attachment->phase = ATTACHMENT_IN;
		if (!attachment->leaves)
			attachment->fn(attachment->owner, ATTACHMENT_JOINED);
		break;
	case DP_CALLED:
		attachment->phase = ATTACHMENT_IN;
		destroy_all(&attachment->passing);
		if (!attachment->called)
			break;
		attachment->calls = attachment->called = false;
		if (attachment->leaves)
			break;
		attachment->done(attachment->done_arg);
		attachment->fn(attachment->owner, ATTACHMENT_CALLED);
		break;
	case DP_MOVED:
		attachment->phase = ATTACHMENT_IN;
		attachment->moves = false;
		break;
	case DP_DETACHED:
		attachment->phase = ATTACHMENT_OUT;
		attachment->calls = attachment->moves = false;
		destroy_all(&attachment->retired);
		attachment->fn(attachment->owner, ATTACHMENT_LEFT);
		return;
	case DP_FAULT:
		attachment->fn(attachment->owner, ATTACHMENT_FAULTED);
		return;
	}
	if (attachment->leaves)
		attachment_leave(attachments, attachment);
	else
		go_on(attachments, attachment);
}

void
attachments_dispatch(struct attachments *attachments)
{
	struct dp_event event;

	while (dp_next_event(attachments->dp, &event)) {
		struct attachment *attachment = attachment_find(attachments, event.port);
		assert(attachment != NULL); /* dp only reports ports that we attached */
		attachment_handle(attachments, attachment, event.kind);
	}
}

static void
place(struct attachments *attachments, struct attachment *attachment)
{
	for (unsigned i = 0; attachment->phase == ATTACHMENT_IN && i < attachment->port->n_queues;
	     i++) {
		const struct port *queue = attachment->port->queue[i];
		unsigned target = attachment->queue_of[i].target;
		attachment->queue_of[i].target = 0;
		if (target != 0 && queue->ops->moves &&
		    target - 1 != dp_poller_of(attachments->dp, queue))
			attachment_move(attachments, attachment, i, target - 1);
	}
}

void
attachments_place(struct attachments *attachments)
{
	struct attachment *attachment;

	LIST_FOREACH(attachment, &attachments->list, entry)
		place(attachments, attachment);
}

void
attachments_visit(struct attachments *attachments,
		  void (*fn)(void *arg, struct attachment *attachment), void *arg)
{
	struct attachment *attachment;

	LIST_FOREACH(attachment, &attachments->list, entry)
		fn(arg, attachment);
}

void
attachments_each(struct attachments *attachments, void (*fn)(void *arg, const struct port *port),
		 void *arg)
{
	struct attachment *attachment;

	pthread_mutex_lock(&attachments->lock);
	LIST_FOREACH(attachment, &attachments->list, entry)
		fn(arg, attachment->port);
	pthread_mutex_unlock(&attachments->lock);
}
