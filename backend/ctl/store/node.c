/* SPDX-License-Identifier: BSD-3-Clause */
/* Typed reads and guarded writes of store nodes. */
#include "ctl/store/node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ctl/store/number.h"
#include "proto/limits.h"

#define NODE_TX_TRIES 10 /* after that many conflicts, another client keeps writing these nodes */

static int
join_path(char *path, const char *dir, const char *key)
{
	return snprintf(path, NODE_PATH_SIZE, "%s/%s", dir, key) < NODE_PATH_SIZE ? 0
										  : -ENAMETOOLONG;
}

/* Returns the value of `dir`/`key`, which the caller frees. NULL with errno. */
static char *
read_value(const struct xstore *xs, uint32_t tx, const char *dir, const char *key, unsigned *len)
{
	char path[NODE_PATH_SIZE];
	int ret = join_path(path, dir, key);

	if (ret < 0) {
		errno = -ret;
		return NULL;
	}
	return xs->ops->read(xs->conn, tx, path, len);
}

int
node_read_text(const struct xstore *xs, uint32_t tx, const char *dir, const char *key, char *out,
	       size_t out_size)
{
	unsigned len = 0;
	char *value = read_value(xs, tx, dir, key, &len);

	if (value == NULL)
		return errno == 0 ? -EIO : -errno;
	int n = snprintf(out, out_size, "%s", value);
	free(value);
	return (size_t)n < out_size && (unsigned)n == len ? 0 : -EINVAL;
}

int
node_read_number(const struct xstore *xs, uint32_t tx, const char *dir, const char *key,
		 uint32_t max, uint32_t *out, char *why, size_t why_size)
{
	unsigned len = 0;
	char *value = read_value(xs, tx, dir, key, &len);

	if (value == NULL)
		return errno == 0 ? -EIO : -errno;
	int ret = len > LIMIT_STORE_VALUE ? -EINVAL : number_parse(value, len, max, out);
	if (ret < 0 && why != NULL)
		log_escape(value, why, why_size);
	free(value);
	return ret;
}

static int
source_get(const struct key_source *source, const char *key, char *out, size_t out_size)
{
	const struct node_source *node = (const struct node_source *)source;

	return node_read_text(node->xs, 0, node->dir, key, out, out_size);
}

struct node_source
node_source(const struct xstore *xs, const char *dir, const char *key_is)
{
	return (struct node_source){ .source = { .get = source_get, .key_is = key_is },
				     .xs = xs,
				     .dir = dir };
}

static int
write_all(const struct xstore *xs, uint32_t tx, const char *dir, const struct node_value *guard,
	  const struct node_value *values, unsigned n)
{
	unsigned len;
	char path[NODE_PATH_SIZE];
	char *value = read_value(xs, tx, dir, guard->key, &len);

	if (value == NULL)
		return errno == 0 ? -EIO : -errno;
	bool excluded = guard->value != NULL && strcmp(value, guard->value) == 0;
	free(value);
	if (excluded)
		return -ENOENT;
	for (unsigned i = 0; i < n; i++) {
		int ret = join_path(path, dir, values[i].key);
		if (ret == 0)
			ret = xs->ops->write(xs->conn, tx, path, values[i].value);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/*
 * Compares a value in `dir`. Returns 0, -ENOENT if it is missing or differs, or another negative
 * errno.
 */
static int
check_value(const struct xstore *xs, uint32_t tx, const char *dir, const struct node_value *value)
{
	unsigned len = 0;
	char *now = read_value(xs, tx, dir, value->key, &len);

	if (now == NULL)
		return errno == 0 ? -EIO : -errno;
	bool same = strcmp(now, value->value) == 0 && len == strlen(value->value);
	free(now);
	return same ? 0 : -ENOENT;
}

/* Ends the transaction: commits it if `ret` is 0, else aborts it. */
static int
finish(const struct xstore *xs, uint32_t tx, int ret)
{
	if (ret == 0)
		return xs->ops->commit(xs->conn, tx);
	xs->ops->abort(xs->conn, tx);
	return ret;
}

static uint32_t
begin(const struct xstore *xs, int *ret)
{
	uint32_t tx = xs->ops->begin(xs->conn);

	if (tx == 0)
		*ret = errno == 0 ? -EIO : -errno;
	return tx;
}

int
node_update(const struct xstore *xs, const char *dir, const struct node_value *guard,
	    const struct node_value *values, unsigned n)
{
	int ret = -EAGAIN;

	for (unsigned i = 0; i < NODE_TX_TRIES && ret == -EAGAIN; i++) {
		uint32_t tx = begin(xs, &ret);
		if (tx != 0)
			ret = finish(xs, tx, write_all(xs, tx, dir, guard, values, n));
	}
	return ret;
}

int
node_remove_if(const struct xstore *xs, const char *dir, const struct node_value *values,
	       unsigned n)
{
	int ret = 0;
	uint32_t tx = begin(xs, &ret);

	if (tx == 0)
		return ret;
	for (unsigned i = 0; i < n && ret == 0; i++)
		ret = check_value(xs, tx, dir, &values[i]);
	if (ret == 0)
		ret = xs->ops->remove(xs->conn, tx, dir);
	return finish(xs, tx, ret);
}
