/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters of system calls. Source: seccomp(2), seccomp_rule_add(3). */
#include "sandbox.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/log.h"
#include "base/util.h"

#define END (-1) /* of a list; the numbers of calls that an architecture lacks are smaller */

/* Calls whose arguments do not matter. tests/sandbox.sh compares the lists with the document. */

/* ---- calls of pollers ---- */
static const int poller_calls[] = {
	/* frames */
	SCMP_SYS(getsockname),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	/* grants and event channels; memory of guests; NICs under DPDK */
	SCMP_SYS(ioctl),
	/* sleep */
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(poll),
	SCMP_SYS(restart_syscall),
	/* clocks that the vDSO does not read */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	/* locks */
	SCMP_SYS(futex),
	SCMP_SYS(sched_yield),
	/* memory; see add_poller() for what may be mapped */
	SCMP_SYS(brk),
	SCMP_SYS(getrandom),
	SCMP_SYS(madvise),
	SCMP_SYS(munmap),
	/* the end of a thread, and crashes */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(prctl),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(tgkill),
	END,
};

/* ---- calls of all threads ---- */
static const int calls[] = {
	/*
	 * files: the configuration, /sys, /proc, devices, /run/vpe, DPDK's drivers and runtime
	 * files
	 */
	SCMP_SYS(access),
	SCMP_SYS(chmod),
	SCMP_SYS(chown),
	SCMP_SYS(close),
	SCMP_SYS(dup),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(fchmod),
	SCMP_SYS(fcntl),
	SCMP_SYS(flock),
	SCMP_SYS(fstat),
	SCMP_SYS(fstatfs),
	SCMP_SYS(ftruncate),
	SCMP_SYS(getcwd),
	SCMP_SYS(getdents64),
	SCMP_SYS(ioctl),
	SCMP_SYS(lseek),
	SCMP_SYS(lstat),
	SCMP_SYS(mkdir),
	SCMP_SYS(newfstatat),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(read),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(readv),
	SCMP_SYS(stat),
	SCMP_SYS(statfs),
	SCMP_SYS(statx),
	SCMP_SYS(umask),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	/*
	 * xenstored, netlink, packet sockets, the control socket, heirs; socket() is in
	 * add_others()
	 */
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(bind),
	SCMP_SYS(connect),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt),
	SCMP_SYS(listen),
	SCMP_SYS(pipe),
	SCMP_SYS(pipe2),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	SCMP_SYS(socketpair),
	/* kernel devices */
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(io_uring_setup),
	/* waiting */
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(epoll_create),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(eventfd2),
	SCMP_SYS(nanosleep),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(pselect6),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(select),
	SCMP_SYS(signalfd4),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	/* clocks */
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	/* memory; DPDK asks on which node it lies */
	SCMP_SYS(brk),
	SCMP_SYS(fallocate),
	SCMP_SYS(get_mempolicy),
	SCMP_SYS(getrandom),
	SCMP_SYS(madvise),
	SCMP_SYS(mbind),
	SCMP_SYS(membarrier),
	SCMP_SYS(memfd_create),
	SCMP_SYS(mlock),
	SCMP_SYS(mlockall),
	SCMP_SYS(move_pages),
	SCMP_SYS(mremap),
	SCMP_SYS(msync),
	SCMP_SYS(munlock),
	SCMP_SYS(munmap),
	SCMP_SYS(set_mempolicy),
	/* threads and signals; clone() and tgkill() are in add_others() */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(futex),
	SCMP_SYS(getcpu),
	SCMP_SYS(gettid),
	SCMP_SYS(rseq),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_getparam),
	SCMP_SYS(sched_getscheduler),
	SCMP_SYS(sched_setaffinity),
	SCMP_SYS(sched_yield),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(sigaltstack),
	/* properties of the process and the machine */
	SCMP_SYS(getegid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(getrlimit),
	SCMP_SYS(getrusage),
	SCMP_SYS(getuid),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	/* the filter of a poller */
	SCMP_SYS(seccomp),
	END,
};

static enum sandbox_mode mode = SANDBOX_OFF; /* of the process */

/* ---- rules with arguments -------------------------------------------------------------------- */

static int
allow(scmp_filter_ctx filter, int call, struct scmp_arg_cmp arg)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, arg);
}

/* No memory is writable and executable, or becomes executable. Drivers are mapped from files. */
static int
add_memory(scmp_filter_ctx filter)
{
	int ret = allow(filter, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (ret == 0)
		ret = allow(filter, SCMP_SYS(mmap),
			    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC));
	return ret == 0 ? allow(filter, SCMP_SYS(mprotect),
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))
			: ret;
}

