/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control plane's event loop, its start and its end.
 *
 * Theory of operation: one epoll descriptor, one enum of event sources, one switch. Handlers only
 * record events. After each round vifs_settle() lets every vif act on them, and the timeout of the
 * next epoll_wait() is the time at which the next vif is due. While nothing happens, the store is
 * not asked anything.
 */
#include "ctl/ctl.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl/control.h"
#include "ctl/ports/balance.h"
#include "ctl/ports/link.h"
#include "ctl/ports/notes.h"
#include "ctl/ports/uplink.h"
#include "ctl/store/store_lost.h"
#include "ctl/telemetry.h"
#include "ctl/vif/vifs.h"

#define STORE_EVENTS_MAX 256u /* per round, so that a flood does not starve the other sources */
#define RECONNECT_MIN_MS 50u  /* after the connection to the store broke; the delay then grows */
#define RECONNECT_MAX_MS 5000u
#define LINK_EVENTS_MAX 256u
#define HEALTH_MS 5000u       /* only next_event() notices that xenstored died (store_xs.c) */
#define DRAIN_MS 10000u       /* answers take microseconds; libxl waits this long for state 6 */

/* Event sources. */
enum loop_fd {
	LOOP_STORE,    /* a watch fired */
	LOOP_CTRL,     /* a control ring's event channel fired */
	LOOP_DP,       /* the pollers finished a request */
	LOOP_SIGNAL,   /* SIGTERM, SIGINT or SIGHUP */
	LOOP_STOP,     /* ctl_stop() */
	LOOP_LINK,     /* a network device of the kernel changed */
	LOOP_CONTROL,  /* a client of the control socket sent something */
	LOOP_N_FDS,
};

struct ctl {
	struct vif_env env;
	struct ctrl_env ctrl;
	struct uplinks *uplinks;
	struct vifs *vifs;
	struct balance *balance;
	struct control_view view;
	struct control *control; /* NULL: none */
	struct notes notes;
	sigset_t old_mask;
	int epoll_fd;
	int signal_fd;
	int stop_fd;
	int link_fd; /* negative: no events for network devices */
	char domid[STORE_DOMID_SIZE];  /* the own domid */
	uint64_t lost_ms;      /* when the connection to the store broke; CLOCK_NEVER: it is up */
	uint64_t reconnect_ms; /* when to reconnect; CLOCK_NEVER: not needed */
	uint64_t health_ms;    /* when to check that the connection is still up */
	struct log_limit hup_log;
	bool stopping;
};

/* ---- start ----------------------------------------------------------------------------------- */

static int
loop_add(struct ctl *ctl, int fd, enum loop_fd kind)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = kind };

	return epoll_ctl(ctl->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int
open_fds(struct ctl *ctl, const sigset_t *mask)
{
	ctl->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (ctl->epoll_fd < 0)
		return -errno;
	ctl->signal_fd = signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (ctl->signal_fd < 0)
		return -errno;
	ctl->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return ctl->stop_fd < 0 ? -errno : 0;
}

static int
open_loop(struct ctl *ctl)
{
	const struct xstore *xs = &ctl->env.xs;
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &mask, &ctl->old_mask);
	int ret = open_fds(ctl, &mask);
	if (ret == 0)
		ret = loop_add(ctl, xs->ops->fd(xs->conn), LOOP_STORE);
	if (ret == 0)
		ret = loop_add(ctl, ctl->ctrl.xen->events->fd(ctl->ctrl.events), LOOP_CTRL);
	if (ret == 0)
		ret = loop_add(ctl, members_fd(ctl->env.members), LOOP_DP);
	if (ret == 0)
		ret = loop_add(ctl, ctl->signal_fd, LOOP_SIGNAL);
	if (ret == 0)
		ret = loop_add(ctl, ctl->stop_fd, LOOP_STOP);
	return ret;
}

static int
open_env(struct vif_env *env, const struct ctl_params *params, struct dp *dp, const struct xen_ops *xen)
{
	env->xen = xen;
	env->dp = dp;
	env->share_with_netback = params->share_with_netback;
	env->strict_bridges = params->strict_bridges;
	env->foreign = params->foreign;
	env->max_queues = params->max_queues > 0 ? params->max_queues : dp_n_pollers(dp);
	env->root = "";
	env->xs.ops = xen->store;
	env->xs.conn = xen->store->open();
	if (env->xs.conn == NULL)
		return errno == 0 ? -EIO : -errno;
	env->hotplug = hotplug_resolve(&env->xs, params->hotplug);
	env->bridges = bridges_create(dp, params->bridges, params->n_bridges);
	env->watches = watches_create(&env->xs);
	env->members = members_create(dp);
	return env->bridges == NULL || env->watches == NULL || env->members == NULL ? -ENOMEM : 0;
}

