/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports without rings and devices, and what the kernel says of the devices. */
#include "fake_ports.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ctl/ports/carrier.h"
#include "dp/port/port_echo.h"
#include "dp/port/port_eth.h"
#include "dp/port/port_kern.h"

struct fake_port *fake_ports[PORTS_MAX];
static struct port_vif_params last_vif;
static unsigned n_vifs_made, n_tap_failures, n_taps_failed;
static int tap_error, vif_error;
static struct carrier_info taps;

static void
port_destroy(struct port *port)
{
	struct fake_port *fake = container_of(port, struct fake_port, port);

	assert(fake->phase == PHASE_OUT);
	fake_ports[port->id] = NULL;
	free(fake);
}

static void
vif_read_stats(const struct port *port, void *stats)
{
	port_vif_get_stats(port, stats);
}

static const struct port_ops vif_ops = { .kind = "vif",
					 .counters = &port_vif_counters,
					 .read_stats = vif_read_stats,
					 .destroy = port_destroy };
static const struct port_ops kern_ops = { .kind = "kern", .destroy = port_destroy };
static const struct port_ops eth_ops = { .kind = "eth", .destroy = port_destroy };
static const struct port_ops echo_ops = { .kind = "echo", .destroy = port_destroy };

static struct port *
make(const struct port_ops *ops, const char *name, uint16_t bridge)
{
	struct fake_port *fake = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*fake));
	unsigned id = 0;

	while (id < PORTS_MAX && fake_ports[id] != NULL)
		id++;
	assert(id < PORTS_MAX && fake != NULL);
	memset(fake, 0, sizeof(*fake));
	fake_ports[id] = fake;
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
	port->mcast = params->shared->mcast;
	container_of(port, struct fake_port, port)->headroom = params->headroom;
	return port;
}

/* ---- TAPs, which may outlive their ports ----------------------------------------------------- */

#define TAPS_MAX 64u

struct tap {
	char name[16]; /* "": none. The index is that in the table plus 1 */
	struct port *port;
	bool persists;
};

static struct tap tap_devices[TAPS_MAX];

static struct tap *
tap_of(const struct port *port)
{
	for (unsigned i = 0; i < TAPS_MAX; i++) {
		if (tap_devices[i].port == port && port != NULL)
			return &tap_devices[i];
	}
	return NULL;
}

static void
tap_destroy(struct port *port)
{
	struct tap *tap = tap_of(port);

	tap->port = NULL;
	if (!tap->persists || container_of(port, struct fake_port, port)->deleted)
		tap->name[0] = '\0';
	port_destroy(port);
}

static const struct port_ops tap_ops = { .kind = "kern", .destroy = tap_destroy };

/* Returns whether the test wants the next TAP to fail. */
static bool
tap_fails(void)
{
	if (n_tap_failures == 0)
		return false;
	n_tap_failures--;
	n_taps_failed++;
	errno = tap_error;
	return true;
}

struct port *
port_kern_create_tap(const char *device, uint16_t bridge)
{
	unsigned i = 0;

	if (tap_fails())
		return NULL;
	for (unsigned j = 0; j < TAPS_MAX; j++) {
		if (strcmp(tap_devices[j].name, device) == 0) {
			errno = EBUSY;
			return NULL;
		}
	}
	while (i < TAPS_MAX && tap_devices[i].name[0] != '\0')
		i++;
	assert(i < TAPS_MAX);
	struct port *port = make(&tap_ops, device, bridge);
	tap_devices[i] = (struct tap){ .port = port };
	snprintf(tap_devices[i].name, sizeof(tap_devices[i].name), "%s", device);
	return port;
}

struct port *
port_kern_open_tap(unsigned ifindex, uint16_t bridge)
{
	struct tap *tap = &tap_devices[ifindex - 1];

	if (tap_fails())
		return NULL;
	if (ifindex > TAPS_MAX || tap->name[0] == '\0' || tap->port != NULL) {
		errno = ifindex <= TAPS_MAX && tap->port != NULL ? EBUSY : ENODEV;
		return NULL;
	}
	tap->port = make(&tap_ops, tap->name, bridge);
	return tap->port;
}