/* A list of one call and one value of an argument each. */
static int
add_values(scmp_filter_ctx filter)
{
	const struct {
		int call;
		struct scmp_arg_cmp arg;
	} rules[] = {
		/* INET: ioctl() about devices takes such a socket */
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET, 0) },
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0) },
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_PACKET, 0) },
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0) },
		/* libcap asks when it is loaded */
		{ SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_CAPBSET_READ, 0) },
		{ SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_GET_SECUREBITS, 0) },
		{ SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_GET_NO_NEW_PRIVS, 0) },
		{ SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_GET_NAME, 0) },
		{ SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0) },
		{ SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NO_NEW_PRIVS, 0) },
		{ SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_TIMERSLACK, 0) },
		/* threads, no processes */
		{ SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD) },
		{ SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0) },
		/* reads limits; DPDK raises this one as far as it may */
		{ SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0, 0) },
		{ SCMP_SYS(prlimit64), SCMP_A1(SCMP_CMP_EQ, RLIMIT_NOFILE, 0) },
	};
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < ARRAY_SIZE(rules); i++)
		ret = allow(filter, rules[i].call, rules[i].arg);
	return ret;
}

/* Calls that fail without harm. */
static int
add_failing(scmp_filter_ctx filter)
{
	/*
	 * The flags of clone3() are in memory, which a filter cannot read: the C library then uses
	 * clone(). DPDK's driver for virtio asks for I/O ports as soon as it is loaded. Libraries
	 * that look up a group (NSS) may try IPv6.
	 */
	int ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (ret == 0)
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0));
	return ret == 0 ? seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(iopl), 0) : ret;
}

/* ---- filters --------------------------------------------------------------------------------- */

static int
add_calls(scmp_filter_ctx filter, const int *list)
{
	int ret = 0;

	for (; ret == 0 && *list != END; list++)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, *list, 0);
	return ret;
}

static int
add_all(scmp_filter_ctx filter)
{
	int ret = add_calls(filter, calls);

	if (ret == 0)
		ret = add_memory(filter);
	if (ret == 0)
		ret = add_values(filter);
	return ret == 0 ? add_failing(filter) : ret;
}

/*
 * Nothing that a poller maps is executable. Libraries open files and sockets for messages
 * (syslog(3), reports of drivers), and do without when that fails.
 */
static int
add_poller(scmp_filter_ctx filter)
{
	static const int mapping[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };
	static const int refused[] = { SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(socket),
				       SCMP_SYS(connect), SCMP_SYS(close) };
	int ret = add_calls(filter, poller_calls);

	for (unsigned i = 0; ret == 0 && i < ARRAY_SIZE(mapping); i++)
		ret = allow(filter, mapping[i], SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	for (unsigned i = 0; mode == SANDBOX_ENFORCE && ret == 0 && i < ARRAY_SIZE(refused); i++)
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
	return ret;
}

/* Loads a filter made by `add` for the calling thread. */
static int
load(int (*add)(scmp_filter_ctx filter))
{
	scmp_filter_ctx filter =
		seccomp_init(mode == SANDBOX_ENFORCE ? SCMP_ACT_TRAP : SCMP_ACT_LOG);
	int ret = filter == NULL ? -ENOMEM : add(filter);

	/* a tree instead of a list */
	if (ret == 0)
		ret = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (ret == 0)
		ret = seccomp_load(filter);
	seccomp_release(filter);
	return ret;
}

/* Tells the number of the call, then crashes, so that the guest gets its strike. */
static void
on_denied(int signal, siginfo_t *info, void *context)
{
	char text[] = "vpe-backend: error: the sandbox denies system call 0000\n";
	char *digit = strrchr(text, '0');

	(void)signal, (void)context;
	for (int call = info->si_syscall; *digit == '0'; call /= 10)
		*digit-- += (char)(call % 10);
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)n;
	raise(SIGABRT);
}

bool
sandbox_is_built(void)
{
	return true;
}

void
sandbox_set_mode(enum sandbox_mode wanted)
{
	struct sigaction action = { .sa_sigaction = on_denied,
				    .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND) };

	mode = wanted;
	if (mode == SANDBOX_ENFORCE)
		sigaction(SIGSYS, &action, NULL);
}

int
sandbox_confine(char *why, size_t why_size)
{
	int ret = mode == SANDBOX_OFF ? 0 : load(add_all);

	if (ret < 0)
		snprintf(why, why_size,
			 "the sandbox cannot be made (sandbox = \"off\" does without): %s",
			 strerror(-ret));
	return ret;
}

void
sandbox_confine_poller(void)
{
	static __thread bool is_confined; /* filters add up */
	int ret = mode == SANDBOX_OFF || is_confined ? 0 : load(add_poller);

	is_confined = true;
	if (ret == 0)
		return;
	log_error("the sandbox of a poller cannot be made: %s", strerror(-ret));
	abort();
}
