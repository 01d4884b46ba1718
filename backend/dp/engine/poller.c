/* SPDX-License-Identifier: BSD-3-Clause */
/* A polling thread. */
#include "dp/engine/poller.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_errno.h>

#include "base/sync.h"
#include "base/util.h"
#include "dp/engine/dp_private.h"
#include "dp/guest/meter.h"
#include "dp/frame/ticks.h"
#include "dp/vif/vif_scratch.h"

/*
 * Reading the clock traps to Xen in some PV guests, so only one in this many idle iterations does.
 * A power of two.
 */
#define CLOCK_EVERY 16u
#define SLEEP_MAX_US 100000u /* bounds the ageing interval of the forwarding table */
#define BLIND_SLEEP_MIN_US 50u
#define BLIND_SLEEP_MAX_US (METER_BURST_MIN_US / 2) /* half a burst, so that rates hold */
#define HANDOFF_RING_SIZE 1024u                     /* at least one per port; a power of two */
#define EPOLL_EVENTS 16

_Static_assert(HANDOFF_RING_SIZE > LIMIT_PORTS, "a request for each port fits");
_Static_assert(LIMIT_POLLERS < 64, "an lcore is a bit in poller_wake_touched()");

/* ---- waking others --------------------------------------------------------------------------- */

static void
poller_rouse(struct poller *pl)
{
	uint64_t one = 1;

	if (!__atomic_load_n(&pl->sleeping, __ATOMIC_SEQ_CST))
		return;
	if (write(pl->wake_fd, &one, sizeof(one)) < 0)
		return; /* EAGAIN: the counter is already full of wake-ups */
}

void
poller_wake(struct poller *pl)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	poller_rouse(pl);
}

/*
 * Several ports may have one owner, which is woken once. A port that is moving has none; its new
 * owner checks the ring before it sleeps.
 */
void
poller_wake_touched(struct poller *pl)
{
	struct crossings *crossings = &pl->crossings;
	uint64_t woken = 0; /* by lcore */

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < crossings->n_touched; i++) {
		const struct port *port = crossings->touched[i];
		struct worker *owner = __atomic_load_n(&port->owner, __ATOMIC_ACQUIRE);
		struct poller *other = owner == NULL ? NULL : container_of(owner, struct poller, w);

		if (other == NULL || (woken >> other->lcore & 1) != 0)
			continue;
		woken |= 1ull << other->lcore;
		poller_rouse(other);
	}
	crossings->n_touched = 0;
}

/* ---- turns ----------------------------------------------------------------------------------- */

/*
 * Sends what is staged before the end of the round, so that the buffers are free for the next port.
 */
static void
poller_flush(struct poller *pl)
{
	for (unsigned i = 0; i < pl->n_own; i++)
		port_flush(pl->own[i]);
}

/* Whether the port needs no turn. A look at a guest's ring is work for that guest already. */
static bool
is_idle(struct poller *pl, const struct port *port)
{
	if (__atomic_load_n(&port->leader->fault, __ATOMIC_RELAXED) != NULL)
		return true;
	blame_set(&pl->w.blame->turn, port->blame);
	return port->held.n == 0 && port->ops->is_idle != NULL && port->ops->is_idle(port);
}

/* Gives the port at own[at] its turn. Returns the number of frames moved. */
static unsigned
poller_poll_port(struct poller *pl, unsigned at)
{
	struct port *port = pl->own[at];
	struct port_held *held = &port->held;
	unsigned weight = __atomic_load_n(&port->leader->weight, __ATOMIC_RELAXED);

	struct share *share = sharing_get(&pl->sharing, port->id, weight);
	unsigned n_held = held->n - held->at;
	unsigned n_max = n_held > 0 ? 0 : sharing_frames(&pl->sharing, share);
	unsigned n = 0;

	pl->w.work = share->work;
	port->has_more = false;
	/*
	 * A guest's port is polled even without room for frames: responses or notifications may be
	 * due.
	 */
	if (n_max > 0 || !port->ops->is_uplink)
		n = port->ops->rx_burst(port, held->frame, n_max);
	if (n_held == 0)
		held->n = n;
	if (held->n > 0)
		poller_switch(pl, port);
	if (unlikely(pl->w.is_starved)) {
		pl->w.is_starved = false;
		poller_flush(pl);
	}
	port->stats.work += (uint64_t)(share->work - pl->w.work);
	sharing_end_turn(&pl->sharing, share, weight, n, pl->w.work,
			 n == n_max || held->n > 0 || port->has_more);
	return n + n_held - (held->n - held->at);
}