unsigned
port_kern_ifindex(const struct port *port)
{
	const struct tap *tap = tap_of(port);

	return tap == NULL ? 0 : (unsigned)(tap - tap_devices) + 1;
}

int
port_kern_persist(struct port *port, bool persists)
{
	tap_of(port)->persists = persists;
	return 0;
}

unsigned
fake_dp_n_taps(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TAPS_MAX; i++)
		n += tap_devices[i].name[0] != '\0';
	return n;
}

void
fake_ports_kill(void)
{
	for (unsigned i = 0; i < TAPS_MAX; i++) {
		tap_devices[i].port = NULL;
		if (!tap_devices[i].persists)
			tap_devices[i].name[0] = '\0';
	}
	for (unsigned i = 0; i < PORTS_MAX; i++)
		fake_ports[i] = NULL; /* the dead process's memory */
}

struct port *
port_kern_create_packet(const char *device, uint16_t bridge, bool ring)
{
	(void)ring;
	return make(&kern_ops, device, bridge);
}

bool
port_kern_has_device(const struct port *port)
{
	return !container_of(port, struct fake_port, port)->deleted;
}

struct port *
port_eth_create(struct pools *pools, const char *name, const char *devargs, unsigned mtu,
		uint16_t bridge)
{
	(void)pools, (void)devargs, (void)mtu;
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
	if (container_of(port, struct fake_port, port)->deleted)
		return -EBADFD;
	snprintf(name, 16, "%.*s", (int)strcspn(port->name, "-"), port->name);
	return 0;
}

/* In the place of ctl/ports/carrier.c. */
int
carrier_get(const char *name, unsigned ifindex, struct carrier_info *info)
{
	(void)name;
	(void)ifindex;
	*info = taps;
	return 0;
}

bool
carrier_is_up(unsigned ifindex)
{
	(void)ifindex;
	return taps.has_link;
}

void
port_vif_get_stats(const struct port *port, struct port_vif_stats *stats)
{
	const struct fake_port *fake = container_of(port->leader, struct fake_port, port);

	*stats = (struct port_vif_stats){ .headroom = fake->headroom };
}

void
port_vif_take_grants(struct port *port, void *grants)
{
	container_of(port, struct fake_port, port)->grants = grants;
}

void
port_vif_set_headroom(struct port *port, void *headroom)
{
	container_of(port, struct fake_port, port)->headroom = (uint16_t)(uintptr_t)headroom;
}

void
guest_port_set_max_frame(struct port *port, uint32_t max_frame)
{
	port->max_frame = max_frame;
}

/* ---- the tests' side ------------------------------------------------------------------------- */

void
fake_ports_reset(void)
{
	n_vifs_made = n_tap_failures = n_taps_failed = 0;
	tap_error = vif_error = 0;
	memset(tap_devices, 0, sizeof(tap_devices));
	fake_dp_place_taps(true, 1);
}

struct port *
fake_dp_port(const char *name)
{
	for (unsigned id = 0; id < PORTS_MAX; id++) {
		if (fake_ports[id] != NULL && strcmp(fake_ports[id]->port.name, name) == 0)
			return &fake_ports[id]->port;
	}
	return NULL;
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
	taps = (struct carrier_info){ .ifindex = 2, .up = up, .has_link = up, .master = master };
}

void
fake_dp_delete_tap(struct port *port)
{
	container_of(port, struct fake_port, port)->deleted = true;
}

void
fake_dp_fail_tap(unsigned n, int error)
{
	n_tap_failures = n;
	tap_error = error;
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
		n += fake_ports[id] != NULL;
	return n;
}

unsigned
fake_dp_n_vifs_made(void)
{
	return n_vifs_made;
}
