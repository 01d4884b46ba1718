/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text for a terminal, from JSON. Guests and their owners may have chosen parts of it, so control
 * characters are escaped. Threads: one.
 */
#ifndef VPE_SHOW_TEXT_H
#define VPE_SHOW_TEXT_H

#include <jansson.h>
#include <stddef.h>

/*
 * Copies `text` to `out` (`size` bytes, at least 8; always terminated). Everything but printable
 * ASCII is written as \xNN. A text that does not fit is cut and ends with "...". Returns `out`.
 */
const char *show_text(const char *text, char *out, size_t size);

struct show_column {
	const char *title;
	const char *path; /* of the value in a row: member names separated by slashes */
};

/*
 * Prints a line for each object of the array `rows`. A column is as wide as its longest value. The
 * list of columns ends with a NULL title.
 */
void show_table(const struct show_column *columns, const json_t *rows);

/* Prints a line for each member of an object, and indents inner objects. Leaves out drops of 0. */
void show_record(const json_t *object);

#endif
