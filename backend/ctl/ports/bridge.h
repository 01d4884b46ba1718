/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bridges: maps names, as used by the configuration and the store, to the ids that the switch uses.
 * A bridge exists while anybody holds a reference to it. Threads: control thread.
 */
#ifndef VPE_CTL_BRIDGE_H
#define VPE_CTL_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ports/params.h"
#include "dp/engine/dp.h"

#define BRIDGE_NAME_SIZE 64

struct bridges;

/*
 * `params` holds the settings of `n` bridges by name and must outlive the result. The flags of
 * bridges are sent to the pollers of `dp`. Returns NULL if memory is short.
 */
struct bridges *bridges_create(struct dp *dp, const struct bridge_params *params, unsigned n);

/* NULL is allowed. */
void bridges_destroy(struct bridges *bridges);

/*
 * Returns the id of bridge `name`, creating it if needed, and takes a reference; release it with
 * bridge_put(). -EINVAL if the name is empty or too long, -ENOSPC if there are LIMIT_BRIDGES
 * already.
 */
int bridge_get(struct bridges *bridges, const char *name);

/* Creates a bridge that cannot be found by name. Returns its id or -ENOSPC. */
int bridge_get_private(struct bridges *bridges);

/* Releases a reference. Negative ids are ignored. */
void bridge_put(struct bridges *bridges, int id);

/* Adjusts the counts of uplinks (`n`) and of uplinks with a link (`n_linked`): 1, 0 or -1 each. */
void bridge_count_uplink(struct bridges *bridges, int id, int n, int n_linked);

/*
 * Returns whether the bridge leads out of the host, as far as is known: an uplink has a link, or
 * there are no uplinks.
 */
bool bridge_is_linked(const struct bridges *bridges, int id);

/* Returns whether bridge `name` has an uplink, even one whose device is missing. */
bool bridge_has_uplink(const struct bridges *bridges, const char *name);

/*
 * Returns whether the bridge has a single member that is not an uplink: the name may be wrong. True
 * once per bridge.
 */
bool bridge_found_alone(struct bridges *bridges, int id);

/*
 * Adds (`n` = 1) or removes (-1) a vif that lists VLANs. The bridge filters VLANs from the first
 * one on. When the last one goes, filtering stops only if the operator asked for that
 * (`is_wanted`): a guest that ends must not change what others may send.
 */
void bridge_count_listed(struct bridges *bridges, int id, int n, bool is_wanted);

/* The state of a bridge, for operators. */
struct bridge_info {
	const char *name;   /* valid while the bridge is held */
	unsigned n_members; /* vifs and uplinks */
	unsigned n_uplinks;
	unsigned n_linked; /* uplinks that have a link */
	bool filters_vlans;
};

/* Fills `info` for bridge `id`, below LIMIT_BRIDGES. Returns false if it is free or private. */
bool bridge_get_info(const struct bridges *bridges, int id, struct bridge_info *info);

/* The bridge's name; "" for a private bridge. */
const char *bridge_name(const struct bridges *bridges, int id);

#endif
