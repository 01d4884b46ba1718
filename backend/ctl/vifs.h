/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All vifs: finds them in the store, lets them do their work, forgets them.
 *
 * One watch on `backend/vif` covers every backend directory; it fires once when it is set, which finds what is there
 * already. There is at most one record for each directory and at most LIMIT_PORTS in all, whatever the store says.
 * Threads: control thread.
 */
#ifndef VPE_CTL_VIFS_H
#define VPE_CTL_VIFS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/vif.h"

struct vifs;

/* Starts to watch. `env` must outlive it. NULL with errno if memory is short. */
struct vifs *vifs_create(const struct vif_env *env);

/* All vifs must be gone. NULL is allowed. */
void vifs_destroy(struct vifs *vifs);

/* Lets every vif that is due do its work. */
void vifs_settle(struct vifs *vifs, uint64_t now_ms);

/* Takes the events of control rings that came on env->ctrl->events. */
void vifs_take_ctrl(struct vifs *vifs);

/* Network device `ifindex` (LINK_ANY: some) changed. */
void vifs_link_changed(struct vifs *vifs, unsigned ifindex);

/* When vifs_settle() is to be called next; CLOCK_NEVER: when something happens. */
uint64_t vifs_due(const struct vifs *vifs);

/* Disconnects them all, and takes no new ones. vifs_settle() has to be called until vifs_are_gone(). */
void vifs_stop(struct vifs *vifs);

bool vifs_are_gone(const struct vifs *vifs);

#endif
