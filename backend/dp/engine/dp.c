/* SPDX-License-Identifier: BSD-3-Clause */
/* The data plane: pools, pollers, the port table and hand-off. */
#include "dp/engine/dp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "base/log.h"
#include "base/sync.h"
#include "base/util.h"
#include "dp/engine/dp_private.h"
#include "dp/engine/eal.h"
#include "dp/engine/poller.h"
#include "dp/vif/vif_scratch.h"

struct dp_slot {
	struct handoff handoff; /* the current or the last request */
	bool waiting;           /* control waits for the pollers to finish it */
	bool fault_told;
};

struct dp {
	struct pools pools;
	struct dp_bridges bridges;
	int event_fd;
	unsigned n_pollers;
	struct poller *poller[LIMIT_POLLERS];
	struct port *port[LIMIT_PORTS]; /* attached, attaching or detaching */
	struct dp_slot slot[LIMIT_PORTS];
	struct crossing_load *crossing; /* LIMIT_PORTS entries */
	unsigned next_id;               /* assigned round robin: none is reused soon */
};

/* ---- start and stop -------------------------------------------------------------------------- */

static int
start_poller(struct dp *dp, unsigned idx, const struct dp_params *params, const struct xen_ops *xen)
{
	struct poller *pl = rte_zmalloc("poller", sizeof(*pl), RTE_CACHE_LINE_SIZE);

	if (pl == NULL)
		return -ENOMEM;
	dp->poller[idx] = pl;
	pl->cpu = params->cpus[idx];
	pl->lcore = idx + 1;
	pl->w.pools = &dp->pools;
	pl->w.signal_fd = dp->event_fd;
	pl->w.blame = &pl->own_blame;
	pl->bridges = &dp->bridges;
	pl->crossings.load = dp->crossing;
	pl->crossings.margin = (params->n_pollers - 1) * CROSSING_BATCH;
	int ret = poller_init(pl, idx, params, xen);
	if (ret < 0)
		return ret;
	sync_give(pl);
	return rte_eal_remote_launch(poller_main, pl, pl->lcore);
}

static void
stop_poller(struct poller *pl)
{
	if (pl == NULL)
		return;
	__atomic_store_n(&pl->stop, true, __ATOMIC_RELEASE);
	poller_wake(pl);
	rte_eal_wait_lcore(pl->lcore);
	sync_take(pl);
	poller_fini(pl);
	rte_free(pl);
}

struct dp *
dp_create(const struct dp_params *params, const struct xen_ops *xen, char *why, size_t why_size)
{
	char little[200];
	int ret;

	if (params->n_pollers == 0 || params->n_pollers > LIMIT_POLLERS) {
		snprintf(why, why_size, "no CPU to poll on: list 1 to %d CPUs", LIMIT_POLLERS);
		errno = EINVAL;
		return NULL;
	}
	ret = eal_start(params, why, why_size);
	if (ret < 0) {
		errno = -ret;
		return NULL;
	}
	struct dp *dp = calloc(1, sizeof(*dp));
	if (dp == NULL) {
		snprintf(why, why_size, "out of memory");
		return NULL;
	}
	dp->pools.n_pollers = params->n_pollers;
	dp->pools.n_ethdevs = params->n_devargs;
	dp->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	dp->crossing =
		rte_zmalloc("crossing", LIMIT_PORTS * sizeof(dp->crossing[0]), RTE_CACHE_LINE_SIZE);
	if (dp->event_fd < 0)
		ret = -errno;
	else if (dp->crossing == NULL)
		ret = -ENOMEM;
	else
		ret = pools_create(&dp->pools, params->n_small_buffers, params->n_large_buffers);
	for (unsigned i = 0; ret == 0 && i < params->n_pollers; i++) {
		dp->n_pollers++;
		ret = start_poller(dp, i, params, xen);
	}
	if (ret < 0) {
		snprintf(why, why_size, "the data plane cannot be started: %s", rte_strerror(-ret));
		dp_destroy(dp);
		errno = -ret;
		return NULL;
	}
	if (pools_are_small(&dp->pools, little, sizeof(little)))
		log_warning("%s", little);
	return dp;
}

