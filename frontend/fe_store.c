/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads and writes the vif's directories in xenstore. */
#include "fe_store.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "proto/keys.h"

#define WATCH_TOKEN "state"
#define PATH_SIZE 256
#define POLL_MAX_MS 100 /* bounds the cost of a lost watch event */

static char *
read_key(const struct fe_store *st, const char *dir, const char *key)
{
	char path[PATH_SIZE];

	if (snprintf(path, sizeof(path), "%s/%s", dir, key) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return st->ops->read(st->store, 0, path, NULL);
}

static long
read_number(const struct fe_store *st, const char *dir, const char *key, long none)
{
	char *text = read_key(st, dir, key), *end;

	if (text == NULL)
		return none;
	errno = 0;
	long value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		value = none;
	free(text);
	return value;
}

long
fe_store_front_number(const struct fe_store *st, const char *key, long none)
{
	return read_number(st, st->front, key, none);
}

long
fe_store_back_number(const struct fe_store *st, const char *key, long none)
{
	return read_number(st, st->back, key, none);
}

char *
fe_store_front_text(const struct fe_store *st, const char *key)
{
	return read_key(st, st->front, key);
}

int
fe_store_write(const struct fe_store *st, uint32_t tx, const char *key, unsigned long value)
{
	char path[PATH_SIZE], text[24];

	snprintf(path, sizeof(path), "%s/%s", st->front, key);
	snprintf(text, sizeof(text), "%lu", value);
	return st->ops->write(st->store, tx, path, text);
}

int
fe_store_remove(const struct fe_store *st, const char *key)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", st->front, key);
	int ret = st->ops->remove(st->store, 0, path);
	return ret == -ENOENT ? 0 : ret;
}

int
fe_store_set_state(const struct fe_store *st, int state)
{
	return fe_store_write(st, 0, KEY_STATE, (unsigned long)state);
}

/*
 * On another host the domid may be the same. There the toolstack recreates the directory, but
 * without our keys.
 */
bool
fe_store_is_moved(const struct fe_store *st)
{
	char *domid = st->ops->read(st->store, 0, KEY_OWN_DOMID, NULL);
	bool moved = domid != NULL && st->domid != NULL && strcmp(domid, st->domid) != 0;

	free(domid);
	if (moved || !st->published)
		return moved;
	char *backend = fe_store_front_text(st, "backend"),
	     *ours = fe_store_front_text(st, KEY_REQUEST_RX_COPY);
	moved = backend != NULL && ours == NULL;
	free(backend);
	free(ours);
	return moved;
}

int
fe_store_back_state(const struct fe_store *st)
{
	long state = fe_store_back_number(st, KEY_STATE, XenbusStateUnknown);

	return state < 0 || state > XenbusStateReconfigured ? XenbusStateUnknown : (int)state;
}

int
fe_store_drain(const struct fe_store *st)
{
	struct store_event event;
	int ret, any = 0;

	while ((ret = st->ops->next_event(st->store, &event)) > 0)
		any = 1;
	return ret < 0 ? ret : any;
}

int
fe_store_await(const struct fe_store *st, unsigned states, unsigned timeout_ms)
{
	uint64_t end = util_now_ms() + timeout_ms;

	for (;;) {
		int state = fe_store_back_state(st);
		if (states & (1u << state))
			return state;
		uint64_t now = util_now_ms();
		if (now >= end)
			return -ETIMEDOUT;
		struct pollfd pfd = { .fd = st->ops->fd(st->store), .events = POLLIN };
		poll(&pfd, 1, (int)(end - now < POLL_MAX_MS ? end - now : POLL_MAX_MS));
		int ret = fe_store_drain(st);
		if (ret < 0)
			return ret;
	}
}

/* Finds the backend's directory. Its path is trusted: the toolstack wrote it. */
static int
find_backend(struct fe_store *st)
{
	char path[PATH_SIZE];

	st->back = fe_store_front_text(st, "backend");
	long domid = fe_store_front_number(st, "backend-id", -1);
	if (st->back == NULL)
		return -errno;
	if (domid < 0 || domid > UINT16_MAX || strlen(st->back) > PATH_SIZE / 2)
		return -ENOENT;
	st->backend = (uint32_t)domid;
	snprintf(path, sizeof(path), "%s/%s", st->back, KEY_STATE);
	int ret = st->ops->watch(st->store, path, WATCH_TOKEN);
	st->watched = ret == 0;
	return ret;
}

int
fe_store_open(struct fe_store *st, const struct store_ops *ops, unsigned vif)
{
	*st = (struct fe_store){ .ops = ops, .store = ops->open() };
	if (st->store == NULL)
		return -errno;
	snprintf(st->front, sizeof(st->front), "device/vif/%u", vif);
	st->domid = ops->read(st->store, 0, KEY_OWN_DOMID, NULL);
	int ret = find_backend(st);
	if (ret < 0)
		fe_store_close(st);
	return ret;
}

void
fe_store_close(struct fe_store *st)
{
	char path[PATH_SIZE];

	if (st->watched) {
		snprintf(path, sizeof(path), "%s/%s", st->back, KEY_STATE);
		st->ops->unwatch(st->store, path, WATCH_TOKEN);
	}
	if (st->store != NULL)
		st->ops->close(st->store);
	free(st->back);
	free(st->domid);
	*st = (struct fe_store){ .store = NULL };
}
