/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/control.c: the socket and its clients. */
#include "ctl/control.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/store/clock.h"
#include "view.h"

#define DRIVER_DOMAIN 1u
#define ASK_VIFS "{\"cmd\":\"show\",\"what\":\"vifs\"}"
#define TURNS_MAX 200u /* the patience of a test, in rounds of the loop */

static struct view v;
static struct control *control;
static char dir[32], path[64];
static uint64_t now_ms;
static char answer[CONTROL_ANSWER_SIZE + 1];

/* ---- a place, and clients -------------------------------------------------------------------- */

static void
make_place(void)
{
	strcpy(dir, "/tmp/vpe-control-XXXXXX");
	REQUIRE_NOT_NULL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/control", dir);
	now_ms = 1000;
}

static void
start_with(const struct control_params *params)
{
	view_start(&v, DRIVER_DOMAIN);
	make_place();
	control = control_open(params, &v.view);
	REQUIRE_NOT_NULL(control);
}

static void
start(void)
{
	const struct control_params params = { .path = path };

	start_with(&params);
}

static void
end(void)
{
	control_close(control);
	control = NULL;
	CHECK_EQ(rmdir(dir), 0); /* nothing is left behind */
	view_end(&v);
}

/* A connection, whose calls do not wait. Negative errno. */
static int
dial(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	memcpy(to.sun_path, path, sizeof(path));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	int error = errno;
	close(fd);
	return -error;
}

static void
turn(void)
{
	control_serve(control, ++now_ms);
}

/* Enough turns accept all connections that wait. */
static void
turn_for(unsigned n)
{
	while (n-- > 0)
		turn();
}

/* Connects, with turns if the backlog is full. */
static int
dial_now(void)
{
	int fd = dial();

	for (unsigned i = 0; fd == -EAGAIN && i < TURNS_MAX; i++) {
		turn();
		fd = dial();
	}
	REQUIRE_GE(fd, 0);
	return fd;
}

