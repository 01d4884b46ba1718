/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vpe-show: asks the running daemon for its counters over DPDK's telemetry socket and prints the
 * JSON answer.
 *
 * Source: DPDK, "Telemetry library". The socket is SOCK_SEQPACKET. After a greeting, which tells
 * the maximum length of an answer, each command and each answer is one message. An eleventh client
 * is disconnected before the greeting, and the answer to an invalid command is null.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_SIZE (64 * 1024)
#define GREETING_SIZE 1024
#define TIMEOUT_S 10

static void
usage(FILE *to)
{
	fprintf(to,
		"usage: vpe-show [-s SOCKET] [COMMAND[,ARGUMENT]]\n"
		"  COMMAND              such as /vpe/ports (default: / lists all commands)\n"
		"  -s, --socket SOCKET  the daemon's telemetry socket (default /var/run/dpdk/vpe/dpdk_telemetry.v2)\n"
		"  -h, --help           this text\n"
		"  -V, --version        version\n");
}

/* Receives one message, or ends the program with an error message. */
static size_t
receive(int fd, char *message, size_t size, const char *if_cut_off)
{
	ssize_t len = recv(fd, message, size, 0);

	if (len > 0)
		return (size_t)len;
	if (len == 0 || errno == ECONNRESET)
		errx(EXIT_FAILURE, "%s", if_cut_off);
	if (errno == EAGAIN)
		errx(EXIT_FAILURE, "no answer in %d seconds", TIMEOUT_S);
	err(EXIT_FAILURE, "no answer");
}

/*
 * Connects and reads the greeting. Returns the socket, or ends the program with an error message.
 */
static int
connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = TIMEOUT_S };
	char greeting[GREETING_SIZE];

	if (strlen(path) >= sizeof(addr.sun_path))
		errx(EXIT_FAILURE, "%s: too long for the name of a socket", path);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			errx(EXIT_FAILURE, "vpe-backend is not running: nothing listens at %s", path);
		if (errno == EACCES || errno == EPERM)
			errx(EXIT_FAILURE, "%s: no permission: run vpe-show as the user of vpe-backend, which is root", path);
		err(EXIT_FAILURE, "%s", path);
	}
	receive(fd, greeting, sizeof(greeting), "vpe-backend serves ten clients at most and has as many already: try again later");
	return fd;
}

/* Returns the answer to `command`, with a NUL. Valid until the next call. */
static const char *
ask(int fd, const char *command)
{
	static char answer[ANSWER_SIZE];

	if (send(fd, command, strlen(command), MSG_NOSIGNAL) < 0)
		err(EXIT_FAILURE, "no connection any more");
	answer[receive(fd, answer, sizeof(answer) - 1, "vpe-backend has closed the connection")] = '\0';
	return answer;
}

static bool
is_null(const char *answer)
{
	json_t *root = json_loads(answer, 0, NULL);

	if (root == NULL)
		errx(EXIT_FAILURE, "the answer is not JSON, or was cut: %s", answer);
	bool null = json_is_null(json_object_iter_value(json_object_iter(root)));
	json_decref(root);
	return null;
}

/* Returns whether the daemon knows the command `name` of `len` bytes, without its argument. */
static bool
is_command(int fd, const char *name, size_t len)
{
	json_t *root = json_loads(ask(fd, "/"), 0, NULL);
	const json_t *command;
	size_t i;
	bool found = false;

	json_array_foreach(json_object_get(root, "/"), i, command) {
		const char *known = json_string_value(command);
		found |= known != NULL && strlen(known) == len && memcmp(known, name, len) == 0;
	}
	json_decref(root);
	return found;
}

/* Explains why the answer to `command` was null. */
static void
complain(int fd, const char *command)
{
	size_t len = strcspn(command, ",");

	if (!is_command(fd, command, len))
		warnx("%.*s: no such command; \"vpe-show /\" lists them all", (int)len, command);
	else if (command[len] == '\0' || command[len + 1] == '\0')
		warnx("%.*s: an argument is missing; see \"vpe-show /help,%.*s\"", (int)len, command, (int)len, command);
	else
		warnx("%.*s: there is no \"%s\"", (int)len, command, command + len + 1);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = "/var/run/dpdk/vpe/dpdk_telemetry.v2";
	int opt;

	while ((opt = getopt_long(argc, argv, "s:hV", options, NULL)) != -1) {
		switch (opt) {
		case 's':
			path = optarg;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("vpe-show " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_FAILURE;
		}
	}
	if (argc - optind > 1) {
		usage(stderr);
		return EXIT_FAILURE;
	}
	const char *command = optind < argc ? argv[optind] : "/";
	if (command[0] != '/')
		errx(EXIT_FAILURE, "%s: a command begins with a slash, as /vpe/ports does; \"vpe-show /\" lists them all", command);
	int fd = connect_to(path);
	const char *answer = ask(fd, command);
	bool failed = is_null(answer);
	if (failed)
		complain(fd, command);
	else
		puts(answer);
	close(fd);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
