/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of base/log.c: nobody waits for whoever reads the lines. A write that waits ends the test
 * binary by SIGALRM.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "captured.h"

#define LINE "vpe-backend: error: a line\n"

/* Standard error becomes `out`, which is closed. Returns the old one. */
static int
replace_stderr(int out)
{
	int saved = dup(STDERR_FILENO);

	REQUIRE_GE(out, 0);
	REQUIRE_GE(saved, 0);
	dup2(out, STDERR_FILENO);
	close(out);
	return saved;
}

static void
restore_stderr(int saved)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
}

/* All that can be read from `fd` now. */
static char *
drain(int fd)
{
	static char text[1 << 20];
	size_t len = 0;
	ssize_t n;

	fcntl(fd, F_SETFL, O_NONBLOCK); /* not the flags of the end that is written to */
	while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return text;
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

/* More lines than there is room for, and then a reader. `fd` is read from, `out` written to. */
static void
check_full(int fd, int out, bool next_line_tells)
{
	const unsigned n = 20000;
	char lost[80];
	int saved = replace_stderr(out);
	int flags = fcntl(STDERR_FILENO, F_GETFL);

	alarm(20);
	for (unsigned i = 0; i < n; i++)
		log_error("a line");
	log_tell_lost(); /* there still is no room */
	unsigned n_read = count(drain(fd), LINE);
	CHECK_GT(n_read, 100);
	CHECK_LT(n_read, n);
	if (next_line_tells)
		log_error("the next");
	else
		log_tell_lost();
	log_tell_lost(); /* once */
	const char *text = drain(fd);
	snprintf(lost, sizeof(lost),
		 "vpe-backend: warning: %u lines lost: they could not be written\n", n - n_read);
	CHECK_EQ(strncmp(text, lost, strlen(lost)), 0);
	CHECK_STR(text + strlen(lost), next_line_tells ? "vpe-backend: error: the next\n" : "");
	alarm(0);
	CHECK_EQ(fcntl(STDERR_FILENO, F_GETFL), flags);
	restore_stderr(saved);
	close(fd);
}

static void
log_line_full_pipe(void)
{
	for (unsigned i = 0; i < 2; i++) {
		int fds[2];
		REQUIRE_EQ(pipe(fds), 0);
		check_full(fds[0], fds[1], i == 0);
	}
}

/* As the journal's. */
static void
log_line_full_socket(void)
{
	for (unsigned i = 0; i < 2; i++) {
		int fds[2];
		REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		check_full(fds[0], fds[1], i == 0);
	}
}

static void
log_line_file(void)
{
	static struct captured captured;

	captured_start(&captured);
	log_error("a %s", "line");
	setenv("JOURNAL_STREAM", "8:1", 1);
	log_error("for the journal");
	unsetenv("JOURNAL_STREAM");
	log_info("below the level");
	log_tell_lost();
	captured_end(&captured);
	CHECK_STR(captured.text, LINE "<3>for the journal\n");
}

/* A reader that has gone, and no descriptor at all: lines are lost, and nothing worse happens. */
static void
log_line_nowhere(void)
{
	static struct captured captured;
	int fds[2];

	REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	close(fds[0]);
	int saved = replace_stderr(fds[1]);
	log_error("a line");
	close(STDERR_FILENO);
	log_error("a line");
	restore_stderr(saved);
	captured_start(&captured);
	log_tell_lost();
	captured_end(&captured);
	CHECK_STR(captured.text, "vpe-backend: warning: 2 lines lost: they could not be written\n");
}

void test_log(CU_pSuite suite);

void
test_log(CU_pSuite suite)
{
	UNIT_ADD(suite, log_line_full_pipe);
	UNIT_ADD(suite, log_line_full_socket);
	UNIT_ADD(suite, log_line_file);
	UNIT_ADD(suite, log_line_nowhere);
}