static int
open_ctrl_events(struct ctl *ctl)
{
	struct vif_env *env = &ctl->env;

	ctl->ctrl = (struct ctrl_env){ .xen = env->xen, .members = env->members, .events = env->xen->events->open() };
	env->ctrl = &ctl->ctrl;
	return ctl->ctrl.events == NULL ? -errno : 0;
}

static int
open_uplinks(struct ctl *ctl, const struct ctl_params *params, char *why, size_t why_size)
{
	const struct vif_env *env = &ctl->env;

	ctl->link_fd = link_open();
	if (ctl->link_fd < 0)
		log_warning("the kernel does not tell when network devices change: %s", strerror(-ctl->link_fd));
	ctl->uplinks = uplinks_create(params->n_uplinks, env->dp, env->bridges, env->members, ctl->link_fd >= 0);
	if (ctl->uplinks == NULL) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	int ret = ctl->link_fd < 0 ? 0 : loop_add(ctl, ctl->link_fd, LOOP_LINK);
	if (ret < 0)
		snprintf(why, why_size, "no event loop: %s", strerror(-ret));
	return ret < 0 ? ret : uplinks_open(ctl->uplinks, params->uplinks, params->n_uplinks, why, why_size);
}

/* A failure is only logged: guests can be served without the control socket. */
static void
open_control(struct ctl *ctl, const struct ctl_params *params)
{
	const struct vif_env *env = &ctl->env;
	const struct control_params control = {
		.path = params->control_path,
		.group = params->control_group,
	};

	if (params->control_path == NULL)
		return;
	ctl->view = (struct control_view){
		.dp = env->dp,
		.members = env->members,
		.bridges = env->bridges,
		.uplinks = ctl->uplinks,
		.vifs = ctl->vifs,
	};
	ctl->control = control_open(&control, &ctl->view);
	int ret = ctl->control == NULL ? -errno : 0;
	if (ret == 0)
		ret = loop_add(ctl, control_fd(ctl->control), LOOP_CONTROL);
	if (ret < 0)
		log_warning("no control socket %s: %s; vpe-ctl does not work",
			    params->control_path, strerror(-ret));
}

static int
start(struct ctl *ctl, const struct ctl_params *params, char *why, size_t why_size)
{
	struct vif_env *env = &ctl->env;
	int ret = open_ctrl_events(ctl);

	if (ret < 0) {
		snprintf(why, why_size, "no event handle can be opened: %s", strerror(-ret));
		return ret;
	}
	ret = open_loop(ctl);
	if (ret < 0) {
		snprintf(why, why_size, "no event loop: %s", strerror(-ret));
		return ret;
	}
	ret = open_uplinks(ctl, params, why, why_size);
	if (ret < 0)
		return ret;
	ret = telemetry_start(env->dp, env->members, env->bridges);
	if (ret < 0)
		log_warning("no telemetry: %s", strerror(-ret));
	ctl->balance = balance_create(&params->balance, env->dp, env->members, clock_ms());
	ctl->vifs = ctl->balance == NULL ? NULL : vifs_create(env);
	if (ctl->vifs == NULL) {
		ret = errno == 0 ? -EIO : -errno;
		snprintf(why, why_size, "the vifs in the store cannot be followed: %s", strerror(-ret));
		return ret;
	}
	open_control(ctl, params);
	log_info("serving vifs; %s hotplug-status", env->hotplug == HOTPLUG_SCRIPT
		 ? "the toolstack's scripts set" : "vpe itself sets");
	return 0;
}

