/* SPDX-License-Identifier: BSD-3-Clause */
/* What is written to standard error between captured_start() and captured_end(). Threads: one. */
#ifndef VPE_TESTS_CAPTURED_H
#define VPE_TESTS_CAPTURED_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

struct captured {
	int fd, saved;
	char text[8192];
};

static inline void
captured_start(struct captured *captured)
{
	captured->fd = memfd_create("captured", MFD_CLOEXEC);
	captured->saved = dup(STDERR_FILENO);
	REQUIRE_GE(captured->fd, 0);
	REQUIRE_GE(captured->saved, 0);
	dup2(captured->fd, STDERR_FILENO);
}

/* Fills `text`, always terminated. */
static inline void
captured_end(struct captured *captured)
{
	dup2(captured->saved, STDERR_FILENO);
	close(captured->saved);
	ssize_t n = pread(captured->fd, captured->text, sizeof(captured->text) - 1, 0);
	captured->text[n > 0 ? n : 0] = '\0';
	close(captured->fd);
}

#endif
