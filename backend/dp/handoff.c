/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports come to pollers, go, change, and change hands. Called by dp.c, poller.c; calls the switch. */
#include <sys/epoll.h>

#include "dp/dp_private.h"
#include "dp/poller.h"

/* A poller that never sleeps, or only naps, is not woken by its ports; not to be asked saves the kernel a callback a frame. */
static bool
is_woken_by_ports(const struct poller *pl)
{
	return pl->idle_us > 0 && pl->nap_us == 0;
}

/* The switch takes what the port's policy is now. */
static void
take_policy(struct poller *pl, const struct port *port)
{
	/* Acquire: pairs with control's release. */
	sw_set_policy(pl->sw, port->id, port->ops->is_uplink ? SW_UPLINK : SW_GUEST,
		      __atomic_load_n(&port->policy, __ATOMIC_ACQUIRE));
}

/* The rules of all ports that we own, after whatever may have changed them: members, policies, bridges. */
static void
take_rules(struct poller *pl)
{
	for (unsigned i = 0; i < pl->n_own; i++)
		pl->own[i]->rules = sw_rules(pl->sw, pl->own[i]->id);
}

bool
poller_has_bridges(const struct poller *pl)
{
	return __atomic_load_n(&pl->bridges->generation, __ATOMIC_ACQUIRE) != pl->bridges_seen;
}

void
poller_take_bridges(struct poller *pl)
{
	/* Acquire: pairs with dp_set_bridge(). What comes later has a generation of its own. */
	pl->bridges_seen = __atomic_load_n(&pl->bridges->generation, __ATOMIC_ACQUIRE);
	for (unsigned i = 0; i < LIMIT_BRIDGES; i++)
		sw_set_bridge(pl->sw, (uint16_t)i, __atomic_load_n(&pl->bridges->flags[i], __ATOMIC_RELAXED));
	take_rules(pl);
}

bool
poller_watch(struct poller *pl, struct port *port)
{
	int fd = port->ops->fd(port);
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = port };

	port->is_watched = fd < 0 || !is_woken_by_ports(pl) || epoll_ctl(pl->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
	return port->is_watched;
}

static void
adopt(struct poller *pl, struct port *port)
{
	pl->own[pl->n_own++] = port;
	port->rules = sw_rules(pl->sw, port->id);
	for (unsigned k = 0; k < POOL_N; k++)
		pl->n_waiting[k] += port->n_waiting[k];
	poller_watch(pl, port); /* if that fails, it is tried again before each sleep */
}

static void
release(struct poller *pl, struct port *port)
{
	int fd = port->ops->fd(port);
	unsigned i = 0;

	while (pl->own[i] != port)
		i++;
	pl->own[i] = pl->own[--pl->n_own];
	for (unsigned k = 0; k < POOL_N; k++)
		pl->n_waiting[k] -= port->n_waiting[k];
	if (fd >= 0 && is_woken_by_ports(pl))
		epoll_ctl(pl->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/*
 * The new owner's part of a move. What the old one handed to rings of ours, by way of this port or any other, came before what we
 * shall send there ourselves: it goes first, so that no flow changes its order.
 */
static void
take_over(struct poller *pl, struct port *port)
{
	adopt(pl, port);
	__atomic_store_n(&port->owner, pl, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < pl->n_own; i++) {
		for (unsigned n = 0, n_taken = 1; n < PORT_CROSSING_SIZE && n_taken > 0; n += n_taken)
			n_taken = poller_take_crossing(pl, pl->own[i]);
	}
}

/* False: the request is on its way to the new owner. */
static bool
move(struct poller *pl, struct handoff *h)
{
	struct port *port = h->port;

	if (!poller_owns(pl, port)) {
		take_over(pl, port);
		return true;
	}
	port_flush(port);
	release(pl, port);
	__atomic_store_n(&port->owner, NULL, __ATOMIC_RELEASE);
	poller_request(h->to, h);
	return false;
}

static void
attach(struct poller *pl, struct port *port)
{
	pl->port[port->id] = port;
	pl->sharing.of[port->id] = (struct share){ .work = 0 };
	sw_add_port(pl->sw, port->id, port->bridge);
	take_policy(pl, port);
	for (unsigned i = 0; i < port->n_queues; i++) {
		if (poller_owns(pl, port->queue[i]))
			adopt(pl, port->queue[i]);
	}
}

static void
detach(struct poller *pl, struct port *port)
{
	pl->port[port->id] = NULL;
	sw_del_port(pl->sw, port->id);
	for (unsigned i = 0; i < port->n_queues; i++) {
		if (poller_owns(pl, port->queue[i]))
			release(pl, port->queue[i]);
	}
}

static void
call(struct poller *pl, const struct handoff *h)
{
	for (unsigned i = 0; h->fn != NULL && i < h->port->n_queues; i++) {
		if (poller_owns(pl, h->port->queue[i]))
			h->fn(h->port->queue[i], h->arg);
	}
	take_policy(pl, h->port);
}

static void
handoff(struct poller *pl, struct handoff *h)
{
	bool done = true;

	if (poller_has_bridges(pl)) /* control sets them before it hands a member over */
		poller_take_bridges(pl);
	switch (h->kind) {
	case HANDOFF_ATTACH:
		attach(pl, h->port);
		break;
	case HANDOFF_DETACH:
		detach(pl, h->port);
		break;
	case HANDOFF_CALL:
		call(pl, h);
		break;
	case HANDOFF_MOVE:
		done = move(pl, h);
		break;
	}
	take_rules(pl);
	pl->stats.n_ports = pl->n_own;
	if (!done)
		return;
	/* Release: pairs with the acquire in dp_next_event(). All we did to the port happened before. */
	if (__atomic_sub_fetch(&h->n_left, 1, __ATOMIC_ACQ_REL) == 0)
		dp_signal(pl->dp);
}

void
poller_request(struct poller *pl, struct handoff *request)
{
	/* The ring has room for a request of every port, and a port has one at a time. */
	rte_ring_enqueue(pl->handoffs, request);
	poller_wake(pl);
}

void
poller_take_handoffs(struct poller *pl)
{
	void *h;

	while (rte_ring_sc_dequeue(pl->handoffs, &h) == 0)
		handoff(pl, h);
}
