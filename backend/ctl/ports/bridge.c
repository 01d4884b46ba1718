/* SPDX-License-Identifier: BSD-3-Clause */
/* Bridge names and ids. */
#include "ctl/ports/bridge.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "proto/limits.h"

struct bridge {
	char name[BRIDGE_NAME_SIZE]; /* empty: private */
	unsigned n_holders;          /* references; 0: the id is free */
	int n_uplinks, n_linked;
	bool always_filters; /* the configuration says so */
	bool filters;        /* vifs list VLANs, or have done so */
	int n_listed;        /* vifs that list VLANs */
	bool found_alone;    /* bridge_found_alone() has returned true */
};

struct bridges {
	struct dp *dp;
	const struct bridge_params *params;
	unsigned n_params;
	struct bridge slots[LIMIT_BRIDGES];
};

struct bridges *
bridges_create(struct dp *dp, const struct bridge_params *params, unsigned n)
{
	struct bridges *bridges = calloc(1, sizeof(*bridges));

	if (bridges == NULL)
		return NULL;
	bridges->dp = dp;
	bridges->params = params;
	bridges->n_params = n;
	return bridges;
}

void
bridges_destroy(struct bridges *bridges)
{
	free(bridges);
}

static int
find_named(const struct bridges *bridges, const char *name)
{
	for (int id = 0; id < LIMIT_BRIDGES; id++) {
		if (bridges->slots[id].n_holders > 0 && strcmp(bridges->slots[id].name, name) == 0)
			return id;
	}
	return -ENOENT;
}

/* Sends the bridge's flags to the pollers. */
static void
bridge_set_flags(const struct bridges *bridges, int id)
{
	const struct bridge *bridge = &bridges->slots[id];
	unsigned flags = bridge->name[0] == '\0' ? SW_BRIDGE_PAIR : 0;

	if (bridge->always_filters || bridge->filters)
		flags |= SW_BRIDGE_VLANS;
	dp_set_bridge(bridges->dp, (unsigned)id, flags);
}

static bool
is_to_filter(const struct bridges *bridges, const char *name)
{
	for (unsigned i = 0; i < bridges->n_params; i++) {
		if (strcmp(bridges->params[i].name, name) == 0)
			return bridges->params[i].vlan_filtering;
	}
	return false;
}

static int
make(struct bridges *bridges, const char *name)
{
	for (int id = 0; id < LIMIT_BRIDGES; id++) {
		struct bridge *bridge = &bridges->slots[id];
		if (bridge->n_holders > 0)
			continue;
		*bridge = (struct bridge){ .n_holders = 1,
					   .always_filters = is_to_filter(bridges, name) };
		strcpy(bridge->name, name);
		bridge_set_flags(bridges, id);
		return id;
	}
	return -ENOSPC;
}

int
bridge_get(struct bridges *bridges, const char *name)
{
	if (name[0] == '\0' || strlen(name) >= BRIDGE_NAME_SIZE)
		return -EINVAL;
	int id = find_named(bridges, name);
	if (id < 0)
		return make(bridges, name);
	bridges->slots[id].n_holders++;
	return id;
}

int
bridge_get_private(struct bridges *bridges)
{
	return make(bridges, "");
}

void
bridge_put(struct bridges *bridges, int id)
{
	if (id < 0)
		return;
	assert(id < LIMIT_BRIDGES && bridges->slots[id].n_holders > 0);
	bridges->slots[id].n_holders--;
}

const char *
bridge_name(const struct bridges *bridges, int id)
{
	return bridges->slots[id].name;
}

bool
bridge_get_info(const struct bridges *bridges, int id, struct bridge_info *info)
{
	const struct bridge *bridge = &bridges->slots[id];

	*info = (struct bridge_info){
		.name = bridge->name,
		.n_members = bridge->n_holders,
		.n_uplinks = (unsigned)bridge->n_uplinks,
		.n_linked = (unsigned)bridge->n_linked,
		.filters_vlans = bridge->always_filters || bridge->filters,
	};
	return bridge->n_holders > 0 && bridge->name[0] != '\0';
}

void
bridge_count_uplink(struct bridges *bridges, int id, int n, int n_linked)
{
	struct bridge *bridge = &bridges->slots[id];

	bridge->n_uplinks += n;
	bridge->n_linked += n_linked;
	assert(bridge->n_linked >= 0 && bridge->n_linked <= bridge->n_uplinks);
}

bool
bridge_is_linked(const struct bridges *bridges, int id)
{
	return bridges->slots[id].n_uplinks == 0 || bridges->slots[id].n_linked > 0;
}

bool
bridge_has_uplink(const struct bridges *bridges, const char *name)
{
	int id = find_named(bridges, name);

	return id >= 0 && bridges->slots[id].n_uplinks > 0;
}

bool
bridge_found_alone(struct bridges *bridges, int id)
{
	struct bridge *bridge = &bridges->slots[id];

	if (bridge->found_alone || bridge->n_uplinks > 0 || bridge->n_holders > 1)
		return false;
	bridge->found_alone = true;
	return true;
}

void
bridge_count_listed(struct bridges *bridges, int id, int n, bool is_wanted)
{
	struct bridge *bridge = &bridges->slots[id];
	bool filtered = bridge->filters;

	bridge->n_listed += n;
	assert(bridge->n_listed >= 0);
	if (bridge->n_listed > 0)
		bridge->filters = true;
	else if (is_wanted)
		bridge->filters = false;
	if (bridge->filters == filtered)
		return;
	bridge_set_flags(bridges, id);
	if (!bridge->always_filters)
		log_info("bridge %s: %s", bridge->name,
			 bridge->filters ? "filters VLANs now, because a vif lists some"
					 : "no longer filters VLANs");
}
