/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control plane's vifs on the fake hypervisor and the fake data plane, turned by hand: each
 * turn is a round of loop.c and lasts one millisecond of the test's own time, so a test decides
 * what happens in which order, and never waits. Threads: one.
 */
#ifndef VPE_TESTS_RIG_H
#define VPE_TESTS_RIG_H

#include <stdbool.h>

#include "ctl/vif/vifs.h"
#include "fake_dp.h"
#include "fakes/guest_store.h"
#include "unit.h"

#define RIG_GUEST 5u

struct rig {
	struct vif_env env;
	struct ctrl_ring_env ctrl;
	struct vifs *vifs;
	struct guest *g; /* domain RIG_GUEST, vif 0; in the store once toolstack_add() was called */
};

/* In domain `self`. */
void rig_start(struct rig *rig, uint32_t self, enum hotplug_mode hotplug);

/* Stops all vifs and checks that nothing is left behind. */
void rig_end(struct rig *rig);

/*
 * Another daemon on the same world, with the tables of `xen`; nothing is left of the last one but
 * what ctl/keep has.
 */
void rig_open(struct rig *rig, const struct xen_ops *xen, struct keep *keep,
	      enum hotplug_mode hotplug);
/* Stops all vifs, which are parked if `park` says so, and closes everything but ctl/keep. */
void rig_close(struct rig *rig, bool park);

/* One round, with the pollers or while they are busy with something else. */
void rig_turn(struct rig *rig);
void rig_turn_without_pollers(struct rig *rig);

/*
 * Turns until our state for the guest is `state`. Whether that came within GUEST_PATIENCE_MS of
 * turns.
 */
bool rig_until(struct rig *rig, int state);
/* Turns until the backend directory is gone. */
bool rig_until_removed(struct rig *rig);
/* Turns until there is no record of any vif. */
bool rig_until_gone(struct rig *rig);
void rig_turn_for(struct rig *rig, unsigned ms);

/* From toolstack_add() to 4. */
bool rig_connect(struct rig *rig);

/* Whether the vifs have nothing to do for a second, unless something happens. */
bool rig_is_idle(const struct rig *rig);

/* Our state now; -1 if there is none. */
int rig_state(const struct rig *rig);
/* A key of the backend directory as a number, or -1. */
long rig_back(const struct rig *rig, const char *key);
/* The text of the error node, "" if there is none. */
const char *rig_error(const struct rig *rig);

#endif