void
dp_destroy(struct dp *dp)
{
	if (dp == NULL)
		return;
	for (unsigned i = 0; i < dp->n_pollers; i++)
		stop_poller(dp->poller[i]);
	pools_destroy(&dp->pools);
	rte_free(dp->crossing);
	if (dp->event_fd >= 0)
		close(dp->event_fd);
	free(dp);
}

void
dp_use_blame(struct dp *dp, struct blame *blame)
{
	for (unsigned i = 0; i < dp->n_pollers; i++)
		__atomic_store_n(&dp->poller[i]->w.blame, &blame[i], __ATOMIC_RELEASE);
}

struct pools *
dp_pools(struct dp *dp)
{
	return &dp->pools;
}

/* ---- hand-off -------------------------------------------------------------------------------- */

static void
request(struct dp *dp, unsigned id, struct handoff handoff)
{
	struct dp_slot *slot = &dp->slot[id];

	handoff.port = dp->port[id];
	handoff.n_left = dp->n_pollers;
	slot->handoff = handoff;
	slot->waiting = true;
	for (unsigned i = 0; i < dp->n_pollers; i++)
		poller_request(dp->poller[i], &slot->handoff);
}

/* Number of queues that the poller owns or will own. */
static unsigned
count_queues(const struct dp *dp, const struct poller *pl)
{
	unsigned n = 0;

	for (unsigned id = 0; id < LIMIT_PORTS; id++) {
		const struct port *port = dp->port[id];
		for (unsigned i = 0; port != NULL && i < port->n_queues; i++)
			n += __atomic_load_n(&port->queue[i]->owner, __ATOMIC_RELAXED) == &pl->w;
	}
	return n;
}

static struct poller *
choose_poller(const struct dp *dp, int pinned)
{
	struct poller *best = dp->poller[0];

	if (pinned >= 0 && (unsigned)pinned < dp->n_pollers)
		return dp->poller[pinned];
	for (unsigned i = 1; i < dp->n_pollers; i++) {
		if (count_queues(dp, dp->poller[i]) < count_queues(dp, best))
			best = dp->poller[i];
	}
	return best;
}

int
dp_attach(struct dp *dp, struct port *port, const int *pinned)
{
	for (unsigned i = 0; i < LIMIT_PORTS; i++) {
		unsigned id = (dp->next_id + i) % LIMIT_PORTS;
		if (dp->port[id] != NULL)
			continue;
		dp->port[id] = port;
		for (unsigned q = 0; q < port->n_queues; q++) {
			port->queue[q]->owner =
				&choose_poller(dp, pinned == NULL ? -1 : pinned[q])->w;
			port->queue[q]->id = (uint16_t)id;
		}
		dp->slot[id].fault_told = false;
		dp->next_id = (id + 1) % LIMIT_PORTS;
		request(dp, id, (struct handoff){ .kind = HANDOFF_ATTACH });
		return 0;
	}
	return -ENOSPC;
}

void
dp_detach(struct dp *dp, struct port *port)
{
	request(dp, port->id, (struct handoff){ .kind = HANDOFF_DETACH });
}

void
dp_call(struct dp *dp, struct port *port, dp_call_fn *fn, void *arg)
{
	request(dp, port->id, (struct handoff){ .kind = HANDOFF_CALL, .fn = fn, .arg = arg });
}

void
dp_move(struct dp *dp, struct port *port, unsigned queue, unsigned poller)
{
	struct dp_slot *slot = &dp->slot[port->id];

	slot->handoff = (struct handoff){
		.kind = HANDOFF_MOVE,
		.port = port->queue[queue],
		.to = dp->poller[poller],
		.n_left = 1,
	};
	slot->waiting = true;
	poller_request(container_of(port->queue[queue]->owner, struct poller, w), &slot->handoff);
}

void
dp_set_bridge(struct dp *dp, unsigned bridge, unsigned flags)
{
	if (dp->bridges.flags[bridge] == flags)
		return;
	__atomic_store_n(&dp->bridges.flags[bridge], flags, __ATOMIC_RELAXED);
	/* Release: pairs with the acquire in poller_take_bridges(). */
	__atomic_store_n(&dp->bridges.generation, dp->bridges.generation + 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < dp->n_pollers; i++)
		poller_wake(dp->poller[i]);
}

