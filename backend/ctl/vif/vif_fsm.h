/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a vif: a pure table (state, input) -> (next state, action). No I/O.
 *
 * The number behind each state is what the frontend sees in the backend's `state` key (xenbus.h).
 *
 *                     offered            ready              joined
 *          NEW 1  --------------> WAITING 2 -----> CONNECTING 2 -----> CONNECTED 4
 *           |                       ^  |  |            |   |                |  |
 *           | closed,               |  |  | closing,   |   | not 4          |  | fault
 *           | gone,                 |  |  | refused    |   | any more       |  v
 *           | offline               |  |  v            |   v                | FAULTING 4
 *           |                       |  | SHUT 5 <------|- CLOSING 5 <-------+  |
 *           |                 1, 3, |  |  |   refused  |     port detached     | port detached
 *           |                 4     |  |  | closed,    |                       v
 *           |                       |  |  | 1, gone,   |                    FAULTED 4
 *           |                       |  v  v offline    |                       | not 3 or 4
 *           +--------------------> CLOSED 6 <----------+                       v
 *                                     |    fault                            BARRED 6
 *                                     v stop, removed                          |
 *                                   DEAD <-------------------------------------+
 *
 *           7                      done
 * CONNECTED 4 ---> RECONFIGURING 4 ------> RECONFIGURED 8     Both also leave as CONNECTED does.
 *    ^                  |                      |
 *    +------------------+----------------------+
 *                       4
 *
 *     served           joined                  park              port detached
 * NEW -----> RESUMING -------> CONNECTED, ... -----> PARKING -------------------> DEAD
 *     <-----                                  (4 stays in the store)
 *      held
 *
 * Rules for each state:
 *   NEW         Nothing is promised, nothing is held.
 *   WAITING     The features are in the store. The bridge and, in drop-in mode, the TAP are held,
 *               both until DEAD; the caller gets them before it feeds an input that leads here.
 *               Nothing of the guest's may be mapped. Lasts until the frontend is in 4 and the vif
 *               is ready: the hotplug script has run and the toolstack has had time to see state 2.
 *   CONNECTING  The rings are mapped, the events are bound, the port is being attached. May only be
 *               left for CONNECTED, CLOSING, FAULTING or, before the port is attached, SHUT: no
 *               other state waits for the port.
 *   CONNECTED   Frames flow. A frontend that writes 4 again changes nothing; its keys are not read
 *               again.
 *   RECONFIGURING  The frontend wants another headroom (XDP). Frames flow while the pollers are
 *               told. The frontend waits for state 8 even if nothing changes.
 *   RECONFIGURED  The pollers know. The key is read once more when the frontend writes 4, in case
 *               it was late.
 *   CLOSING     The port is being detached. Nothing else happens until that is done.
 *   SHUT        Nothing of the guest's is held. Waits for the frontend to write 6 or to start
 *               again. A refused frontend stays here while it remains in 4, so it cannot make the
 *               backend retry in a loop.
 *   CLOSED      As SHUT, and the guest may free its rings. It may start again at any time.
 *   FAULTING    The port switched itself off because of the guest's error and is being detached.
 *   FAULTED     As SHUT, but for good. The frontend still sees 4, as with xen-netback, and
 *               `carrier` 0.
 *   BARRED      As CLOSED, but only the toolstack can revive the vif, by removing and recreating
 *               its directory.
 *   RESUMING    As CONNECTING, but the frontend sees our 4 or 8 all the time: the last daemon was
 *               killed or parked, and its rings are taken over. Goes back to NEW while the kernel
 *               has not released what that daemon held.
 *   PARKING     The port is being detached so that the next daemon can resume. Nothing is written.
 *   DEAD        The record may be freed as soon as its TAP is detached.
 *
 * Inputs are of two kinds. Conditions describe the present; after each change the caller feeds the
 * most important one, repeatedly until the state stays the same, so a condition that still holds is
 * never lost. Completions are fed once.
 */
#ifndef VPE_CTL_VIF_FSM_H
#define VPE_CTL_VIF_FSM_H

#include <stdbool.h>

#include "proto/netif.h"

