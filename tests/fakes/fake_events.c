/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Event channels of the fake domains, and /dev/xen/evtchn. Called through fake_xen()->events.
 *
 * Theory of operation: a guest's port is unbound until the code under test binds to it, and unbound
 * again after that lets go of it. An event for a bound local port disables that port and puts it in
 * its handle's queue; events that come while it is disabled are kept as one, which fires when the
 * port is unmasked. Binding fires at once, as events that the guest sent before would be lost.
 * Source: Linux drivers/xen/evtchn.c evtchn_interrupt(), evtchn_write(); Xen
 * common/event_channel.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fakes/fake_internal.h"

#define N_PORTS 4096u /* guests' ports; more than any test opens at once */
#define N_LOCAL 4096u

struct remote { /* a guest's port */
	bool used;
	uint32_t domid;
	uint32_t port;
	uint32_t allowed; /* the domain that may bind */
	uint32_t local;   /* bound to this local port; 0 = unbound */
	uint64_t n_received;
	void (*hook)(void *arg);
	void *hook_arg;
};

struct local {                 /* a port of the code under test; its number is its index */
	struct events *events; /* NULL: free */
	struct remote *remote; /* NULL: the guest closed its end */
	bool enabled;
	bool queued;
	bool kept; /* an event came while it was disabled */
};

struct events {
	struct events *next;
	struct fake_busy busy;
	int fd;
};

static struct remote remotes[N_PORTS];
static uint32_t n_remotes; /* ever used */
static struct local locals[N_LOCAL];
static uint32_t n_locals = 1; /* ever used; there is no port 0 */
static uint32_t last_port;
static struct events *handles;
static struct fake_fault notify_fault;
static uint64_t n_sent, n_fired, n_unmasked;
static unsigned n_refire;

void
fake_events_reset(void)
{
	memset(remotes, 0, n_remotes * sizeof(remotes[0]));
	n_remotes = 0;
	memset(&notify_fault, 0, sizeof(notify_fault));
	n_sent = n_fired = n_unmasked = n_refire = 0;
}

void
fake_events_leaks(struct fake_leaks *leaks)
{
	for (const struct events *events = handles; events != NULL; events = events->next)
		leaks->n_event_handles++;
	for (uint32_t port = 1; port < n_locals; port++)
		leaks->n_bound += locals[port].events != NULL;
}

static struct remote *
remote_find(uint32_t domid, uint32_t port)
{
	for (uint32_t i = 0; i < n_remotes; i++)
		if (remotes[i].used && remotes[i].port == port && remotes[i].domid == domid)
			return &remotes[i];
	return NULL;
}

static void
handle_update(struct events *events)
{
	bool readable = false;

	for (uint32_t port = 1; port < n_locals; port++)
		readable = readable || (locals[port].events == events && locals[port].queued);
	fake_fd_set(events->fd, readable);
}

static void
local_fire(struct local *local)
{
	if (!local->enabled) {
		local->kept = true;
		return;
	}
	n_fired++;
	local->enabled = false;
	local->queued = true;
	fake_fd_set(local->events->fd, true);
}

static void
remote_close(struct remote *remote)
{
	if (remote->local != 0)
		locals[remote->local].remote = NULL;
	remote->used = false;
}

/* ---- what guests do -------------------------------------------------------------------------- */

uint32_t
fake_port_alloc(uint32_t domid, uint32_t allowed)
{
	uint32_t port = 0;

	pthread_mutex_lock(&fake_lock);
	for (uint32_t i = 0; i < N_PORTS && port == 0; i++) {
		if (remotes[i].used)
			continue;
		port = ++last_port;
		if (i >= n_remotes)
			n_remotes = i + 1;
		remotes[i] = (struct remote){
			.used = true, .domid = domid, .port = port, .allowed = allowed
		};
	}
	pthread_mutex_unlock(&fake_lock);
	return port;
}

void
fake_port_close(uint32_t domid, uint32_t port)
{
	pthread_mutex_lock(&fake_lock);
	struct remote *remote = remote_find(domid, port);
	if (remote != NULL)
		remote_close(remote);
	pthread_mutex_unlock(&fake_lock);
}

void
fake_events_domain_dies(uint32_t domid)
{
	for (uint32_t i = 0; i < n_remotes; i++)
		if (remotes[i].used && remotes[i].domid == domid)
			remote_close(&remotes[i]);
}

void
fake_port_reset(uint32_t domid)
{
	pthread_mutex_lock(&fake_lock);
	fake_events_domain_dies(domid);
	pthread_mutex_unlock(&fake_lock);
}

bool
fake_port_send(uint32_t domid, uint32_t port)
{
	pthread_mutex_lock(&fake_lock);
	struct remote *remote = remote_find(domid, port);
	bool bound = remote != NULL && remote->local != 0;
	if (bound) {
		n_sent++;
		local_fire(&locals[remote->local]);
	}
	pthread_mutex_unlock(&fake_lock);
	return bound;
}

uint64_t
fake_port_received(uint32_t domid, uint32_t port)
{
	pthread_mutex_lock(&fake_lock);
	const struct remote *remote = remote_find(domid, port);
	uint64_t n = remote == NULL ? 0 : remote->n_received;
	pthread_mutex_unlock(&fake_lock);
	return n;
}

bool
fake_port_bound(uint32_t domid, uint32_t port)
{
	pthread_mutex_lock(&fake_lock);
	const struct remote *remote = remote_find(domid, port);
	bool bound = remote != NULL && remote->local != 0;
	pthread_mutex_unlock(&fake_lock);
	return bound;
}

