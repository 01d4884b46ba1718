/* SPDX-License-Identifier: BSD-3-Clause */
/* A data plane without pollers. Called by backend/ctl in its tests, and by these tests. */
#include "fake_dp.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ctl/ports/link.h"
#include "dp/port/port_echo.h"
#include "dp/port/port_eth.h"
#include "dp/port/port_kern.h"

#define PORTS_MAX 1200

enum phase {
	PHASE_OUT,
	PHASE_ENTERING,
	PHASE_IN,
	PHASE_CALLED_ON,
	PHASE_MOVING,
	PHASE_LEAVING,
};

struct fake_port {
	struct port port; /* first */
	enum phase phase;
	bool done;       /* the pollers have done the request; not told yet */
	bool fault_told;
	dp_call_fn *fn;
	void *arg;
	unsigned poller[LIMIT_QUEUES];
	const struct static_grants *grants; /* the last table that the port was given */
	uint16_t headroom;
	bool deleted;
	unsigned n_entries;
	/* the objects that a poller uses until the next grace period */
	const struct policy *policy;
	const struct steering *steering;
};

static struct fake_port *ports[PORTS_MAX];
static struct port_vif_params last_vif;
static unsigned n_vifs_made, n_tap_failures, n_taps_failed;
static int tap_error, attach_error, vif_error;
static struct link_info taps;

static void
port_destroy(struct port *port)
{
	struct fake_port *fake = member_of(port, struct fake_port, port);

	assert(fake->phase == PHASE_OUT);
	ports[port->id] = NULL;
	free(fake);
}

static const struct port_ops vif_ops = { .kind = "vif", .destroy = port_destroy };
static const struct port_ops kern_ops = { .kind = "kern", .destroy = port_destroy };
static const struct port_ops eth_ops = { .kind = "eth", .destroy = port_destroy };
static const struct port_ops echo_ops = { .kind = "echo", .destroy = port_destroy };

static struct port *
make(const struct port_ops *ops, const char *name, uint16_t bridge)
{
	struct fake_port *fake = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*fake));
	unsigned id = 0;

	while (id < PORTS_MAX && ports[id] != NULL)
		id++;
	assert(id < PORTS_MAX && fake != NULL);
	memset(fake, 0, sizeof(*fake));
	ports[id] = fake;
	fake->port.ops = ops;
	fake->port.id = (uint16_t)id;
	fake->port.bridge = bridge;
	fake->port.leader = fake->port.queue[0] = &fake->port;
	fake->port.n_queues = 1;
	fake->port.frame_limit = UINT32_MAX;
	snprintf(fake->port.name, sizeof(fake->port.name), "%s", name);
	return &fake->port;
}

struct port *
port_vif_create(const struct xen_ops *xen, const struct port_vif_params *params)
{
	(void)xen;
	last_vif = *params;
	n_vifs_made++;
	if (vif_error != 0) {
		errno = vif_error;
		vif_error = 0;
		return NULL;
	}
	struct port *port = make(&vif_ops, params->name, params->bridge);
	port->max_frame = params->max_frame;
	port->mcast = params->mcast;
	member_of(port, struct fake_port, port)->headroom = params->headroom;
	return port;
}

struct port *
port_kern_create_tap(const char *device, uint16_t bridge)
{
	if (n_tap_failures > 0) {
		n_tap_failures--;
		n_taps_failed++;
		errno = tap_error;
		return NULL;
	}
	return make(&kern_ops, device, bridge);
}

struct port *
port_kern_create_packet(const char *device, uint16_t bridge)
{
	return make(&kern_ops, device, bridge);
}

bool
port_kern_has_device(const struct port *port)
{
	return !member_of(port, const struct fake_port, port)->deleted;
}

struct pools *
dp_pools(struct dp *dp)
{
	(void)dp;
	return NULL; /* for port_eth_create(), which makes a port without buffers here */
}

struct port *
port_eth_create(struct pools *pools, const char *name, const char *devargs, unsigned mtu, uint16_t bridge)
{
	(void)pools;
	(void)devargs;
	(void)mtu;
	return make(&eth_ops, name, bridge);
}

bool
port_eth_has_link(struct port *port)
{
	(void)port;
	return taps.has_link;
}

struct port *
port_echo_create(const char *name, uint16_t bridge)
{
	return make(&echo_ops, name, bridge);
}

int
port_kern_name(const struct port *port, char *name)
{
	if (member_of(port, const struct fake_port, port)->deleted)
		return -EBADFD;
	snprintf(name, 16, "%.*s", (int)strcspn(port->name, "-"), port->name);
	return 0;
}

/* In the place of ctl/ports/link.c. */
int
link_get(const char *name, unsigned ifindex, struct link_info *info)
{
	(void)name;
	(void)ifindex;
	*info = taps;
	return 0;
}

