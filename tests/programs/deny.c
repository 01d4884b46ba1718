/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * deny SYSCALL ERROR COMMAND...: runs a command for which a system call fails, as on an older or a
 * locked kernel. The tables below have the names of both. Source: seccomp(2), mode filter.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct word {
	const char *name;
	int number;
};

static const struct word calls[] = {
	{ "io_uring_setup", SYS_io_uring_setup },
	{ "epoll_pwait2", SYS_epoll_pwait2 },
	{ NULL, -1 },
};
static const struct word errors[] = {
	{ "EINVAL", EINVAL },
	{ "ENOSYS", ENOSYS },
	{ "EPERM", EPERM },
	{ NULL, -1 },
};

static int
number_of(const struct word *words, const char *name)
{
	while (words->name != NULL && strcmp(words->name, name) != 0)
		words++;
	return words->number;
}

static int
deny(int call, int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int
main(int argc, char **argv)
{
	int call = argc > 3 ? number_of(calls, argv[1]) : -1;
	int error = argc > 3 ? number_of(errors, argv[2]) : -1;

	if (call < 0 || error < 0) {
		fprintf(stderr, "usage: deny SYSCALL ERROR COMMAND...\n");
		return 2;
	}
	if (deny(call, error) < 0) {
		perror("deny");
		return 2;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 2;
}
