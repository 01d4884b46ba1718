/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of a control ring that outlives the daemon. */
#include <stdlib.h>

#include "ctl/vif/ctrl_ring.h"

static const struct keep_ctrl_state *
current(const struct keep_ctrl *kept)
{
	return &kept->state[kept->current % 2];
}

/* Writes the grants to the list that is not in use. */
static void
keep_grants(const struct ctrl_ring *ctrl, struct keep_ctrl_state *next)
{
	struct keep_grant *list;

	next->list = (next->list + 1) % 2;
	next->n_grants = ctrl->n_grants;
	list = ctrl->kept->grant[next->list];
	for (unsigned i = 0; i < ctrl->n_grants; i++)
		list[i] = (struct keep_grant){ .ref = ctrl->grant[i].ref,
					       .writable = ctrl->grant[i].writable };
}

void
ctrl_ring_keep(struct ctrl_ring *ctrl, const struct xen_netif_ctrl_response *rsp)
{
	struct keep_ctrl *kept = ctrl->kept;
	uint32_t other = (kept->current + 1) % 2;
	struct keep_ctrl_state *next = &kept->state[other];

	*next = *current(kept);
	next->has_answered = true;
	next->answered = ctrl->ring.rsp_prod;
	next->rsp = *rsp;
	next->is_steered = ctrl->steering != NULL;
	if (next->is_steered)
		next->steering = *ctrl->steering;
	if (ctrl->grants_changed)
		keep_grants(ctrl, next);
	ctrl->grants_changed = false;
	/* release: the next daemon finds the whole state */
	__atomic_store_n(&kept->current, other, __ATOMIC_RELEASE);
}

/* Maps the pages again. One that cannot be mapped any more is copied by hypercalls. */
static void
resume_grants(struct ctrl_ring *ctrl, struct port *port, const struct keep_ctrl_state *state)
{
	const struct keep_grant *list = ctrl->kept->grant[state->list % 2];

	if (state->n_grants == 0 || state->n_grants > LIMIT_STATIC_GRANTS)
		return;
	ctrl->grant = calloc(LIMIT_STATIC_GRANTS, sizeof(*ctrl->grant));
	for (unsigned i = 0; ctrl->grant != NULL && i < state->n_grants; i++) {
		if (ctrl->env->n_static < LIMIT_STATIC_GRANTS_ALL &&
		    ctrl_ring_map(ctrl, list[i].ref, list[i].writable != 0,
				  &ctrl->grant[ctrl->n_grants]))
			ctrl->n_grants++;
	}
	ctrl->table = static_grants_create(ctrl->grant, ctrl->n_grants);
	for (unsigned i = 0; ctrl->table != NULL && i < port->n_queues; i++)
		port_vif_take_grants(port->queue[i], ctrl->table);
}

/* The map of a damaged file may be too long. */
static void
resume_steering(struct ctrl_ring *ctrl, struct port *port, const struct keep_ctrl_state *state)
{
	if (!state->is_steered || state->steering.n_map > STEERING_MAP_SIZE)
		return;
	ctrl->steering = malloc(sizeof(*ctrl->steering));
	if (ctrl->steering == NULL)
		return;
	*ctrl->steering = state->steering;
	port_set_steering(port, ctrl->steering);
}

void
ctrl_ring_resume(struct ctrl_ring *ctrl, struct port *port)
{
	const struct keep_ctrl_state *state;

	if (ctrl->env == NULL)
		return;
	state = current(ctrl->kept);
	resume_steering(ctrl, port, state);
	resume_grants(ctrl, port, state);
	ring_doubt(&ctrl->ring);
	if (state->has_answered && state->answered == ctrl->ring.rsp_prod &&
	    ring_pending(&ctrl->ring) > 0) {
		ctrl->ring.req_cons++;
		ctrl_ring_publish(ctrl, &state->rsp);
	} else if (ring_check_notify(&ctrl->ring)) {
		ctrl->env->xen->events->notify(ctrl->env->events, ctrl->rings->evtchn_ctrl);
	}
}