static void
say(int fd, const char *request)
{
	CHECK_EQ(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
}

/* Reads an answer. Returns its length, 0 if the client was closed, -EAGAIN if there is none yet. */
static ssize_t
hear(int fd)
{
	ssize_t n = recv(fd, answer, sizeof(answer) - 1, 0);

	answer[n > 0 ? n : 0] = '\0';
	return n >= 0 ? n : errno == ECONNRESET ? 0 : -errno;
}

/* Turns until there is an answer. */
static ssize_t
await(int fd)
{
	ssize_t n = hear(fd);

	for (unsigned i = 0; n == -EAGAIN && i < TURNS_MAX; i++) {
		turn();
		n = hear(fd);
	}
	return n;
}

static bool
is_answered(int fd)
{
	say(fd, ASK_VIFS);
	return await(fd) > 0 && strncmp(answer, "{\"vifs\":[", 9) == 0;
}

/* ---- start and end --------------------------------------------------------------------------- */

static void
control_open_mode(void)
{
	struct stat node;

	start();
	CHECK_EQ(stat(path, &node), 0);
	CHECK(S_ISSOCK(node.st_mode));
	CHECK_EQ(node.st_mode & 07777, 0660);
	int fd = dial();
	CHECK(is_answered(fd));
	close(fd);
	end();
}

/* The socket of a daemon that was killed is replaced, and so is any other file. */
static void
control_open_stale(void)
{
	const struct control_params params = { .path = path };

	make_place();
	close(open(path, O_CREAT | O_WRONLY, 0600));
	view_start(&v, DRIVER_DOMAIN);
	control = control_open(&params, &v.view);
	REQUIRE_NOT_NULL(control);
	/* A second one replaces the socket. The first one must not remove it at its end. */
	struct control *other = control_open(&params, &v.view);
	REQUIRE_NOT_NULL(other);
	control_close(control);
	control = other;
	int fd = dial();
	CHECK(is_answered(fd));
	close(fd);
	end();
}

static void
control_open_fails(void)
{
	char longest[200];
	struct control_params params = { .path = longest };

	view_start(&v, DRIVER_DOMAIN);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	CHECK_NULL(control_open(&params, &v.view));
	CHECK_EQ(errno, ENAMETOOLONG);
	params.path = "/nonexistent/control";
	CHECK_NULL(control_open(&params, &v.view));
	CHECK_EQ(errno, ENOENT);
	control_close(NULL);
	CHECK_EQ(control_due(NULL), CLOCK_NEVER);
	view_end(&v);
}

/* ---- clients that behave badly --------------------------------------------------------------- */

/* Silent connections: a new client is answered all the same, and the oldest ones are closed. */
static void
control_serve_held(void)
{
	int held[200];
	unsigned n_open = 0;

	start();
	for (unsigned i = 0; i < 200; i++)
		held[i] = dial_now();
	int fd = dial_now();
	say(fd, ASK_VIFS);
	uint64_t began_ms = now_ms;
	CHECK_GT(await(fd), 0);
	/* The turns that it takes to accept the connections before it. */
	CHECK_LE(now_ms - began_ms, 64 / 4 + 8);
	for (unsigned i = 0; i < 200; i++)
		n_open += hear(held[i]) == -EAGAIN;
	CHECK_EQ(n_open, CONTROL_CLIENTS - 1);
	CHECK_EQ(hear(held[199]), -EAGAIN);
	CHECK_EQ(hear(held[0]), 0);
	CHECK(is_answered(fd));
	for (unsigned i = 0; i < 200; i++)
		close(held[i]);
	close(fd);
	end();
}

/* A client that has asked is not the oldest, so others are closed for new clients. */
static void
control_serve_oldest(void)
{
	int fd[CONTROL_CLIENTS], more[CONTROL_CLIENTS - 1];

	start();
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		fd[i] = dial_now();
	turn_for(CONTROL_CLIENTS);
	CHECK(is_answered(fd[0]));
	for (unsigned i = 0; i < CONTROL_CLIENTS - 1; i++)
		more[i] = dial_now();
	CHECK(is_answered(more[CONTROL_CLIENTS - 2]));
	CHECK(is_answered(fd[0]));
	for (unsigned i = 1; i < CONTROL_CLIENTS; i++)
		CHECK_EQ(hear(fd[i]), 0);
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		close(fd[i]);
	for (unsigned i = 0; i < CONTROL_CLIENTS - 1; i++)
		close(more[i]);
	end();
}

/* A client that never reads is closed after a few answers. Others are answered meanwhile. */
static void
control_serve_never_reads(void)
{
	unsigned n_asked = 0;

	start();
	for (unsigned i = 0; i < 300; i++)
		view_add_vif(DRIVER_DOMAIN, 100 + i, 0, NULL);
	rig_turn_for(&v.rig, 20);
	int deaf = dial_now(), other = dial_now();
	while (n_asked < 1000 && send(deaf, ASK_VIFS, sizeof(ASK_VIFS) - 1, MSG_NOSIGNAL) > 0) {
		CHECK(is_answered(other));
		n_asked++;
	}
	CHECK_GE(n_asked, 2);
	CHECK_LT(n_asked, 40);
	close(deaf);
	close(other);
	end();
}

/* A client that does not wait for answers: a turn serves one of its requests, and other clients. */
static void
control_serve_flood(void)
{
	unsigned n = 0;

	start();
	int flood = dial_now(), other = dial_now();
	turn();
	while (n < 100 && send(flood, ASK_VIFS, sizeof(ASK_VIFS) - 1, MSG_NOSIGNAL) > 0)
		n++;
	CHECK_GT(n, 10);
	say(other, ASK_VIFS);
	turn();
	CHECK_GT(hear(other), 0);
	CHECK_GT(hear(flood), 0);
	CHECK_EQ(hear(flood), -EAGAIN); /* one answer in one turn */
	close(flood);
	close(other);
	end();
}

static void
control_serve_odd_packets(void)
{
	static char huge[100000];

	start();
	int fd = dial_now();
	memset(huge, 'x', sizeof(huge));
	CHECK_EQ(send(fd, huge, sizeof(huge), MSG_NOSIGNAL), (ssize_t)sizeof(huge));
	CHECK_GT(await(fd), 0);
	CHECK_HAS(answer, "the request has 100000 bytes, more than 4096");
	say(fd, "garbage");
	CHECK_GT(await(fd), 0);
	CHECK_HAS(answer, "\"code\":\"EINVAL\"");
	CHECK(is_answered(fd));
	say(fd, "");
	CHECK_EQ(await(fd), 0);
	close(fd);
	/* A client that goes before the answer. */
	fd = dial_now();
	say(fd, ASK_VIFS);
	close(fd);
	turn();
	turn();
	end();
}

/* A descriptor that comes with a request is closed: the pipe has no other writer. */
static void
control_serve_descriptors(void)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control_data = { { 0 } };
	struct iovec iov = { .iov_base = (char[]){ ASK_VIFS }, .iov_len = sizeof(ASK_VIFS) - 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control_data,
			      .msg_controllen = sizeof(control_data) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int ends[2];
	char byte;

	start();
	int fd = dial_now();
	REQUIRE_EQ(pipe(ends), 0);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &ends[1], sizeof(int));
	CHECK_GT(sendmsg(fd, &msg, MSG_NOSIGNAL), 0);
	close(ends[1]);
	CHECK_GT(await(fd), 0);
	CHECK_EQ(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	close(fd);
	end();
}

/* No descriptors are left: the oldest client is closed; without one, accept() pauses a second. */
static void
control_serve_no_descriptors(void)
{
	struct rlimit old, none;

	start();
	int first = dial_now();
	turn();
	int second = dial(), third = dial();
	REQUIRE_GE(second, 0);
	REQUIRE_GE(third, 0);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = old.rlim_max };
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	turn();
	CHECK_EQ(hear(first), 0);
	CHECK_EQ(control_due(control), now_ms + 1000);
	turn();
	CHECK_EQ(control_due(control), now_ms - 1 + 1000);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
	now_ms += 1000;
	turn();
	CHECK_EQ(control_due(control), CLOCK_NEVER);
	CHECK(is_answered(second));
	CHECK(is_answered(third));
	close(first);
	close(second);
	close(third);
	end();
}

