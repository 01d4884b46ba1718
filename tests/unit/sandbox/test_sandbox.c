/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of backend/sandbox_seccomp.c: each call in a process of its own. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <liburing.h>

#include "base/util.h"
#include "unit.h"

#define PAGE 4096u

/* A system call; it may fail, but must get as far as the kernel. */
struct call {
	const char *name;
	void (*make)(void);
	bool by_any; /* every thread may make it */
	bool by_poller;
};

static pid_t parent;

static void
call_execve(void)
{
	execl("/bin/true", "true", NULL);
	execl("/usr/bin/true", "true", NULL);
}

static void
call_fork(void)
{
	if (syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) == 0)
		_exit(0);
}

static void *
thread(void *arg)
{
	return arg;
}

static void
call_thread(void)
{
	pthread_t id;

	if (pthread_create(&id, NULL, thread, NULL) != 0)
		_exit(3);
	pthread_join(id, NULL);
}

static void
call_ptrace(void)
{
	ptrace(PTRACE_SEIZE, parent, NULL, NULL);
}

static void
call_vm_read(void)
{
	char byte;
	struct iovec here = { &byte, 1 };
	struct iovec there = { &parent, 1 };

	process_vm_readv(parent, &here, 1, &there, 1, 0);
}

static void
call_kill(void)
{
	kill(parent, 0);
}

static void
call_tgkill_other(void)
{
	syscall(SYS_tgkill, parent, parent, 0);
}

static void
call_raise(void)
{
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
}

static void
call_setuid(void)
{
	syscall(SYS_setuid, getuid());
}

static void
call_setgroups(void)
{
	syscall(SYS_setgroups, 0, NULL);
}

static void
call_capset(void)
{
	syscall(SYS_capset, NULL, NULL);
}

static void
call_mount(void)
{
	mount("none", "/nowhere", "tmpfs", 0, NULL);
}

static void
call_unshare(void)
{
	unshare(CLONE_NEWNS);
}

static void
call_bpf(void)
{
	syscall(SYS_bpf, 0, NULL, 0);
}

static void
call_module(void)
{
	syscall(SYS_init_module, NULL, 0, "");
}

static void
call_personality(void)
{
	syscall(SYS_personality, 0xffffffff);
}

static void
call_dumpable(void)
{
	prctl(PR_SET_DUMPABLE, 1);
}

static void
call_timer_slack(void)
{
	prctl(PR_SET_TIMERSLACK, 1);
}

static void
call_set_limit(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &limit);
}

static void
call_get_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
}

static void
call_map_wx(void)
{
	mmap(NULL, PAGE, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
call_make_x(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(page, PAGE, PROT_READ | PROT_EXEC);
}

/* As dlopen() maps a driver. */
static void
call_map_x(void)
{
	mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
call_map(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || mprotect(page, PAGE, PROT_READ) < 0 || munmap(page, PAGE) < 0)
		_exit(3);
}

static void
call_open(void)
{
	int fd = open("/dev/null", O_RDONLY);

	if (fd < 0 && errno != EACCES)
		_exit(3);
}

static void
call_socket(int family, int protocol)
{
	socket(family, SOCK_DGRAM, protocol);
}

static void
call_packet(void)
{
	call_socket(AF_PACKET, 0);
}

static void
call_netlink(void)
{
	socket(AF_NETLINK, SOCK_RAW, 0);
}

static void
call_unix(void)
{
	call_socket(AF_UNIX, 0);
}

static void
call_inet6(void)
{
	call_socket(AF_INET6, 0);
}

static void
call_vsock(void)
{
	call_socket(AF_VSOCK, 0);
}

static void
call_uring(void)
{
	struct io_uring ring;

	if (io_uring_queue_init(2, &ring, 0) == 0)
		io_uring_queue_exit(&ring);
}

static void
call_poll_path(void)
{
	struct timespec at_once = { 0 };
	struct epoll_event event;
	uint64_t one = 1;

	/* descriptors that are not open: the filter comes first */
	epoll_pwait2(-1, &event, 1, &at_once, NULL);
	syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0);
	syscall(SYS_recvmmsg, -1, NULL, 0, 0, NULL);
	syscall(SYS_ioctl, -1, 0, NULL);
	syscall(SYS_readv, -1, NULL, 0);
	syscall(SYS_sendmsg, -1, NULL, 0);
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &at_once);
	if (write(-1, &one, sizeof(one)) >= 0 || read(-1, &one, sizeof(one)) >= 0)
		_exit(3);
	free(malloc(PAGE));
	free(malloc(1024 * PAGE));
}

