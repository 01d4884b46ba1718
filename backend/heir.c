/* SPDX-License-Identifier: BSD-3-Clause */
/* The hand-over from one daemon to another. */
#include "heir.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/control_peer.h"
#include "service.h"

#define ASK "take over"
#define SERVE "serving"
#define MESSAGE_SIZE 512
#define ASK_MS 200 /* an heir asks as soon as it has connected */
#define NO_FILES_US 50000

static int
open_socket(const char *path, struct sockaddr_un *addr)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	strcpy(addr->sun_path, path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

/* Receives a text within `ms`. Returns its length, 0 if the peer has closed, or -errno. */
static int
receive(int fd, char *text, int ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int n = poll(&ready, 1, ms);

	if (n <= 0)
		return n < 0 ? -errno : -ETIMEDOUT;
	ssize_t len = recv(fd, text, MESSAGE_SIZE - 1, MSG_DONTWAIT);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	return (int)len;
}

static int
say(int fd, const char *text)
{
	return send(fd, text, strlen(text), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* ---- the daemon that serves ------------------------------------------------------------------ */

int
heir_listen(const char *path)
{
	struct sockaddr_un addr;
	int fd = open_socket(path, &addr);

	if (fd < 0)
		return fd;
	unlink(path); /* of the last daemon: the instance lock is ours */
	/* nobody can connect before listen() */
	int ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || chmod(path, 0600) < 0 ||
				  listen(fd, 1) < 0
			  ? -errno
			  : 0;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

/* Returns the process id of a peer that may take over, else 0. */
static pid_t
peer_of(int fd)
{
	struct control_peer peer;

	if (control_peer_get(fd, CONTROL_NO_GROUP, &peer) < 0)
		return 0;
	return peer.uid == geteuid() || peer.uid == 0 ? peer.pid : 0;
}

int
heir_accept(int listen_fd)
{
	char text[MESSAGE_SIZE] = "";
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		int error = errno;
		if (error == EMFILE || error == ENFILE)
			usleep(NO_FILES_US); /* the socket stays readable */
		return -error;
	}
	if (peer_of(fd) != 0 && receive(fd, text, ASK_MS) > 0 && strcmp(text, ASK) == 0)
		return fd;
	close(fd);
	return -EPROTO;
}

bool
heir_let_go(int fd)
{
	char text[MESSAGE_SIZE] = "";

	service_describe(text, sizeof(text));
	bool serves = say(fd, text) == 0 && receive(fd, text, HEIR_PATIENCE_MS) > 0 &&
		      strcmp(text, SERVE) == 0;
	if (serves)
		service_hand_over(peer_of(fd));
	close(fd);
	return serves;
}

/* ---- the heir -------------------------------------------------------------------------------- */

int
heir_ask(const char *path, char *why, size_t why_size)
{
	struct sockaddr_un addr;
	char text[MESSAGE_SIZE] = "";
	int fd = open_socket(path, &addr);

	if (fd < 0) {
		snprintf(why, why_size, "%s: %s", path, strerror(-fd));
		return fd;
	}
	int ret = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : say(fd, ASK);
	if (ret == 0)
		ret = receive(fd, text, HEIR_PATIENCE_MS);
	if (ret > 0) {
		service_adopt(text);
		return fd;
	}
	close(fd);
	if (ret == -ENOENT || ret == -ECONNREFUSED) {
		snprintf(why, why_size, "no vpe-backend runs here: start it");
		return -ENOENT;
	}
	snprintf(why, why_size, "the daemon that runs does not let go: %s",
		 ret == 0 ? "it refuses" : strerror(-ret));
	return ret == 0 ? -ECONNREFUSED : ret;
}

int
heir_serve(int fd)
{
	int ret = say(fd, SERVE);

	close(fd);
	return ret;
}