struct ctl *
ctl_create(const struct ctl_params *params, struct dp *dp, const struct xen_ops *xen, char *why, size_t why_size)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));

	if (ctl == NULL) {
		snprintf(why, why_size, "out of memory");
		return NULL;
	}
	ctl->epoll_fd = ctl->signal_fd = ctl->stop_fd = ctl->link_fd = -1;
	ctl->lost_ms = ctl->reconnect_ms = CLOCK_NEVER;
	pthread_sigmask(SIG_BLOCK, NULL, &ctl->old_mask);
	int ret = open_env(&ctl->env, params, dp, xen);
	if (ret < 0) {
		snprintf(why, why_size, "no connection to xenstore: %s", strerror(-ret));
	} else {
		store_own_domid(&ctl->env.xs, ctl->domid, sizeof(ctl->domid));
		ret = start(ctl, params, why, why_size);
	}
	if (ret < 0) {
		ctl_destroy(ctl);
		errno = -ret;
		return NULL;
	}
	return ctl;
}

/* ---- the event loop -------------------------------------------------------------------------- */

/* Frames need no store, so they flow on. Until the store is back, nothing is read or written. */
static void
lose_store(struct ctl *ctl, int error)
{
	struct xstore *xs = &ctl->env.xs;

	if (ctl->lost_ms == CLOCK_NEVER) {
		log_error("the connection to xenstore is lost: %s; traffic goes on, and it is tried to connect again", strerror(error));
		ctl->lost_ms = clock_ms();
	}
	epoll_ctl(ctl->epoll_fd, EPOLL_CTL_DEL, xs->ops->fd(xs->conn), NULL);
	store_lose(xs);
	ctl->reconnect_ms = clock_ms() + RECONNECT_MIN_MS;
}

static void
take_store_events(struct ctl *ctl)
{
	int ret = watches_dispatch(ctl->env.watches, STORE_EVENTS_MAX);

	if (ret < 0)
		lose_store(ctl, -ret);
}

/* Also when the loop is never idle, as a client of the control socket may ask all the time. */
static void
check_health(struct ctl *ctl, bool is_idle, uint64_t now_ms)
{
	if (!is_idle && now_ms < ctl->health_ms)
		return;
	ctl->health_ms = now_ms + HEALTH_MS;
	take_store_events(ctl);
}

static void
regain_store(struct ctl *ctl, uint64_t now_ms)
{
	struct xstore *xs = &ctl->env.xs;

	if (now_ms < ctl->reconnect_ms)
		return;
	int ret = store_regain(xs, ctl->env.xen->store, ctl->env.watches, ctl->domid);
	if (ret < 0) {
		ctl->reconnect_ms = now_ms + util_min(RECONNECT_MIN_MS + now_ms - ctl->lost_ms, RECONNECT_MAX_MS);
		log_debug("no connection to xenstore: %s", strerror(-ret));
		return;
	}
	ctl->reconnect_ms = CLOCK_NEVER;
	ret = loop_add(ctl, xs->ops->fd(xs->conn), LOOP_STORE);
	if (ret < 0) {
		lose_store(ctl, -ret);
		return;
	}
	log_info("connected to xenstore again, after %llu ms", (unsigned long long)(now_ms - ctl->lost_ms));
	ctl->lost_ms = CLOCK_NEVER;
}

static void
take_link_events(struct ctl *ctl)
{
	unsigned ifindex;

	for (unsigned i = 0; i < LINK_EVENTS_MAX && (ifindex = link_next(ctl->link_fd)) != 0; i++)
		vifs_link_changed(ctl->vifs, ifindex);
	uplinks_look(ctl->uplinks, clock_ms());
}

