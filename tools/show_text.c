/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables and records on a terminal. */
#include "show_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 16u
#define CELL_SIZE 64u  /* longer values are cut, so that the next columns stay in sight */
#define LAST_SIZE 256u /* in the last column */
#define VALUE_SIZE 2048u
#define NAME_WIDTH 24

const char *
show_text(const char *text, char *out, size_t size)
{
	size_t used = 0;

	for (; *text != '\0'; text++) {
		bool plain = *text >= ' ' && *text <= '~';
		size_t need = plain ? 1 : strlen("\\xNN");
		if (used + need + sizeof("...") > size) {
			snprintf(out + used, size - used, "...");
			return out;
		}
		if (plain)
			out[used++] = *text;
		else
			used += (size_t)snprintf(out + used, size - used, "\\x%02x",
						 (unsigned char)*text);
	}
	out[used] = '\0';
	return out;
}

/* ---- values ---------------------------------------------------------------------------------- */

static const char *show_value(const json_t *value, char *out, size_t size);

/* "0, 1" */
static const char *
show_list(const json_t *list, char *out, size_t size)
{
	const json_t *value;
	size_t i, used = 0;

	json_array_foreach(list, i, value) {
		char one[CELL_SIZE];
		int n = snprintf(out + used, size - used, "%s%s", i == 0 ? "" : ", ",
				 show_value(value, one, sizeof(one)));
		used += (size_t)n;
		if (used >= size)
			break;
	}
	return json_array_size(list) == 0 ? "-" : out;
}

/* Returns a value as text, "-" if it is empty. An object has no text. */
static const char *
show_value(const json_t *value, char *out, size_t size)
{
	if (json_is_string(value) && json_string_value(value)[0] != '\0')
		return show_text(json_string_value(value), out, size);
	if (json_is_boolean(value))
		return json_is_true(value) ? "yes" : "no";
	if (json_is_array(value))
		return show_list(value, out, size);
	if (!json_is_integer(value))
		return "-";
	snprintf(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return out;
}

static const json_t *
value_at(const json_t *row, const char *path)
{
	while (row != NULL && *path != '\0') {
		size_t len = strcspn(path, "/");
		char name[CELL_SIZE];
		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		row = json_object_get(row, name);
		path += len + (path[len] == '/');
	}
	return row;
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* Returns the width of a column: negative for text, which is aligned to the left. */
static int
width_of(const struct show_column *column, const json_t *rows)
{
	size_t width = strlen(column->title), i;
	bool is_text = false;
	const json_t *row;
	char cell[CELL_SIZE];

	json_array_foreach(rows, i, row) {
		const json_t *value = value_at(row, column->path);
		size_t len = strlen(show_value(value, cell, sizeof(cell)));
		width = len > width ? len : width;
		is_text = is_text || (value != NULL && !json_is_integer(value));
	}
	return is_text || json_array_size(rows) == 0 ? -(int)width : (int)width;
}

/* The last column of text gets no trailing spaces. */
static void
print_cell(const char *cell, int width, bool is_last)
{
	if (is_last && width < 0)
		printf("%s\n", cell);
	else
		printf("%*s%s", width, cell, is_last ? "\n" : "  ");
}

static void
print_row(const struct show_column *columns, const int *width, unsigned n, const json_t *row)
{
	char cell[LAST_SIZE];

	for (unsigned c = 0; c < n; c++) {
		size_t size = c + 1 == n ? LAST_SIZE : CELL_SIZE;
		const json_t *value = value_at(row, columns[c].path);
		print_cell(show_value(value, cell, size), width[c], c + 1 == n);
	}
}

void
show_table(const struct show_column *columns, const json_t *rows)
{
	int width[COLUMNS_MAX];
	unsigned n = 0;
	const json_t *row;
	size_t i;

	for (; n < COLUMNS_MAX && columns[n].title != NULL; n++)
		width[n] = width_of(&columns[n], rows);
	for (unsigned c = 0; c < n; c++)
		print_cell(columns[c].title, width[c], c + 1 == n);
	json_array_foreach(rows, i, row)
		print_row(columns, width, n, row);
}

/* ---- records --------------------------------------------------------------------------------- */

/* Returns whether any member is not 0. */
static bool
has_some(const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value) {
		if (json_integer_value(value) != 0)
			return true;
	}
	return false;
}

static void
print_record(const json_t *object, int indent, bool with_zeros)
{
	const char *name;
	json_t *value;
	char text[VALUE_SIZE], shown[CELL_SIZE];

	json_object_foreach((json_t *)object, name, value) {
		bool is_drops = strcmp(name, "drops") == 0;
		if (!with_zeros && json_integer_value(value) == 0)
			continue;
		show_text(name, shown, sizeof(shown));
		if (!json_is_object(value)) {
			printf("%*s%-*s %s\n", indent, "", NAME_WIDTH - indent, shown,
			       show_value(value, text, sizeof(text)));
		} else if (!is_drops || has_some(value)) {
			printf("%*s%s\n", indent, "", shown);
			print_record(value, indent + 2, !is_drops);
		}
	}
}

void
show_record(const json_t *object)
{
	print_record(object, 0, true);
}