bool
link_is_up(unsigned ifindex)
{
	(void)ifindex;
	return taps.has_link;
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
	struct fake_port *fake = member_of(port, struct fake_port, port);
	int ret = -attach_error;

	(void)dp;
	(void)pinned;
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
	struct fake_port *fake = member_of(port, struct fake_port, port);

	(void)dp;
	assert(fake->phase == PHASE_IN);
	fake->phase = PHASE_LEAVING;
}

void
dp_call(struct dp *dp, struct port *port, dp_call_fn *fn, void *arg)
{
	struct fake_port *fake = member_of(port, struct fake_port, port);

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
	struct fake_port *fake = member_of(port, struct fake_port, port);

	(void)dp;
	assert(fake->phase == PHASE_IN);
	fake->phase = PHASE_MOVING;
	fake->poller[queue] = poller;
}

unsigned
dp_poller_of(const struct dp *dp, const struct port *queue)
{
	(void)dp;
	return member_of(queue->leader, struct fake_port, port)->poller[0];
}

void
dp_get_poller_stats(const struct dp *dp, unsigned poller, struct dp_poller_stats *stats)
{
	(void)dp;
	(void)poller;
	*stats = (struct dp_poller_stats){ 0 };
}

void
dp_get_pool_stats(const struct dp *dp, struct dp_pool_stats *stats)
{
	(void)dp;
	*stats = (struct dp_pool_stats){ .n_small = 8191, .n_small_free = 8000, .n_large = 511, .n_large_free = 500 };
}

unsigned
dp_port_entries(const struct dp *dp, uint16_t port)
{
	(void)dp;
	return ports[port]->n_entries;
}

void
port_vif_get_stats(const struct port *port, struct port_vif_stats *stats)
{
	const struct fake_port *fake = member_of(port->leader, const struct fake_port, port);

	*stats = (struct port_vif_stats){ .headroom = fake->headroom };
}

unsigned
dp_n_pollers(const struct dp *dp)
{
	(void)dp;
	return 2;
}

void
port_vif_take_grants(struct port *port, void *grants)
{
	member_of(port, struct fake_port, port)->grants = grants;
}

void
port_vif_set_headroom(struct port *port, void *headroom)
{
	member_of(port, struct fake_port, port)->headroom = (uint16_t)(uintptr_t)headroom;
}

void
port_vif_set_max_frame(struct port *port, uint32_t max_frame)
{
	port->max_frame = max_frame;
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
		struct fake_port *fake = ports[id];
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

/* ---- the tests' side ------------------------------------------------------------------------------------------ */

void
fake_dp_reset(void)
{
	assert(fake_dp_n_ports() == 0);
	n_vifs_made = n_tap_failures = n_taps_failed = 0;
	tap_error = attach_error = vif_error = 0;
	fake_dp_place_taps(true, 1);
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
		struct fake_port *fake = ports[id];
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

struct port *
fake_dp_port(const char *name)
{
	for (unsigned id = 0; id < PORTS_MAX; id++) {
		if (ports[id] != NULL && strcmp(ports[id]->port.name, name) == 0)
			return &ports[id]->port;
	}
	return NULL;
}

void
fake_dp_learn(struct port *port, unsigned n)
{
	member_of(port, struct fake_port, port)->n_entries = n;
}

unsigned
fake_dp_headroom(const struct port *port)
{
	return ((const struct fake_port *)port)->headroom;
}

const struct port_vif_params *
fake_dp_last_vif(void)
{
	return &last_vif;
}

void
fake_dp_place_taps(bool up, unsigned master)
{
	taps = (struct link_info){ .ifindex = 2, .up = up, .has_link = up, .master = master };
}

void
fake_dp_delete_tap(struct port *port)
{
	member_of(port, struct fake_port, port)->deleted = true;
}

void
fake_dp_fail_tap(unsigned n, int error)
{
	n_tap_failures = n;
	tap_error = error;
}

void
fake_dp_fail_attach(int error)
{
	attach_error = error;
}

void
fake_dp_fail_vif(int error)
{
	vif_error = error;
}

unsigned
fake_dp_n_taps_failed(void)
{
	return n_taps_failed;
}

unsigned
fake_dp_n_ports(void)
{
	unsigned n = 0;

	for (unsigned id = 0; id < PORTS_MAX; id++)
		n += ports[id] != NULL;
	return n;
}

unsigned
fake_dp_n_attached(void)
{
	unsigned n = 0;

	for (unsigned id = 0; id < PORTS_MAX; id++)
		n += ports[id] != NULL && ports[id]->phase == PHASE_IN;
	return n;
}

unsigned
fake_dp_n_vifs_made(void)
{
	return n_vifs_made;
}
