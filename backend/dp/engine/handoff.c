/* SPDX-License-Identifier: BSD-3-Clause */
/* Hand-off, the pollers' side: attaching, detaching, changing and moving ports. */
#include <sys/epoll.h>

#include "base/sync.h"
#include "dp/engine/dp_private.h"
#include "dp/engine/poller.h"

/*
 * Ports wake only a poller in adaptive mode. The others do not add ports to their epoll set, which
 * saves the kernel a callback per frame.
 */
static bool
is_woken_by_ports(const struct poller *pl)
{
	return pl->idle_us > 0 && pl->nap_us == 0;
}

/* Passes the port's current policy to the switch. */
static void
take_policy(struct poller *pl, const struct port *port)
{
	/* Acquire: pairs with control's release. */
	sw_set_policy(pl->sw, port->id, port->ops->is_uplink ? SW_UPLINK : SW_GUEST,
		      __atomic_load_n(&port->policy, __ATOMIC_ACQUIRE));
}

/* Updates the rules of all own ports after a change of bridge members, policies or bridge flags. */
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
	/*
	 * Acquire: pairs with the release in dp_set_bridge(). A later change has a new generation.
	 */
	pl->bridges_seen = __atomic_load_n(&pl->bridges->generation, __ATOMIC_ACQUIRE);
	for (unsigned i = 0; i < LIMIT_BRIDGES; i++)
		sw_set_bridge(pl->sw, (uint16_t)i,
			      __atomic_load_n(&pl->bridges->flags[i], __ATOMIC_RELAXED));
	take_rules(pl);
}

bool
poller_watch(struct poller *pl, struct port *port)
{
	int fd = port->ops->fd(port);
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = port };

	port->is_watched = fd < 0 || !is_woken_by_ports(pl) ||
			   epoll_ctl(pl->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
	return port->is_watched;
}

static void
adopt(struct poller *pl, struct port *port)
{
	pl->own[pl->n_own++] = port;
	blame_own = pl->w.blame; /* see dp_use_blame() */
	port->rules = sw_rules(pl->sw, port->id);
	for (unsigned k = 0; k < POOL_N; k++)
		pl->w.n_waiting[k] += port->n_waiting[k];
	poller_watch(pl, port); /* on failure it is retried before each sleep */
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
		pl->w.n_waiting[k] -= port->n_waiting[k];
	if (fd >= 0 && is_woken_by_ports(pl))
		epoll_ctl(pl->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/*
 * The new owner's part of a move. Frames that are already in the crossing rings of our ports, the
 * moved one included, came before those that we will send there directly. They are sent first, so
 * that no flow is reordered.
 */
static void
take_over(struct poller *pl, struct port *port)
{
	adopt(pl, port);
	__atomic_store_n(&port->owner, &pl->w, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < pl->n_own; i++) {
		for (unsigned n = 0, n_taken = 1; n < PORT_CROSSING_SIZE && n_taken > 0;
		     n += n_taken)
			n_taken = poller_take_crossing(pl, pl->own[i]);
	}
}

/* Returns false if the request was passed on to the new owner. */
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

	if (poller_has_bridges(pl)) /* control sets the flags before it attaches a member */
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
	/*
	 * Release: pairs with the acquire in slot_event(). Our changes to the port happen before
	 * it.
	 */
	if (__atomic_sub_fetch(&h->n_left, 1, __ATOMIC_ACQ_REL) == 0)
		worker_signal(&pl->w);
}

void
poller_request(struct poller *pl, struct handoff *request)
{
	/* Cannot fail: there is at most one request per port, and the ring has room for all. */
	sync_give(pl->handoffs);
	rte_ring_enqueue(pl->handoffs, request);
	poller_wake(pl);
}

void
poller_take_handoffs(struct poller *pl)
{
	void *h;

	while (rte_ring_sc_dequeue(pl->handoffs, &h) == 0) {
		sync_take(pl->handoffs);
		handoff(pl, h);
	}
}
