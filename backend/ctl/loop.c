/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control plane's event loop.
 *
 * Theory of operation: one epoll descriptor, one enum of event sources, one switch. Handlers only
 * record events. After each round vifs_settle() lets every vif act on them, and the timeout of the
 * next epoll_wait() is the time at which the next vif is due. While nothing happens, the store is
 * not asked anything.
 */
#include "ctl/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl/ports/carrier.h"
#include "ctl/store/store_lost.h"

#define STORE_EVENTS_MAX 256u /* per round, so that a flood does not starve the other sources */
#define RECONNECT_MIN_MS 50u  /* after the connection to the store broke; the delay then grows */
#define RECONNECT_MAX_MS 5000u
#define CARRIER_EVENTS_MAX 256u
#define HEALTH_MS 5000u /* only next_event() notices that xenstored died (store_xs.c) */
#define DRAIN_MS 10000u /* answers take microseconds; libxl waits this long for state 6 */

int
loop_add(struct ctl *ctl, int fd, enum loop_fd kind)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = kind };

	return epoll_ctl(ctl->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Frames need no store, so they flow on. Until the store is back, nothing is read or written. */
static void
lose_store(struct ctl *ctl, int error)
{
	struct xstore *xs = &ctl->env.xs;

	if (ctl->lost_ms == CLOCK_NEVER) {
		log_error("the connection to xenstore is lost, traffic continues: %s",
			  strerror(error));
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
		ctl->reconnect_ms = now_ms + util_min(RECONNECT_MIN_MS + now_ms - ctl->lost_ms,
						      RECONNECT_MAX_MS);
		log_debug("no connection to xenstore: %s", strerror(-ret));
		return;
	}
	ctl->reconnect_ms = CLOCK_NEVER;
	ret = loop_add(ctl, xs->ops->fd(xs->conn), LOOP_STORE);
	if (ret < 0) {
		lose_store(ctl, -ret);
		return;
	}
	log_info("connected to xenstore again, after %llu ms",
		 (unsigned long long)(now_ms - ctl->lost_ms));
	ctl->lost_ms = CLOCK_NEVER;
}

static void
take_carrier_events(struct ctl *ctl)
{
	unsigned ifindex;

	for (unsigned i = 0;
	     i < CARRIER_EVENTS_MAX && (ifindex = carrier_next(ctl->carrier_fd)) != 0; i++)
		vifs_carrier_changed(ctl->vifs, ifindex);
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
			log_info(
				"SIGHUP is ignored: use \"systemctl reload\" or vpe-backend --replace");
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
		attachments_dispatch(ctl->env.attachments);
		return;
	case LOOP_SIGNAL:
		take_signal(ctl);
		return;
	case LOOP_STOP:
		ctl->stopping = true;
		return;
	case LOOP_CARRIER:
		take_carrier_events(ctl);
		return;
	case LOOP_CONTROL:
		control_serve(ctl->control, clock_ms());
		return;
	case LOOP_HEIR:
		if (ctl->asked(ctl->heir_fd))
			ctl->stopping = ctl->parks = true;
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

void
loop_drain(struct ctl *ctl)
{
	struct pollfd dp = { .fd = attachments_fd(ctl->env.attachments), .events = POLLIN };
	uint64_t end_ms = clock_ms() + DRAIN_MS;

	if (ctl->vifs != NULL)
		vifs_stop(ctl->vifs, ctl->parks);
	if (ctl->uplinks != NULL)
		uplinks_leave(ctl->uplinks, ctl->parks);
	for (;;) {
		if (ctl->vifs != NULL)
			vifs_settle(ctl->vifs, clock_ms());
		if ((ctl->vifs == NULL || vifs_are_gone(ctl->vifs)) &&
		    uplinks_are_out(ctl->uplinks))
			return;
		if (clock_ms() >= end_ms) {
			/* a poller may still use them, so they must not be freed */
			log_error("the pollers do not release their ports");
			abort();
		}
		poll(&dp, 1, 100);
		attachments_dispatch(ctl->env.attachments);
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
		vifs_sweep(ctl->vifs, ctl->uplinks, clock_ms());
		balance_run(ctl->balance, clock_ms());
		attachments_place(ctl->env.attachments);
		watchdog_beat(&ctl->watchdog, clock_ms());
		notes_run(&ctl->notes, ctl->env.attachments, clock_ms());
		log_tell_lost();
	}
	loop_drain(ctl);
	return 0;
}

void
ctl_stop(struct ctl *ctl)
{
	uint64_t one = 1;

	if (write(ctl->stop_fd, &one, sizeof(one)) < 0)
		return; /* EAGAIN: it is readable already */
}
