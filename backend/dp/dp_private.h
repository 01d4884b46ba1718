/* SPDX-License-Identifier: BSD-3-Clause */
/* What the pollers know of the data plane as a whole. Private to dp. */
#ifndef VPE_DP_DP_PRIVATE_H
#define VPE_DP_DP_PRIVATE_H

#include "dp/dp.h"

enum handoff_kind {
	HANDOFF_ATTACH,
	HANDOFF_DETACH,
	HANDOFF_CALL,
	HANDOFF_MOVE, /* to the old owner, and from it to the new one */
};

/* A request from control to all pollers, or from one to the next; in the port's slot of the port table. */
struct handoff {
	enum handoff_kind kind;
	struct port *port;    /* a leader; of HANDOFF_MOVE: the queue */
	struct poller *to;    /* of HANDOFF_MOVE */
	dp_call_fn *fn; /* of HANDOFF_CALL: for the port's owner; may be NULL */
	void *arg;
	unsigned n_left; /* pollers that have not done it yet; counted down with release */
};

/* Flags of all bridges, SW_BRIDGE_*. Written by control alone; read by pollers when the generation has changed. */
struct dp_bridges {
	unsigned generation; /* release after the flags, acquire before them */
	unsigned flags[LIMIT_BRIDGES];
};

/* Makes dp_event_fd() readable. Any thread. */
void dp_signal(struct dp *dp);

#endif
