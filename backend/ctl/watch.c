/* SPDX-License-Identifier: BSD-3-Clause */
/* Store watches and who is told. Called by loop.c for events, by vif.c and vifs.c for the watches. */
#include "ctl/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

#define WATCHES_MAX (2 * LIMIT_PORTS + 8) /* two for each vif, and the few of the daemon itself */
#define TOKEN_SIZE 32

struct watch {
	char path[NODE_PATH_SIZE]; /* empty: the slot is free */
	char token[TOKEN_SIZE];
	watch_fn *fn;
	void *owner;
};

struct watches {
	const struct xstore *xs;
	unsigned serial;
	struct watch slots[WATCHES_MAX];
	struct store_event event; /* scratch; too big for the stack */
};

struct watches *
watches_create(const struct xstore *xs)
{
	struct watches *watches = calloc(1, sizeof(*watches));

	if (watches != NULL)
		watches->xs = xs;
	return watches;
}

void
watches_destroy(struct watches *watches)
{
	if (watches == NULL)
		return;
	for (unsigned i = 0; i < WATCHES_MAX; i++) {
		if (watches->slots[i].path[0] != '\0')
			watch_remove(watches, &watches->slots[i]);
	}
	free(watches);
}

static struct watch *
free_slot(struct watches *watches)
{
	for (unsigned i = 0; i < WATCHES_MAX; i++) {
		if (watches->slots[i].path[0] == '\0')
			return &watches->slots[i];
	}
	return NULL;
}

struct watch *
watch_add(struct watches *watches, const char *path, watch_fn *fn, void *owner)
{
	struct watch *watch = free_slot(watches);

	if (watch == NULL || strlen(path) >= sizeof(watch->path)) {
		errno = ENOSPC;
		return NULL;
	}
	strcpy(watch->path, path);
	snprintf(watch->token, sizeof(watch->token), "vpe-%u-%u", (unsigned)(watch - watches->slots),
		 watches->serial++);
	watch->fn = fn;
	watch->owner = owner;
	int ret = watches->xs->ops->watch(watches->xs->conn, watch->path, watch->token);
	if (ret < 0) {
		watch->path[0] = '\0';
		errno = -ret;
		return NULL;
	}
	return watch;
}

void
watch_remove(struct watches *watches, struct watch *watch)
{
	if (watch == NULL)
		return;
	watches->xs->ops->unwatch(watches->xs->conn, watch->path, watch->token);
	watch->path[0] = '\0';
}

int
watches_renew(struct watches *watches)
{
	for (unsigned i = 0; i < WATCHES_MAX; i++) {
		const struct watch *watch = &watches->slots[i];
		int ret = watch->path[0] == '\0' ? 0 : watches->xs->ops->watch(watches->xs->conn, watch->path, watch->token);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* The live watch that `token` names, or NULL. */
static struct watch *
find(struct watches *watches, const char *token)
{
	unsigned slot;

	if (sscanf(token, "vpe-%u-", &slot) != 1 || slot >= WATCHES_MAX)
		return NULL;
	struct watch *watch = &watches->slots[slot];
	return watch->path[0] != '\0' && strcmp(watch->token, token) == 0 ? watch : NULL;
}

int
watches_dispatch(struct watches *watches, unsigned max)
{
	unsigned n = 0;

	while (n < max) {
		int ret = watches->xs->ops->next_event(watches->xs->conn, &watches->event);
		if (ret < 0)
			return ret;
		if (ret == 0)
			break;
		n++;
		struct watch *watch = find(watches, watches->event.token);
		if (watch != NULL)
			watch->fn(watch->owner, watches->event.path);
	}
	return (int)n;
}
