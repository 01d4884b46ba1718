/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host side of a vif, needed before the vif can be offered: its bridge and, in drop-in mode,
 * its TAP.
 *
 * Theory of operation: whatever fails is tried again, and reported if it takes long; no error here
 * switches a vif off. The TAP may be deleted at any time and is then recreated. Only the hotplug
 * script knows where the old one was attached (a bridge with VLANs, routes, filters). So the vif's
 * carrier stays down, with an error, until the script, Open vSwitch or the operator has put the new
 * TAP in place. The same holds for the TAP that a restarted daemon creates for a vif whose script
 * ran long ago.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ports/advice.h"
#include "ctl/ports/link.h"
#include "ctl/vif/vif.h"
#include "dp/port/port_kern.h"

#define RETRY_MS 20u
#define SLOW_RETRY_MS 1000u
#define PATIENCE_MS 3000u /* the kernel needs up to 2 s to close 100 TAPs of a killed daemon */

/*
 * Schedules another try; vif->why says what failed. `patient`: the failure usually ends by itself.
 */
static void
try_later(struct vif *vif, uint64_t now_ms, bool patient)
{
	if (vif->waits_since_ms == CLOCK_NEVER)
		vif->waits_since_ms = now_ms;
	patient = patient && now_ms < vif->waits_since_ms + PATIENCE_MS;
	vif->place_ms = now_ms + (patient ? RETRY_MS : SLOW_RETRY_MS);
	if (patient || vif->wait_told)
		return;
	vif->wait_told = true;
	log_error("%s: %s; it is tried again every second", vif->name, vif->why);
	vif_show_error(vif, vif->why);
}

static void
tried_well(struct vif *vif)
{
	if (vif->wait_told)
		vif_clear_error(vif);
	vif->wait_told = false;
	vif->waits_since_ms = vif->place_ms = CLOCK_NEVER;
}

static bool
get_bridge(struct vif *vif, uint64_t now_ms)
{
	if (vif->bridge >= 0)
		return true;
	vif->bridge = vif->config.switched ? bridge_get(vif->env->bridges, vif->config.bridge)
					   : bridge_get_private(vif->env->bridges);
	if (vif->bridge >= 0) {
		vif_count_vlans(vif, true);
		return true;
	}
	snprintf(vif->why, sizeof(vif->why), "no bridge for it: %s", strerror(-vif->bridge));
	try_later(vif, now_ms, false);
	return false;
}

/* ---- the TAP --------------------------------------------------------------------------------- */

static bool
is_there(const struct vif_tap *tap)
{
	return tap->member.port != NULL && !tap->member.leaves && tap->member.phase != MEMBER_LEAVING;
}

/* Detaches the port of a TAP that was deleted. */
static void
lose(struct vif *vif)
{
	struct vif_tap *tap = &vif->tap;

	if (!is_there(tap))
		return;
	tap->lost = true;
	tap->placed = false;
	if (log_allowed(&tap->log))
		log_error("%s: its TAP device %s was deleted", vif->name, tap->name);
	member_leave(vif->env->members, &tap->member);
	vif->stale |= VIF_STALE_TAP;
}

static void
tap_moved(void *owner, enum member_news news)
{
	struct vif *vif = owner;
	struct vif_tap *tap = &vif->tap;

	if (news == MEMBER_FAULTED)
		lose(vif);
	vif->stale |= VIF_STALE_INSIDE;
	if (news != MEMBER_LEFT)
		return;
	tap->stats = tap->member.port->stats;
	tap->stats.n_reopened++;
	member_destroy_port(vif->env->members, &tap->member);
	vif->place_ms = tap->made_ms + SLOW_RETRY_MS; /* limits work if someone keeps deleting it */
}

/*
 * Creates the TAP that the hotplug script expects. At first it is called vifD.N: if the toolstack
 * wants another name, vif-common.sh renames it. A recreated TAP has the name that the script gave
 * to the old one.
 */
