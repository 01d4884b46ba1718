/* SPDX-License-Identifier: BSD-3-Clause */
/* Bridge names and their ids. Called by vif.c and uplink.c. */
#include "ctl/bridge.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

struct bridge {
	char name[BRIDGE_NAME_SIZE]; /* empty: private */
	unsigned n_holders;          /* 0: the id is free */
	int n_uplinks, n_linked;
};

struct bridges {
	struct bridge slots[LIMIT_BRIDGES];
};

struct bridges *
bridges_create(void)
{
	return calloc(1, sizeof(struct bridges));
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

static int
make(struct bridges *bridges, const char *name)
{
	for (int id = 0; id < LIMIT_BRIDGES; id++) {
		struct bridge *bridge = &bridges->slots[id];
		if (bridge->n_holders > 0)
			continue;
		strcpy(bridge->name, name);
		bridge->n_holders = 1;
		bridge->n_uplinks = bridge->n_linked = 0;
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
