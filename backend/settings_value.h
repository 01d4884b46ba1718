/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads values of the configuration file, as tables of settings describe them, and checks their
 * bounds. Errors name file, line and reason.
 */
#ifndef VPE_SETTINGS_VALUE_H
#define VPE_SETTINGS_VALUE_H

#include <stddef.h>

#include <libconfig.h>

/* The file being read, and the buffer for the error. */
struct reader {
	struct settings *settings;
	const char *path;
	char *why;
	size_t why_size;
};

struct setting;

/* All functions return 0, or -EINVAL with "file:line: reason" in rd->why. */
typedef int setting_fn(const struct reader *rd, const config_setting_t *s, void *into);

enum setting_type {
	SETTING_UNSIGNED, /* unsigned, from `min` to `max` */
	SETTING_INT,      /* int, from `min` to `max` */
	SETTING_BOOL,     /* bool */
	SETTING_STRING,   /* const char *, not empty */
	SETTING_CHOICE,   /* enum or int: the index in `choices`, which ends with NULL */
	SETTING_GROUP,    /* a struct, described by the `n` settings in `group` */
	SETTING_OWN,      /* of any type; `read` sets it */
};

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset; /* of the value in the struct that the table describes */
	unsigned min, max;
	const char *const *choices;
	const struct setting *group;
	unsigned n;
	setting_fn *read; /* `into` is the value */
};

/* Reads one setting to `value`. */
int read_value(const struct reader *rd, const config_setting_t *s, const struct setting *setting,
	       void *value);

/* Reads every setting in group `s` into a struct; refuses names that are not in the table. */
int read_group(const struct reader *rd, const config_setting_t *s, const struct setting *settings,
	       unsigned n, void *into);

/* Refuses the setting. Returns -EINVAL. */
int refuse(const struct reader *rd, const config_setting_t *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets *out to the index of the setting's string in `names`, which ends with NULL. */
int get_choice(const struct reader *rd, const config_setting_t *s, const char *const *names,
	       int *out);

#endif
