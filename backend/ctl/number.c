/* SPDX-License-Identifier: BSD-3-Clause */
/* Strict decimal numbers. Called by whatever reads the store. */
#include "ctl/number.h"

#include <errno.h>

#define NUMBER_DIGITS 10 /* of UINT32_MAX */

int
number_parse(const char *text, size_t len, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;

	if (len == 0 || len > NUMBER_DIGITS || (text[0] == '0' && len > 1))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	if (value > max)
		return -EINVAL;
	*out = (uint32_t)value;
	return 0;
}