unsigned
dp_poller_of(const struct dp *dp, const struct port *queue)
{
	unsigned i = 0;

	while (i < dp->n_pollers - 1 &&
	       &dp->poller[i]->w != __atomic_load_n(&queue->owner, __ATOMIC_RELAXED))
		i++;
	return i;
}

int
dp_event_fd(struct dp *dp)
{
	return dp->event_fd;
}

static const enum dp_event_kind event_of[] = {
	[HANDOFF_ATTACH] = DP_ATTACHED,
	[HANDOFF_DETACH] = DP_DETACHED,
	[HANDOFF_CALL] = DP_CALLED,
	[HANDOFF_MOVE] = DP_MOVED,
};

/* Frees the id of a port that no poller knows any more. */
static void
forget(struct dp *dp, unsigned id)
{
	struct port *port = dp->port[id];

	for (unsigned i = 0; i < port->n_queues; i++)
		crossing_drain(dp->crossing, port->queue[i]);
	dp->port[id] = NULL;
}

/* Fills `event` and returns true if there is an event for the port with id `id`. */
static bool
slot_event(struct dp *dp, unsigned id, struct dp_event *event)
{
	struct dp_slot *slot = &dp->slot[id];
	struct port *port = dp->port[id];

	if (port == NULL)
		return false;
	event->port = port;
	/* Acquire: pairs with the countdown in handoff(). */
	if (slot->waiting && __atomic_load_n(&slot->handoff.n_left, __ATOMIC_ACQUIRE) == 0) {
		slot->waiting = false;
		event->kind = event_of[slot->handoff.kind];
		if (event->kind == DP_DETACHED)
			forget(dp, id);
		return true;
	}
	/* Acquire: pairs with the release in port_set_fault(). */
	if (!slot->waiting && !slot->fault_told &&
	    __atomic_load_n(&port->fault, __ATOMIC_ACQUIRE) != NULL) {
		slot->fault_told = true;
		event->kind = DP_FAULT;
		return true;
	}
	return false;
}

bool
dp_next_event(struct dp *dp, struct dp_event *event)
{
	uint64_t count;

	if (read(dp->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return false;
	for (unsigned id = 0; id < LIMIT_PORTS; id++) {
		if (slot_event(dp, id, event))
			return true;
	}
	return false;
}

/* ---- statistics ------------------------------------------------------------------------------ */

unsigned
dp_n_pollers(const struct dp *dp)
{
	return dp->n_pollers;
}

void
dp_get_poller_stats(const struct dp *dp, unsigned poller, struct dp_poller_stats *stats)
{
	const struct poller *pl = dp->poller[poller];
	const struct copy_batch *copy = &pl->w.vif->copy;

	*stats = pl->stats;
	stats->busy_us = pl->busy * 1000 / (rte_get_tsc_hz() / 1000);
	stats->n_copies = copy->n_copies;
	stats->n_copy_calls = copy->n_calls;
	stats->n_static_copies = copy->n_static;
	stats->n_foreign_copies = copy->n_foreign;
	sw_get_stats(pl->sw, &stats->sw);
}

struct port *
dp_port(const struct dp *dp, unsigned id)
{
	return id < LIMIT_PORTS ? dp->port[id] : NULL;
}

unsigned
dp_port_entries(const struct dp *dp, uint16_t port)
{
	unsigned n = 0;

	for (unsigned i = 0; i < dp->n_pollers; i++)
		n += sw_port_entries(dp->poller[i]->sw, port);
	return n;
}

void
dp_get_pool_stats(const struct dp *dp, struct dp_pool_stats *stats)
{
	stats->n_small = dp->pools.small->size;
	stats->n_large = dp->pools.large->size;
	stats->n_small_free = rte_mempool_avail_count(dp->pools.small);
	stats->n_large_free = rte_mempool_avail_count(dp->pools.large);
}
