/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket: connections and packets.
 *
 * Theory of operation: the listening socket and the clients are in an epoll set of their own, whose
 * descriptor the event loop watches. epoll reports ready descriptors in turn, so a client that asks
 * all the time gets only its share of the rounds. A round accepts few connections, so a new client
 * is heard before newer ones can displace it.
 */
#include "ctl/control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl/control_request.h"
#include "ctl/store/clock.h"

#define EVENTS_MAX 4u  /* per round of the loop */
#define ACCEPTS_MAX 4u /* per round; well below CONTROL_CLIENTS */
#define BACKLOG 64     /* connections that wait to be accepted */
#define PAUSE_MS 1000u /* after accept() failed: the reason may last, and the loop must not spin */
#define MODE 0660

#define LISTENER CONTROL_CLIENTS /* epoll data of the listening socket; a client's is its index */

struct client {
	int fd; /* negative: none */
	unsigned rights;
	uint64_t turn; /* control->turn at its last request, or when it connected */
};

struct control {
	const struct control_view *view;
	struct sockaddr_un addr;
	struct stat node; /* the socket in the file system */
	gid_t group;
	int (*peer)(int fd, gid_t group, struct control_peer *peer);
	int epoll_fd;
	int listen_fd;
	uint64_t turn;      /* counts connections and requests */
	uint64_t resume_ms; /* when to accept connections again; CLOCK_NEVER: not paused */
	struct log_limit log;
	struct client client[CONTROL_CLIENTS];
	char request[CONTROL_REQUEST_SIZE];
	char answer[CONTROL_ANSWER_SIZE];
};

/* ---- clients --------------------------------------------------------------------------------- */

static void
close_client(struct client *client)
{
	close(client->fd); /* epoll forgets it */
	client->fd = -1;
}

/* Closes the client that has been silent for longest. Returns false if there is none. */
static bool
close_oldest(struct control *control)
{
	struct client *oldest = NULL;

	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *client = &control->client[i];
		if (client->fd >= 0 && (oldest == NULL || client->turn < oldest->turn))
			oldest = client;
	}
	if (oldest != NULL)
		close_client(oldest);
	return oldest != NULL;
}

static struct client *
find_place(struct control *control)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		if (control->client[i].fd < 0)
			return &control->client[i];
	}
	return NULL;
}

/* Returns a free slot. If there is none, closes a client to get one. */
static struct client *
make_place(struct control *control)
{
	struct client *place = find_place(control);

	if (place != NULL)
		return place;
	close_oldest(control);
	return find_place(control);
}

/* Returns the client's rights, CONTROL_MAY_*. If its credentials are unknown, it has none. */
static unsigned
rights_of(const struct control *control, int fd)
{
	struct control_peer peer;
	int ret = control->peer(fd, control->group, &peer);

	if (ret < 0)
		return 0;
	if (peer.uid == 0)
		return CONTROL_MAY_SHOW | CONTROL_MAY_CHANGE;
	if (peer.uid == geteuid() || (control->group != CONTROL_NO_GROUP && peer.is_member))
		return CONTROL_MAY_SHOW;
	return 0;
}

static void
add_client(struct control *control, int fd)
{
	struct client *client = make_place(control);
	uint32_t index = (uint32_t)(client - control->client);
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = index };
	int size = CONTROL_ANSWER_SIZE;

	client->fd = fd;
	client->rights = rights_of(control, fd);
	client->turn = ++control->turn;
	/* The kernel doubles the size, so two answers fit. Only root may exceed wmem_max. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (epoll_ctl(control->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		close_client(client);
}

static void
serve_client(struct control *control, struct client *client)
{
	/* MSG_TRUNC: the packet's whole length. The kernel closes descriptors that come with it. */
	ssize_t len = recv(client->fd, control->request, sizeof(control->request), MSG_TRUNC);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		close_client(client);
		return;
	}
	client->turn = ++control->turn;
	size_t size = control_answer(control->view, client->rights, control->request, (size_t)len,
				     control->answer);
	if (send(client->fd, control->answer, size, MSG_NOSIGNAL) != (ssize_t)size)
		close_client(client);
}

/* ---- the listening socket -------------------------------------------------------------------- */

static void
set_listening(struct control *control, bool wanted)
{
	struct epoll_event event = { .events = wanted ? EPOLLIN : 0, .data.u32 = LISTENER };

	epoll_ctl(control->epoll_fd, EPOLL_CTL_MOD, control->listen_fd, &event);
}

static void
pause_listening(struct control *control, int error, uint64_t now_ms)
{
	if (log_allowed(&control->log))
		log_warning("the control socket cannot accept a connection: %s", strerror(error));
	set_listening(control, false);
	control->resume_ms = now_ms + PAUSE_MS;
}

