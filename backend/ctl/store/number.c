/* SPDX-License-Identifier: BSD-3-Clause */
/* Strict decimal numbers. */
#include "ctl/store/number.h"

#include <errno.h>

int
number_parse_long(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (len == 0 || (text[0] == '0' && len > 1))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');
		if (text[i] < '0' || text[i] > '9' || digit > max || value > (max - digit) / 10)
			return -EINVAL;
		value = value * 10 + digit;
	}
	*out = value;
	return 0;
}

int
number_parse(const char *text, size_t len, uint32_t max, uint32_t *out)
{
	uint64_t value;
	int ret = number_parse_long(text, len, max, &value);

	if (ret == 0)
		*out = (uint32_t)value;
	return ret;
}
