/* SPDX-License-Identifier: BSD-3-Clause */
/* vpe-backend: command line, start and stop. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl/ctl.h"
#include "dp/port/kernel_check.h"
#include "serve.h"
#include "settings.h"
#include "xen/ops.h"
#include "xen/platform_check.h"

#define WHY_SIZE 512
#define DEFAULT_CONFIG SYSCONFDIR "/vpe/vpe-backend.conf"

static void
usage(FILE *to)
{
	fprintf(to,
		"usage: vpe-backend [-c FILE] [-r | -t | -T]\n"
		"  -c, --config FILE  configuration (default " DEFAULT_CONFIG ")\n"
		"  -r, --replace      take the place of the daemon that runs, which goes on if this fails\n"
		"  -t, --test         check the configuration, on any machine, then exit\n"
		"  -T, --test-host    check it and whether a backend can run on this machine, then exit\n"
		"  -h, --help         this text\n"
		"  -V, --version      version\n");
}

/*
 * SIGTERM, SIGINT and SIGHUP are read from ctl's signalfd, so no DPDK thread may take them. The
 * ignored signals would kill the process by default, but tools send them by habit, or a closed log
 * pipe causes them.
 */
static void
set_signals(void)
{
	static const int ignored[] = { SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM };
	sigset_t set;

	for (unsigned i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Checks the conditions for starting. */
static int
check_host(struct settings *settings, char *why)
{
	int ret = settings_choose_cpu(settings, why, WHY_SIZE);

	if (ret == 0)
		ret = platform_check(why, WHY_SIZE);
	if (ret == 0)
		ret = kernel_check(why, WHY_SIZE);
	if (ret == 0 && !settings_ctl(settings)->share_with_netback)
		ret = platform_netback_refusal(why, WHY_SIZE);
	return ret;
}

enum task {
	SERVE,
	REPLACE, /* the daemon that runs */
	TEST_FILE,
	TEST_HOST, /* and the file */
};

/*
 * Returns whether an error found before the start persists until somebody fixes it, so that a
 * restart is useless. Missing device nodes, their permissions, xenstored, memory and descriptors
 * may be a matter of time.
 */
static bool
is_lasting(int ret)
{
	switch (ret) {
	case -EINVAL: /* the file, the CPUs, the kernel */
	case -ENOSYS: /* the kernel */
	case -EPERM:  /* io_uring */
	case -ENODEV: /* no Xen */
	case -EBUSY:  /* xen-netback */
		return true;
	default:
		return false;
	}
}

/*
 * Performs the task. Returns 0 or -errno; *lasts gets is_lasting() of an error found before the
 * start.
 */
static int
run(enum task task, const char *path, char *why, bool *lasts)
{
	struct settings *settings = settings_load(path, xen_foreign(), why, WHY_SIZE);
	int ret = settings == NULL ? -EINVAL : 0;

	if (ret == 0)
		log_set_level(settings_log_level(settings));
	if (ret == 0 && task != TEST_FILE)
		ret = check_host(settings, why);
	*lasts = is_lasting(ret);
	if (ret == 0 && task == SERVE)
		ret = serve(settings, why, WHY_SIZE);
	else if (ret == 0 && task == REPLACE)
		ret = serve_instead(settings, why, WHY_SIZE);
	else if (ret == 0)
		printf("%s: the configuration is fine%s\n", path,
		       task == TEST_HOST ? ", and vpe-backend can run here" : "");
	settings_free(settings);
	return ret;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "replace", no_argument, NULL, 'r' },
		{ "test", no_argument, NULL, 't' },
		{ "test-host", no_argument, NULL, 'T' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = DEFAULT_CONFIG;
	enum task task = SERVE;
	char why[WHY_SIZE] = "";
	bool lasts;
	int opt;

	while ((opt = getopt_long(argc, argv, "c:rtThV", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			path = optarg;
			break;
		case 'r':
			task = REPLACE;
			break;
		case 't':
			task = TEST_FILE;
			break;
		case 'T':
			task = TEST_HOST;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("vpe-backend " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EX_CONFIG;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return EX_CONFIG;
	}

	set_signals();
	int ret = run(task, path, why, &lasts);
	if (ret < 0)
		log_error("%s", why[0] != '\0' ? why : strerror(-ret));
	return ret == 0 ? EXIT_SUCCESS : lasts ? EX_CONFIG : EXIT_FAILURE;
}
