/* SPDX-License-Identifier: BSD-3-Clause */
/* One vif: the record, and the inputs and actions of its state table. */
#include "ctl/vif/vif.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ctl/vif/vif_parts.h"
#include "proto/keys.h"
#include "proto/limits.h"

/*
 * How long state 6 stands before the directory is removed. libxl waits for state 6 and then for the
 * removal, but treats a removal before it has read the 6 as a failure.
 */
#define CLOSED_DWELL_MS 500u

#define ALONE_MS 5000u /* other vifs of a new bridge may be about to connect */

#define STEPS_MAX 16 /* the longest path through the table without waiting is 5 -> 6 -> 2 */

struct vif *
vif_create(const struct vif_env *env, uint32_t domid, uint32_t devid)
{
	struct vif_parts *parts = calloc(1, sizeof(*parts));

	if (parts == NULL)
		return NULL;
	struct vif *vif = &parts->vif;
	vif->seen = &parts->seen;
	vif->settings = &parts->settings;
	vif->place = &parts->place;
	vif->conn = &parts->conn;
	vif->headroom = &parts->headroom;
	vif->shown = &parts->shown;
	vif->env = env;
	vif->domid = domid;
	vif->devid = devid;
	snprintf(vif->name, sizeof(vif->name), "vif%u.%u", domid, devid);
	snprintf(vif->dir, sizeof(vif->dir), "%s/%u/%u", KEY_BACKEND_VIFS, domid, devid);
	vif->state = VIF_NEW;
	vif->stale = VIF_STALE_BACKEND;
	vif->linked = true;
	vif->alone_ms = CLOCK_NEVER;
	vif_look_init(vif);
	vif_connect_init(vif);
	vif_place_init(vif);
	vif_show_init(vif);
	return vif;
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static uint64_t
dwell_end_ms(const struct vif *vif)
{
	return vif->shown->offered_ms == CLOCK_NEVER
		       ? CLOCK_NEVER
		       : vif->shown->offered_ms + LIMIT_INITWAIT_DWELL_MS;
}

/*
 * Returns whether only the frontend keeps us from connecting. An attempt comes at least
 * LIMIT_INITWAIT_DWELL_MS after a new offer, which also slows down a guest that reconnects all the
 * time.
 */
static bool
is_ready(const struct vif *vif, uint64_t now_ms)
{
	if (vif->env->hotplug == HOTPLUG_SCRIPT && vif->seen->hotplug != HOTPLUG_DONE)
		return false;
	return vif->shown->state == XenbusStateInitWait && now_ms >= dwell_end_ms(vif);
}

/* Translates the frontend's state to an input. Returns false if there is none. */
static bool
front_input(const struct vif *vif, uint64_t now_ms, enum vif_input *input)
{
	switch (vif->seen->front_state) {
	case XenbusStateInitialising:
		*input = VIF_FRONT_INITIALISING;
		return true;
	case XenbusStateInitWait:
	case XenbusStateInitialised:
		*input = VIF_FRONT_PREPARED;
		return true;
	case XenbusStateConnected:
		*input = vif_is_served(vif)      ? VIF_FRONT_SERVED
			 : is_ready(vif, now_ms) ? VIF_FRONT_READY
						 : VIF_FRONT_CONNECTED;
		return true;
	case XenbusStateClosing:
		*input = VIF_FRONT_CLOSING;
		return true;
	case XenbusStateClosed:
		*input = VIF_FRONT_CLOSED;
		return true;
	case XenbusStateReconfiguring:
		*input = vif_is_served(vif) ? VIF_FRONT_SERVED : VIF_FRONT_RECONFIGURING;
		return vif_is_served(vif) || vif->seen->reconf_ms == CLOCK_NEVER;
	default:
		return false;
	}
}

/* Finds the most important condition. Returns false if there is none. */
static bool
condition(const struct vif *vif, uint64_t now_ms, enum vif_input *input)
{
	if (vif->seen->removed)
		*input = VIF_REMOVED;
	else if (vif->stop)
		*input = vif->park ? VIF_PARK : VIF_STOP;
	else if (!vif->seen->configured || vif->seen->netback != VIF_NETBACK_AWAY)
		return false;
	else if (vif_is_offline(vif))
		*input = VIF_OFFLINE;
	else if (vif->fault != NULL && !vif_fsm_is_punished(vif->state))
		*input = vif_is_served(vif) ? VIF_CONVICT : VIF_FAULT;
	else if (vif->seen->front_gone)
		*input = VIF_FRONT_GONE;
	else
		return front_input(vif, now_ms, input);
	return true;
}

/* Returns whether the vif is about to be connected but the kernel has taken it meanwhile. */
static bool
is_taken(struct vif *vif, enum vif_input input, uint64_t now_ms)
{
	if ((vif->state != VIF_WAITING || input != VIF_FRONT_READY) && input != VIF_FRONT_SERVED)
		return false;
	vif_look_for_netback(vif, now_ms);
	return vif->seen->netback != VIF_NETBACK_AWAY;
}

/* Returns whether the frontend waits for an offer. */
static bool
wants_offer(const struct vif *vif, enum vif_input input)
{
	return (vif->state == VIF_NEW || vif->state == VIF_CLOSED) && input <= VIF_FRONT_READY;
}

/* ---- actions --------------------------------------------------------------------------------- */

static void vif_feed(struct vif *vif, enum vif_input input, uint64_t now_ms);

static void
guest_moved(void *owner, enum attachment_news news)
{
	struct vif *vif = owner;
	const char *fault;

	switch (news) {
	case ATTACHMENT_JOINED:
		vif_feed(vif, VIF_JOINED, clock_ms());
		vif->stale |= VIF_STALE_CTRL; /* requests that came before */
		break;
	case ATTACHMENT_CALLED:
		if (vif_headroom_settle(vif))
			vif_feed(vif, VIF_SETTLED, clock_ms());
		vif->stale |= VIF_STALE_CTRL;
		break;
	case ATTACHMENT_FAULTED:
		/* Acquire: pairs with port_set_fault(). */
		vif->fault = __atomic_load_n(&vif->guest.port->fault, __ATOMIC_ACQUIRE);
		break;
	case ATTACHMENT_LEFT:
		fault = vif_disconnect(vif, vif->state == VIF_PARKING);
		if (fault != NULL) /* a fault while detaching counts as well */
			vif->fault = fault;
		vif_feed(vif, VIF_LEFT, clock_ms());
		break;
	}
	vif->stale |= VIF_STALE_INSIDE;
}

/* Returns whether the vif's bridge leads anywhere, as far as is known. */
static bool
leads_out(const struct vif *vif)
{
	return vif->seen->config.switched ? bridge_is_linked(vif->env->bridges, vif->place->bridge)
					  : vif->place->tap.placed;
}

static void
do_announce(struct vif *vif)
{
	char mac[4 * sizeof(vif->settings->live.mac_text)];
	char bridge[4 * BRIDGE_NAME_SIZE];

	vif_show_no_error(vif);
	vif_place_look(vif);
	vif_place_tell(vif);
	vif_show_live_error(vif);
	vif->linked = leads_out(vif);
	vif->alone_ms = vif->seen->config.switched ? clock_ms() + ALONE_MS : CLOCK_NEVER;
	if (!log_allowed(&vif->link_log))
		return;
	log_info("%s: %s to %s, MAC %s, frames up to %u bytes:%s", vif->name,
		 vif->conn->resumed ? "resumed, connected" : "connected",
		 vif->seen->config.switched
			 ? log_escape(bridge_name(vif->env->bridges, vif->place->bridge), bridge,
				      sizeof(bridge))
			 : "its TAP",
		 log_escape(vif->settings->live.mac_text, mac, sizeof(mac)),
		 port_max_frame(vif->guest.port), vif->conn->text);
}

/*
 * Returns when a closed vif's directory may be removed. libxl begins to wait for state 6 only when
 * it has set `online` to 0.
 */
static uint64_t
dwelt_ms(const struct vif *vif)
{
	uint64_t closed_ms = vif->shown->closed_ms;

	if (closed_ms == CLOCK_NEVER)
		return CLOCK_NEVER;
	return (closed_ms > vif->seen->online_ms ? closed_ms : vif->seen->online_ms) +
	       CLOSED_DWELL_MS;
}

static void
do_retire(struct vif *vif, uint64_t now_ms)
{
	if (vif->env->hotplug == HOTPLUG_SELF && now_ms >= dwelt_ms(vif))
		vif_show_removal(vif, now_ms);
}

static void
do_free(struct vif *vif)
{
	vif_show_end(vif);
	vif_look_end(vif);
	/* One that we have not got to yet is the last daemon's, also if we close ours. */
	bool is_left = vif->park || vif->shown->state == XenbusStateUnknown;
	vif_place_leave(vif, is_left && !vif->seen->removed);
	if (vif->seen->removed)
		vif_connect_forget(vif);
	vif->alone_ms = CLOCK_NEVER;
}

/*
 * Performs `action`. Returns false if *failed has to be fed to the state table next: the action
 * failed, or VIF_DO_RECONFIGURE was complete at once.
 */
static bool
act(struct vif *vif, enum vif_action action, uint64_t now_ms, enum vif_input *failed)
{
	int ret;

	switch (action) {
	case VIF_DO_NOTHING:
	case VIF_N_ACTIONS:
		break;
	case VIF_DO_CONNECT:
		*failed = VIF_REFUSED;
		return vif_connect(vif, false, guest_moved, vif->refusal, sizeof(vif->refusal)) ==
		       0;
	case VIF_DO_RESUME:
		ret = vif_resume(vif, now_ms, guest_moved, vif->refusal, sizeof(vif->refusal));
		*failed = ret == -EAGAIN ? VIF_HELD : VIF_REFUSED;
		return ret == 0;
	case VIF_DO_ANNOUNCE:
		do_announce(vif);
		break;
	case VIF_DO_RECONFIGURE:
		*failed = VIF_SETTLED;
		return !vif_headroom_look(vif);
	case VIF_DO_REFUSE:
		if (log_allowed(&vif->state_log))
			log_warning("%s: refused: %s", vif->name, vif->refusal);
		vif_show_error(vif, vif->refusal);
		break;
	case VIF_DO_PUNISH:
		log_error("%s: switched off until it is attached again: %s", vif->name, vif->fault);
		vif_show_error(vif, vif->fault);
		vif_connect_keep_fault(vif, vif->fault);
		attachment_leave(vif->env->attachments, &vif->guest);
		break;
	case VIF_DO_WITHDRAW:
		attachment_leave(vif->env->attachments, &vif->guest);
		break;
	case VIF_DO_RETIRE:
		do_retire(vif, now_ms);
		break;
	case VIF_DO_FREE:
		do_free(vif);
		break;
	}
	return true;
}

/* ---- the state machine ----------------------------------------------------------------------- */

/* Applies one cell of the table: enters the next state, performs the action, shows the result. */
static void
vif_feed(struct vif *vif, enum vif_input input, uint64_t now_ms)
{
	struct vif_step step = vif_fsm_step(vif->state, input);
	enum vif_input failed;

	if (step.next != vif->state)
		log_debug("%s: %s -> %s", vif->name, vif_fsm_state_name(vif->state),
			  vif_fsm_state_name(step.next));
	vif->state = step.next;
	if (act(vif, step.action, now_ms, &failed))
		vif_show(vif, now_ms);
	else
		vif_feed(vif, failed, now_ms); /* that input's action cannot fail */
}

static void
serve_ctrl(struct vif *vif)
{
	vif->stale &= ~VIF_STALE_CTRL;
	if (ctrl_ring_run(&vif->ctrl))
		vif->stale |= VIF_STALE_CTRL; /* other vifs first */
	if (vif->ctrl.fault != NULL && vif->fault == NULL)
		vif->fault = vif->ctrl.fault;
}

/* Returns when `linked` has to follow the bridge's uplinks or the TAP. */
static uint64_t
link_ms(const struct vif *vif)
{
	if (vif->place->bridge < 0 || leads_out(vif) == vif->linked)
		return CLOCK_NEVER;
	return vif->linked_ms + LIMIT_CARRIER_MS;
}

static void
follow_uplinks(struct vif *vif, uint64_t now_ms)
{
	if (now_ms < link_ms(vif))
		return;
	vif->linked = !vif->linked;
	vif->linked_ms = now_ms;
}

/* Warns if the vif is alone on its bridge: it works, but reaches nobody. */
static void
look_whether_alone(struct vif *vif, uint64_t now_ms)
{
	char name[4 * BRIDGE_NAME_SIZE];

	if (now_ms < vif->alone_ms)
		return;
	vif->alone_ms = CLOCK_NEVER;
	if (vif_fsm_is_connected(vif->state) &&
	    bridge_found_alone(vif->env->bridges, vif->place->bridge))
		log_warning("%s: bridge %s has no uplink and no other vif: is the name correct?",
			    vif->name,
			    log_escape(bridge_name(vif->env->bridges, vif->place->bridge), name,
				       sizeof(name)));
}

void
vif_step(struct vif *vif, uint64_t now_ms)
{
	enum vif_input input;

	if (vif->state == VIF_DEAD) {
		vif->stale = 0;
		return;
	}
	if (vif_show_resumes(vif, now_ms))
		vif->stale |= VIF_STALE_STORE;
	vif_look(vif, now_ms);
	if (vif->stale & VIF_STALE_CTRL)
		serve_ctrl(vif);
	vif->fault = vif_resume_fault(vif);
	for (unsigned i = 0; i < STEPS_MAX && condition(vif, now_ms, &input); i++) {
		enum vif_state before = vif->state;
		if (wants_offer(vif, input) && !vif_place_get(vif, now_ms))
			break;
		if (is_taken(vif, input, now_ms))
			break;
		if (input == VIF_FRONT_SERVED && now_ms < vif->resume_ms)
			break;
		vif_feed(vif, input, now_ms);
		if (vif->state == before)
			break;
	}
	vif_resume_passed(vif, now_ms);
	vif_place_keep(vif, now_ms);
	follow_uplinks(vif, now_ms);
	look_whether_alone(vif, now_ms);
	vif_show(vif, now_ms);
}

/* Returns when a closed vif's directory has to be removed. */
static uint64_t
retire_ms(const struct vif *vif)
{
	bool closed = vif->state == VIF_CLOSED || vif->state == VIF_BARRED;

	if (!closed || vif->env->hotplug != HOTPLUG_SELF)
		return CLOCK_NEVER;
	return vif_is_offline(vif) || vif->seen->front_gone ? dwelt_ms(vif) : CLOCK_NEVER;
}

/* Returns when a waiting frontend may be connected, if only time prevents it. */
static uint64_t
ready_ms(const struct vif *vif)
{
	uint64_t end_ms = dwell_end_ms(vif);

	if (vif->state != VIF_WAITING || vif->seen->front_state != XenbusStateConnected)
		return CLOCK_NEVER;
	return is_ready(vif, end_ms) ? end_ms : CLOCK_NEVER;
}

uint64_t
vif_due(const struct vif *vif)
{
	if (vif->stale != 0)
		return 0;
	uint64_t due = util_min(vif->seen->retry_ms, vif->seen->rewatch_ms);
	due = util_min(due, vif->shown->retry_ms);
	due = util_min(due, vif->seen->reconf_ms);
	due = util_min(due, vif->place->retry_ms);
	due = util_min(due, vif->alone_ms);
	due = util_min(due, vif_resume_due(vif));
	due = util_min(due, ready_ms(vif));
	due = util_min(due, link_ms(vif));
	return util_min(due, retire_ms(vif));
}

bool
vif_is_over(const struct vif *vif)
{
	return vif->state == VIF_DEAD && vif->place->tap.attachment.phase == ATTACHMENT_OUT &&
	       vif->guest.phase == ATTACHMENT_OUT;
}

void
vif_destroy(struct vif *vif)
{
	assert(vif_is_over(vif));
	vif_place_end(vif);
	free(vif); /* the parts as well: it is the first of them */
}

void
vif_stop(struct vif *vif, bool park)
{
	vif->stop = true;
	vif->park = park;
	vif->stale |= VIF_STALE_INSIDE;
}
