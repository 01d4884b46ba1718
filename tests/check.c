/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks for tests: what a failed one prints. */
#include "check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 2048u
#define STRING_MAX 300u /* of a string that is printed: longer ones are cut */
#define QUOTE_SIZE (STRING_MAX + 16)

struct check_value
check_signed(intmax_t i, unsigned size)
{
	return (struct check_value){ .kind = CHECK_SIGNED, .size = size, .i = i };
}

struct check_value
check_unsigned(uintmax_t u, unsigned size)
{
	return (struct check_value){ .kind = CHECK_UNSIGNED, .size = size, .u = u };
}

struct check_value
check_real(double d, unsigned size)
{
	return (struct check_value){ .kind = CHECK_REAL, .size = size, .d = d };
}

struct check_value
check_pointer(const volatile void *p, unsigned size)
{
	return (struct check_value){ .kind = CHECK_POINTER, .size = size, .p = p };
}

/* Reports a failed check to CUnit, which copies the text. */
static void __attribute__((format(printf, 5, 6)))
fail(const char *what, const char *file, unsigned line, bool is_fatal, const char *fmt, ...)
{
	char text[TEXT_SIZE];
	int len = snprintf(text, TEXT_SIZE / 2, "%s", what);
	va_list args;

	len = len < (int)TEXT_SIZE / 2 ? len : (int)TEXT_SIZE / 2 - 1;
	va_start(args, fmt);
	vsnprintf(text + len, TEXT_SIZE - (size_t)len, fmt, args);
	va_end(args);
	CU_assertImplementation(CU_FALSE, line, text, file, "", is_fatal);
}

/* Counts one that held. */
static void
pass(const char *what, const char *file, unsigned line)
{
	CU_assertImplementation(CU_TRUE, line, what, file, "", CU_FALSE);
}

void
check_that(bool holds, const char *what, const char *file, unsigned line, bool is_fatal)
{
	if (holds)
		pass(what, file, line);
	else
		fail(what, file, line, is_fatal, "%s", "");
}

/* A value as text, in `text`. */
static const char *
print(struct check_value value, char *text, size_t size)
{
	uintmax_t bits = value.size < sizeof(value.u)
				 ? value.u & (((uintmax_t)1 << 8 * value.size) - 1)
				 : value.u;

	switch (value.kind) {
	case CHECK_SIGNED:
		snprintf(text, size, "%jd (0x%jx)", value.i, bits);
		break;
	case CHECK_UNSIGNED:
		snprintf(text, size, "%ju (0x%jx)", value.u, bits);
		break;
	case CHECK_REAL:
		snprintf(text, size, "%g", value.d);
		break;
	case CHECK_POINTER:
		snprintf(text, size, "%p", (void *)(uintptr_t)value.p);
		break;
	}
	return text;
}

void
check_two(bool holds, struct check_value a, struct check_value b, const char *what,
	  const char *file, unsigned line, bool is_fatal)
{
	char text[2][64];

	if (holds)
		pass(what, file, line);
	else
		fail(what, file, line, is_fatal, ": %s and %s", print(a, text[0], sizeof(text[0])),
		     print(b, text[1], sizeof(text[1])));
}

void
check_range(bool holds, struct check_value a, struct check_value low, struct check_value high,
	    const char *what, const char *file, unsigned line)
{
	char text[3][64];

	if (holds)
		pass(what, file, line);
	else
		fail(what, file, line, false, ": %s, not from %s to %s",
		     print(a, text[0], sizeof(text[0])), print(low, text[1], sizeof(text[1])),
		     print(high, text[2], sizeof(text[2])));
}

void
check_pointers(const volatile void *p, const volatile void *q, bool same, const char *what,
	       const char *file, unsigned line, bool is_fatal)
{
	if ((p == q) == same)
		pass(what, file, line);
	else if (q == NULL || !same)
		fail(what, file, line, is_fatal, ": %p", (void *)(uintptr_t)p);
	else
		fail(what, file, line, is_fatal, ": %p and %p", (void *)(uintptr_t)p,
		     (void *)(uintptr_t)q);
}

/* A string in quotes, in `text` of QUOTE_SIZE bytes, without what a terminal would obey. */
static const char *
quote(const char *s, char *text)
{
	char *to = text;
	unsigned i;

	*to++ = '"';
	for (i = 0; s[i] != '\0' && to < text + STRING_MAX; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
			*to++ = (char)c;
		else if (c == '\n')
			to += sprintf(to, "\\n");
		else
			to += sprintf(to, "\\x%02x", c);
	}
	strcpy(to, s[i] == '\0' ? "\"" : "\"...");
	return text;
}

/* Where the strings differ, and what they are from there on if they are long. */
static void
fail_strings(const char *s, const char *t, const char *what, const char *file, unsigned line)
{
	char text[2][QUOTE_SIZE];
	size_t at = 0, from;

	while (s[at] != '\0' && s[at] == t[at])
		at++;
	from = at < STRING_MAX / 2 ? 0 : at - STRING_MAX / 4;
	fail(what, file, line, false, ": %s and %s differ at byte %zu%s", quote(s + from, text[0]),
	     quote(t + from, text[1]), at,
	     from == 0 ? "" : " and are shown from shortly before it");
}

void
check_strings(const char *s, const char *t, bool same, const char *what, const char *file,
	      unsigned line)
{
	char text[QUOTE_SIZE];

	if ((strcmp(s, t) == 0) == same)
		pass(what, file, line);
	else if (same)
		fail_strings(s, t, what, file, line);
	else
		fail(what, file, line, false, ": both are %s", quote(s, text));
}

void
check_part(const char *s, const char *part, bool has, const char *what, const char *file,
	   unsigned line)
{
	char text[2][QUOTE_SIZE];

	if ((strstr(s, part) != NULL) == has)
		pass(what, file, line);
	else
		fail(what, file, line, false, ": %s has %s%s", quote(s, text[0]), has ? "no " : "",
		     quote(part, text[1]));
}

void
check_memory(const void *p, const void *q, size_t n, const char *what, const char *file,
	     unsigned line)
{
	const unsigned char *a = p, *b = q;
	size_t at = 0;

	if (n == 0 || memcmp(a, b, n) == 0) {
		pass(what, file, line);
		return;
	}
	while (a[at] == b[at])
		at++;
	fail(what, file, line, false, ": byte %zu of %zu: %u (0x%02x) and %u (0x%02x)", at, n,
	     a[at], a[at], b[at], b[at]);
}
