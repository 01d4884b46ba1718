/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake store's tree of nodes with values and permissions. Pure data; the caller holds the lock.
 * Source of the permission rules: xenstored's get_node(), construct_node() and do_rm().
 */
#ifndef VPE_FAKES_FAKE_TREE_H
#define VPE_FAKES_FAKE_TREE_H

#include "fakes/fake_xen.h"

struct node {
	char *name;
	size_t name_len;
	void *value;
	unsigned len;
	struct fake_perms perms;
	struct node *parent;
	struct node *children;
	struct node *next;
};

enum tree_access {
	TREE_READ = 1,
	TREE_WRITE = 2,
};

struct node *tree_create(void);
struct node *tree_copy(const struct node *root);
void tree_destroy(struct node *root); /* NULL is allowed */

/* Whether `path` is absolute and well formed. */
bool tree_path_valid(const char *path);
/* Whether `path` is `top` or below it. */
bool tree_path_below(const char *path, const char *top);
/* The directory of `path` in `parent`. */
void tree_path_parent(const char *path, char *parent, size_t parent_size);

struct node *tree_find(struct node *root, const char *path);
/* Whether domain `domid` may use the node. */
bool tree_allows(const struct node *node, uint32_t domid, enum tree_access access);
/* The node if domid may use it; NULL with errno ENOENT or EACCES. */
struct node *tree_get(struct node *root, const char *path, uint32_t domid, enum tree_access access);
/* Writes a node, making it and its parents as needed. 0 or -errno. */
int tree_write(struct node *root, const char *path, uint32_t domid, const void *value,
	       unsigned len);
/*
 * Removes a node with all below it. 0 or -errno; a missing node under an existing parent is no
 * error.
 */
int tree_remove(struct node *root, const char *path, uint32_t domid);
/*
 * Calls fn with the path of `node` (which is at `path`) and of all nodes below it, deepest first.
 */
void tree_walk(const struct node *node, const char *path, void (*fn)(void *arg, const char *path),
	       void *arg);

#endif