void
fake_port_set_hook(uint32_t domid, uint32_t port, void (*hook)(void *arg), void *arg)
{
	pthread_mutex_lock(&fake_lock);
	struct remote *remote = remote_find(domid, port);
	if (remote != NULL) {
		remote->hook = hook;
		remote->hook_arg = arg;
	}
	pthread_mutex_unlock(&fake_lock);
}

/* ---- what evtchn does ------------------------------------------------------------------------ */

static struct events *
op_open(void)
{
	struct events *events = calloc(1, sizeof(*events));

	events->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pthread_mutex_lock(&fake_lock);
	events->next = handles;
	handles = events;
	pthread_mutex_unlock(&fake_lock);
	return events;
}

static void
local_unbind(struct local *local)
{
	if (local->remote != NULL)
		local->remote->local = 0; /* unbound again: may be bound by a later backend */
	memset(local, 0, sizeof(*local));
}

static void
op_close(struct events *events)
{
	pthread_mutex_lock(&fake_lock);
	struct events **link = &handles;
	while (*link != events)
		link = &(*link)->next;
	*link = events->next;
	for (uint32_t port = 1; port < n_locals; port++)
		if (locals[port].events == events)
			local_unbind(&locals[port]);
	close(events->fd);
	pthread_mutex_unlock(&fake_lock);
	free(events);
}

static void
enter(struct events *events)
{
	fake_busy_enter(&events->busy, "events");
	pthread_mutex_lock(&fake_lock);
}

static int
leave(struct events *events, int ret)
{
	pthread_mutex_unlock(&fake_lock);
	fake_busy_leave(&events->busy);
	return ret;
}

static int
op_bind(struct events *events, uint32_t domid, uint32_t remote_port)
{
	enter(events);
	struct remote *remote = remote_find(domid, remote_port);

	if (remote == NULL || remote->allowed != fake_self() || remote->local != 0)
		return leave(events, -EINVAL);
	for (uint32_t port = 1; port < N_LOCAL; port++) {
		if (locals[port].events != NULL)
			continue;
		locals[port] =
			(struct local){ .events = events, .remote = remote, .enabled = true };
		if (port >= n_locals)
			n_locals = port + 1;
		remote->local = port;
		local_fire(&locals[port]);
		fake_changed();
		return leave(events, (int)port);
	}
	return leave(events, -ENOSPC);
}

/* The local port if it is this handle's, or NULL. */
static struct local *
local_get(const struct events *events, uint32_t port)
{
	return port < n_locals && locals[port].events == events ? &locals[port] : NULL;
}

static int
op_unbind(struct events *events, uint32_t port)
{
	enter(events);
	struct local *local = local_get(events, port);

	if (local == NULL) {
		fake_violate("unbind of port %u, which is not bound", port);
		return leave(events, -ENOTCONN);
	}
	local_unbind(local);
	handle_update(events);
	return leave(events, 0);
}

static int
op_notify(struct events *events, uint32_t port)
{
	enter(events);
	const struct local *local = local_get(events, port);
	int error = fake_fault_take(&notify_fault);

	if (error != 0)
		return leave(events, -error);
	if (local == NULL) {
		fake_violate("notify of port %u, which is not bound", port);
		return leave(events, -ENOTCONN);
	}
	if (local->remote == NULL)
		return leave(events, 0); /* Xen drops it silently */
	local->remote->n_received++;
	if (local->remote->hook != NULL)
		local->remote->hook(local->remote->hook_arg);
	fake_changed();
	return leave(events, 0);
}

static int
op_fd(struct events *events)
{
	return events->fd;
}

static int
op_pending(struct events *events)
{
	int ret = -EAGAIN;

	enter(events);
	for (uint32_t port = 1; port < n_locals; port++) {
		if (locals[port].events != events || !locals[port].queued)
			continue;
		locals[port].queued = false;
		ret = (int)port;
		break;
	}
	handle_update(events);
	return leave(events, ret);
}

static int
op_unmask(struct events *events, uint32_t port)
{
	enter(events);
	struct local *local = local_get(events, port);

	if (local == NULL) {
		fake_violate("unmask of port %u, which is not bound", port);
		return leave(events, -ENOTCONN);
	}
	n_unmasked++;
	if (!local->enabled) {
		local->enabled = true;
		if (local->kept) {
			local->kept = false;
			local_fire(local);
		} else if (n_refire > 0) {
			n_refire--;
			local_fire(local);
		}
	}
	return leave(events, 0);
}

void
fake_ports_refire(unsigned n)
{
	pthread_mutex_lock(&fake_lock);
	n_refire = n;
	pthread_mutex_unlock(&fake_lock);
}

void
fake_notify_fail(unsigned skip, unsigned n, int error)
{
	pthread_mutex_lock(&fake_lock);
	notify_fault = (struct fake_fault){ skip, n, error };
	pthread_mutex_unlock(&fake_lock);
}

void
fake_event_counts(uint64_t *sent, uint64_t *fired, uint64_t *unmasked)
{
	pthread_mutex_lock(&fake_lock);
	*sent = n_sent;
	*fired = n_fired;
	*unmasked = n_unmasked;
	pthread_mutex_unlock(&fake_lock);
}

const struct events_ops fake_events_ops = {
	.open = op_open,
	.close = op_close,
	.bind = op_bind,
	.unbind = op_unbind,
	.notify = op_notify,
	.fd = op_fd,
	.pending = op_pending,
	.unmask = op_unmask,
};
