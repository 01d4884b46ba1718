/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines on standard error, with levels and a rate limit.
 *
 * Under systemd each line carries the "<N>" priority that the journal reads; elsewhere it starts with the
 * level's name. Nobody waits for whoever reads the lines: one that cannot be written at once is lost, and counted. Threads: any
 * thread may log; a line is written by one system call. Pollers never log.
 */
#ifndef VPE_BASE_LOG_H
#define VPE_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_N,
};

/* Lines above this level are dropped. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* The level called `name` ("error", "warning", "info", "debug"), or -1. */
int log_level_of(const char *name);

/* Writes one line; a newline is added. Text that comes from a guest must pass through log_escape() first. */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Says how many lines were lost, if some were and there is room again. So does the next line; to be called now and then. */
void log_tell_lost(void);

/* One line a second for each such object; zero-initialise it. Owned by one thread. */
struct log_limit {
	uint64_t last_ms;  /* CLOCK_MONOTONIC milliseconds of the last line let through; 0 = none yet */
	uint64_t n_muted;  /* lines muted since then */
};

/* Whether a line may be written now. */
bool log_allowed(struct log_limit *limit);

/*
 * Copies `text` to `out` (out_size bytes, always terminated) with everything but printable ASCII written as
 * \xNN and "..." at the end where it did not fit. Returns `out`.
 */
const char *log_escape(const char *text, char *out, size_t out_size);

#endif
