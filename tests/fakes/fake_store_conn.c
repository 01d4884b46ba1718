/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake store's connections: open and close, watches, injected errors. Called by
 * fake_store_ops.c.
 *
 * Source of the watch rules: docs/misc/xenstore.txt. A watch fires once when it is set, then for
 * each change of its node or of one below, and when its node goes away with a directory above. A
 * watch on a relative path is told relative paths.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fakes/fake_store_conn.h"

static struct store *stores;
static struct fake_fault faults[FAKE_STORE_N_OPS];
static uint64_t calls[FAKE_STORE_N_OPS];
static bool hung_up;

static void
watch_fire(struct store *store, const struct watch *watch, const char *path)
{
	struct fired *fired = calloc(1, sizeof(*fired));

	fired->path = strdup(path + (tree_path_below(path, watch->path) ? watch->n_strip : 0));
	snprintf(fired->token, sizeof(fired->token), "%s", watch->token);
	*store->fired_tail = fired;
	store->fired_tail = &fired->next;
	fake_fd_set(store->fd, true);
}

/* A node changed. Who may not read it is not told. */
static void
fire(const char *path, enum db_scope scope)
{
	for (struct store *store = stores; store != NULL; store = store->next) {
		if (store->dead || store->watches == NULL)
			continue;
		const struct node *node = tree_find(db_root(), path);
		if (node != NULL && !tree_allows(node, store->domid, TREE_READ))
			continue;
		for (struct watch *watch = store->watches; watch != NULL; watch = watch->next)
			if (scope == DB_EXACT ? strcmp(path, watch->path) == 0
					      : tree_path_below(path, watch->path))
				watch_fire(store, watch, path);
	}
	fake_changed();
}

/* By default xenstored tells special events to dom0 only, though anybody may set the watch. */
void
fake_store_fire_special(const char *name)
{
	for (struct store *store = stores; store != NULL; store = store->next)
		for (struct watch *watch = store->watches; watch != NULL; watch = watch->next)
			if (store->domid == 0 && !store->dead && strcmp(name, watch->path) == 0)
				watch_fire(store, watch, name);
	fake_changed();
}

void
fake_store_reset(void)
{
	char path[64];
	uint32_t self = fake_self();
	struct fake_perms own = { .owner = 0, .n_others = 1, .others = { { self, 'r' } } };
	static const char *const writable[] = { "error", "data" };

	db_reset(fire);
	memset(faults, 0, sizeof(faults));
	memset(calls, 0, sizeof(calls));
	hung_up = false;
	fake_store_reset_ops();
	snprintf(path, sizeof(path), "/local/domain/%u", self);
	db_write(0, path, "", 0);
	tree_find(db_root(), path)->perms = own;
	own.owner = self;
	for (unsigned i = 0; i < 2; i++) { /* libxl_create.c: the domain may write these */
		snprintf(path, sizeof(path), "/local/domain/%u/%s", self, writable[i]);
		db_write(0, path, "", 0);
		tree_find(db_root(), path)->perms = own;
	}
	char value[16];
	int len = snprintf(value, sizeof(value), "%u", self);
	snprintf(path, sizeof(path), "/local/domain/%u/domid", self);
	db_write(0, path, value, (unsigned)len);
}

void
fake_store_leaks(struct fake_leaks *leaks)
{
	for (struct store *store = stores; store != NULL; store = store->next) {
		if (!store->counted)
			continue;
		leaks->n_store_handles++;
		for (struct watch *watch = store->watches; watch != NULL; watch = watch->next)
			leaks->n_watches++;
		for (struct held_tx *held = store->txs; held != NULL; held = held->next)
			leaks->n_transactions++;
	}
}

struct store *
conn_open(uint32_t domid, bool counted)
{
	if (counted && hung_up) {
		errno = ECONNREFUSED;
		return NULL;
	}
	struct store *store = calloc(1, sizeof(*store));

	store->domid = domid;
	store->home_len =
		(size_t)snprintf(store->home, sizeof(store->home), "/local/domain/%u/", domid);
	store->counted = counted;
	store->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	store->fired_tail = &store->fired;
	pthread_mutex_lock(&fake_lock);
	if (db_root() == NULL)
		fake_store_reset();
	store->next = stores;
	stores = store;
	pthread_mutex_unlock(&fake_lock);
	return store;
}

struct store *
fake_store_connect(uint32_t domid)
{
	return conn_open(domid, false);
}

static void
watch_free(struct watch *watch)
{
	free(watch->path);
	free(watch->token);
	free(watch);
}

static void
fired_pop(struct store *store)
{
	struct fired *fired = store->fired;

	store->fired = fired->next;
	if (store->fired == NULL) {
		store->fired_tail = &store->fired;
		fake_fd_set(store->fd, store->dead);
	}
	free(fired->path);
	free(fired);
}

void
conn_close(struct store *store)
{
	pthread_mutex_lock(&fake_lock);
	struct store **link = &stores;
	while (*link != store)
		link = &(*link)->next;
	*link = store->next;
	while (store->watches != NULL) {
		struct watch *watch = store->watches;

		store->watches = watch->next;
		watch_free(watch);
	}
	while (store->fired != NULL)
		fired_pop(store);
	while (store->txs != NULL) {
		struct held_tx *held = store->txs;

		store->txs = held->next;
		db_tx_abort(held->tx);
		free(held);
	}
	close(store->fd);
	pthread_mutex_unlock(&fake_lock);
	free(store);
}

