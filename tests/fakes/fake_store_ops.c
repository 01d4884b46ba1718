/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake store's calls: fake_xen()->store. Calls fake_store_conn.c and fake_store_db.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/fake_store_conn.h"

#define DEAD_MAX 16u

static uint32_t last_tx_id;
static uint32_t dead[DEAD_MAX]; /* domains that died since the reset, the last ones */
static unsigned n_dead;
static struct {
	unsigned skip;
	void (*fn)(void *arg); /* NULL: none */
	void *arg;
} on_begin;

void
fake_store_on_begin(unsigned skip, void (*fn)(void *arg), void *arg)
{
	pthread_mutex_lock(&fake_lock);
	on_begin.skip = skip;
	on_begin.fn = fn;
	on_begin.arg = arg;
	pthread_mutex_unlock(&fake_lock);
}

void
fake_store_reset_ops(void)
{
	on_begin.fn = NULL;
	n_dead = 0;
}

static void
run_on_begin(const struct store *store)
{
	void (*fn)(void *arg) = NULL;

	if (!store->counted)
		return;
	pthread_mutex_lock(&fake_lock);
	void *arg = on_begin.arg;
	if (on_begin.fn != NULL && on_begin.skip-- == 0) {
		fn = on_begin.fn;
		on_begin.fn = NULL;
	}
	pthread_mutex_unlock(&fake_lock);
	if (fn != NULL)
		fn(arg);
}

static void
set_errno(int error)
{
	errno = error == FAKE_STORE_NO_ERRNO ? 0 : error;
}

/* The node as the caller may see it, or NULL with errno. */
static struct node *
look_up(struct store *store, uint32_t tx, const char *path,
	struct node *(*note)(struct tx *, const char *))
{
	char abs[PATH_SIZE];
	struct node *root = db_root();

	if (!conn_resolve(store, path, abs, NULL)) {
		errno = EINVAL;
		return NULL;
	}
	if (tx != 0) {
		struct held_tx *held = conn_find_tx(store, tx);

		if (held == NULL) {
			errno = ENOENT;
			return NULL;
		}
		root = note(held->tx, abs);
	}
	return tree_get(root, abs, store->domid, TREE_READ);
}

static char *
op_read(struct store *store, uint32_t tx, const char *path, unsigned *len)
{
	char *value = NULL;
	int error = conn_enter(store, FAKE_STORE_READ);

	if (error == 0) {
		const struct node *node = look_up(store, tx, path, db_tx_read);

		if (node == NULL) {
			error = errno;
		} else {
			value = malloc(node->len + 1);
			memcpy(value, node->value, node->len + 1);
			if (len != NULL)
				*len = node->len;
		}
	}
	conn_leave(store, 0);
	set_errno(error);
	return value;
}

static char **
node_names(const struct node *node, unsigned *n)
{
	size_t size = sizeof(char *);

	*n = 0;
	for (const struct node *child = node->children; child != NULL; child = child->next, ++*n)
		size += sizeof(char *) + strlen(child->name) + 1;
	char **names = malloc(size);
	char *text = (char *)(names + *n);
	unsigned i = 0;
	for (const struct node *child = node->children; child != NULL; child = child->next) {
		names[i++] = strcpy(text, child->name);
		text += strlen(text) + 1;
	}
	return names;
}

static char **
op_list(struct store *store, uint32_t tx, const char *path, unsigned *n)
{
	char **names = NULL;
	int error = conn_enter(store, FAKE_STORE_LIST);

	if (error == 0) {
		const struct node *node = look_up(store, tx, path, db_tx_list);

		if (node == NULL)
			error = errno;
		else
			names = node_names(node, n);
	}
	conn_leave(store, 0);
	set_errno(error);
	return names;
}

static int
put(struct store *store, uint32_t tx, const char *path, const void *value, unsigned len)
{
	char abs[PATH_SIZE];
	int error = conn_enter(store, FAKE_STORE_WRITE);

	if (error != 0)
		return conn_leave(store, -error);
	if (!conn_resolve(store, path, abs, NULL))
		return conn_leave(store, -EINVAL);
	if (tx == 0)
		return conn_leave(store, db_write(store->domid, abs, value, len));
	struct held_tx *held = conn_find_tx(store, tx);
	return conn_leave(store, held == NULL
					 ? -ENOENT
					 : db_tx_write(held->tx, store->domid, abs, value, len));
}

static int
op_write(struct store *store, uint32_t tx, const char *path, const char *value)
{
	return put(store, tx, path, value, (unsigned)strlen(value));
}

static int
op_remove(struct store *store, uint32_t tx, const char *path)
{
	char abs[PATH_SIZE];
	int error = conn_enter(store, FAKE_STORE_REMOVE);

	if (error != 0)
		return conn_leave(store, -error);
	if (!conn_resolve(store, path, abs, NULL))
		return conn_leave(store, -EINVAL);
	if (tx == 0)
		return conn_leave(store, db_remove(store->domid, abs));
	struct held_tx *held = conn_find_tx(store, tx);
	return conn_leave(store,
			  held == NULL ? -ENOENT : db_tx_remove(held->tx, store->domid, abs));
}

static uint32_t
op_begin(struct store *store)
{
	run_on_begin(store);
	int error = conn_enter(store, FAKE_STORE_BEGIN);
	uint32_t id = 0;

	if (error == 0) {
		struct held_tx *held = calloc(1, sizeof(*held));

		id = ++last_tx_id;
		held->tx = db_tx_begin(id);
		held->next = store->txs;
		store->txs = held;
	}
	conn_leave(store, 0);
	set_errno(error);
	return id;
}

static int
op_commit(struct store *store, uint32_t id)
{
	int error = conn_enter(store, FAKE_STORE_COMMIT);
	struct tx *tx = conn_take_tx(store, id);

	if (tx == NULL)
		return conn_leave(store, -ENOENT);
	if (error != 0) {
		db_tx_abort(tx);
		return conn_leave(store, -error);
	}
	return conn_leave(store, db_tx_commit(tx, store->domid));
}

static void
op_abort(struct store *store, uint32_t id)
{
	conn_enter(store, FAKE_STORE_N_OPS);
	struct tx *tx = conn_take_tx(store, id);

	if (tx != NULL)
		db_tx_abort(tx);
	conn_leave(store, 0);
}

static struct store *
op_open(void)
{
	return conn_open(fake_self(), true);
}

void
fake_store_domain_dies(uint32_t domid)
{
	dead[n_dead++ % DEAD_MAX] = domid;
}

static int
op_domain_lives(struct store *store, uint32_t domid)
{
	int error = conn_enter(store, FAKE_STORE_LIVES);
	int lives = 1;

	for (unsigned i = 0; i < n_dead && i < DEAD_MAX; i++)
		lives = dead[i] == domid ? 0 : lives;
	return conn_leave(store, error != 0 ? -error : lives);
}

const struct store_ops fake_store_ops = {
	.open = op_open,
	.close = conn_close,
	.read = op_read,
	.write = op_write,
	.remove = op_remove,
	.list = op_list,
	.begin = op_begin,
	.commit = op_commit,
	.abort = op_abort,
	.watch = conn_watch,
	.unwatch = conn_unwatch,
	.fd = conn_fd,
	.next_event = conn_next_event,
	.domain_lives = op_domain_lives,
};
