/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of the configuration file. */
#include "settings_value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int
refuse(const struct reader *rd, const config_setting_t *at, const char *fmt, ...)
{
	va_list args;
	int len = snprintf(rd->why, rd->why_size, "%s:%u: ", rd->path,
			   config_setting_source_line(at));

	if (len > 0 && (size_t)len < rd->why_size) {
		va_start(args, fmt);
		vsnprintf(rd->why + len, rd->why_size - (size_t)len, fmt, args);
		va_end(args);
	}
	return -EINVAL;
}

static int
get_int(const struct reader *rd, const config_setting_t *s, const struct setting *setting, int *out)
{
	if (config_setting_type(s) != CONFIG_TYPE_INT)
		return refuse(rd, s, "%s: expected a whole number", setting->name);
	int value = config_setting_get_int(s);
	if (value < (int)setting->min || value > (int)setting->max)
		return refuse(rd, s, "%s: %d is out of range: expected %u to %u", setting->name,
			      value, setting->min, setting->max);
	*out = value;
	return 0;
}

static int
get_bool(const struct reader *rd, const config_setting_t *s, bool *out)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return refuse(rd, s, "%s: expected true or false", config_setting_name(s));
	*out = config_setting_get_bool(s) != 0;
	return 0;
}

static int
get_string(const struct reader *rd, const config_setting_t *s, const char **out)
{
	if (config_setting_type(s) != CONFIG_TYPE_STRING || config_setting_get_string(s)[0] == '\0')
		return refuse(rd, s, "%s: expected a string that is not empty",
			      config_setting_name(s));
	*out = config_setting_get_string(s);
	return 0;
}

/* Writes all names: "a", "b" or "c". */
static void
list_names(const char *const *names, char *text, size_t text_size)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; names[i] != NULL && len < text_size; i++) {
		const char *between = i == 0 ? "" : names[i + 1] == NULL ? " or " : ", ";

		len += (size_t)snprintf(text + len, text_size - len, "%s\"%s\"", between, names[i]);
	}
}

int
get_choice(const struct reader *rd, const config_setting_t *s, const char *const *names, int *out)
{
	char all[256];
	const char *text = NULL;
	int ret = get_string(rd, s, &text);

	if (ret < 0)
		return ret;
	for (int i = 0; names[i] != NULL; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): get_string() gave it */
		if (strcmp(text, names[i]) == 0) {
			*out = i;
			return 0;
		}
	}
	list_names(names, all, sizeof(all));
	return refuse(rd, s, "%s: unknown value \"%s\": expected %s", config_setting_name(s), text,
		      all);
}

int
read_value(const struct reader *rd, const config_setting_t *s, const struct setting *setting,
	   void *value)
{
	switch (setting->type) {
	case SETTING_UNSIGNED: /* `max` fits in an int */
	case SETTING_INT:
		return get_int(rd, s, setting, value);
	case SETTING_BOOL:
		return get_bool(rd, s, value);
	case SETTING_STRING:
		return get_string(rd, s, value);
	case SETTING_CHOICE:
		return get_choice(rd, s, setting->choices, value);
	case SETTING_GROUP:
		return read_group(rd, s, setting->group, setting->n, value);
	case SETTING_OWN:
		break;
	}
	return setting->read(rd, s, value);
}

int
read_group(const struct reader *rd, const config_setting_t *s, const struct setting *settings,
	   unsigned n, void *into)
{
	if (config_setting_type(s) != CONFIG_TYPE_GROUP)
		return refuse(rd, s, "%s: expected a group { ... }",
			      config_setting_name(s) != NULL
				      ? config_setting_name(s)
				      : config_setting_name(config_setting_parent(s)));
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *child = config_setting_get_elem(s, (unsigned)i);
		const struct setting *found = NULL;
		for (unsigned j = 0; j < n && found == NULL; j++) {
			if (strcmp(config_setting_name(child), settings[j].name) == 0)
				found = &settings[j];
		}
		if (found == NULL)
			return refuse(rd, child, "%s: unknown setting", config_setting_name(child));
		int ret = read_value(rd, child, found, (char *)into + found->offset);
		if (ret < 0)
			return ret;
	}
	return 0;
}
