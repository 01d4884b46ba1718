/* SPDX-License-Identifier: BSD-3-Clause */
/* A data plane without pollers. Called by backend/ctl in its tests, and by these tests. */
#include "fake_dp.h"

#include <assert.h>
#include <errno.h>

#include "base/util.h"
#include "fake_ports.h"

static int attach_error;

struct pools *
dp_pools(struct dp *dp)
{
	(void)dp;
	return NULL; /* for port_eth_create(), which makes a port without buffers here */
}

static void
load_objects(struct fake_port *fake)
{
	fake->policy = fake->port.policy;
	fake->steering = fake->port.steering;
}

/* Reads them: the address sanitizer tells if control has freed one too early. */
static void
use_objects(const struct fake_port *fake)
{
	if (fake->policy != NULL)
		(void)*(const volatile char *)fake->policy;
	if (fake->steering != NULL)
		(void)*(const volatile char *)fake->steering;
}

int
dp_attach(struct dp *dp, struct port *port, const int *pinned)
{
	struct fake_port *fake = container_of(port, struct fake_port, port);
	int ret = -attach_error;

	(void)dp, (void)pinned;
	attach_error = 0;
	if (ret < 0)
		return ret;
	assert(fake->phase == PHASE_OUT);
	fake->phase = PHASE_ENTERING;
	load_objects(fake);
	return 0;
}

void
dp_detach(struct dp *dp, struct port *port)
{
	struct fake_port *fake = container_of(port, struct fake_port, port);

	(void)dp;
	assert(fake->phase == PHASE_IN);
	fake->phase = PHASE_LEAVING;
}

void
dp_call(struct dp *dp, struct port *port, dp_call_fn *fn, void *arg)
{
	struct fake_port *fake = container_of(port, struct fake_port, port);

	(void)dp;
	assert(fake->phase == PHASE_IN);
	fake->phase = PHASE_CALLED_ON;
	load_objects(fake); /* the pollers may answer before control does anything else */
	fake->fn = fn;
	fake->arg = arg;
}

static unsigned bridge_flags[LIMIT_BRIDGES];

void
dp_set_bridge(struct dp *dp, unsigned bridge, unsigned flags)
{
	(void)dp;
	assert(bridge < LIMIT_BRIDGES);
	bridge_flags[bridge] = flags;
}

unsigned
fake_dp_bridge_flags(unsigned bridge)
{
	return bridge_flags[bridge];
}

void
dp_move(struct dp *dp, struct port *port, unsigned queue, unsigned poller)
{
	struct fake_port *fake = container_of(port, struct fake_port, port);

	(void)dp;
	assert(fake->phase == PHASE_IN);
	fake->phase = PHASE_MOVING;
	fake->poller[queue] = poller;
}

unsigned
dp_poller_of(const struct dp *dp, const struct port *queue)
{
	(void)dp;
	return container_of(queue->leader, struct fake_port, port)->poller[0];
}

static uint64_t n_loops[2];

void
fake_dp_loop(unsigned poller)
{
	n_loops[poller]++;
}

void
dp_get_poller_stats(const struct dp *dp, unsigned poller, struct dp_poller_stats *stats)
{
	(void)dp;
	*stats = (struct dp_poller_stats){ .n_loops = n_loops[poller] };
}

void
dp_get_pool_stats(const struct dp *dp, struct dp_pool_stats *stats)
{
	(void)dp;
	*stats = (struct dp_pool_stats){
		.n_small = 8191, .n_small_free = 8000, .n_large = 511, .n_large_free = 500
	};
}

unsigned
dp_port_entries(const struct dp *dp, uint16_t port)
{
	(void)dp;
	return fake_ports[port]->n_entries;
}

unsigned
dp_n_pollers(const struct dp *dp)
{
	(void)dp;
	return 2;
}

int
dp_event_fd(struct dp *dp)
{
	(void)dp;
	return -1;
}

static const enum dp_event_kind event_of[] = {
	[PHASE_ENTERING] = DP_ATTACHED,
	[PHASE_CALLED_ON] = DP_CALLED,
	[PHASE_MOVING] = DP_MOVED,
	[PHASE_LEAVING] = DP_DETACHED,
};

bool
dp_next_event(struct dp *dp, struct dp_event *event)
{
	(void)dp;
	for (unsigned id = 0; id < PORTS_MAX; id++) {
		struct fake_port *fake = fake_ports[id];
		if (fake == NULL)
			continue;
		event->port = &fake->port;
		if (fake->done) {
			fake->done = false;
			event->kind = event_of[fake->phase];
			fake->phase = fake->phase == PHASE_LEAVING ? PHASE_OUT : PHASE_IN;
			return true;
		}
		if (fake->phase == PHASE_IN && fake->port.fault != NULL && !fake->fault_told) {
			fake->fault_told = true;
			event->kind = DP_FAULT;
			return true;
		}
	}
	return false;
}

/* ---- the tests' side ------------------------------------------------------------------------- */

void
fake_dp_reset(void)
{
	assert(fake_dp_n_ports() == 0);
	attach_error = 0;
	fake_ports_reset();
}

void
fake_dp_kill(void)
{
	attach_error = 0;
	fake_ports_kill();
}

struct dp *
fake_dp(void)
{
	static char nothing;

	return (struct dp *)&nothing;
}

void
fake_dp_run(void)
{
	for (unsigned id = 0; id < PORTS_MAX; id++) {
		struct fake_port *fake = fake_ports[id];
		if (fake == NULL || fake->phase == PHASE_OUT)
			continue;
		use_objects(fake);
		if (fake->done || fake->phase == PHASE_IN)
			continue;
		if (fake->phase == PHASE_CALLED_ON)
			if (fake->fn != NULL)
				fake->fn(&fake->port, fake->arg);
		fake->done = true;
	}
}

void
fake_dp_fault(struct port *port, const char *reason)
{
	__atomic_store_n(&port->fault, reason, __ATOMIC_RELEASE);
}

void
fake_dp_learn(struct port *port, unsigned n)
{
	container_of(port, struct fake_port, port)->n_entries = n;
}

void
fake_dp_fail_attach(int error)
{
	attach_error = error;
}

unsigned
fake_dp_n_attached(void)
{
	unsigned n = 0;

	for (unsigned id = 0; id < PORTS_MAX; id++)
		n += fake_ports[id] != NULL && fake_ports[id]->phase == PHASE_IN;
	return n;
}
