/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a vif's backend directory and its frontend's state. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/vif/vif_parts.h"
#include "proto/keys.h"
#include "proto/limits.h"
#include "xen/platform_check.h"

/*
 * A guest that rewrites its `state` faster than this is not watched for REWATCH_MS: libxenstore's
 * event queue is unbounded, so a client that floods it must be cut off. An honest frontend changes
 * its state a few times.
 */
#define FRONT_EVENTS_MAX 64u
#define FRONT_EVENTS_MS 1000u
#define REWATCH_MS 1000u

#define NETBACK_GRACE_MS 300u

VIF_OWN_PART(seen)

static void unwatch_frontend(struct vif *vif);

/* Handles an error of the store: everything is read again later. */
static void
look_later(struct vif *vif, uint64_t now_ms, const char *what, int error)
{
	own(vif)->retry_ms = now_ms + VIF_RETRY_MS;
	if (log_allowed(&vif->state_log))
		log_warning("%s: %s cannot be read: %s", vif->name, what, strerror(-error));
}

static void
front_fired(void *owner, const char *path)
{
	struct vif *vif = owner;
	uint64_t now_ms = clock_ms();

	(void)path;
	vif->stale |= VIF_STALE_FRONTEND;
	if (now_ms - own(vif)->front_since_ms >= FRONT_EVENTS_MS) {
		own(vif)->front_since_ms = now_ms;
		own(vif)->n_front_events = 0;
	}
	if (++own(vif)->n_front_events < FRONT_EVENTS_MAX)
		return;
	unwatch_frontend(vif);
	own(vif)->rewatch_ms = now_ms + REWATCH_MS;
	if (log_allowed(&vif->state_log))
		log_warning("%s: the frontend changes its keys too often: they are read once a "
			    "second now",
			    vif->name);
}

/* Watches a key of the frontend's. Returns whether it is watched now. */
static bool
watch_key(struct vif *vif, struct watch **watch, const char *key)
{
	char path[NODE_PATH_SIZE];

	if (*watch != NULL)
		return true;
	snprintf(path, sizeof(path), "%s/%s", vif->seen->config.frontend, key);
	*watch = watch_add(vif->env->watches, path, front_fired, vif);
	if (*watch == NULL && log_allowed(&vif->state_log))
		log_warning("%s: %s cannot be watched: %s", vif->name, path, strerror(errno));
	return *watch != NULL;
}

/* Watches the frontend's keys. If that fails, vif_look() tries again. */
static void
watch_frontend(struct vif *vif, uint64_t now_ms)
{
	bool done = watch_key(vif, &own(vif)->front_watch, KEY_STATE) &&
		    watch_key(vif, &own(vif)->mcast_watch, KEY_REQUEST_MCAST);

	own(vif)->rewatch_ms = done ? CLOCK_NEVER : now_ms + REWATCH_MS;
}

static void
unwatch_frontend(struct vif *vif)
{
	struct vif_seen *seen = own(vif);

	watch_remove(vif->env->watches, seen->front_watch);
	watch_remove(vif->env->watches, seen->mcast_watch);
	seen->front_watch = seen->mcast_watch = NULL;
}

/*
 * A vif must not be served twice. xen-netback learns of a new vif when we do, so if it is loaded,
 * it gets time to take the vif. It may also be loaded or bound to the vif later, up to the moment
 * when we connect it.
 */
void
vif_look_for_netback(struct vif *vif, uint64_t now_ms)
{
	const char *root = vif->env->root;
	bool held = platform_vif_held_at(root, vif->domid, vif->devid);
	bool known = vif->seen->netback == VIF_NETBACK_HOLDS;

	own(vif)->netback = held ? VIF_NETBACK_HOLDS : VIF_NETBACK_AWAY;
	if (!held && now_ms < vif->seen->created_ms + NETBACK_GRACE_MS &&
	    platform_netback_loaded_at(root)) {
		own(vif)->netback = VIF_NETBACK_NEAR;
		own(vif)->retry_ms = vif->seen->created_ms + NETBACK_GRACE_MS;
	}
	if (held && !known && vif->env->share_with_netback)
		log_debug("%s: left to the kernel's xen-netback", vif->name);
	else if (held && !known)
		log_error(
			"%s: the kernel's xen-netback holds it: free it with \"echo vif-%u-%u >"
			" /sys/bus/xen-backend/drivers/vif/unbind\", or unload xen_netback and attach the vif again",
			vif->name, vif->domid, vif->devid);
}

/*
 * With strict_bridges, a bridge without an uplink counts as a mistake in its name. Returns 0 or
 * -EINVAL.
 */
static int
check_bridge(const struct vif *vif, char *why, size_t why_size)
{
	char name[4 * BRIDGE_NAME_SIZE];

	if (!vif->env->strict_bridges || !vif->seen->config.switched ||
	    bridge_has_uplink(vif->env->bridges, vif->seen->config.bridge))
		return 0;
	snprintf(why, why_size,
		 "bridge %s has no uplink, but the setting strict_bridges requires one: is the "
		 "name correct?",
		 log_escape(vif->seen->config.bridge, name, sizeof(name)));
	return -EINVAL;
}

