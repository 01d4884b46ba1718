/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host side of a vif, needed before the vif can be offered: its bridge and, in drop-in mode,
 * its TAP.
 *
 * Theory of operation: whatever fails is tried again, and reported if it takes long; no error here
 * switches a vif off. The TAP may be deleted at any time and is then recreated. Only the hotplug
 * script knows where the old one was attached (a bridge with VLANs, routes, filters). So the vif's
 * carrier stays down, with an error, until the script, Open vSwitch or the operator has put the new
 * TAP in place. A daemon that ends leaves the TAP where it is, and the next one opens it again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ports/carrier.h"
#include "ctl/ports/tap.h"
#include "ctl/ports/uplink_kind.h"
#include "ctl/vif/vif_parts.h"
#include "dp/port/port_kern.h"

#define RETRY_MS 20u
#define SLOW_RETRY_MS 1000u
#define PATIENCE_MS 3000u /* the kernel needs up to 2 s to close 100 TAPs of a killed daemon */

VIF_OWN_PART(place)

/*
 * Schedules another try; `why` says what failed. `patient`: the failure usually ends by itself.
 */
static void
try_later(struct vif *vif, uint64_t now_ms, const char *why, bool patient)
{
	struct vif_place *place = own(vif);

	if (place->waits_since_ms == CLOCK_NEVER)
		place->waits_since_ms = now_ms;
	patient = patient && now_ms < place->waits_since_ms + PATIENCE_MS;
	place->retry_ms = now_ms + (patient ? RETRY_MS : SLOW_RETRY_MS);
	if (patient || place->wait_told)
		return;
	place->wait_told = true;
	log_error("%s: %s; retrying every second", vif->name, why);
	vif_show_error(vif, why);
}

static bool
may_try(const struct vif_place *place, uint64_t now_ms)
{
	return place->retry_ms == CLOCK_NEVER || now_ms >= place->retry_ms;
}

static void
tried_well(struct vif *vif)
{
	struct vif_place *place = own(vif);

	if (place->wait_told)
		vif_show_no_error(vif);
	place->wait_told = false;
	place->waits_since_ms = place->retry_ms = CLOCK_NEVER;
}

static bool
get_bridge(struct vif *vif, uint64_t now_ms)
{
	char why[128];

	if (vif->place->bridge >= 0)
		return true;
	own(vif)->bridge = vif->seen->config.switched
				   ? bridge_get(vif->env->bridges, vif->seen->config.bridge)
				   : bridge_get_private(vif->env->bridges);
	if (vif->place->bridge >= 0) {
		vif_apply_vlans(vif, true);
		return true;
	}
	snprintf(why, sizeof(why), "its bridge cannot be used: %s", strerror(-vif->place->bridge));
	try_later(vif, now_ms, why, false);
	return false;
}

/* ---- the TAP --------------------------------------------------------------------------------- */

static bool
is_there(const struct vif_tap *tap)
{
	return tap->attachment.port != NULL && !tap->attachment.leaves &&
	       tap->attachment.phase != ATTACHMENT_LEAVING;
}

/* Detaches the port of a TAP that was deleted. */
static void
place_lose(struct vif *vif)
{
	struct vif_tap *tap = &own(vif)->tap;

	if (!is_there(tap))
		return;
	tap->lost = true;
	tap->placed = false;
	if (log_allowed(&tap->log))
		log_error("%s: its TAP device %s was deleted", vif->name, tap->name);
	attachment_leave(vif->env->attachments, &tap->attachment);
	vif->stale |= VIF_STALE_TAP;
}

static void
tap_moved(void *owner, enum attachment_news news)
{
	struct vif *vif = owner;
	struct vif_tap *tap = &own(vif)->tap;

	if (news == ATTACHMENT_FAULTED)
		place_lose(vif);
	vif->stale |= VIF_STALE_INSIDE;
	if (news != ATTACHMENT_LEFT)
		return;
	tap->stats = tap->attachment.port->stats;
	tap->stats.n_reopened++;
	attachment_destroy_port(vif->env->attachments, &tap->attachment);
	/* limits work if someone keeps deleting it */
	own(vif)->retry_ms = tap->made_ms + SLOW_RETRY_MS;
}

/*
 * Creates the TAP that the hotplug script expects. At first it is called vifD.N: if the toolstack
 * wants another name, vif-common.sh renames it. A recreated TAP has the name that the script gave
 * to the old one.
 */
