/* SPDX-License-Identifier: BSD-3-Clause */
/* The state table of a vif. */
#include "ctl/vif/vif_fsm.h"

/* A missing cell keeps the state and does nothing: `next` is stored plus 1, so 0 means "stay". */
struct cell {
	unsigned char next_plus_1;
	unsigned char action;
};
#define GO(state, what) \
	{ \
		.next_plus_1 = VIF_##state + 1, .action = VIF_DO_##what \
	}

/* Common to the states in which the port is attached or being attached. */
#define ENDS_OF_A_CONNECTION \
	[VIF_FRONT_INITIALISING] = GO(CLOSING, WITHDRAW), \
	[VIF_FRONT_CLOSING] = GO(CLOSING, WITHDRAW), [VIF_FRONT_CLOSED] = GO(CLOSING, WITHDRAW), \
	[VIF_FRONT_GONE] = GO(CLOSING, WITHDRAW), [VIF_FAULT] = GO(FAULTING, PUNISH), \
	[VIF_OFFLINE] = GO(CLOSING, WITHDRAW), [VIF_STOP] = GO(CLOSING, WITHDRAW), \
	[VIF_PARK] = GO(PARKING, WITHDRAW), [VIF_REMOVED] = GO(CLOSING, WITHDRAW)

static const struct cell cells[VIF_N_STATES][VIF_N_INPUTS] = {
	[VIF_NEW] = {
		[VIF_FRONT_INITIALISING] = GO(WAITING, NOTHING),
		[VIF_FRONT_PREPARED] = GO(WAITING, NOTHING),
		[VIF_FRONT_CONNECTED] = GO(WAITING, NOTHING),
		[VIF_FRONT_SERVED] = GO(RESUMING, RESUME),
		[VIF_FRONT_READY] = GO(WAITING, NOTHING),
		[VIF_FRONT_CLOSING] = GO(CLOSED, NOTHING),
		[VIF_FRONT_CLOSED] = GO(CLOSED, NOTHING),
		[VIF_FRONT_GONE] = GO(CLOSED, NOTHING),
		[VIF_FAULT] = GO(BARRED, PUNISH),
		[VIF_CONVICT] = GO(FAULTED, PUNISH),
		[VIF_OFFLINE] = GO(CLOSED, NOTHING),
		[VIF_STOP] = GO(DEAD, FREE),
		[VIF_PARK] = GO(DEAD, FREE),
		[VIF_REMOVED] = GO(DEAD, FREE),
	},
	[VIF_WAITING] = {
		[VIF_FRONT_READY] = GO(CONNECTING, CONNECT),
		[VIF_FRONT_CLOSING] = GO(SHUT, NOTHING),
		[VIF_FRONT_CLOSED] = GO(CLOSED, NOTHING),
		[VIF_FRONT_GONE] = GO(CLOSED, NOTHING),
		[VIF_FAULT] = GO(BARRED, PUNISH),
		[VIF_OFFLINE] = GO(CLOSED, NOTHING),
		[VIF_STOP] = GO(CLOSED, NOTHING),
		[VIF_PARK] = GO(DEAD, FREE),
		[VIF_REMOVED] = GO(DEAD, FREE),
	},
	[VIF_CONNECTING] = {
		ENDS_OF_A_CONNECTION,
		[VIF_JOINED] = GO(CONNECTED, ANNOUNCE),
		[VIF_REFUSED] = GO(SHUT, REFUSE),
	},
	[VIF_CONNECTED] = {
		ENDS_OF_A_CONNECTION,
		[VIF_FRONT_RECONFIGURING] = GO(RECONFIGURING, RECONFIGURE),
	},
	[VIF_RECONFIGURING] = {
		ENDS_OF_A_CONNECTION,
		[VIF_FRONT_CONNECTED] = GO(CONNECTED, RECONFIGURE),
		[VIF_FRONT_READY] = GO(CONNECTED, RECONFIGURE),
		[VIF_SETTLED] = GO(RECONFIGURED, NOTHING),
	},
	[VIF_RECONFIGURED] = {
		ENDS_OF_A_CONNECTION,
		[VIF_FRONT_CONNECTED] = GO(CONNECTED, RECONFIGURE),
		[VIF_FRONT_READY] = GO(CONNECTED, RECONFIGURE),
	},
	[VIF_CLOSING] = {
		[VIF_LEFT] = GO(SHUT, NOTHING),
	},
	[VIF_SHUT] = {
		[VIF_FRONT_INITIALISING] = GO(CLOSED, NOTHING),
		[VIF_FRONT_CLOSED] = GO(CLOSED, NOTHING),
		[VIF_FRONT_GONE] = GO(CLOSED, NOTHING),
		[VIF_FAULT] = GO(BARRED, PUNISH),
		[VIF_OFFLINE] = GO(CLOSED, NOTHING),
		[VIF_STOP] = GO(CLOSED, NOTHING),
		[VIF_PARK] = GO(DEAD, FREE),
		[VIF_REMOVED] = GO(DEAD, FREE),
	},
	[VIF_CLOSED] = {
		[VIF_FRONT_INITIALISING] = GO(WAITING, NOTHING),
		[VIF_FRONT_PREPARED] = GO(WAITING, NOTHING),
		[VIF_FRONT_CONNECTED] = GO(WAITING, NOTHING),
		[VIF_FRONT_READY] = GO(WAITING, NOTHING),
		[VIF_FRONT_GONE] = GO(CLOSED, RETIRE),
		[VIF_FAULT] = GO(BARRED, PUNISH),
		[VIF_OFFLINE] = GO(CLOSED, RETIRE),
		[VIF_STOP] = GO(DEAD, FREE),
		[VIF_PARK] = GO(DEAD, FREE),
		[VIF_REMOVED] = GO(DEAD, FREE),
	},
	[VIF_FAULTING] = {
		[VIF_LEFT] = GO(FAULTED, NOTHING),
	},
	[VIF_FAULTED] = {
		[VIF_FRONT_INITIALISING] = GO(BARRED, NOTHING),
		[VIF_FRONT_CLOSING] = GO(BARRED, NOTHING),
		[VIF_FRONT_CLOSED] = GO(BARRED, NOTHING),
		[VIF_FRONT_GONE] = GO(BARRED, NOTHING),
		[VIF_OFFLINE] = GO(BARRED, NOTHING),
		[VIF_STOP] = GO(BARRED, NOTHING),
		[VIF_PARK] = GO(DEAD, FREE),
		[VIF_REMOVED] = GO(DEAD, FREE),
	},
	[VIF_BARRED] = {
		[VIF_FRONT_GONE] = GO(BARRED, RETIRE),
		[VIF_OFFLINE] = GO(BARRED, RETIRE),
		[VIF_STOP] = GO(DEAD, FREE),
		[VIF_PARK] = GO(DEAD, FREE),
		[VIF_REMOVED] = GO(DEAD, FREE),
	},
	[VIF_RESUMING] = {
		ENDS_OF_A_CONNECTION,
		[VIF_JOINED] = GO(CONNECTED, ANNOUNCE),
		[VIF_REFUSED] = GO(SHUT, REFUSE),
		[VIF_HELD] = GO(NEW, NOTHING),
	},
	[VIF_PARKING] = {
		[VIF_LEFT] = GO(DEAD, FREE),
	},
};

static const struct {
	const char *name;
	enum xenbus_state shown;
} states[] = {
#define X(id, text, xenbus) [VIF_##id] = { .name = text, .shown = xenbus },
	VIF_STATES(X)
#undef X
};

struct vif_step
vif_fsm_step(enum vif_state state, enum vif_input input)
{
	const struct cell *cell = &cells[state][input];

	if (cell->next_plus_1 == 0)
		return (struct vif_step){ .next = state, .action = VIF_DO_NOTHING };
	return (struct vif_step){ .next = cell->next_plus_1 - 1, .action = cell->action };
}

enum xenbus_state
vif_fsm_shown(enum vif_state state)
{
	return states[state].shown;
}

bool
vif_fsm_is_connected(enum vif_state state)
{
	return state == VIF_CONNECTED || state == VIF_RECONFIGURING || state == VIF_RECONFIGURED;
}

bool
vif_fsm_is_punished(enum vif_state state)
{
	return state == VIF_FAULTING || state == VIF_FAULTED || state == VIF_BARRED;
}

const char *
vif_fsm_state_name(enum vif_state state)
{
	return states[state].name;
}