static void
look_at_config(struct vif *vif, uint64_t now_ms)
{
	struct node_source keys = node_source(&vif->env->xs, vif->dir, VIF_KEY_IS);
	char why[VIF_WHY_SIZE];
	int ret = vif_config_read(&keys.source, vif->domid, vif->env->hotplug, &own(vif)->config,
				  why, sizeof(why));

	if (ret == 0) {
		vif_look_at_domain(vif);
		ret = check_bridge(vif, why, sizeof(why));
	}
	if (ret == 0)
		ret = vif_apply_read(vif, &keys.source, why, sizeof(why));
	if (ret == -EINVAL) {
		if (log_allowed(&vif->state_log))
			log_warning("%s: ignored: %s", vif->name, why);
		vif_show_error(vif, why);
	} else if (ret < 0 && ret != -ENOENT) {
		look_later(vif, now_ms, "its backend directory", ret);
	}
	if (ret < 0)
		return;
	own(vif)->configured = true;
	vif->stale |= VIF_STALE_FRONTEND;
	watch_frontend(vif, now_ms);
}

/* Sets `own_state` and `removed`. Returns whether the rest of the directory has to be read. */
static bool
look_at_own_state(struct vif *vif, uint64_t now_ms)
{
	const struct xstore *xs = &vif->env->xs;
	int ret = node_read_number(xs, 0, vif->dir, KEY_STATE, XenbusStateReconfigured,
				   &own(vif)->own_state, NULL, 0);

	if (ret == -ENOENT || ret == -EACCES) {
		own(vif)->removed = true;
		return false;
	}
	if (ret == -EINVAL)
		/* the toolstack's mistake, harmless to us */
		own(vif)->own_state = XenbusStateUnknown;
	else if (ret < 0)
		look_later(vif, now_ms, "its backend directory", ret);
	/* The toolstack asks us to close although we are Closed: it waits for another 6. */
	if (vif->seen->own_state == XenbusStateClosing && vif->shown->state == XenbusStateClosed)
		vif_show_again(vif);
	/* We never write state 1: the toolstack has replaced the directory. */
	if (vif->seen->own_state == XenbusStateInitialising &&
	    vif->shown->state != XenbusStateUnknown)
		own(vif)->removed = true;
	return (ret == 0 || ret == -EINVAL) && !vif->seen->removed;
}

static void
look_at_online(struct vif *vif, uint64_t now_ms)
{
	uint32_t value;
	enum vif_online online = VIF_ONLINE_UNSAID;

	if (node_read_number(&vif->env->xs, 0, vif->dir, KEY_ONLINE, 1, &value, NULL, 0) == 0)
		online = value == 1 ? VIF_ONLINE_YES : VIF_ONLINE_NO;
	if (online != vif->seen->online)
		own(vif)->online_ms = now_ms;
	own(vif)->online = online;
}

/* Logs the hotplug script's own error message. */
static void
tell_hotplug_error(const struct vif *vif)
{
	char text[LIMIT_STORE_VALUE + 1] = "", shown[512];
	int ret = node_read_text(&vif->env->xs, 0, vif->dir, KEY_HOTPLUG_ERROR, text, sizeof(text));

	if (ret < 0 && ret != -EINVAL)
		snprintf(text, sizeof(text), "it does not say why");
	log_warning("%s: its hotplug script failed: %s", vif->name,
		    log_escape(text, shown, sizeof(shown)));
}

static void
look_at_backend(struct vif *vif, uint64_t now_ms)
{
	const struct xstore *xs = &vif->env->xs;

	if (!look_at_own_state(vif, now_ms))
		return;
	if (vif->state == VIF_NEW || vif->seen->netback != VIF_NETBACK_AWAY)
		vif_look_for_netback(vif, now_ms);
	if (!vif->seen->configured)
		look_at_config(vif, now_ms);
	look_at_online(vif, now_ms);
	if (vif_fsm_is_punished(vif->state) && vif->fault != NULL && !vif->shown->has_error)
		vif_show_error(vif, vif->fault); /* the store failed when it happened */
	if (vif->env->hotplug != HOTPLUG_SCRIPT)
		return;
	enum hotplug_status hotplug = hotplug_read(xs, vif->dir);
	if (hotplug == HOTPLUG_FAILED && vif->seen->hotplug != HOTPLUG_FAILED)
		tell_hotplug_error(vif);
	own(vif)->hotplug = hotplug;
}

/* If the whole directory is gone, missing keys mean nothing: the guest's limits hold to the end. */
static void
look_at_live(struct vif *vif, uint64_t now_ms)
{
	struct node_source keys = node_source(&vif->env->xs, vif->dir, VIF_KEY_IS);
	int ret = look_at_own_state(vif, now_ms) ? vif_apply_changes(vif, &keys.source) : 0;

	if (ret < 0)
		look_later(vif, now_ms, "its backend directory", ret);
}