static const struct call calls[] = {
	{ "execve", call_execve, false, false },
	{ "fork", call_fork, false, false },
	{ "ptrace", call_ptrace, false, false },
	{ "process_vm_readv", call_vm_read, false, false },
	{ "kill", call_kill, false, false },
	{ "tgkill of another process", call_tgkill_other, false, false },
	{ "setuid", call_setuid, false, false },
	{ "setgroups", call_setgroups, false, false },
	{ "capset", call_capset, false, false },
	{ "mount", call_mount, false, false },
	{ "unshare", call_unshare, false, false },
	{ "bpf", call_bpf, false, false },
	{ "init_module", call_module, false, false },
	{ "personality", call_personality, false, false },
	{ "prctl PR_SET_DUMPABLE", call_dumpable, false, false },
	{ "setrlimit", call_set_limit, false, false },
	{ "mmap writable and executable", call_map_wx, false, false },
	{ "mprotect executable", call_make_x, false, false },
	{ "socket AF_INET6", call_inet6, true, true }, /* fails */
	{ "socket AF_VSOCK", call_vsock, false, false },
	{ "thread", call_thread, true, false },
	{ "open", call_open, true, true }, /* fails in a poller */
	{ "socket AF_PACKET", call_packet, true, true },
	{ "socket AF_NETLINK", call_netlink, true, true },
	{ "socket AF_UNIX", call_unix, true, true },
	{ "io_uring_setup", call_uring, true, false },
	{ "getrlimit", call_get_limit, true, false },
	{ "mmap executable", call_map_x, true, false },
	{ "mmap", call_map, true, true },
	{ "prctl PR_SET_TIMERSLACK", call_timer_slack, true, true },
	{ "raise", call_raise, true, true },
	{ "the packet path", call_poll_path, true, true },
};

/* Makes the call, confined, in a child with `err` as standard error. Returns its wait status. */
static int
try(const struct call *call, enum sandbox_mode mode, bool is_poller, int err)
{
	char why[128] = "";
	pid_t child = fork();

	if (child == 0) {
		dup2(err, STDERR_FILENO);
		sandbox_set_mode(mode);
		if (sandbox_confine(why, sizeof(why)) < 0)
			_exit(2);
		if (is_poller)
			sandbox_confine_poller();
		call->make();
		_exit(0);
	}
	int status = -1;
	waitpid(child, &status, 0);
	return status;
}

static bool
lets_through(const struct call *call, enum sandbox_mode mode, bool is_poller, int err)
{
	int status = try(call, mode, is_poller, err);

	if (WIFEXITED(status)) {
		CHECK_EQ(WEXITSTATUS(status), 0);
		return true;
	}
	/* SIGSYS while a thread is made: the C library blocks signals then */
	CHECK(WTERMSIG(status) == SIGABRT || WTERMSIG(status) == SIGSYS);
	return false;
}

static void
check_call(const struct call *call, bool is_poller, int err)
{
	bool wanted = is_poller ? call->by_poller : call->by_any;
	bool found = lets_through(call, SANDBOX_ENFORCE, is_poller, err);

	CHECK_EQ(found, wanted);
	if (found != wanted)
		printf("\n    %s: %s", call->name, is_poller ? "poller" : "any thread");
}

static void
calls_of_all_threads(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
		check_call(&calls[i], false, null);
	close(null);
}

static void
calls_of_pollers(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
		check_call(&calls[i], true, null);
	close(null);
}

static void
calls_are_let_through(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		CHECK(lets_through(&calls[i], SANDBOX_LOG, true, STDERR_FILENO));
		CHECK(lets_through(&calls[i], SANDBOX_OFF, true, STDERR_FILENO));
	}
}

static void
denied_call_is_told(void)
{
	char text[256] = "";
	char wanted[64];
	int fds[2];

	REQUIRE_EQ(pipe(fds), 0);
	try(&calls[0], SANDBOX_ENFORCE, false, fds[1]);
	close(fds[1]);
	CHECK_GT(read(fds[0], text, sizeof(text) - 1), 0);
	close(fds[0]);
	snprintf(wanted, sizeof(wanted), "error: the sandbox denies system call %04d\n",
		 SYS_execve);
	CHECK_HAS(text, wanted);
}

static void
add(CU_pSuite suite)
{
	UNIT_ADD(suite, calls_of_all_threads);
	UNIT_ADD(suite, calls_of_pollers);
	UNIT_ADD(suite, calls_are_let_through);
	UNIT_ADD(suite, denied_call_is_told);
}

int
main(void)
{
	static const struct unit_suite suites[] = { { "sandbox", add } };

	parent = getpid();
	return unit_run(suites, ARRAY_SIZE(suites));
}
