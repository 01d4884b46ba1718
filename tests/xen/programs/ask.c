/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a command in a guest or the driver domain (agent.c), prints what it prints, and exits like
 * it. In dom0.
 *   ask SECONDS DOMID COMMAND
 *   ask 0 DOMID COMMAND          does not wait
 * Exits with 254 if the command does not end in time, and with 253 if it cannot be given.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#define EXIT_LATE 254
#define EXIT_FAILED 253

static struct xs_handle *xs;
static const char *domid;
static char id[64];

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static const char *
path_of(const char *what)
{
	static char path[256];

	snprintf(path, sizeof(path), "/local/domain/%s/data/lab/%s/%s", domid, what, id);
	return path;
}

static bool
command_is_over(int *rc)
{
	char *text = xs_read(xs, XBT_NULL, path_of("rc"), NULL);

	if (text != NULL)
		*rc = atoi(text);
	free(text);
	return text != NULL;
}

/* Returns false if the time is up before the command is over. */
static bool
wait_for_end(int *rc, uint64_t deadline)
{
	struct pollfd pfd = { .fd = xs_fileno(xs), .events = POLLIN };

	while (!command_is_over(rc)) {
		uint64_t now = now_ms();
		char **event;
		if (now >= deadline)
			return false;
		poll(&pfd, 1, (int)(deadline - now));
		while ((event = xs_check_watch(xs)) != NULL)
			free(event);
	}
	return true;
}

static void
print_output(void)
{
	for (unsigned i = 0;; i++) {
		char path[512];
		unsigned len;
		snprintf(path, sizeof(path), "%s/%u", path_of("out"), i);
		char *piece = xs_read(xs, XBT_NULL, path, &len);
		if (piece == NULL)
			return;
		fwrite(piece, 1, len, stdout);
		free(piece);
	}
}

int
main(int argc, char **argv)
{
	int rc = EXIT_FAILED;

	if (argc != 4 || (xs = xs_open(0)) == NULL)
		return EXIT_FAILED;
	uint64_t limit = strtoul(argv[1], NULL, 10) * 1000, begin = now_ms();
	domid = argv[2];
	snprintf(id, sizeof(id), "%d-%llu", (int)getpid(), (unsigned long long)begin);
	if (limit != 0 && !xs_watch(xs, path_of("rc"), "rc"))
		return EXIT_FAILED;
	if (!xs_write(xs, XBT_NULL, path_of("do"), argv[3], (unsigned)strlen(argv[3])))
		return EXIT_FAILED;
	if (limit == 0)
		return 0;
	if (!wait_for_end(&rc, begin + limit))
		return EXIT_LATE;
	print_output();
	xs_rm(xs, XBT_NULL, path_of("do"));
	xs_rm(xs, XBT_NULL, path_of("out"));
	xs_rm(xs, XBT_NULL, path_of("rc"));
	return rc;
}
