/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon from its start to its end. */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/keep/keep.h"
#include "dp/engine/dp.h"
#include "heir.h"
#include "sandbox.h"
#include "service.h"
#include "xen/ops.h"

#define KEEP_PATH INSTANCE_DIR "/keep"
#define HEIR_PATH INSTANCE_DIR "/heir"
#define LOCK_TRIES 20u /* an heir that failed may take long to end */

struct server {
	const struct settings *settings;
	char *why;
	size_t why_size;
	int lock; /* -1: not held */
	struct keep *keep;
	struct dp *dp;
	struct ctl *ctl;
	int listen_fd;  /* for an heir; negative: none can come */
	int last_fd;    /* the daemon whose place we take; -1: none */
	int starter_fd; /* the process that waits until we serve; -1: none */
};

static int heir_fd = -1; /* an heir that asks; there is one daemon in a process */

/* ---- start ----------------------------------------------------------------------------------- */

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

static int
take_lock(struct server *s)
{
	s->lock = instance_lock(INSTANCE_DIR, s->why, s->why_size);
	return s->lock < 0 ? s->lock : 0;
}

static void
drop_lock(struct server *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

/* Without the file, guests are served all the same. */
static int
open_keep(struct server *s)
{
	s->keep = keep_open(KEEP_PATH);
	if (s->keep == NULL) {
		log_warning("guests may lose their network if the daemon is killed: " KEEP_PATH
			    ": %s",
			    strerror(errno));
		s->keep = keep_open(NULL);
	}
	if (s->keep == NULL) {
		snprintf(s->why, s->why_size, "out of memory");
		return -ENOMEM;
	}
	keep_judge(s->keep);
	keep_watch_crashes(s->keep);
	dp_use_blame(s->dp, keep_blame(s->keep));
	return 0;
}

static int
open_dp(struct server *s)
{
	struct dp_params params = *settings_dp(s->settings);

	params.confine = sandbox_confine_poller;
	s->dp = dp_create(&params, xen_real(), s->why, s->why_size);
	if (s->dp == NULL)
		return -errno;
	lock_memory();
	return 0;
}

/* Asks the daemon that runs to let go, which holds the lock until then. */
static int
inherit(struct server *s)
{
	s->last_fd = heir_ask(HEIR_PATH, s->why, s->why_size);
	return s->last_fd < 0 ? s->last_fd : take_lock(s);
}

/* ---- service --------------------------------------------------------------------------------- */

/* Also if an heir that failed has taken the socket's name. */
static void
listen_for_heirs(struct server *s)
{
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	s->listen_fd = heir_listen(HEIR_PATH);
	if (s->listen_fd < 0)
		log_warning("this daemon cannot be replaced while it runs: " HEIR_PATH ": %s",
			    strerror(-s->listen_fd));
}

static bool
heir_asks(int listen_fd)
{
	heir_fd = heir_accept(listen_fd);
	if (heir_fd >= 0)
		log_info("another daemon takes over");
	return heir_fd >= 0;
}

static int
open_ctl(struct server *s)
{
	struct ctl_params params = *settings_ctl(s->settings);

	params.keep = s->keep;
	params.alive_ms = service_watchdog_ms() / 4;
	params.alive = service_alive;
	params.heir_fd = s->listen_fd;
	params.asked = heir_asks;
	s->ctl = ctl_create(&params, s->dp, xen_real(), s->why, s->why_size);
	return s->ctl == NULL ? -errno : 0;
}

/* `why` is empty if we serve. */
static void
tell_starter(struct server *s, const char *why)
{
	if (s->starter_fd < 0)
		return;
	if (write(s->starter_fd, why, strlen(why) + 1) < 0)
		log_debug("nobody waits for us any more");
	close(s->starter_fd);
	s->starter_fd = -1;
}

/* Returns 0, or -errno if the daemon whose place we take serves again. */
static int
tell_all(struct server *s)
{
	int ret = s->last_fd < 0 ? 0 : heir_serve(s->last_fd);
	s->last_fd = -1;
	if (ret < 0) {
		snprintf(s->why, s->why_size, "the other daemon did not wait for this one");
		return ret;
	}
	tell_starter(s, "");
	service_ready();
	log_info("serving");
	return 0;
}

/*
 * Returns 1 if the heir that asked serves now, 0 if it does not and the lock is ours again, or
 * -errno if it keeps the lock.
 */
static int
hand_over(struct server *s)
{
	service_alive();
	drop_lock(s);
	bool serves = heir_let_go(heir_fd);
	heir_fd = -1;
	if (serves)
		return 1;
	log_error("the other daemon does not serve: going on");
	int ret = -EBUSY;
	for (unsigned i = 0; ret < 0 && i < LOCK_TRIES; i++) {
		service_alive();
		ret = take_lock(s); /* waits a second */
	}
	if (ret < 0)
		return ret;
	keep_judge(s->keep); /* the other one may have crashed */
	listen_for_heirs(s);
	return 0;
}

/* Serves until it is to end or an heir has taken over. Returns 0 or -errno. */
static int
serve_all(struct server *s)
{
	for (;;) {
		int ret = open_ctl(s);
		if (ret < 0)
			return ret;
		ret = tell_all(s);
		if (ret < 0) {
			ctl_destroy(s->ctl);
			return ret;
		}
		ret = ctl_run(s->ctl);
		if (ret < 0)
			snprintf(s->why, s->why_size, "the event loop failed: %s", strerror(-ret));
		if (heir_fd < 0)
			service_stopping();
		ctl_destroy(s->ctl);
		s->ctl = NULL;
		if (ret < 0 || heir_fd < 0)
			return ret;
		ret = hand_over(s);
		if (ret != 0)
			return ret < 0 ? ret : 0;
	}
}

/* `inherits`: from a daemon that runs. */
static int
run(struct server *s, bool inherits)
{
	sandbox_set_mode(settings_sandbox(s->settings));
	int ret = sandbox_confine(s->why, s->why_size);

	if (ret == 0 && !inherits)
		ret = take_lock(s);
	if (ret == 0)
		ret = open_dp(s);
	if (ret == 0 && inherits)
		ret = inherit(s);
	if (ret == 0) /* not before the last daemon has let go of it */
		ret = open_keep(s);
	if (ret < 0)
		return ret;
	listen_for_heirs(s);
	return serve_all(s);
}

static void
close_all(struct server *s)
{
	drop_lock(s);
	if (s->last_fd >= 0)
		close(s->last_fd); /* the daemon whose place we could not take goes on */
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	dp_destroy(s->dp);
	keep_close(s->keep);
}

/* `starter_fd`: of the process that waits for a daemon that inherits; else -1. */
static int
serve_as(const struct settings *settings, int starter_fd, char *why, size_t why_size)
{
	struct server s = { .settings = settings,
			    .why = why,
			    .why_size = why_size,
			    .lock = -1,
			    .listen_fd = -1,
			    .last_fd = -1,
			    .starter_fd = starter_fd };
	int ret = run(&s, starter_fd >= 0);

	if (ret < 0)
		tell_starter(&s, why[0] != '\0' ? why : strerror(-ret));
	close_all(&s);
	return ret;
}

int
serve(const struct settings *settings, char *why, size_t why_size)
{
	return serve_as(settings, -1, why, why_size);
}

/* ---- in the place of another daemon ---------------------------------------------------------- */

/* Two processes cannot have a NIC under DPDK at the same time. */
static int
check_devices(const struct settings *settings, char *why, size_t why_size)
{
	const struct dp_params *params = settings_dp(settings);

	for (unsigned i = 0; i < params->n_devargs; i++) {
		if (dp_is_virtual(params->devargs[i]))
			continue;
		snprintf(why, why_size,
			 "uplink %s: a NIC under DPDK cannot be handed over: restart the daemon",
			 params->devargs[i]);
		return -EINVAL;
	}
	return 0;
}

/* Waits until the daemon at the other end serves or has failed. */
static int
await(int fd, char *why, size_t why_size)
{
	ssize_t len = read(fd, why, why_size - 1);

	if (len > 0)
		why[len] = '\0';
	else
		snprintf(why, why_size, "the new daemon has crashed");
	return len > 0 && why[0] == '\0' ? 0 : -ECHILD;
}

int
serve_instead(const struct settings *settings, char *why, size_t why_size)
{
	int ret = check_devices(settings, why, why_size);
	int fds[2];

	if (ret < 0)
		return ret;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid_t child = fork();
	if (child == 0) {
		close(fds[0]);
		setsid();
		ret = serve_as(settings, fds[1], why, why_size);
		if (ret < 0)
			log_error("%s", why[0] != '\0' ? why : strerror(-ret));
		_exit(ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(fds[1]);
	ret = child < 0 ? -errno : await(fds[0], why, why_size);
	close(fds[0]);
	return ret;
}
