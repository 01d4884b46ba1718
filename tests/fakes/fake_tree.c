/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake store's tree. Called by fake_store.c and fake_store_tx.c, calls nothing. */
#include "fakes/fake_tree.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_ABS 3072 /* xs_wire.h XENSTORE_ABS_PATH_MAX */
#define VALUE_MAX 4096    /* xs_wire.h XENSTORE_PAYLOAD_MAX */

static struct node *
node_create(const char *name, size_t name_len)
{
	struct node *node = calloc(1, sizeof(*node));

	if (node == NULL)
		abort();
	node->name = strndup(name, name_len);
	node->name_len = name_len;
	node->value = calloc(1, 1);
	return node;
}

static void
node_destroy(struct node *node)
{
	while (node->children != NULL) {
		struct node *child = node->children;

		node->children = child->next;
		node_destroy(child);
	}
	free(node->name);
	free(node->value);
	free(node);
}

struct node *
tree_create(void)
{
	return node_create("", 0); /* perms: owner dom0, nobody else */
}

void
tree_destroy(struct node *root)
{
	if (root != NULL)
		node_destroy(root);
}

static void
node_set_value(struct node *node, const void *value, unsigned len)
{
	char *copy = malloc(len + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, value, len);
	copy[len] = '\0';
	free(node->value);
	node->value = copy;
	node->len = len;
}

struct node *
tree_copy(const struct node *from)
{
	struct node *node = node_create(from->name, from->name_len);
	struct node **tail = &node->children;

	node->perms = from->perms;
	node_set_value(node, from->value, from->len);
	for (const struct node *child = from->children; child != NULL; child = child->next) {
		*tail = tree_copy(child);
		(*tail)->parent = node;
		tail = &(*tail)->next;
	}
	return node;
}

bool
tree_path_valid(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || len > PATH_MAX_ABS || (len > 1 && path[len - 1] == '/'))
		return false;
	for (const char *at = path; *at != '\0'; at++) {
		if (!isalnum((unsigned char)*at) && strchr("-/_@", *at) == NULL)
			return false;
		if (at[0] == '/' && at[1] == '/')
			return false;
	}
	return true;
}

bool
tree_path_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (strcmp(top, "/") == 0)
		return true;
	return strncmp(path, top, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

void
tree_path_parent(const char *path, char *parent, size_t parent_size)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : (size_t)(slash - path);

	snprintf(parent, parent_size, "%.*s", (int)len, path);
}

static struct node *
node_child(const struct node *node, const char *name, size_t name_len)
{
	for (struct node *child = node->children; child != NULL; child = child->next)
		if (child->name_len == name_len && memcmp(child->name, name, name_len) == 0)
			return child;
	return NULL;
}

/*
 * The deepest existing node on the way to `path`; `rest` gets what is left of the path, "" if it is
 * there.
 */
static struct node *
node_nearest(struct node *root, const char *path, const char **rest)
{
	struct node *node = root;
	const char *at = path + 1;

	while (*at != '\0') {
		size_t len = strcspn(at, "/");
		struct node *child = node_child(node, at, len);

		if (child == NULL)
			break;
		node = child;
		at += len;
		if (*at == '/')
			at++;
	}
	*rest = at;
	return node;
}

struct node *
tree_find(struct node *root, const char *path)
{
	const char *rest;
	struct node *node = node_nearest(root, path, &rest);

	return *rest == '\0' ? node : NULL;
}

bool
tree_allows(const struct node *node, uint32_t domid, enum tree_access access)
{
	const struct fake_perms *perms = &node->perms;

	if (domid == 0 || perms->owner == domid)
		return true;
	for (unsigned i = 0; i < perms->n_others; i++) {
		char c = perms->others[i].access;

		if (perms->others[i].domid == domid)
			return c == 'b' || c == (access == TREE_READ ? 'r' : 'w');
	}
	return false;
}

/* Who may not use the nearest existing parent shall not learn whether a node exists. */
struct node *
tree_get(struct node *root, const char *path, uint32_t domid, enum tree_access access)
{
	const char *rest;
	struct node *node = node_nearest(root, path, &rest);

	if (!tree_allows(node, domid, access)) {
		errno = EACCES;
		return NULL;
	}
	if (*rest != '\0') {
		errno = ENOENT;
		return NULL;
	}
	return node;
}

/* Adds a child with the parent's permissions, owned by who made it unless that is dom0. */
static struct node *
node_add(struct node *parent, const char *name, size_t name_len, uint32_t domid)
{
	struct node *node = node_create(name, name_len);
	struct node **tail = &parent->children;

	node->parent = parent;
	node->perms = parent->perms;
	if (domid != 0)
		node->perms.owner = domid;
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = node;
	return node;
}

int
tree_write(struct node *root, const char *path, uint32_t domid, const void *value, unsigned len)
{
	const char *rest;
	struct node *node = node_nearest(root, path, &rest);

	if (len > VALUE_MAX)
		return -E2BIG;
	if (!tree_allows(node, domid, TREE_WRITE))
		return -EACCES;
	while (*rest != '\0') {
		size_t name_len = strcspn(rest, "/");

		node = node_add(node, rest, name_len, domid);
		rest += name_len;
		if (*rest == '/')
			rest++;
	}
	node_set_value(node, value, len);
	return 0;
}

int
tree_remove(struct node *root, const char *path, uint32_t domid)
{
	struct node *node = tree_get(root, path, domid, TREE_WRITE);
	struct node **link;

	if (node == NULL) {
		char parent[PATH_MAX_ABS + 1];

		if (errno != ENOENT)
			return -errno;
		tree_path_parent(path, parent, sizeof(parent));
		return tree_find(root, parent) != NULL ? 0 : -ENOENT;
	}
	if (node->parent == NULL)
		return -EINVAL;
	link = &node->parent->children;
	while (*link != node)
		link = &(*link)->next;
	*link = node->next;
	node_destroy(node);
	return 0;
}

void
tree_walk(const struct node *node, const char *path, void (*fn)(void *arg, const char *path),
	  void *arg)
{
	char below[PATH_MAX_ABS + 1];

	for (const struct node *child = node->children; child != NULL; child = child->next) {
		snprintf(below, sizeof(below), "%s/%s", strcmp(path, "/") == 0 ? "" : path,
			 child->name);
		tree_walk(child, below, fn, arg);
	}
	fn(arg, path);
}
