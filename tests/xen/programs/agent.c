/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs commands for dom0, in a guest or the driver domain. It is the machine's first process.
 *
 * dom0 (ask.c) writes a command to data/lab/do/ID in this domain's part of xenstore. What the
 * command prints appears at data/lab/out/ID/PIECE, in pieces, and then its exit status at
 * data/lab/rc/ID. Commands run side by side, in /run/work.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenstore.h>

#define DATA "data/lab"
#define WORK "/run/work"
#define SEEN "/run/agent"
#define PATH_SIZE 256
#define PIECE_SIZE 1900 /* xenstored lets a guest have nodes of at most 2048 bytes */

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static bool
put(struct xs_handle *xs, const char *path, const void *data, size_t len)
{
	return xs_write(xs, XBT_NULL, path, data, (unsigned)len);
}

/* The directories are there before anything in them is removed. */
static void
announce(struct xs_handle *xs)
{
	must(put(xs, DATA "/do", "", 0) && put(xs, DATA "/out", "", 0) &&
		     put(xs, DATA "/rc", "", 0) && put(xs, DATA "/agent", "ready", 5),
	     DATA);
}

/* Returns the exit status as a shell has it. */
static int
run_command(const char *command, int out)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		int null = open("/dev/null", O_RDONLY);
		dup2(null, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
answer(struct xs_handle *xs, const char *id, int out, int rc)
{
	char path[PATH_SIZE], data[PIECE_SIZE];
	ssize_t len;
	off_t at = 0;

	for (unsigned i = 0; (len = pread(out, data, sizeof(data), at)) > 0; i++, at += len) {
		snprintf(path, sizeof(path), DATA "/out/%s/%u", id, i);
		must(put(xs, path, data, (size_t)len), path);
	}
	snprintf(path, sizeof(path), DATA "/rc/%s", id);
	int n = snprintf(data, sizeof(data), "%d", rc);
	must(put(xs, path, data, (size_t)n), path);
}

/* In a process of its own, with its own connection: one cannot be shared. */
static void
serve(const char *id, const char *command)
{
	char path[PATH_SIZE];

	signal(SIGCHLD, SIG_DFL);
	snprintf(path, sizeof(path), SEEN "/%s/out", id);
	int out = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	must(out >= 0, path);
	unlink(path);
	int rc = run_command(command, out);
	struct xs_handle *xs = xs_open(0);
	must(xs != NULL, "xs_open");
	answer(xs, id, out, rc);
	_exit(0);
}

/* A node fires when it is written and again when it is removed. */
static void
take(struct xs_handle *xs, const char *id)
{
	char path[PATH_SIZE];
	char *command;

	snprintf(path, sizeof(path), DATA "/do/%s", id);
	command = xs_read(xs, XBT_NULL, path, NULL);
	if (command == NULL)
		return;
	snprintf(path, sizeof(path), SEEN "/%s", id);
	if (mkdir(path, 0700) == 0 && fork() == 0)
		serve(id, command);
	free(command);
}

/*
 * The first event, and commands that came before it. Or the domain was restored as another one,
 * whose part of xenstore is empty.
 */
static void
take_all(struct xs_handle *xs)
{
	unsigned n = 0;
	char *ready = xs_read(xs, XBT_NULL, DATA "/agent", NULL);

	if (ready == NULL)
		announce(xs);
	free(ready);
	char **ids = xs_directory(xs, XBT_NULL, DATA "/do", &n);
	for (unsigned i = 0; i < n; i++)
		take(xs, ids[i]);
	free(ids);
}

int
main(void)
{
	mkdir(WORK, 0755);
	mkdir(SEEN, 0700);
	must(chdir(WORK) == 0, WORK);
	signal(SIGCHLD, SIG_IGN); /* the kernel reaps, also what commands left behind */
	struct xs_handle *xs = xs_open(0);
	must(xs != NULL, "xs_open");
	announce(xs);
	must(xs_watch(xs, DATA "/do", "do"), DATA "/do");
	for (;;) {
		unsigned n;
		char **event = xs_read_watch(xs, &n);
		must(event != NULL, "xs_read_watch");
		const char *id = event[XS_WATCH_PATH] + strlen(DATA "/do");
		if (*id == '/')
			take(xs, id + 1);
		else
			take_all(xs);
		free(event);
	}
}