static void
take_signal(struct ctl *ctl)
{
	struct signalfd_siginfo info;

	if (read(ctl->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP) {
		if (log_allowed(&ctl->hup_log))
			log_info("SIGHUP: nothing is read again: settings take effect at the next start");
		return;
	}
	log_info("stopping: %s", strsignal((int)info.ssi_signo));
	ctl->stopping = true;
}

static void
loop_handle(struct ctl *ctl, enum loop_fd kind)
{
	switch (kind) {
	case LOOP_STORE:
		take_store_events(ctl);
		return;
	case LOOP_CTRL:
		vifs_take_ctrl(ctl->vifs);
		return;
	case LOOP_DP:
		members_dispatch(ctl->env.members);
		return;
	case LOOP_SIGNAL:
		take_signal(ctl);
		return;
	case LOOP_STOP:
		ctl->stopping = true;
		return;
	case LOOP_LINK:
		take_link_events(ctl);
		return;
	case LOOP_CONTROL:
		control_serve(ctl->control, clock_ms());
		return;
	case LOOP_N_FDS:
		return;
	}
}

/* Returns how long epoll_wait() may wait, at most `max_ms`. */
static int
timeout_ms(const struct ctl *ctl, uint64_t max_ms)
{
	uint64_t now_ms = clock_ms();
	uint64_t due_ms = util_min(vifs_due(ctl->vifs), balance_due(ctl->balance));

	due_ms = util_min(due_ms, uplinks_due(ctl->uplinks));
	due_ms = util_min(due_ms, notes_due(&ctl->notes));
	due_ms = util_min(due_ms, ctl->reconnect_ms);
	due_ms = util_min(due_ms, watches_due(ctl->env.watches));
	due_ms = util_min(due_ms, control_due(ctl->control));
	if (due_ms <= now_ms)
		return 0;
	return (int)util_min(due_ms - now_ms, max_ms);
}

/* Disconnects all vifs and detaches all ports. The pollers must be running. */
static void
drain(struct ctl *ctl)
{
	struct pollfd dp = { .fd = members_fd(ctl->env.members), .events = POLLIN };
	uint64_t end_ms = clock_ms() + DRAIN_MS;

	if (ctl->vifs != NULL)
		vifs_stop(ctl->vifs);
	if (ctl->uplinks != NULL)
		uplinks_leave(ctl->uplinks);
	for (;;) {
		if (ctl->vifs != NULL)
			vifs_settle(ctl->vifs, clock_ms());
		if ((ctl->vifs == NULL || vifs_are_gone(ctl->vifs)) && uplinks_are_out(ctl->uplinks))
			return;
		if (clock_ms() >= end_ms) {
			/*
			 * A port that was not detached must not be freed, nor the rings that it
			 * uses.
			 */
			log_error("the pollers do not give their ports back");
			abort();
		}
		poll(&dp, 1, 100);
		members_dispatch(ctl->env.members);
	}
}

int
ctl_run(struct ctl *ctl)
{
	struct epoll_event events[LOOP_N_FDS];

	while (!ctl->stopping) {
		int n = epoll_wait(ctl->epoll_fd, events, LOOP_N_FDS, timeout_ms(ctl, HEALTH_MS));
		if (n < 0 && errno != EINTR)
			return -errno;
		check_health(ctl, n == 0, clock_ms());
		for (int i = 0; i < n; i++)
			loop_handle(ctl, events[i].data.u32);
		regain_store(ctl, clock_ms());
		watches_retry(ctl->env.watches, clock_ms());
		if (uplinks_due(ctl->uplinks) <= clock_ms())
			uplinks_look(ctl->uplinks, clock_ms());
		if (control_due(ctl->control) <= clock_ms())
			control_serve(ctl->control, clock_ms());
		vifs_settle(ctl->vifs, clock_ms());
		balance_run(ctl->balance, clock_ms());
		members_place(ctl->env.members);
		notes_run(&ctl->notes, ctl->env.members, clock_ms());
		log_tell_lost();
	}
	drain(ctl);
	return 0;
}

void
ctl_stop(struct ctl *ctl)
{
	uint64_t one = 1;

	if (write(ctl->stop_fd, &one, sizeof(one)) < 0)
		return; /* EAGAIN: it is readable already */
}

/* ---- end ------------------------------------------------------------------------------------- */

static void
close_loop(struct ctl *ctl)
{
	int fds[] = { ctl->link_fd, ctl->stop_fd, ctl->signal_fd, ctl->epoll_fd };

	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	pthread_sigmask(SIG_SETMASK, &ctl->old_mask, NULL);
}

void
ctl_destroy(struct ctl *ctl)
{
	if (ctl == NULL)
		return;
	struct vif_env *env = &ctl->env;
	if (env->members != NULL)
		drain(ctl);
	telemetry_stop();
	control_close(ctl->control);
	vifs_destroy(ctl->vifs);
	uplinks_destroy(ctl->uplinks);
	balance_destroy(ctl->balance);
	close_loop(ctl);
	if (ctl->ctrl.events != NULL)
		env->xen->events->close(ctl->ctrl.events);
	members_destroy(env->members);
	watches_destroy(env->watches);
	bridges_destroy(env->bridges);
	if (env->xs.conn != NULL) /* NULL while the connection is lost */
		env->xs.ops->close(env->xs.conn);
	free(ctl);
}