/*
 * Reads whether the frontend wants multicast filtering. Anything but "1" counts as 0, as in
 * xen-netback.
 */
static void
look_at_mcast(struct vif *vif)
{
	uint32_t value = 0;

	if (node_read_number(&vif->env->xs, 0, vif->seen->config.frontend, KEY_REQUEST_MCAST, 1,
			     &value, NULL, 0) < 0)
		value = 0;
	own(vif)->wants_mcast = value == 1;
	vif_connect_mcast(vif);
}

static void
look_at_frontend(struct vif *vif, uint64_t now_ms)
{
	char shown[32] = "";
	uint32_t state;
	int ret = node_read_number(&vif->env->xs, 0, vif->seen->config.frontend, KEY_STATE,
				   XenbusStateReconfigured, &state, shown, sizeof(shown));

	switch (ret) {
	case 0:
		if (state != vif->seen->front_state)
			own(vif)->reconf_ms = state == XenbusStateReconfiguring
						      ? now_ms + LIMIT_RECONFIGURE_DWELL_MS
						      : CLOCK_NEVER;
		own(vif)->front_gone = false;
		own(vif)->front_state = state;
		look_at_mcast(vif);
		return;
	case -ENOENT:
	case -EACCES: /* dom0 owns what is left of a dead guest's path */
		own(vif)->front_gone = true;
		return;
	case -EINVAL:
		if (log_allowed(&vif->state_log))
			log_warning("%s: the frontend's state \"%s\" is invalid and ignored",
				    vif->name, shown);
		return;
	default:
		look_later(vif, now_ms, "the frontend's state", ret);
	}
}

/*
 * A dying domain stays a zombie while we have its pages mapped, so do not wait until its frontend
 * directory goes: not every xenstored removes it. Before the guest connects nothing is mapped, and
 * xenstored may not know the domain yet.
 */
static void
look_at_life(struct vif *vif, uint64_t now_ms)
{
	const struct xstore *xs = &vif->env->xs;

	if (vif->conn->rings.grants == NULL)
		return;
	int ret = xs->ops->domain_lives(xs->conn, vif->domid);
	if (ret == -EACCES || ret == -EPERM)
		return; /* we may not ask; the frontend's state tells */
	if (ret < 0)
		look_later(vif, now_ms, "whether its guest lives", ret);
	else
		own(vif)->dead = ret == 0;
}

void
vif_look_at_domain(struct vif *vif)
{
	vif_config_read_domain(&vif->env->xs, vif->domid, &own(vif)->config);
}

/* Marks stale what is due to be read again. */
static void
take_timers(struct vif *vif, uint64_t now_ms)
{
	struct vif_seen *seen = own(vif);

	if (now_ms >= seen->retry_ms) {
		seen->retry_ms = CLOCK_NEVER;
		vif->stale |= VIF_STALE_STORE;
	}
	if (now_ms >= seen->reconf_ms)
		seen->reconf_ms = CLOCK_NEVER;
	if (now_ms >= seen->rewatch_ms) {
		vif->stale |= VIF_STALE_FRONTEND; /* a watch fires when set; without it, poll */
		watch_frontend(vif, now_ms);
	}
}

void
vif_look(struct vif *vif, uint64_t now_ms)
{
	take_timers(vif, now_ms);
	if (vif->stale & VIF_STALE_BACKEND)
		look_at_backend(vif, now_ms);
	else if ((vif->stale & VIF_STALE_LIVE) && !vif->seen->configured)
		look_at_backend(vif, now_ms); /* errors may have been corrected */
	if ((vif->stale & VIF_STALE_LIVE) && vif->seen->configured)
		look_at_live(vif, now_ms);
	if ((vif->stale & VIF_STALE_FRONTEND) && vif->seen->configured)
		look_at_frontend(vif, now_ms);
	if (vif->stale & VIF_STALE_DOMAIN)
		look_at_life(vif, now_ms);
	if (vif->stale & VIF_STALE_TAP)
		vif_place_look(vif);
	own(vif)->front_gone |= vif->seen->dead;
	vif->stale &= VIF_STALE_CTRL;
}

void
vif_look_init(struct vif *vif)
{
	struct vif_seen *seen = own(vif);

	seen->created_ms = clock_ms();
	seen->retry_ms = seen->reconf_ms = seen->rewatch_ms = CLOCK_NEVER;
}

void
vif_look_end(struct vif *vif)
{
	struct vif_seen *seen = own(vif);

	unwatch_frontend(vif);
	seen->retry_ms = seen->reconf_ms = seen->rewatch_ms = CLOCK_NEVER;
}

/*
 * libxl writes online 0 and state 5 together. State 5 is ignored: we may have overwritten it before
 * we saw it, and nobody sets `online` back.
 */
bool
vif_is_offline(const struct vif *vif)
{
	return vif->seen->online == VIF_ONLINE_NO;
}
