/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the data plane that all pollers share. Private to dp. */
#ifndef VPE_DP_DP_PRIVATE_H
#define VPE_DP_DP_PRIVATE_H

#include "dp/engine/dp.h"

enum handoff_kind {
	HANDOFF_ATTACH,
	HANDOFF_DETACH,
	HANDOFF_CALL,
	HANDOFF_MOVE, /* goes to the old owner, which passes it on to the new one */
};

/*
 * A request from control to all pollers, or for a move to the old and then the new owner. It is in
 * the port's slot of the port table.
 */
struct handoff {
	enum handoff_kind kind;
	struct port *port; /* a leader; for HANDOFF_MOVE the queue */
	struct poller *to; /* new owner, for HANDOFF_MOVE */
	dp_call_fn *fn;    /* called by the owners, for HANDOFF_CALL; may be NULL */
	void *arg;
	unsigned n_left; /* pollers that have yet to do it; each decrements it with release */
};

/*
 * Flags of all bridges, SW_BRIDGE_*. Only control writes them; pollers read them when the
 * generation has changed.
 */
struct dp_bridges {
	unsigned generation; /* stored (release) after the flags, loaded (acquire) before them */
	unsigned flags[LIMIT_BRIDGES];
};

#endif