/*
 * Exchanges queues of a vif in own[], so that another one is first in each round. What one queue
 * leaves of the vif's share goes to the next.
 */
static void
rotate_queues(struct poller *pl, unsigned at)
{
	struct port *port = pl->own[at];
	struct share *share = &pl->sharing.of[port->id];

	if (port->leader->n_queues == 1)
		return;
	if (share->rotated == pl->sharing.round) {
		pl->own[at] = pl->own[share->last];
		pl->own[share->last] = port;
	}
	share->rotated = pl->sharing.round;
	share->last = at;
}

/* Runs one iteration over all ports. Returns the number of frames moved. */
static unsigned
poller_poll(struct poller *pl)
{
	unsigned n = 0;

	sharing_next_round(&pl->sharing);
	for (unsigned i = 0; i < pl->n_own; i++) {
		if (is_idle(pl, pl->own[i]))
			continue;
		n += poller_poll_port(pl, i);
		rotate_queues(pl, i);
	}
	if (pl->n_own > 0)
		blame_set(&pl->w.blame->turn, 0);
	for (unsigned i = 0; i < pl->n_own; i++) {
		struct port *port = pl->own[i];

		if (!rte_ring_empty(port->crossing))
			n += poller_take_crossing(pl, port);
		if (port->n_staged > 0)
			port_flush(port);
	}
	crossing_end_round(&pl->crossings);
	return n;
}

/* ---- sleep ----------------------------------------------------------------------------------- */

static bool
poller_has_work(const struct poller *pl)
{
	if (!rte_ring_empty(pl->handoffs) || poller_has_bridges(pl) ||
	    __atomic_load_n(&pl->stop, __ATOMIC_ACQUIRE))
		return true;
	for (unsigned i = 0; i < pl->n_own; i++) {
		if (!rte_ring_empty(pl->own[i]->crossing) || pl->own[i]->held.n > 0)
			return true;
	}
	return false;
}

/*
 * Arms the port. If its descriptor could not be watched when the port came, tries again; until that
 * succeeds the port cannot wake anybody.
 */
static enum port_armed
arm(struct poller *pl, struct port *port)
{
	enum port_armed armed = port->ops->arm(port);

	if (armed == PORT_ARMED && !port->is_watched && !poller_watch(pl, port))
		return PORT_BLIND;
	return armed;
}

/* Arms all ports. Returns the longest allowed sleep in microseconds, or 0 if there is work. */
static unsigned
poller_arm(struct poller *pl, unsigned blind_us)
{
	unsigned sleep_us = SLEEP_MAX_US;

	for (unsigned i = 0; i < pl->n_own; i++) {
		struct port *port = pl->own[i];
		bool off = __atomic_load_n(&port->leader->fault, __ATOMIC_RELAXED) != NULL;
		enum port_armed armed = off ? PORT_ARMED : arm(pl, port);
		if (armed == PORT_BUSY)
			return 0;
		if (armed == PORT_BLIND)
			sleep_us = blind_us;
	}
	return sleep_us;
}

static void
poller_wait(struct poller *pl, unsigned sleep_us)
{
	struct timespec timeout = { .tv_nsec = (long)sleep_us * 1000 };
	struct epoll_event event[EPOLL_EVENTS];
	int n = epoll_pwait2(pl->epoll_fd, event, EPOLL_EVENTS, &timeout, NULL);
	uint64_t count;

	for (int i = 0; i < n; i++) {
		struct port *port = event[i].data.ptr;
		if (port != NULL)
			port->ops->woken(port);
		else if (read(pl->wake_fd, &count, sizeof(count)) < 0)
			continue; /* another wake-up has taken the count */
	}
}

/*
 * Sleeps until a port, another poller or control has work, or takes a nap. `sleeping` is set before
 * the last check for work. Others make work visible before they check `sleeping` in poller_wake().
 * With the fences on both sides, at least one side sees the other's store.
 */
