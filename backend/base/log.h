/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines on standard error, with levels and a rate limit.
 *
 * Under systemd each line starts with the "<N>" priority that the journal reads, elsewhere with the
 * level's name. Logging never blocks: a line that cannot be written at once is lost and counted.
 * Threads: any thread may log; each line is one system call. Pollers never log.
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

/* Writes one line and appends a newline. Text from a guest must pass through log_escape() first. */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * Reports how many lines were lost, once there is room again. The next line does the same; call
 * this from time to time.
 */
void log_tell_lost(void);

/* Rate limit of one line per second. Zero-initialise it. Owned by one thread. */
struct log_limit {
	/* CLOCK_MONOTONIC milliseconds of the last line that passed; 0: none yet */
	uint64_t last_ms;
	uint64_t n_muted; /* lines muted since then */
};

/* Whether a line may be written now. */
bool log_allowed(struct log_limit *limit);

/*
 * Copies `text` to `out` (out_size bytes, always terminated). All but printable ASCII is written as
 * \xNN, and text that does not fit ends in "...". Returns `out`.
 */
const char *log_escape(const char *text, char *out, size_t out_size);

#endif
