/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Typed reads of store nodes, and writes that never recreate a removed directory. Threads: control
 * thread.
 */
#ifndef VPE_CTL_NODE_H
#define VPE_CTL_NODE_H

#include <stddef.h>
#include <stdint.h>

#include "ctl/store/source.h"
#include "xen/ops.h"

#define NODE_PATH_SIZE 512 /* longest path that is built, with its NUL */

/* A connection to the store and its operations. */
struct xstore {
	const struct store_ops *ops;
	struct store *conn;
};

/*
 * Reads the text `dir`/`key` into `out`. Returns 0; -ENOENT or -EACCES if it is missing or not
 * readable; -EINVAL if it contains a NUL or does not fit (`out` then holds what fits); or another
 * negative errno.
 */
int node_read_text(const struct xstore *xs, uint32_t tx, const char *dir, const char *key,
		   char *out, size_t out_size);

/*
 * Reads the number `dir`/`key`, at most `max`. Errors as above; also -EINVAL if it is not a number
 * or is too big. `why` (may be NULL) then gets the escaped value.
 */
int node_read_number(const struct xstore *xs, uint32_t tx, const char *dir, const char *key,
		     uint32_t max, uint32_t *out, char *why, size_t why_size);

/* A directory as a source of settings. `xs` and `dir` must outlive it. */
struct node_source {
	struct key_source source; /* first */
	const struct xstore *xs;
	const char *dir;
};

/* `key_is` as in struct key_source. Read from `source` of the result. */
struct node_source node_source(const struct xstore *xs, const char *dir, const char *key_is);

struct node_value {
	const char *key;
	const char *value;
};

/*
 * Writes `n` values below `dir` in one transaction, but only if the key of `guard` exists there and
 * its value is not that of `guard` (NULL: any value will do), else returns -ENOENT. Retries a
 * limited number of times on conflict, then returns -EAGAIN.
 */
int node_update(const struct xstore *xs, const char *dir, const struct node_value *guard,
		const struct node_value *values, unsigned n);

/*
 * Removes `dir` and everything below it in one transaction, but only if all `n` values match, else
 * returns -ENOENT. -EAGAIN on a conflicting write.
 */
int node_remove_if(const struct xstore *xs, const char *dir, const struct node_value *values,
		   unsigned n);

#endif
