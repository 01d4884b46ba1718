/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bridges: a name, as configuration and store use it, and the number that the switch knows. A bridge exists while
 * somebody holds it. Threads: control thread.
 */
#ifndef VPE_CTL_BRIDGE_H
#define VPE_CTL_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#define BRIDGE_NAME_SIZE 64

struct bridges;

/* NULL if memory is short. */
struct bridges *bridges_create(void);

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

/* Its name; "" for a private one. */
const char *bridge_name(const struct bridges *bridges, int id);

#endif