int
conn_enter(struct store *store, enum fake_store_op op)
{
	fake_busy_enter(&store->busy, "store");
	pthread_mutex_lock(&fake_lock);
	if (!store->counted || op == FAKE_STORE_N_OPS)
		return 0;
	calls[op]++;
	return store->dead ? EIO : fake_fault_take(&faults[op]);
}

int
conn_leave(struct store *store, int ret)
{
	pthread_mutex_unlock(&fake_lock);
	fake_busy_leave(&store->busy);
	return ret;
}

bool
conn_resolve(const struct store *store, const char *path, char *abs, size_t *n_strip)
{
	size_t n = path[0] == '/' ? 0 : store->home_len, len = strlen(path);

	if (n_strip != NULL)
		*n_strip = n;
	if (n + len >= PATH_SIZE)
		return false;
	memcpy(abs, store->home, n);
	memcpy(abs + n, path, len + 1);
	return tree_path_valid(abs);
}

struct held_tx *
conn_find_tx(struct store *store, uint32_t id)
{
	for (struct held_tx *held = store->txs; held != NULL; held = held->next)
		if (db_tx_id(held->tx) == id)
			return held;
	return NULL;
}

struct tx *
conn_take_tx(struct store *store, uint32_t id)
{
	for (struct held_tx **link = &store->txs; *link != NULL; link = &(*link)->next) {
		struct held_tx *held = *link;
		struct tx *tx = held->tx;

		if (db_tx_id(tx) != id)
			continue;
		*link = held->next;
		free(held);
		return tx;
	}
	return NULL;
}

int
conn_watch(struct store *store, const char *path, const char *token)
{
	char abs[PATH_SIZE];
	size_t n_strip = 0;
	int error = conn_enter(store, FAKE_STORE_WATCH);

	if (error != 0)
		return conn_leave(store, -error);
	if (path[0] == '@')
		snprintf(abs, sizeof(abs), "%s", path);
	else if (!conn_resolve(store, path, abs, &n_strip))
		return conn_leave(store, -EINVAL);
	for (const struct watch *watch = store->watches; watch != NULL; watch = watch->next)
		if (strcmp(watch->path, abs) == 0 && strcmp(watch->token, token) == 0)
			return conn_leave(store, -EEXIST);
	if (strlen(token) >= sizeof(((struct store_event *)NULL)->token))
		fake_violate("watch token longer than ops.h allows: %s", token);
	struct watch *watch = calloc(1, sizeof(*watch));
	watch->path = strdup(abs);
	watch->token = strdup(token);
	watch->n_strip = n_strip;
	watch->next = store->watches;
	store->watches = watch;
	watch_fire(store, watch, abs);
	return conn_leave(store, 0);
}

/* Events that already fired stay in the queue, as they do in a socket. */
int
conn_unwatch(struct store *store, const char *path, const char *token)
{
	char abs[PATH_SIZE];

	conn_enter(store, FAKE_STORE_N_OPS);
	if (path[0] == '@')
		snprintf(abs, sizeof(abs), "%s", path);
	else if (!conn_resolve(store, path, abs, NULL))
		return conn_leave(store, -EINVAL);
	for (struct watch **link = &store->watches; *link != NULL; link = &(*link)->next) {
		struct watch *watch = *link;

		if (strcmp(watch->path, abs) != 0 || strcmp(watch->token, token) != 0)
			continue;
		*link = watch->next;
		watch_free(watch);
		return conn_leave(store, 0);
	}
	return conn_leave(store, -ENOENT);
}

int
conn_fd(struct store *store)
{
	return store->fd;
}

int
conn_next_event(struct store *store, struct store_event *event)
{
	conn_enter(store, FAKE_STORE_N_OPS);
	if (store->dead)
		return conn_leave(store, -EIO);
	if (store->fired == NULL)
		return conn_leave(store, 0);
	snprintf(event->path, sizeof(event->path), "%s", store->fired->path);
	snprintf(event->token, sizeof(event->token), "%s", store->fired->token);
	fired_pop(store);
	return conn_leave(store, 1);
}

void
fake_store_fail(enum fake_store_op op, unsigned skip, unsigned n, int error)
{
	pthread_mutex_lock(&fake_lock);
	faults[op] = (struct fake_fault){ skip, n, error };
	pthread_mutex_unlock(&fake_lock);
}

uint64_t
fake_store_calls(enum fake_store_op op)
{
	pthread_mutex_lock(&fake_lock);
	uint64_t n = calls[op];
	pthread_mutex_unlock(&fake_lock);
	return n;
}

void
fake_store_hang_up(void)
{
	pthread_mutex_lock(&fake_lock);
	hung_up = true;
	for (struct store *store = stores; store != NULL; store = store->next) {
		if (!store->counted)
			continue;
		store->dead = true;
		fake_fd_set(store->fd, true);
	}
	pthread_mutex_unlock(&fake_lock);
}

void
fake_store_come_back(void)
{
	pthread_mutex_lock(&fake_lock);
	hung_up = false;
	pthread_mutex_unlock(&fake_lock);
}
