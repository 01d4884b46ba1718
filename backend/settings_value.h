/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads values of the configuration file and checks their bounds. Errors name file, line and
 * reason.
 */
#ifndef VPE_SETTINGS_VALUE_H
#define VPE_SETTINGS_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include <libconfig.h>

/* The file being read, and the buffer for the error. */
struct reader {
	struct settings *settings;
	const char *path;
	char *why;
	size_t why_size;
};

/* All functions return 0, or -EINVAL with "file:line: reason" in rd->why. */

int refuse(const struct reader *rd, const config_setting_t *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int get_int(const struct reader *rd, const config_setting_t *s, int min, int max, int *out);
int get_unsigned(const struct reader *rd, const config_setting_t *s, unsigned min, unsigned max, unsigned *out);
int get_bool(const struct reader *rd, const config_setting_t *s, bool *out);
int get_string(const struct reader *rd, const config_setting_t *s, const char **out);
/* Sets *out to the index of the setting's string in `names`, which ends with NULL. */
int get_choice(const struct reader *rd, const config_setting_t *s, const char *const *names, int *out);

/* A setting in a group, and the function that reads it. */
struct name {
	const char *name;
	int (*read)(const struct reader *rd, const config_setting_t *s, void *into);
};

/* Reads every setting in group `s`; refuses names that are not in the table. */
int read_group(const struct reader *rd, const config_setting_t *s, const struct name *names, unsigned n, void *into);

#endif
