/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All vifs: finds them in the store, runs them, forgets them.
 *
 * One watch on `backend/vif` covers every backend directory. It fires once when it is set, which
 * finds the existing directories. There is at most one record per directory and at most LIMIT_PORTS
 * in all, whatever the store says. Threads: control thread.
 */
#ifndef VPE_CTL_VIFS_H
#define VPE_CTL_VIFS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ports/uplink.h"
#include "ctl/vif/vif.h"

struct vifs;

/* Starts to watch. `env` must outlive the result. Returns NULL with errno if memory is short. */
struct vifs *vifs_create(const struct vif_env *env);

/* All vifs must be gone. NULL is allowed. */
void vifs_destroy(struct vifs *vifs);

/* Runs every vif that is due. */
void vifs_settle(struct vifs *vifs, uint64_t now_ms);

/* Takes the control ring events that arrived on env->ctrl->events. */
void vifs_take_ctrl(struct vifs *vifs);

/* Handles a change of network device `ifindex` (CARRIER_ANY: not known which). */
void vifs_carrier_changed(struct vifs *vifs, unsigned ifindex);

/* Calls `fn` for each vif. */
void vifs_visit(const struct vifs *vifs, void (*fn)(void *arg, const struct vif *vif), void *arg);

/* Returns when vifs_settle() or vifs_sweep() is due next. CLOCK_NEVER: after the next event. */
uint64_t vifs_due(const struct vifs *vifs);

/*
 * Ends all vifs, as vif_stop(), and accepts no new ones. Call vifs_settle() until vifs_are_gone().
 */
void vifs_stop(struct vifs *vifs, bool park);

/*
 * Once all vifs that were in the store at the start have been found, forgets those, and removes the
 * TAPs, that have no vif any more. `uplinks` (NULL: none) have TAPs as well. Call it after
 * vifs_settle().
 */
void vifs_sweep(struct vifs *vifs, const struct uplinks *uplinks, uint64_t now_ms);

bool vifs_are_gone(const struct vifs *vifs);

#endif
