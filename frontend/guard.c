/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vpe-guard: see fe_guard.h. libvpefront starts it as vpe-guard VIF [-k], or vpe-guard keep; never
 * run it by hand.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "fe_connect.h"
#include "fe_guard.h"
#include "fe_kernel.h"
#include "xen/real.h"

#define BACKEND_TIMEOUT_MS 10000
#define LOCK_RETRY_MS 10

/* Takes the lock, which the kernel releases when this process ends. Returns whether that worked. */
static bool
lock(unsigned vif)
{
	const struct timespec pause = { .tv_nsec = LOCK_RETRY_MS * 1000000 };
	char path[64];

	snprintf(path, sizeof(path), FE_GUARD_LOCK, vif);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		err(1, "%s", path);
	for (unsigned ms = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; ms += LOCK_RETRY_MS) {
		if (ms >= FE_GUARD_LOCK_WAIT_MS)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static void
say(char what)
{
	if (send(STDIN_FILENO, &what, 1, MSG_NOSIGNAL) != 1)
		exit(1); /* the application has gone, and nothing was done yet */
}

/*
 * Leaves the application's session and closes its output, because a shell may wait for the end of
 * that.
 */
static void
go_on_alone(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid > 0)
		_exit(0);
	setsid();
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ||
	    chdir("/") < 0)
		err(1, "/dev/null");
}

/* Waits for the application. Returns whether it closed the vif itself. */
static bool
wait_for_end(void)
{
	char said;

	return TEMP_FAILURE_RETRY(read(STDIN_FILENO, &said, 1)) == 1;
}

static void
clean_up(unsigned vif, bool give_back)
{
	struct vpe_fe fe = { .vif = vif, .timeout_ms = BACKEND_TIMEOUT_MS };

	int ret = fe_store_open(&fe.store, xen_real()->store, vif);
	if (ret == 0) {
		ret = fe_connect_end(&fe);
		fe_store_close(&fe.store);
	}
	if (give_back) {
		int bound = fe_kernel_bind("/sys", vif);
		ret = ret < 0 ? ret : bound;
	}
	if (ret < 0)
		syslog(LOG_ERR, "vif %u: its program has gone, and the vif cannot be closed: %s",
		       vif, strerror(-ret));
	else
		syslog(LOG_NOTICE, "vif %u: its program has gone without closing it: closed", vif);
}

int
main(int argc, char **argv)
{
	bool give_back = argc == 3 && strcmp(argv[2], FE_GUARD_GIVE_BACK) == 0;

	if (argc < 2 || argc != 2 + give_back)
		errx(1, "libvpefront starts this program");
	if (strcmp(argv[1], FE_GUARD_KEEP) == 0) {
		go_on_alone();
		for (;;)
			pause(); /* standard input has the descriptor to keep open */
	}
	unsigned vif = (unsigned)strtoul(argv[1], NULL, 10);
	openlog("vpe-guard", LOG_PID, LOG_DAEMON);
	if (!lock(vif)) {
		say(FE_GUARD_BUSY);
		return 0;
	}
	go_on_alone();
	say(FE_GUARD_READY);
	if (!wait_for_end())
		clean_up(vif, give_back);
	return 0;
}
