/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vpe-show: asks the running daemon for its counters over DPDK's telemetry socket and prints the JSON answer.
 *
 * Source: DPDK, "Telemetry library": a SOCK_SEQPACKET socket; one message with the command, one with the answer, after a
 * greeting that tells how long an answer can be.
 */
#include <errno.h>
#include <getopt.h>
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
		"  COMMAND   such as /vpe/ports (default: / lists all commands)\n"
		"  -s SOCKET the daemon's telemetry socket (default /var/run/dpdk/vpe/dpdk_telemetry.v2)\n");
}

/* Connects and takes the greeting. The socket, or -1 with errno. */
static int
connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = TIMEOUT_S };
	char greeting[GREETING_SIZE];

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || recv(fd, greeting, sizeof(greeting), 0) <= 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* Sends the command and prints the answer. 0 or -1 with errno. */
static int
ask(int fd, const char *command)
{
	static char answer[ANSWER_SIZE];

	if (send(fd, command, strlen(command), 0) < 0)
		return -1;
	ssize_t len = recv(fd, answer, sizeof(answer), 0);
	if (len <= 0)
		return -1;
	printf("%.*s\n", (int)len, answer);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *path = "/var/run/dpdk/vpe/dpdk_telemetry.v2";
	int opt;

	while ((opt = getopt(argc, argv, "s:h")) != -1) {
		switch (opt) {
		case 's':
			path = optarg;
			break;
		case 'h':
			usage(stdout);
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
	int fd = connect_to(path);
	if (fd < 0) {
		fprintf(stderr, "vpe-show: %s: %s: is vpe-backend running?\n", path, strerror(errno));
		return EXIT_FAILURE;
	}
	int ret = ask(fd, optind < argc ? argv[optind] : "/");
	if (ret < 0)
		fprintf(stderr, "vpe-show: no answer: %s\n", strerror(errno));
	close(fd);
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