/* clang-format off */
#define VIF_STATES(X) \
	X(NEW, "new", XenbusStateUnknown) \
	X(WAITING, "waiting", XenbusStateInitWait) \
	X(CONNECTING, "connecting", XenbusStateInitWait) \
	X(CONNECTED, "connected", XenbusStateConnected) \
	X(RECONFIGURING, "reconfiguring", XenbusStateConnected) \
	X(RECONFIGURED, "reconfigured", XenbusStateReconfigured) \
	X(CLOSING, "closing", XenbusStateClosing) \
	X(SHUT, "shut", XenbusStateClosing) \
	X(CLOSED, "closed", XenbusStateClosed) \
	X(FAULTING, "faulting", XenbusStateConnected) \
	X(FAULTED, "faulted", XenbusStateConnected) \
	X(BARRED, "barred", XenbusStateClosed) \
	X(RESUMING, "resuming", XenbusStateUnknown) \
	X(PARKING, "parking", XenbusStateUnknown) \
	X(DEAD, "dead", XenbusStateUnknown)

enum vif_state {
#define X(id, name, shown) VIF_##id,
	VIF_STATES(X)
#undef X
	VIF_N_STATES,
};
/* clang-format on */

enum vif_input {
	/* Conditions, the least important first. */
	VIF_FRONT_INITIALISING,  /* the frontend's state is 1 */
	VIF_FRONT_PREPARED,      /* its state is 2 or 3 */
	VIF_FRONT_CONNECTED,     /* its state is 4, but the vif is not ready */
	VIF_FRONT_SERVED,        /* its state is 4 or 7 and ours is 4 or 8: from the last daemon */
	VIF_FRONT_READY,         /* its state is 4, and the vif is ready */
	VIF_FRONT_RECONFIGURING, /* its state is 7, and the wanted headroom is in the store */
	VIF_FRONT_CLOSING,       /* its state is 5 */
	VIF_FRONT_CLOSED,        /* its state is 6 */
	VIF_FRONT_GONE,          /* its state cannot be read: the guest died or removed it */
	VIF_FAULT,               /* the port has switched itself off */
	VIF_CONVICT,             /* it did so in the last daemon, and the frontend sees our 4 */
	VIF_OFFLINE,             /* `online` is 0: the toolstack removes the device, waits for 6 */
	VIF_STOP,                /* the daemon is stopping, and closes all vifs */
	VIF_PARK,                /* it is stopping, and another one will resume them */
	VIF_REMOVED,             /* the backend directory is gone or was replaced */
	/* Completions. */
	VIF_JOINED,  /* the port is attached */
	VIF_LEFT,    /* the port is detached, and all that it used is released */
	VIF_REFUSED, /* the frontend's offer cannot be used */
	VIF_HELD,    /* the last daemon's event channels are not released yet */
	VIF_SETTLED, /* the pollers use the headroom that VIF_DO_RECONFIGURE read */
	VIF_N_INPUTS,
};

enum vif_action {
	VIF_DO_NOTHING,
	VIF_DO_CONNECT,     /* read the frontend's keys, attach the port; or VIF_REFUSED */
	VIF_DO_RESUME,      /* the same for rings in use; or VIF_HELD or VIF_REFUSED */
	VIF_DO_ANNOUNCE,    /* write carrier 1 */
	VIF_DO_RECONFIGURE, /* read the headroom, tell the pollers; VIF_SETTLED follows */
	VIF_DO_REFUSE,      /* write the error */
	VIF_DO_WITHDRAW,    /* detach the port; VIF_LEFT follows */
	VIF_DO_PUNISH,      /* write the error, detach the port if it is attached */
	VIF_DO_RETIRE,      /* remove the backend directory some time after the 6, in mode SELF */
	VIF_DO_FREE,        /* release what is left */
	VIF_N_ACTIONS,
};

struct vif_step {
	enum vif_state next;
	enum vif_action action;
};

/*
 * Returns the next state and the action. After the action, write vif_fsm_shown() of the next state
 * to the store.
 */
struct vif_step vif_fsm_step(enum vif_state state, enum vif_input input);

/* Returns whether frames flow in this state. */
bool vif_fsm_is_connected(enum vif_state state);

/* Returns what our `state` key has to show. XenbusStateUnknown: leave it unchanged. */
enum xenbus_state vif_fsm_shown(enum vif_state state);

/* Returns whether a fault has been handled, so that VIF_FAULT must not be fed again. */
bool vif_fsm_is_punished(enum vif_state state);

const char *vif_fsm_state_name(enum vif_state state);

#endif
