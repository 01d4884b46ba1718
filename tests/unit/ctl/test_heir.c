/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of backend/heir.c, with the heir in a process of its own. */
#include "heir.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service.h"
#include "unit.h"

static char path[64];
static char why[256];
static pid_t handed_over;

/* In the place of service_systemd.c. */
void
service_describe(char *text, size_t size)
{
	snprintf(text, size, "where to report to");
}

void
service_adopt(char *text)
{
	if (strcmp(text, "where to report to") != 0)
		_exit(9);
}

void
service_hand_over(pid_t pid)
{
	handed_over = pid;
}

static int
listen_anew(void)
{
	snprintf(path, sizeof(path), "/tmp/vpe-heir-%d", (int)getpid());
	handed_over = 0;
	int fd = heir_listen(path);
	REQUIRE_GE(fd, 0);
	return fd;
}

enum heir_does { SERVES, DIES, IS_SILENT, IS_RUDE, LEAVES };

static void
be_rude(enum heir_does what)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		_exit(8);
	if (what == IS_RUDE && send(fd, "give me all", 11, 0) < 0)
		_exit(7);
	if (what != LEAVES)
		pause();
	_exit(0);
}

static pid_t
start_heir(enum heir_does what)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	alarm(20);
	if (what != SERVES && what != DIES)
		be_rude(what);
	int fd = heir_ask(path, why, sizeof(why));
	if (fd < 0)
		_exit(6);
	if (what == SERVES)
		heir_serve(fd);
	_exit(0);
}

static void
end_heir(pid_t heir, int listen_fd)
{
	kill(heir, SIGKILL);
	CHECK_EQ(waitpid(heir, NULL, 0), heir);
	close(listen_fd);
	unlink(path);
}

static void
heir_let_go_serves(void)
{
	int listen_fd = listen_anew();
	struct stat st;
	int status = 0;

	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	pid_t heir = start_heir(SERVES);
	int fd = heir_accept(listen_fd);
	REQUIRE_GE(fd, 0);
	CHECK(heir_let_go(fd));
	CHECK_EQ(handed_over, heir);
	CHECK_EQ(waitpid(heir, &status, 0), heir);
	CHECK_EQ(status, 0);
	close(listen_fd);
	unlink(path);
}

static void
heir_let_go_dies(void)
{
	int listen_fd = listen_anew();
	pid_t heir = start_heir(DIES);
	int fd = heir_accept(listen_fd);

	REQUIRE_GE(fd, 0);
	CHECK_FALSE(heir_let_go(fd));
	CHECK_EQ(handed_over, 0);
	end_heir(heir, listen_fd);
}

/* Whoever does not ask in time, or in other words, does not stop the daemon. */
static void
heir_accept_refuses(void)
{
	static const enum heir_does bad[] = { IS_SILENT, IS_RUDE, LEAVES };

	for (unsigned i = 0; i < 3; i++) {
		int listen_fd = listen_anew();
		pid_t heir = start_heir(bad[i]);
		CHECK_LT(heir_accept(listen_fd), 0);
		end_heir(heir, listen_fd);
	}
}

static void
heir_ask_nobody(void)
{
	int listen_fd = listen_anew();

	close(listen_fd); /* a daemon that was killed leaves the name */
	CHECK_EQ(heir_ask(path, why, sizeof(why)), -ENOENT);
	CHECK_STR(why, "no vpe-backend runs here: start it");
	unlink(path);
	CHECK_EQ(heir_ask(path, why, sizeof(why)), -ENOENT);
	CHECK_EQ(heir_listen("/nonexistent/heir"), -ENOENT);
}

void
test_heir(CU_pSuite suite)
{
	UNIT_ADD(suite, heir_let_go_serves);
	UNIT_ADD(suite, heir_let_go_dies);
	UNIT_ADD(suite, heir_accept_refuses);
	UNIT_ADD(suite, heir_ask_nobody);
}
