/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The start and the end of the control plane.
 *
 * Theory of operation: ctl_create() opens one thing after the other and adds its descriptor to the
 * event loop. Whatever fails, ctl_destroy() closes what is open so far.
 */
#include "ctl/ctl.h"

#include <errno.h>
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
#include "ctl/loop.h"
#include "ctl/ports/carrier.h"
#include "ctl/telemetry.h"

/* ---- start ----------------------------------------------------------------------------------- */

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
		ret = loop_add(ctl, attachments_fd(ctl->env.attachments), LOOP_DP);
	if (ret == 0)
		ret = loop_add(ctl, ctl->signal_fd, LOOP_SIGNAL);
	if (ret == 0)
		ret = loop_add(ctl, ctl->stop_fd, LOOP_STOP);
	return ret;
}

static int
open_env(struct vif_env *env, const struct ctl_params *params, struct dp *dp,
	 const struct xen_ops *xen)
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
	env->keep = params->keep != NULL ? params->keep : keep_open(NULL);
	env->hotplug = hotplug_resolve(&env->xs, params->hotplug);
	env->bridges = bridges_create(dp, params->bridges, params->n_bridges);
	env->watches = watches_create(&env->xs);
	env->attachments = attachments_create(dp);
	return env->keep == NULL || env->bridges == NULL || env->watches == NULL ||
			       env->attachments == NULL
		       ? -ENOMEM
		       : 0;
}

static int
open_ctrl_events(struct ctl *ctl)
{
	struct vif_env *env = &ctl->env;

	ctl->ctrl = (struct ctrl_ring_env){ .xen = env->xen,
					    .attachments = env->attachments,
					    .events = env->xen->events->open() };
	env->ctrl = &ctl->ctrl;
	return ctl->ctrl.events == NULL ? -errno : 0;
}

static int
open_uplinks(struct ctl *ctl, const struct ctl_params *params, char *why, size_t why_size)
{
	const struct vif_env *env = &ctl->env;

	ctl->carrier_fd = carrier_open();
	if (ctl->carrier_fd < 0)
		log_warning("network devices are only checked every second: %s",
			    strerror(-ctl->carrier_fd));
	ctl->uplinks = uplinks_create(params->n_uplinks, env->dp, env->keep, env->bridges,
				      env->attachments, ctl->carrier_fd >= 0);
	if (ctl->uplinks == NULL) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	int ret = ctl->carrier_fd < 0 ? 0 : loop_add(ctl, ctl->carrier_fd, LOOP_CARRIER);
	if (ret < 0)
		snprintf(why, why_size, "the event loop cannot be set up: %s", strerror(-ret));
	return ret < 0 ? ret
		       : uplinks_open(ctl->uplinks, params->uplinks, params->n_uplinks, why,
				      why_size);
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
		.attachments = env->attachments,
		.bridges = env->bridges,
		.uplinks = ctl->uplinks,
		.vifs = ctl->vifs,
	};
	ctl->control = control_open(&control, &ctl->view);
	int ret = ctl->control == NULL ? -errno : 0;
	if (ret == 0)
		ret = loop_add(ctl, control_fd(ctl->control), LOOP_CONTROL);
	if (ret < 0)
		log_warning("the control socket %s cannot be opened: %s; vpe-ctl does not work",
			    params->control_path, strerror(-ret));
}

/* A failure is only logged, as above. */
static void
open_heir(struct ctl *ctl, const struct ctl_params *params)
{
	if (params->asked == NULL || params->heir_fd < 0)
		return;
	ctl->asked = params->asked;
	ctl->heir_fd = params->heir_fd;
	int ret = loop_add(ctl, ctl->heir_fd, LOOP_HEIR);
	if (ret < 0)
		log_warning("this daemon cannot be replaced while it runs: %s", strerror(-ret));
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
		snprintf(why, why_size, "the event loop cannot be set up: %s", strerror(-ret));
		return ret;
	}
	ret = open_uplinks(ctl, params, why, why_size);
	if (ret < 0)
		return ret;
	ret = telemetry_start(env->dp, env->attachments, env->bridges);
	if (ret < 0)
		log_warning("telemetry does not work: %s", strerror(-ret));
	ctl->balance = balance_create(&params->balance, env->dp, env->attachments, clock_ms());
	ctl->vifs = ctl->balance == NULL ? NULL : vifs_create(env);
	if (ctl->vifs == NULL) {
		ret = errno == 0 ? -EIO : -errno;
		snprintf(why, why_size, "the vifs in xenstore cannot be read: %s", strerror(-ret));
		return ret;
	}
	open_control(ctl, params);
	open_heir(ctl, params);
	ret = watchdog_start(&ctl->watchdog, env->dp, params->alive, params->alive_ms, clock_ms());
	if (ret < 0)
		log_warning("the service manager will not hear of this daemon: %s", strerror(-ret));
	ctl->parks = !params->closes_on_stop;
	log_info("serving vifs; hotplug-status is set by %s",
		 env->hotplug == HOTPLUG_SCRIPT ? "the toolstack's scripts" : "vpe-backend itself");
	return 0;
}

struct ctl *
ctl_create(const struct ctl_params *params, struct dp *dp, const struct xen_ops *xen, char *why,
	   size_t why_size)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));

	if (ctl == NULL) {
		snprintf(why, why_size, "out of memory");
		return NULL;
	}
	ctl->epoll_fd = ctl->signal_fd = ctl->stop_fd = ctl->carrier_fd = -1;
	ctl->lost_ms = ctl->reconnect_ms = CLOCK_NEVER;
	ctl->parks = true; /* until all is open */
	ctl->owns_keep = params->keep == NULL;
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

/* ---- end ------------------------------------------------------------------------------------- */

static void
close_loop(struct ctl *ctl)
{
	int fds[] = { ctl->carrier_fd, ctl->stop_fd, ctl->signal_fd, ctl->epoll_fd };

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
	if (env->attachments != NULL)
		loop_drain(ctl);
	watchdog_stop(&ctl->watchdog);
	telemetry_stop();
	control_close(ctl->control);
	vifs_destroy(ctl->vifs);
	uplinks_destroy(ctl->uplinks);
	balance_destroy(ctl->balance);
	close_loop(ctl);
	if (ctl->ctrl.events != NULL)
		env->xen->events->close(ctl->ctrl.events);
	attachments_destroy(env->attachments);
	watches_destroy(env->watches);
	bridges_destroy(env->bridges);
	if (ctl->owns_keep)
		keep_close(env->keep);
	if (env->xs.conn != NULL) /* NULL while the connection is lost */
		env->xs.ops->close(env->xs.conn);
	free(ctl);
}
