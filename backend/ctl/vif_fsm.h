/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of a vif: a pure table (state, input) -> (next state, action). No I/O.
 *
 * The number behind each state is what the frontend sees in our `state` key (xenbus.h).
 *
 *                     offered            ready              joined
 *          NEW 1  --------------> WAITING 2 -----> CONNECTING 2 -----> CONNECTED 4
 *           |                       ^  |  |            |   |                |  |
 *           | closed,               |  |  | closing,   |   | not 4          |  | fault
 *           | gone,                 |  |  | refused    |   | any more       |  v
 *           | offline               |  |  v            |   v                | FAULTING 4
 *           |                       |  | SHUT 5 <------|- CLOSING 5 <-------+  |
 *           |                 1, 3, |  |  |   refused  |     port is back      | port is back
 *           |                 4     |  |  | closed,    |                       v
 *           |                       |  |  | 1, gone,   |                    FAULTED 4
 *           |                       |  v  v offline    |                       | anything but 3 and 4
 *           +--------------------> CLOSED 6 <----------+                       v
 *                                     |    fault                            BARRED 6
 *                                     v stop, removed                          |
 *                                   DEAD <-------------------------------------+
 *
 *           7                      done
 * CONNECTED 4 ---> RECONFIGURING 4 ------> RECONFIGURED 8     Both go on as CONNECTED does but for what is drawn here.
 *    ^                  |                      |
 *    +------------------+----------------------+
 *                       4
 *
 * What a state allows, and what not:
 *   NEW         Nothing is promised, nothing is held.
 *   WAITING     The features stand in the store. Held: the bridge and, in drop-in mode, the TAP (both until DEAD), which the
 *               caller gets before it feeds what leads here.
 *               Must not map anything of the guest's. Lasts until the frontend is in 4 and the vif is ready: the
 *               hotplug script has run and the toolstack had time to see the 2.
 *   CONNECTING  Rings are mapped, events bound, the pollers are taking the port. Must not be left for any state
 *               but CONNECTED, CLOSING or FAULTING, because only these wait for the port.
 *   CONNECTED   Frames flow. A frontend that says 4 again changes nothing; keys are not read again.
 *   RECONFIGURING  The frontend wants another headroom (XDP). Frames flow, and the pollers are told. The frontend waits for
 *               our 8, whatever comes of it.
 *   RECONFIGURED  They know. The key is read once more when the frontend says 4, for the case that it was late.
 *   CLOSING     The port has been called back. Nothing else happens until it is here.
 *   SHUT        Nothing of the guest's is held. Waits for the frontend to say 6, or to start again. A frontend that
 *               was refused stays here while it says 4, so it cannot make us try in a loop.
 *   CLOSED      As SHUT, and the guest may free its rings. It may start again at any time.
 *   FAULTING    The port switched itself off because of what the guest did; it has been called back.
 *   FAULTED     As SHUT, but for good. The frontend still sees 4, as with xen-netback, and `carrier` 0.
 *   BARRED      As CLOSED, but only the toolstack brings the vif back, by removing and making its directory.
 *   DEAD        The record may be freed as soon as its TAP is out of the data plane.
 *
 * Inputs come in two kinds. Conditions say how the world looks now; the caller feeds the most important one after
 * each change, and again until the state stays the same, so a condition that is still true is never lost. The
 * rest are completions, fed once.
 */
#ifndef VPE_CTL_VIF_FSM_H
#define VPE_CTL_VIF_FSM_H

#include <stdbool.h>

#include "proto/netif.h"

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
	X(DEAD, "dead", XenbusStateUnknown)

enum vif_state {
#define X(id, name, shown) VIF_##id,
	VIF_STATES(X)
#undef X
	VIF_N_STATES,
};

enum vif_input {
	/* Conditions, the least important first. */
	VIF_FRONT_INITIALISING, /* the frontend's state is 1 */
	VIF_FRONT_PREPARED,     /* 2 or 3 */
	VIF_FRONT_CONNECTED,    /* 4, but we may not connect yet */
	VIF_FRONT_READY,        /* 4, and nothing is in the way */
	VIF_FRONT_RECONFIGURING, /* 7, and what it wants stands in the store */
	VIF_FRONT_CLOSING,      /* 5 */
	VIF_FRONT_CLOSED,       /* 6 */
	VIF_FRONT_GONE,         /* its state cannot be read: the guest is dead or removed it */
	VIF_FAULT,              /* the port has switched itself off */
	VIF_OFFLINE,            /* `online` is 0: the toolstack takes the device away and waits for our 6 */
	VIF_STOP,               /* the daemon ends */
	VIF_REMOVED,            /* the backend directory is gone, or is not the one we knew */
	/* Completions. */
	VIF_JOINED,  /* the pollers have the port */
	VIF_LEFT,    /* the port is back, and what it used is unmapped and closed */
	VIF_REFUSED, /* what the frontend offers cannot be used */
	VIF_SETTLED, /* the pollers use what VIF_DO_RECONFIGURE read */
	VIF_N_INPUTS,
};

enum vif_action {
	VIF_DO_NOTHING,
	VIF_DO_CONNECT,  /* read the frontend's keys, map, bind, hand the port over; may end in VIF_REFUSED */
	VIF_DO_ANNOUNCE, /* write carrier 1 */
	VIF_DO_RECONFIGURE, /* read the headroom, tell the pollers; VIF_SETTLED follows */
	VIF_DO_REFUSE,   /* write the error */
	VIF_DO_WITHDRAW, /* call the port back; VIF_LEFT follows */
	VIF_DO_PUNISH,   /* write the error, call the port back if it is out there */
	VIF_DO_RETIRE,   /* remove the backend directory, a while after the 6, if that is our job */
	VIF_DO_FREE,     /* give up all that is left */
	VIF_N_ACTIONS,
};

struct vif_step {
	enum vif_state next;
	enum vif_action action;
};

/* What to do. After the action, the next state's vif_fsm_shown() must be in the store. */
struct vif_step vif_fsm_step(enum vif_state state, enum vif_input input);

/* Whether frames flow. */
bool vif_fsm_is_connected(enum vif_state state);

/* What the frontend shall see in our `state` key; XenbusStateUnknown: leave it as it is. */
enum xenbus_state vif_fsm_shown(enum vif_state state);

/* Whether a fault has been dealt with, so that VIF_FAULT is not to be fed any more. */
bool vif_fsm_is_punished(enum vif_state state);

const char *vif_fsm_state_name(enum vif_state state);

#endif
