/* SPDX-License-Identifier: BSD-3-Clause */
/* Typed reads from a source of settings. */
#include "ctl/store/source.h"

#include <string.h>

#include "ctl/store/number.h"
#include "proto/limits.h"

int
source_get_number(const struct key_source *source, const char *key, uint32_t max, uint32_t *out)
{
	char text[LIMIT_STORE_VALUE + 1];
	int ret = source->get(source, key, text, sizeof(text));

	return ret < 0 ? ret : number_parse(text, strlen(text), max, out);
}