/* accept() failed. Returns whether to try again at once. */
static bool
is_worth_a_try(struct control *control, int error)
{
	if (error == EMFILE || error == ENFILE)
		return close_oldest(control);
	return error == ECONNABORTED || error == EINTR;
}

static void
take_clients(struct control *control, uint64_t now_ms)
{
	for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
		int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			add_client(control, fd);
			continue;
		}
		int error = errno;
		if (error == EAGAIN)
			return;
		if (!is_worth_a_try(control, error)) {
			pause_listening(control, error, now_ms);
			return;
		}
	}
}

int
control_fd(const struct control *control)
{
	return control->epoll_fd;
}

void
control_serve(struct control *control, uint64_t now_ms)
{
	struct epoll_event events[EVENTS_MAX];

	if (now_ms >= control->resume_ms) {
		control->resume_ms = CLOCK_NEVER;
		set_listening(control, true);
	}
	int n = epoll_wait(control->epoll_fd, events, EVENTS_MAX, 0);
	for (int i = 0; i < n; i++) {
		unsigned index = events[i].data.u32;
		if (index == LISTENER)
			take_clients(control, now_ms);
		else if (control->client[index].fd >= 0) /* it may have been closed in this round */
			serve_client(control, &control->client[index]);
	}
}

uint64_t
control_due(const struct control *control)
{
	return control == NULL ? CLOCK_NEVER : control->resume_ms;
}

/* ---- start and end --------------------------------------------------------------------------- */

/* Returns the group that may ask. A wrong name must not keep the daemon from serving guests. */
static gid_t
find_group(const char *name)
{
	gid_t group = CONTROL_NO_GROUP;

	if (name == NULL || name[0] == '\0')
		return group;
	int ret = control_group_find(name, &group);
	if (ret < 0)
		log_warning("control_group: group \"%s\": %s; only root may use the control socket",
			    name, ret == -ENOENT ? "there is no such group" : strerror(-ret));
	return group;
}

/* Sets owner and mode before listen(), so nobody connects earlier. Returns 0 or -errno. */
static int
bind_and_listen(struct control *control)
{
	const struct sockaddr *addr = (const struct sockaddr *)&control->addr;
	const char *path = control->addr.sun_path;

	control->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->listen_fd < 0)
		return -errno;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	if (bind(control->listen_fd, addr, sizeof(control->addr)) < 0 ||
	    stat(path, &control->node) < 0)
		return -errno;
	if (control->group != CONTROL_NO_GROUP && chown(path, (uid_t)-1, control->group) < 0)
		log_warning("control_group: %s cannot be given to the group: %s", path,
			    strerror(errno));
	return chmod(path, MODE) < 0 || listen(control->listen_fd, BACKLOG) < 0 ? -errno : 0;
}

static int
open_all(struct control *control)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = LISTENER };
	int ret = bind_and_listen(control);

	if (ret < 0)
		return ret;
	control->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (control->epoll_fd < 0)
		return -errno;
	ret = epoll_ctl(control->epoll_fd, EPOLL_CTL_ADD, control->listen_fd, &event);
	return ret < 0 ? -errno : 0;
}

struct control *
control_open(const struct control_params *params, const struct control_view *view)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		return NULL;
	control->view = view;
	control->peer = params->peer != NULL ? params->peer : control_peer_get;
	control->epoll_fd = control->listen_fd = -1;
	control->resume_ms = CLOCK_NEVER;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		control->client[i].fd = -1;
	control->addr.sun_family = AF_UNIX;
	size_t room = sizeof(control->addr.sun_path);
	int len = snprintf(control->addr.sun_path, room, "%s", params->path);
	control->group = find_group(params->group);
	int ret = (size_t)len < room ? open_all(control) : -ENAMETOOLONG;
	if (ret == 0)
		return control;
	control_close(control);
	errno = -ret;
	return NULL;
}

/* Returns whether the socket in the file system is still ours. */
static bool
is_our_node(const struct control *control)
{
	struct stat now;

	return control->node.st_ino != 0 && lstat(control->addr.sun_path, &now) == 0 &&
	       now.st_ino == control->node.st_ino && now.st_dev == control->node.st_dev;
}

void
control_close(struct control *control)
{
	if (control == NULL)
		return;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		if (control->client[i].fd >= 0)
			close_client(&control->client[i]);
	}
	if (control->epoll_fd >= 0)
		close(control->epoll_fd);
	if (control->listen_fd >= 0)
		close(control->listen_fd);
	if (is_our_node(control))
		unlink(control->addr.sun_path);
	free(control);
}
