/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake store's database. Called by fake_store.c, calls fake_tree.c. */
#include "fakes/fake_store_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One change of the real tree. Kept while a transaction is open that may clash with it. */
struct change {
	struct change *next;
	uint64_t gen;
	bool made_or_removed; /* its parent's list of children changed too */
	char path[];
};

struct access {
	struct access *next;
	bool list;
	char path[];
};

enum op_kind {
	OP_WRITE,
	OP_REMOVE,
	OP_SET_PERMS,
};

struct op {
	struct op *next;
	enum op_kind kind;
	char *path;
	void *value; /* a struct fake_perms for OP_SET_PERMS */
	unsigned len;
};

struct tx {
	struct tx *next; /* of all that are open */
	uint32_t id;
	uint64_t gen;
	struct node *root; /* NULL: the real tree, which has not changed since it began */
	struct access *accesses;
	struct op *ops;
	struct op **ops_tail;
};

static struct node *root;
static db_fire_fn *fire;
static struct change *changes;
static uint64_t gen;
static struct tx *open_txs;

static void
changes_free(void)
{
	while (changes != NULL) {
		struct change *change = changes;

		changes = change->next;
		free(change);
	}
}

void
db_reset(db_fire_fn *fn)
{
	tree_destroy(root);
	root = tree_create();
	changes_free();
	fire = fn;
}

struct node *
db_root(void)
{
	return root;
}

/* The tree as the transaction sees it, of its own from now on. */
static struct node *
own_root(struct tx *tx)
{
	if (tx->root == NULL)
		tx->root = tree_copy(root);
	return tx->root;
}

/* The real tree is about to change. */
static void
note_change(const char *path, bool made_or_removed)
{
	gen++;
	if (open_txs == NULL)
		return;
	for (struct tx *tx = open_txs; tx != NULL; tx = tx->next)
		own_root(tx);
	struct change *change = malloc(sizeof(*change) + strlen(path) + 1);
	change->gen = gen;
	change->made_or_removed = made_or_removed;
	strcpy(change->path, path);
	change->next = changes;
	changes = change;
}

/* Notes each directory of `path` that a write is going to make, and the node itself. */
static void
note_write(const char *path)
{
	if (open_txs == NULL)
		return;
	char *part = strdup(path);
	for (char *at = part + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		if (tree_find(root, part) == NULL)
			note_change(part, true);
		*at = '/';
	}
	note_change(path, tree_find(root, path) == NULL);
	free(part);
}

int
db_write(uint32_t domid, const char *path, const void *value, unsigned len)
{
	struct node *probe = tree_get(root, path, domid, TREE_WRITE);

	if (probe == NULL && errno != ENOENT)
		return -errno;
	note_write(path);
	int ret = tree_write(root, path, domid, value, len);
	if (ret == 0)
		fire(path, DB_AND_ABOVE);
	return ret;
}

struct walk {
	const char *top;
};

static void
removed_one(void *arg, const char *path)
{
	const struct walk *walk = arg;

	note_change(path, true);
	fire(path, strcmp(path, walk->top) == 0 ? DB_AND_ABOVE : DB_EXACT);
}

int
db_remove(uint32_t domid, const char *path)
{
	struct node *node = tree_get(root, path, domid, TREE_WRITE);
	struct walk walk = { path };

	if (node != NULL && node->parent != NULL)
		/* told while it can still say who may know */
		tree_walk(node, path, removed_one, &walk);
	return tree_remove(root, path, domid);
}

struct tx *
db_tx_begin(uint32_t id)
{
	struct tx *tx = calloc(1, sizeof(*tx));

	tx->id = id;
	tx->gen = gen;
	tx->ops_tail = &tx->ops;
	tx->next = open_txs;
	open_txs = tx;
	return tx;
}

uint32_t
db_tx_id(const struct tx *tx)
{
	return tx->id;
}

static void
note_access(struct tx *tx, const char *path, bool list)
{
	struct access *access = malloc(sizeof(*access) + strlen(path) + 1);

	access->list = list;
	strcpy(access->path, path);
	access->next = tx->accesses;
	tx->accesses = access;
}

