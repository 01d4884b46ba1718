/* SPDX-License-Identifier: BSD-3-Clause */
/* A client of the control socket. A request and its answer are one packet each, a JSON object. */
#include "ctl_client.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "show_text.h"

#define ANSWER_SIZE (64 * 1024) /* the daemon's limit */
#define TIMEOUT_S 10
#define PAGES_MAX 10000u /* more means that the pages do not end */

int
ctl_client_connect(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = TIMEOUT_S };

	if (strlen(path) >= sizeof(addr.sun_path))
		errx(EXIT_FAILURE, "%s: too long for the name of a socket", path);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		errx(EXIT_FAILURE, "vpe-backend is not running: nothing listens at %s", path);
	if (errno == EACCES || errno == EPERM)
		errx(EXIT_FAILURE,
		     "%s: no permission: only root may ask vpe-backend, and members of the group "
		     "that the setting control_group names",
		     path);
	if (errno == EAGAIN)
		errx(EXIT_FAILURE, "vpe-backend has not accepted the connection in %d seconds",
		     TIMEOUT_S);
	err(EXIT_FAILURE, "%s", path);
}

static void
send_request(int fd, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);

	json_decref(request);
	if (text == NULL)
		errx(EXIT_FAILURE, "the request cannot be written as JSON: is it UTF-8?");
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		err(EXIT_FAILURE, "no connection to vpe-backend any more");
	free(text);
}

json_t *
ctl_client_ask(int fd, json_t *request)
{
	static char answer[ANSWER_SIZE];

	send_request(fd, request);
	ssize_t len = recv(fd, answer, sizeof(answer), 0);
	if (len == 0 || (len < 0 && errno == ECONNRESET))
		errx(EXIT_FAILURE, "vpe-backend has closed the connection: it is stopping, or too "
				   "many other clients have connected");
	if (len < 0 && errno == EAGAIN)
		errx(EXIT_FAILURE, "vpe-backend has not answered in %d seconds", TIMEOUT_S);
	if (len < 0)
		err(EXIT_FAILURE, "no answer from vpe-backend");
	json_t *root = json_loadb(answer, (size_t)len, 0, NULL);
	if (!json_is_object(root))
		errx(EXIT_FAILURE, "the answer is not a JSON object, or was cut");
	return root;
}

static json_t *
request_of(const char *what, const char *name, const char *from)
{
	return json_pack("{s:s, s:s, s:s*, s:s*}", "cmd", "show", "what", what, "name", name,
			 "from", from);
}

static json_t *
ask_for(int fd, json_t *request)
{
	char shown[512];

	if (request == NULL)
		errx(EXIT_FAILURE, "the name is not valid UTF-8");
	json_t *answer = ctl_client_ask(fd, request);
	const char *error = json_string_value(json_object_get(answer, "error"));
	if (error != NULL)
		errx(EXIT_FAILURE, "%s", show_text(error, shown, sizeof(shown)));
	return answer;
}

json_t *
ctl_client_show(int fd, const char *what, const char *name)
{
	json_t *all = ask_for(fd, request_of(what, name, NULL));
	json_t *next = json_incref(json_object_get(all, "next"));

	json_object_del(all, "next");
	for (unsigned n = 1; json_is_string(next); n++) {
		if (n == PAGES_MAX)
			errx(EXIT_FAILURE, "the list does not end");
		json_t *page = ask_for(fd, request_of(what, NULL, json_string_value(next)));
		json_array_extend(json_object_get(all, what), json_object_get(page, what));
		json_decref(next);
		next = json_incref(json_object_get(page, "next"));
		json_decref(page);
	}
	json_decref(next);
	return all;
}
