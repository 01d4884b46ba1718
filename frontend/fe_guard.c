/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts and ends the guard process (guard.c). */
#include "fe_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts a process with default signal handling, whatever the application ignores or blocks. */
static int
spawn(const char *const *argv, int its_end, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, its_end, STDIN_FILENO);
	int ret = posix_spawn(pid, argv[0], &actions, &attr, (char *const *)argv, NULL);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -ret;
}

int
fe_guard_start(const char *program, unsigned vif, bool give_back)
{
	char number[16];
	const char *argv[] = { program, number, give_back ? FE_GUARD_GIVE_BACK : NULL, NULL };
	int end[2];
	char said = 0;
	pid_t pid;

	snprintf(number, sizeof(number), "%u", vif);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) < 0)
		return -errno;
	int ret = spawn(argv, end[1], &pid);
	close(end[1]);
	if (ret == 0) {
		ssize_t n = TEMP_FAILURE_RETRY(read(end[0], &said, 1));
		TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0)); /* it continues in a child of its own */
		ret = n == 1 && said == FE_GUARD_READY  ? end[0]
		      : n == 1 && said == FE_GUARD_BUSY ? -EBUSY
							: -ECHILD;
	}
	if (ret < 0)
		close(end[0]);
	return ret;
}

void
fe_guard_keep(const char *program, int fd)
{
	const char *argv[] = { program, FE_GUARD_KEEP, NULL };
	pid_t pid;

	if (program != NULL && spawn(argv, fd, &pid) == 0)
		TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0)); /* it continues in a child of its own */
	else
		fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

void
fe_guard_end(int fd)
{
	char done = FE_GUARD_DONE;

	if (send(fd, &done, 1, MSG_NOSIGNAL) == 1)
		TEMP_FAILURE_RETRY(read(fd, &done, 1)); /* its end closes when it exits */
	close(fd);
}