struct node *
db_tx_read(struct tx *tx, const char *path)
{
	note_access(tx, path, false);
	return tx->root != NULL ? tx->root : root;
}

struct node *
db_tx_list(struct tx *tx, const char *path)
{
	note_access(tx, path, true);
	return tx->root != NULL ? tx->root : root;
}

static void
note_op(struct tx *tx, enum op_kind kind, const char *path, const void *value, unsigned len)
{
	struct op *op = calloc(1, sizeof(*op));

	note_access(tx, path, false);
	op->kind = kind;
	op->path = strdup(path);
	op->len = len;
	op->value = malloc(len + 1);
	memcpy(op->value, value, len);
	*tx->ops_tail = op;
	tx->ops_tail = &op->next;
}

int
db_tx_write(struct tx *tx, uint32_t domid, const char *path, const void *value, unsigned len)
{
	int ret = tree_write(own_root(tx), path, domid, value, len);

	if (ret == 0)
		note_op(tx, OP_WRITE, path, value, len);
	return ret;
}

int
db_tx_remove(struct tx *tx, uint32_t domid, const char *path)
{
	int ret = tree_remove(own_root(tx), path, domid);

	if (ret == 0)
		note_op(tx, OP_REMOVE, path, "", 0);
	return ret;
}

int
db_tx_set_perms(struct tx *tx, const char *path, const struct fake_perms *perms)
{
	struct node *node = tree_find(own_root(tx), path);

	if (node == NULL)
		return -ENOENT;
	node->perms = *perms;
	note_op(tx, OP_SET_PERMS, path, perms, sizeof(*perms));
	return 0;
}

/*
 * xenstored tells those who may read the node before or after the change: it fires with the old
 * permissions.
 */
int
db_set_perms(const char *path, const struct fake_perms *perms)
{
	struct node *node = tree_find(root, path);

	if (node == NULL)
		return -ENOENT;
	note_change(path, false);
	fire(path, DB_AND_ABOVE);
	node->perms = *perms;
	return 0;
}

static bool
clash(const struct access *access, const struct change *change)
{
	char parent[3072 + 1];

	if (tree_path_below(access->path, change->path) &&
	    (strcmp(access->path, change->path) == 0 || change->made_or_removed))
		return true;
	if (!access->list || !change->made_or_removed || strcmp(change->path, "/") == 0)
		return false;
	tree_path_parent(change->path, parent, sizeof(parent));
	return strcmp(parent, access->path) == 0;
}

static bool
tx_clashes(const struct tx *tx)
{
	for (const struct change *change = changes; change != NULL; change = change->next)
		for (const struct access *access = tx->accesses; access != NULL;
		     access = access->next)
			if (change->gen > tx->gen && clash(access, change))
				return true;
	return false;
}

void
db_tx_abort(struct tx *tx)
{
	struct tx **link = &open_txs;

	while (*link != tx)
		link = &(*link)->next;
	*link = tx->next;
	tree_destroy(tx->root);
	while (tx->accesses != NULL) {
		struct access *access = tx->accesses;

		tx->accesses = access->next;
		free(access);
	}
	while (tx->ops != NULL) {
		struct op *op = tx->ops;

		tx->ops = op->next;
		free(op->path);
		free(op->value);
		free(op);
	}
	free(tx);
	if (open_txs == NULL)
		changes_free();
}

int
db_tx_commit(struct tx *tx, uint32_t domid)
{
	int ret = tx_clashes(tx) ? -EAGAIN : 0;

	for (const struct op *op = ret == 0 ? tx->ops : NULL; op != NULL; op = op->next) {
		if (op->kind == OP_WRITE)
			db_write(domid, op->path, op->value, op->len);
		else if (op->kind == OP_REMOVE)
			db_remove(domid, op->path);
		else
			db_set_perms(op->path, op->value);
	}
	db_tx_abort(tx);
	return ret;
}