static void
make_tap(struct vif *vif, uint64_t now_ms)
{
	struct vif_tap *tap = &vif->tap;
	struct port *port = port_kern_create_tap(tap->name, (uint16_t)vif->bridge);

	tap->made_ms = now_ms;
	if (port == NULL) {
		int error = errno;
		snprintf(vif->why, sizeof(vif->why), "the TAP device %s cannot be made: %s%s%s", tap->name, strerror(error),
			 advice_on_device(UPLINK_TAP, error, ""), error == EBUSY ? ", perhaps of the kernel's xen-netback" : "");
		try_later(vif, now_ms, error == EBUSY);
		return;
	}
	snprintf(port->name, sizeof(port->name), "%s-tap", vif->name); /* not the guest's port */
	port_set_weight(port, vif->live.weight);
	port->stats = tap->stats;
	int ret = member_join(vif->env->members, &tap->member, port, tap_moved, vif);
	if (ret < 0) {
		snprintf(vif->why, sizeof(vif->why), "no room for another port: %s", strerror(-ret));
		port->ops->destroy(port);
		try_later(vif, now_ms, false);
		return;
	}
	tried_well(vif);
	tap->fault = "is down"; /* as every new device is */
	vif->stale |= VIF_STALE_TAP;
}

/*
 * Finds out why frames do not get beyond the TAP. NULL: no reason is known. Only vif-bridge is
 * known to need a bridge.
 */
static const char *
find_fault(struct vif *vif, const struct link_info *info)
{
	if (!info->up)
		return "is down";
	return vif->config.bridged && info->master == 0 ? "is in no bridge" : NULL;
}

void
vif_tap_look(struct vif *vif)
{
	struct vif_tap *tap = &vif->tap;
	struct link_info info;
	char name[sizeof(tap->name)];

	if (!is_there(tap))
		return;
	if (port_kern_name(tap->member.port, name) < 0) {
		lose(vif);
		return;
	}
	memcpy(tap->name, name, sizeof(tap->name));
	/* A device that is not found was moved to another network namespace on purpose. */
	int ret = link_get(tap->name, 0, &info);
	tap->ifindex = ret == 0 ? info.ifindex : 0;
	tap->fault = ret == 0 ? find_fault(vif, &info) : NULL;
	tap->placed = tap->fault == NULL;
	tap->lost = tap->lost && !tap->placed;
}

void
vif_tap_tell(struct vif *vif)
{
	struct vif_tap *tap = &vif->tap;
	char why[sizeof(tap->why)] = "";

	if (vif->config.switched || !vif_fsm_is_connected(vif->state) || tap->placed)
		; /* before, the script is still running; afterwards, it may remove the TAP */
	else if (!is_there(tap))
		snprintf(why, sizeof(why), "its TAP device %s was deleted", tap->name);
	else
		snprintf(why, sizeof(why), "its TAP device %s %s%s: run its hotplug script again, or detach and attach the vif", tap->name,
			 tap->lost ? "was deleted, and the new one " : "", tap->fault);
	if (strcmp(why, tap->why) == 0)
		return;
	memcpy(tap->why, why, sizeof(why));
	if (tap->placed && log_allowed(&tap->log))
		log_info("%s: its TAP device %s is in place", vif->name, tap->name);
	else if (why[0] != '\0' && log_allowed(&tap->log))
		log_warning("%s: has no carrier: %s", vif->name, why);
	vif_show_live_error(vif);
}

/* ---- bridge and TAP -------------------------------------------------------------------------- */

/* Returns whether a TAP that is gone has to be recreated. */
static bool
misses_tap(const struct vif *vif)
{
	switch (vif->state) {
	case VIF_WAITING:
	case VIF_CONNECTING:
	case VIF_CONNECTED:
	case VIF_RECONFIGURING:
	case VIF_RECONFIGURED:
	case VIF_CLOSING:
	case VIF_SHUT:
		return !vif->config.switched && vif->tap.member.port == NULL && !vif->stop && !vif->removed && !vif_is_offline(vif);
	default:
		return false; /* a new offer creates it */
	}
}

bool
vif_place(struct vif *vif, uint64_t now_ms)
{
	if (vif->place_ms != CLOCK_NEVER || !get_bridge(vif, now_ms))
		return false;
	if (vif->config.switched) {
		tried_well(vif);
		return true;
	}
	if (vif->tap.member.port == NULL)
		make_tap(vif, now_ms);
	return is_there(&vif->tap);
}

void
vif_keep_place(struct vif *vif, uint64_t now_ms)
{
	if (misses_tap(vif) && vif->place_ms == CLOCK_NEVER)
		make_tap(vif, now_ms);
	vif_tap_tell(vif);
}