static void
make_tap(struct vif *vif, uint64_t now_ms)
{
	struct vif_tap *tap = &own(vif)->tap;
	struct port *port =
		tap_open(vif->env->keep, vif->name, tap->name, (uint16_t)vif->place->bridge);
	char why[256];

	tap->made_ms = now_ms;
	if (port == NULL) {
		int error = errno;
		snprintf(why, sizeof(why), "the TAP device %s cannot be created: %s%s%s", tap->name,
			 strerror(error), uplink_advice(UPLINK_TAP, error, ""),
			 error == EBUSY ? ", perhaps of the kernel's xen-netback" : "");
		try_later(vif, now_ms, why, error == EBUSY);
		return;
	}
	snprintf(port->name, sizeof(port->name), "%s-tap", vif->name); /* not the guest's port */
	port_set_weight(port, vif->settings->live.weight);
	port->stats = tap->stats;
	int ret = attachment_join(vif->env->attachments, &tap->attachment, port, tap_moved, vif);
	if (ret < 0) {
		snprintf(why, sizeof(why), "another port cannot be added: %s", strerror(-ret));
		port->ops->destroy(port);
		try_later(vif, now_ms, why, false);
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
find_fault(struct vif *vif, const struct carrier_info *info)
{
	if (!info->up)
		return "is down";
	return vif->seen->config.bridged && info->master == 0 ? "is in no bridge" : NULL;
}

void
vif_place_look(struct vif *vif)
{
	struct vif_tap *tap = &own(vif)->tap;
	struct carrier_info info;
	char name[sizeof(tap->name)];

	if (!is_there(tap))
		return;
	if (port_kern_name(tap->attachment.port, name) < 0) {
		place_lose(vif);
		return;
	}
	memcpy(tap->name, name, sizeof(tap->name));
	/* A device that is not found was moved to another network namespace on purpose. */
	int ret = carrier_get(tap->name, 0, &info);
	tap->ifindex = ret == 0 ? info.ifindex : 0;
	tap->fault = ret == 0 ? find_fault(vif, &info) : NULL;
	tap->placed = tap->fault == NULL;
	tap->lost = tap->lost && !tap->placed;
}

void
vif_place_tell(struct vif *vif)
{
	struct vif_tap *tap = &own(vif)->tap;
	char why[sizeof(tap->why)] = "";

	if (vif->seen->config.switched || !vif_fsm_is_connected(vif->state) || tap->placed)
		; /* before, the script is still running; afterwards, it may remove the TAP */
	else if (!is_there(tap))
		snprintf(why, sizeof(why), "its TAP device %s was deleted", tap->name);
	else
		snprintf(
			why, sizeof(why),
			"its TAP device %s %s%s: run its hotplug script again, or detach and attach the vif",
			tap->name, tap->lost ? "was deleted, and the new one " : "", tap->fault);
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
		return !vif->seen->config.switched && vif->place->tap.attachment.port == NULL &&
		       !vif->stop && !vif->seen->removed && !vif_is_offline(vif);
	default:
		return false; /* a new offer creates it */
	}
}

bool
vif_place_get(struct vif *vif, uint64_t now_ms)
{
	if (!may_try(vif->place, now_ms) || !get_bridge(vif, now_ms))
		return false;
	if (vif->seen->config.switched) {
		tried_well(vif);
		return true;
	}
	if (vif->place->tap.attachment.port == NULL)
		make_tap(vif, now_ms);
	return is_there(&vif->place->tap);
}

void
vif_place_keep(struct vif *vif, uint64_t now_ms)
{
	bool may = may_try(vif->place, now_ms);

	if (may)
		own(vif)->retry_ms = CLOCK_NEVER;
	if (may && misses_tap(vif))
		make_tap(vif, now_ms);
	vif_place_tell(vif);
}

void
vif_place_init(struct vif *vif)
{
	struct vif_place *place = own(vif);

	place->bridge = -1;
	place->retry_ms = place->waits_since_ms = CLOCK_NEVER;
	snprintf(place->tap.name, sizeof(place->tap.name), "vif%u.%u", vif->domid % 100000,
		 vif->devid % 100000);
}

void
vif_place_leave(struct vif *vif, bool keeps)
{
	struct port *port = vif->place->tap.attachment.port;

	own(vif)->retry_ms = CLOCK_NEVER;
	if (port != NULL)
		tap_release(vif->env->keep, vif->name, port, keeps);
	else if (!keeps)
		tap_remove(vif->env->keep, vif->name);
	attachment_leave(vif->env->attachments, &own(vif)->tap.attachment);
}

void
vif_place_end(struct vif *vif)
{
	attachment_destroy_port(vif->env->attachments, &own(vif)->tap.attachment);
	vif_apply_vlans(vif, false);
	bridge_put(vif->env->bridges, vif->place->bridge);
}