/* ---- credentials ----------------------------------------------------------------------------- */

static struct control_peer peer_said;
static int peer_error;
static gid_t peer_group;

/* Replaces control_peer_get(). */
static int
say_peer(int fd, gid_t group, struct control_peer *peer)
{
	(void)fd;
	peer_group = group;
	*peer = peer_said;
	return peer_error;
}

/* Returns whether a client with these credentials gets an answer. */
static bool
may_show(uid_t uid, bool is_member, int error)
{
	peer_said = (struct control_peer){ .uid = uid, .is_member = is_member };
	peer_error = error;
	int fd = dial_now();
	bool may = is_answered(fd);
	CHECK(may || strstr(answer, "\"code\":\"EACCES\"") != NULL);
	close(fd);
	return may;
}

/* Returns some group of the system. */
static const struct group *
some_group(void)
{
	setgrent();
	const struct group *group = getgrent();
	endgrent();
	return group;
}

static void
control_serve_credentials(void)
{
	const struct group *group = some_group();
	struct control_params params = { .path = path, .peer = say_peer };
	uid_t stranger = geteuid() + 4242;

	start_with(&params);
	CHECK(may_show(0, false, 0));
	CHECK(may_show(geteuid(), false, 0));
	CHECK(!may_show(stranger, false, 0));
	CHECK(!may_show(stranger, true, 0)); /* no group is set */
	CHECK(!may_show(0, true, -EIO));
	CHECK_EQ(peer_group, CONTROL_NO_GROUP);
	end();
	if (group == NULL)
		return;
	params.group = group->gr_name;
	start_with(&params);
	CHECK(!may_show(stranger, false, 0));
	CHECK(may_show(stranger, true, 0));
	CHECK_EQ(peer_group, group->gr_gid);
	end();
}

static void
control_open_unknown_group(void)
{
	const struct control_params params = { .path = path,
					       .group = "nobody-has-this-group",
					       .peer = say_peer };

	start_with(&params);
	CHECK(may_show(0, false, 0));
	CHECK(!may_show(geteuid() + 1, true, 0));
	end();
}

void test_control(CU_pSuite suite);

void
test_control(CU_pSuite suite)
{
	UNIT_ADD(suite, control_open_mode);
	UNIT_ADD(suite, control_open_stale);
	UNIT_ADD(suite, control_open_fails);
	UNIT_ADD(suite, control_serve_held);
	UNIT_ADD(suite, control_serve_oldest);
	UNIT_ADD(suite, control_serve_never_reads);
	UNIT_ADD(suite, control_serve_flood);
	UNIT_ADD(suite, control_serve_odd_packets);
	UNIT_ADD(suite, control_serve_descriptors);
	UNIT_ADD(suite, control_serve_no_descriptors);
	UNIT_ADD(suite, control_serve_credentials);
	UNIT_ADD(suite, control_open_unknown_group);
}
