/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of the configuration file. */
#include "settings_value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
refuse(const struct reader *rd, const config_setting_t *at, const char *fmt, ...)
{
	va_list args;
	int len = snprintf(rd->why, rd->why_size, "%s:%u: ", rd->path, config_setting_source_line(at));

	if (len > 0 && (size_t)len < rd->why_size) {
		va_start(args, fmt);
		vsnprintf(rd->why + len, rd->why_size - (size_t)len, fmt, args);
		va_end(args);
	}
	return -EINVAL;
}

int
get_int(const struct reader *rd, const config_setting_t *s, int min, int max, int *out)
{
	if (config_setting_type(s) != CONFIG_TYPE_INT)
		return refuse(rd, s, "%s: a whole number is wanted", config_setting_name(s));
	int value = config_setting_get_int(s);
	if (value < min || value > max)
		return refuse(rd, s, "%s: %d is not in %d to %d", config_setting_name(s), value, min, max);
	*out = value;
	return 0;
}

int
get_unsigned(const struct reader *rd, const config_setting_t *s, unsigned min, unsigned max, unsigned *out)
{
	int value = 0;
	int ret = get_int(rd, s, (int)min, (int)max, &value);

	if (ret == 0)
		*out = (unsigned)value;
	return ret;
}

int
get_bool(const struct reader *rd, const config_setting_t *s, bool *out)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return refuse(rd, s, "%s: true or false is wanted", config_setting_name(s));
	*out = config_setting_get_bool(s) != 0;
	return 0;
}

int
get_string(const struct reader *rd, const config_setting_t *s, const char **out)
{
	if (config_setting_type(s) != CONFIG_TYPE_STRING || config_setting_get_string(s)[0] == '\0')
		return refuse(rd, s, "%s: a non-empty string is wanted", config_setting_name(s));
	*out = config_setting_get_string(s);
	return 0;
}

int
get_choice(const struct reader *rd, const config_setting_t *s, const char *const *names, int *out)
{
	const char *text = NULL;
	int ret = get_string(rd, s, &text);

	if (ret < 0)
		return ret;
	for (int i = 0; names[i] != NULL; i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = i;
			return 0;
		}
	}
	return refuse(rd, s, "%s: \"%s\" is not one of the known values, the first of which is \"%s\"",
		      config_setting_name(s), text, names[0]);
}

int
read_group(const struct reader *rd, const config_setting_t *s, const struct name *names, unsigned n, void *into)
{
	if (config_setting_type(s) != CONFIG_TYPE_GROUP)
		return refuse(rd, s, "%s: a group { ... } is wanted", config_setting_name(s));
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *child = config_setting_get_elem(s, (unsigned)i);
		const struct name *found = NULL;
		for (unsigned j = 0; j < n && found == NULL; j++) {
			if (strcmp(config_setting_name(child), names[j].name) == 0)
				found = &names[j];
		}
		if (found == NULL)
			return refuse(rd, child, "%s: no such setting", config_setting_name(child));
		int ret = found->read(rd, child, into);
		if (ret < 0)
			return ret;
	}
	return 0;
}