static void
poller_sleep(struct poller *pl)
{
	uint64_t start = pl->w.now = ticks_now(pl->w.now);

	__atomic_store_n(&pl->sleeping, true, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	unsigned sleep_us = pl->nap_us > 0 ? pl->nap_us : poller_arm(pl, pl->blind_us);
	if (sleep_us > 0 && !poller_has_work(pl)) {
		poller_wait(pl, sleep_us);
		pl->stats.n_sleeps++;
		pl->stats.slept_us += (ticks_now(start) - start) * 1000000 / rte_get_tsc_hz();
	}
	__atomic_store_n(&pl->sleeping, false, __ATOMIC_RELAXED);
	for (unsigned i = 0; pl->nap_us == 0 && i < pl->n_own; i++)
		pl->own[i]->ops->disarm(pl->own[i]);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void
poller_read_clock(struct poller *pl, uint64_t ticks_per_ms)
{
	pl->w.now = ticks_now(pl->w.now);
	if (pl->w.now < pl->next_ms)
		return;
	pl->w.now_ms = pl->w.now / ticks_per_ms;
	pl->next_ms = (pl->w.now_ms + 1) * ticks_per_ms;
	sw_tick(pl->sw, pl->w.now_ms);
}

int
poller_main(void *arg)
{
	struct poller *pl = arg;

	if (pl->confine != NULL)
		pl->confine();
	sync_take(pl);
	uint64_t hz = rte_get_tsc_hz();
	uint64_t idle_limit = pl->idle_us * hz / 1000000;
	uint64_t busy_at = pl->w.now = ticks_now(0);

	pl->crossing_wait = LIMIT_CROSSING_WAIT_MS * hz / 1000;
	prctl(PR_SET_TIMERSLACK, 1); /* otherwise the kernel prolongs each short sleep by 50 us */
	while (!__atomic_load_n(&pl->stop, __ATOMIC_ACQUIRE)) {
		if (unlikely(poller_has_bridges(pl)))
			poller_take_bridges(pl);
		if (unlikely(!rte_ring_empty(pl->handoffs)))
			poller_take_handoffs(pl);
		bool busy = poller_poll(pl) > 0;
		pl->stats.n_busy_loops += busy;
		if (++pl->stats.n_loops % CLOCK_EVERY != 0 && !busy)
			continue;
		uint64_t before = pl->w.now;
		poller_read_clock(pl, hz / 1000);
		if (busy) {
			busy_at = pl->w.now;
			pl->busy += pl->w.now - before;
		} else if (pl->n_own == 0 ||
			   (pl->idle_us > 0 && pl->w.now - busy_at >= idle_limit)) {
			poller_sleep(pl);
			busy_at = pl->w.now = ticks_now(pl->w.now);
		}
	}
	poller_take_handoffs(pl);
	sync_give(pl);
	return 0;
}

int
poller_init(struct poller *pl, unsigned idx, const struct dp_params *params,
	    const struct xen_ops *xen)
{
	struct epoll_event wake = { .events = EPOLLIN, .data.ptr = NULL };
	char name[RTE_RING_NAMESIZE];

	pl->wake_fd = pl->epoll_fd = -1;
	pl->confine = params->confine;
	for (unsigned k = 0; k < POOL_N; k++)
		pl->w.n_waiting_max[k] = pools_share(pl->w.pools, POOL_USE_WAITING, k);
	pl->idle_us = params->mode == DP_POLL_ALWAYS ? 0 : params->idle_us;
	pl->nap_us = params->mode == DP_POLL_NAP ? params->nap_us : 0;
	pl->blind_us = util_min(params->idle_us > BLIND_SLEEP_MIN_US ? params->idle_us
								     : BLIND_SLEEP_MIN_US,
				BLIND_SLEEP_MAX_US);
	snprintf(name, sizeof(name), "fdb%u", idx);
	pl->sw = sw_create(name, params->n_fdb_entries, (uint64_t)params->fdb_age_s * 1000);
	if (pl->sw == NULL)
		return -errno;
	sw_set_floods(pl->sw, params->broadcast_rate, params->floods_guarded);
	snprintf(name, sizeof(name), "handoffs%u", idx);
	pl->handoffs = rte_ring_create(name, HANDOFF_RING_SIZE, SOCKET_ID_ANY,
				       RING_F_MP_RTS_ENQ | RING_F_SC_DEQ);
	if (pl->handoffs == NULL)
		return -rte_errno;
	pl->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pl->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (pl->wake_fd < 0 || pl->epoll_fd < 0 ||
	    epoll_ctl(pl->epoll_fd, EPOLL_CTL_ADD, pl->wake_fd, &wake) < 0)
		return -errno;
	pl->stats.cpu = pl->cpu;
	pl->w.vif = vif_scratch_create(xen);
	return pl->w.vif == NULL ? -errno : 0;
}

void
poller_fini(struct poller *pl)
{
	vif_scratch_destroy(pl->w.vif);
	if (pl->epoll_fd >= 0)
		close(pl->epoll_fd);
	if (pl->wake_fd >= 0)
		close(pl->wake_fd);
	rte_ring_free(pl->handoffs);
	sw_destroy(pl->sw);
}
