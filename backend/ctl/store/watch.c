/* SPDX-License-Identifier: BSD-3-Clause */
/* Store watches and their callbacks. */
#include "ctl/store/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ctl/store/clock.h"
#include "proto/limits.h"

#define WATCHES_MAX (2 * LIMIT_PORTS + 8) /* two per vif, and those of the daemon itself */
#define TOKEN_SIZE 32
#define RETRY_MS 1000u

struct watch {
	char path[NODE_PATH_SIZE]; /* empty: the slot is free */
	char token[TOKEN_SIZE];
	watch_fn *fn;
	void *owner;
	bool refused; /* not set in the store */
};

struct watches {
	const struct xstore *xs;
	unsigned serial;
	unsigned n_refused;
	uint64_t retry_ms; /* when to try again, if any was refused */
	struct watch slots[WATCHES_MAX];
	struct store_event event; /* scratch, too big for the stack */
};

struct watches *
watches_create(const struct xstore *xs)
{
	struct watches *watches = calloc(1, sizeof(*watches));

	if (watches == NULL)
		return NULL;
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

/* Sets the watch in the store. Returns 0 or -errno. */
static int
set(struct watches *watches, const struct watch *watch)
{
	return watches->xs->ops->watch(watches->xs->conn, watch->path, watch->token);
}

static void
set_refused(struct watches *watches, struct watch *watch, bool refused)
{
	if (refused && watches->n_refused == 0)
		watches->retry_ms = clock_ms() + RETRY_MS;
	if (refused != watch->refused)
		watches->n_refused += refused ? 1 : -1u;
	watch->refused = refused;
}

/* Takes a free slot; does not set the watch yet. Returns NULL with errno. */
static struct watch *
take_slot(struct watches *watches, const char *path, watch_fn *fn, void *owner)
{
	struct watch *watch = free_slot(watches);

	if (watch == NULL || strlen(path) >= sizeof(watch->path)) {
		errno = ENOSPC;
		return NULL;
	}
	strcpy(watch->path, path);
	snprintf(watch->token, sizeof(watch->token), "vpe-%u-%u",
		 (unsigned)(watch - watches->slots), watches->serial++);
	watch->refused = false;
	watch->fn = fn;
	watch->owner = owner;
	return watch;
}

struct watch *
watch_add(struct watches *watches, const char *path, watch_fn *fn, void *owner)
{
	struct watch *watch = take_slot(watches, path, fn, owner);
	int ret = watch == NULL ? 0 : set(watches, watch);

	if (ret < 0) {
		watch->path[0] = '\0';
		errno = -ret;
		return NULL;
	}
	return watch;
}

struct watch *
watch_keep(struct watches *watches, const char *path, watch_fn *fn, void *owner)
{
	struct watch *watch = take_slot(watches, path, fn, owner);
	int ret = watch == NULL ? 0 : set(watches, watch);

	if (ret < 0) {
		log_warning("%s cannot be watched: %s; retrying every second", path,
			    strerror(-ret));
		set_refused(watches, watch, true);
	}
	return watch;
}

void
watch_remove(struct watches *watches, struct watch *watch)
{
	if (watch == NULL)
		return;
	if (!watch->refused)
		watches->xs->ops->unwatch(watches->xs->conn, watch->path, watch->token);
	set_refused(watches, watch, false); /* nothing is left to try again */
	watch->path[0] = '\0';
}

int
watches_renew(struct watches *watches)
{
	unsigned n_set = 0;
	int error = 0;

	for (unsigned i = 0; i < WATCHES_MAX; i++) {
		struct watch *watch = &watches->slots[i];
		if (watch->path[0] == '\0')
			continue;
		int ret = set(watches, watch);
		set_refused(watches, watch, ret < 0);
		if (ret < 0)
			error = ret;
		else
			n_set++;
	}
	if (error < 0 && n_set > 0)
		log_warning("%u of %u watches cannot be set: %s; retrying every second",
			    watches->n_refused, watches->n_refused + n_set, strerror(-error));
	return n_set > 0 ? 0 : error;
}

void
watches_retry(struct watches *watches, uint64_t now_ms)
{
	if (now_ms < watches_due(watches))
		return;
	watches->retry_ms = now_ms + RETRY_MS;
	for (unsigned i = 0; i < WATCHES_MAX; i++) {
		struct watch *watch = &watches->slots[i];
		if (watch->path[0] != '\0' && watch->refused && set(watches, watch) == 0)
			set_refused(watches, watch, false);
	}
}

uint64_t
watches_due(const struct watches *watches)
{
	return watches->n_refused > 0 ? watches->retry_ms : CLOCK_NEVER;
}

/* Returns the current watch that `token` names, or NULL. */
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
