/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A source of settings: texts by key. Parsers of settings read from a source and do not know what
 * is behind it: a directory of the store (node_source()), or a table in a test. Threads: those of
 * the source.
 */
#ifndef VPE_CTL_SOURCE_H
#define VPE_CTL_SOURCE_H

#include <stddef.h>
#include <stdint.h>

struct key_source {
	/*
	 * Reads the text of `key` into `out`. Returns 0; -ENOENT if the source does not have the
	 * key; -EINVAL if the text contains a NUL or does not fit (`out` then holds what fits); or
	 * another negative errno if the source failed.
	 */
	int (*get)(const struct key_source *source, const char *key, char *out, size_t out_size);
	const char *key_is; /* how a message calls a key: "the toolstack's key" */
};

/*
 * Reads a number of at most `max`. Errors as above; also -EINVAL if it is not a number or is too
 * big. `out` is then unchanged.
 */
int source_get_number(const struct key_source *source, const char *key, uint32_t max,
		      uint32_t *out);

#endif
