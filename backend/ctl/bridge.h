/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bridges: a name, as configuration and store use it, and the number that the switch knows. A bridge exists while
 * somebody holds it. Threads: control thread.
 */
#ifndef VPE_CTL_BRIDGE_H
#define VPE_CTL_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ctl.h"

#define BRIDGE_NAME_SIZE 64

struct bridges;

/* What the configuration says of `n` of them, by name; it must stay. The pollers of `dp` are told. NULL if memory is short. */
struct bridges *bridges_create(struct dp *dp, const struct bridge_params *params, unsigned n);

/* NULL is allowed. */
void bridges_destroy(struct bridges *bridges);

/*
 * The id of the bridge `name`, which is made if it is new. To be given back with bridge_put(). -EINVAL if the name is
 * empty or too long, -ENOSPC if there are LIMIT_BRIDGES already.
 */
int bridge_get(struct bridges *bridges, const char *name);

/* The id of a new bridge that nobody can get by a name. -ENOSPC. */
int bridge_get_private(struct bridges *bridges);

/* Gives it back. Negative ids are ignored. */
void bridge_put(struct bridges *bridges, int id);

/* Counts an uplink of it: `n` is 1 when it comes and -1 when it goes, `n_linked` the same for its link. */
void bridge_count_uplink(struct bridges *bridges, int id, int n, int n_linked);

/* Whether it leads out of the host, as far as that can be known: an uplink has a link, or there are none at all. */
bool bridge_is_linked(const struct bridges *bridges, int id);

/* Whether an uplink is a member of the bridge `name`, be its device there or not. */
bool bridge_has_uplink(const struct bridges *bridges, const char *name);

/* Whether it has one member only, which is no uplink: its name may be a mistake. True once in the bridge's life. */
bool bridge_found_alone(struct bridges *bridges, int id);

/*
 * Counts a vif that lists VLANs: `n` is 1 when it comes and -1 when it goes. From the first one on the bridge filters VLANs. It goes
 * on when the last one has gone, unless the operator wants that (`is_wanted`): a guest that ends must not change what others may send.
 */
void bridge_count_listed(struct bridges *bridges, int id, int n, bool is_wanted);

/* Its name; "" for a private one. */
const char *bridge_name(const struct bridges *bridges, int id);

#endif
