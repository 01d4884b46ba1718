/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines on standard error, with levels and a rate limit. */
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"

#define LOG_LINE_SIZE 1024
#define LOG_LIMIT_MS 1000

static const struct {
	const char *name;
	int priority; /* syslog(3) priority, which sd-daemon(3) expects before a line */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARNING] = { "warning", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};
_Static_assert(ARRAY_SIZE(levels) == LOG_LEVEL_N, "every level has a name");

static enum log_level threshold = LOG_LEVEL_INFO;

/* held during a write and the check for room before it */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t n_lost; /* lines lost and not reported yet */

void
log_set_level(enum log_level level)
{
	threshold = level;
}

/*
 * Writes the line if that is possible without blocking. O_NONBLOCK is not an option: it would
 * affect all processes that share the descriptor. A pipe with room takes a whole line (PIPE_BUF),
 * and writes to a file do not block in this sense.
 */
static bool
write_now(const char *line, size_t len)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t n = send(STDERR_FILENO, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK && poll(&out, 1, 0) == 1 && (out.revents & POLLOUT))
		n = write(STDERR_FILENO, line, len);
	return n == (ssize_t)len;
}

/* Returns whether the line was written. The lock must be held, also for the next functions. */
static bool
write_line(enum log_level level, const char *fmt, va_list args)
{
	char line[LOG_LINE_SIZE];
	size_t len;

	if (getenv("JOURNAL_STREAM") != NULL)
		len = (size_t)snprintf(line, sizeof(line), "<%d>", levels[level].priority);
	else
		len = (size_t)snprintf(line, sizeof(line), "vpe-backend: %s: ", levels[level].name);

	int n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, args);
	if (n < 0)
		return false;
	len = util_min(len + (size_t)n, sizeof(line) - 2);
	line[len++] = '\n';
	return write_now(line, len);
}

static bool __attribute__((format(printf, 2, 3)))
write_text(enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	bool written = write_line(level, fmt, args);
	va_end(args);
	return written;
}

static void
tell_lost(void)
{
	if (n_lost > 0 &&
	    write_text(LOG_LEVEL_WARNING, "%llu lines lost: they could not be written",
		       (unsigned long long)n_lost))
		n_lost = 0;
}

void
log_tell_lost(void)
{
	pthread_mutex_lock(&lock);
	tell_lost();
	pthread_mutex_unlock(&lock);
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	va_list args;

	if (level > threshold)
		return;
	pthread_mutex_lock(&lock);
	tell_lost();
	va_start(args, fmt);
	if (n_lost > 0 || !write_line(level, fmt, args))
		n_lost++;
	va_end(args);
	pthread_mutex_unlock(&lock);
}

bool
log_allowed(struct log_limit *limit)
{
	uint64_t now = util_now_ms();

	if (limit->last_ms != 0 && now - limit->last_ms < LOG_LIMIT_MS) {
		limit->n_muted++;
		return false;
	}
	limit->last_ms = now;
	limit->n_muted = 0;
	return true;
}

const char *
log_escape(const char *text, char *out, size_t out_size)
{
	size_t used = 0;

	for (; *text != '\0'; text++) {
		bool plain = isprint((unsigned char)*text) && *text != '\\';
		size_t need = plain ? 1 : 4;
		if (used + need + sizeof("...") > out_size) {
			snprintf(out + used, out_size - used, "...");
			return out;
		}
		if (plain)
			out[used++] = *text;
		else
			used += (size_t)snprintf(out + used, out_size - used, "\\x%02x",
						 (unsigned char)*text);
	}
	out[used] = '\0';
	return out;
}
