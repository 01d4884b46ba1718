/* SPDX-License-Identifier: BSD-3-Clause */
/* vpe-backend: command line, start and stop. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/keep/keep.h"
#include "dp/engine/dp.h"
#include "dp/port/kernel_check.h"
#include "service.h"
#include "settings.h"
#include "xen/ops.h"
#include "xen/platform_check.h"

#define WHY_SIZE 512
#define KEEP_PATH INSTANCE_DIR "/keep"
#define DEFAULT_CONFIG SYSCONFDIR "/vpe/vpe-backend.conf"

static void
usage(FILE *to)
{
	fprintf(to,
		"usage: vpe-backend [-c FILE] [-t | -T]\n"
		"  -c, --config FILE  configuration (default " DEFAULT_CONFIG ")\n"
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

/*
 * A page that was swapped out would stall all guests. Locks pages as they are used, not whole
 * stacks.
 */
static void
lock_memory(void)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_warning("the daemon's memory may be swapped out: %s", strerror(errno));
}

/* Runs until a stop is requested. Returns 0, or -errno with the reason in `why`. */
static int
serve_with(const struct settings *settings, struct keep *keep, char *why)
{
	const struct xen_ops *xen = xen_real();
	struct dp_params dp_params = *settings_dp(settings);
	struct ctl_params ctl_params = *settings_ctl(settings);

	dp_params.blame = keep_blame(keep);
	ctl_params.keep = keep;
	ctl_params.alive_ms = service_watchdog_ms() / 4;
	ctl_params.alive = ctl_params.alive_ms > 0 ? service_alive : NULL;
	struct dp *dp = dp_create(&dp_params, xen, why, WHY_SIZE);
	if (dp == NULL)
		return -errno;
	lock_memory();
	struct ctl *ctl = ctl_create(&ctl_params, dp, xen, why, WHY_SIZE);
	int ret = ctl == NULL ? -errno : 0;
	if (ctl != NULL) {
		service_ready();
		log_info("serving");
		ret = ctl_run(ctl);
		if (ret < 0)
			snprintf(why, WHY_SIZE, "the event loop failed: %s", strerror(-ret));
		service_stopping();
	}
	ctl_destroy(ctl);
	dp_destroy(dp);
	return ret;
}

/* Without the file, guests are served all the same. */
static int
serve(const struct settings *settings, char *why)
{
	struct keep *keep = keep_open(KEEP_PATH);

	if (keep == NULL) {
		log_warning("guests may lose their network if the daemon is killed: " KEEP_PATH
			    ": %s",
			    strerror(errno));
		keep = keep_open(NULL);
	}
	if (keep == NULL) {
		snprintf(why, WHY_SIZE, "out of memory");
		return -ENOMEM;
	}
	keep_watch_crashes(keep);
	int ret = serve_with(settings, keep, why);
	keep_close(keep);
	return ret;
}

/* Serves if no other daemon does. */
static int
serve_alone(const struct settings *settings, char *why)
{
	int lock = instance_lock(INSTANCE_DIR, why, WHY_SIZE);
	int ret = lock < 0 ? lock : serve(settings, why);

	if (lock >= 0)
		close(lock);
	return ret;
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
		ret = serve_alone(settings, why);
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
		{ "config", required_argument, NULL, 'c' }, { "test", no_argument, NULL, 't' },
		{ "test-host", no_argument, NULL, 'T' },    { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },      { NULL, 0, NULL, 0 },
	};
	const char *path = DEFAULT_CONFIG;
	enum task task = SERVE;
	char why[WHY_SIZE] = "";
	bool lasts;
	int opt;

	while ((opt = getopt_long(argc, argv, "c:tThV", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			path = optarg;
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
