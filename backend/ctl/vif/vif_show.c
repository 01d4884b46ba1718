/* SPDX-License-Identifier: BSD-3-Clause */
/* Shows a vif's state to the frontend and the toolstack. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/vif/vif_parts.h"
#include "proto/keys.h"

#define VALUES_MAX 24

VIF_OWN_PART(shown)

static void
add(struct node_value *values, unsigned *n, const char *key, const char *value)
{
	values[(*n)++] = (struct node_value){ .key = key, .value = value };
}

/* Buffers for formatted values. */
struct texts {
	char state[4];
	char max_queues[4];
};

/*
 * Collects only values that change, because the toolstack writes `state` as well and each write
 * wakes all watchers of the directory. The features stay there as long as the directory does.
 */
static unsigned
values_of(const struct vif *vif, enum xenbus_state state, bool carrier, struct texts *texts,
	  struct node_value *values)
{
	unsigned n = 0;
	unsigned n_features;
	const struct node_value *features = vif_keys_features(&n_features);
	bool first = vif->shown->state == XenbusStateUnknown;

	if (carrier != vif->shown->carrier || first)
		add(values, &n, KEY_CARRIER, carrier ? "1" : "0");
	if (state == vif->shown->state)
		return n;
	if (state == XenbusStateInitWait && vif->shown->offered_ms == CLOCK_NEVER) {
		for (unsigned i = 0; i < n_features; i++)
			add(values, &n, features[i].key, features[i].value);
		snprintf(texts->max_queues, sizeof(texts->max_queues), "%u",
			 vif->env->max_queues % 100);
		add(values, &n, KEY_MAX_QUEUES, texts->max_queues);
		if (vif->env->hotplug == HOTPLUG_SELF)
			add(values, &n, KEY_HOTPLUG_STATUS, HOTPLUG_STATUS_CONNECTED);
	}
	snprintf(texts->state, sizeof(texts->state), "%u", (unsigned)state % 10);
	add(values, &n, KEY_STATE, texts->state);
	return n;
}

/*
 * Writes the values unless the directory was removed or the toolstack has replaced it: state 1,
 * which we never write, in a directory where we have shown another. Returns 0, -ENOENT, or another
 * negative errno.
 */
static int
update(const struct vif *vif, const struct node_value *values, unsigned n)
{
	bool first = vif->shown->state == XenbusStateUnknown;
	const struct node_value guard = { .key = KEY_STATE, .value = first ? NULL : "1" };

	return node_update(&vif->env->xs, vif->dir, &guard, values, n);
}

void
vif_show(struct vif *vif, uint64_t now_ms)
{
	enum xenbus_state state = vif_fsm_shown(vif->state);
	/* After a fault, it goes down only when nothing of the guest's is in use any more. */
	bool carrier = (vif_fsm_is_connected(vif->state) && vif->linked) ||
		       (vif->state == VIF_FAULTING && vif->shown->carrier);
	struct node_value values[VALUES_MAX];
	struct texts texts;

	if (state == XenbusStateUnknown || vif->seen->removed ||
	    vif->seen->retry_ms != CLOCK_NEVER || vif->shown->retry_ms != CLOCK_NEVER)
		return;
	if (vif->seen->netback == VIF_NETBACK_HOLDS)
		return; /* the directory is the kernel's */
	if (state == vif->shown->state && carrier == vif->shown->carrier)
		return;
	unsigned n = values_of(vif, state, carrier, &texts, values);
	int ret = update(vif, values, n);
	if (ret == -ENOENT) {
		vif->stale |= VIF_STALE_BACKEND;
		return;
	}
	if (ret < 0) {
		own(vif)->retry_ms = now_ms + VIF_RETRY_MS;
		if (log_allowed(&vif->state_log))
			log_warning("%s: its backend directory cannot be written: %s", vif->name,
				    strerror(-ret));
		return;
	}
	if (state != vif->shown->state && state == XenbusStateInitWait)
		own(vif)->offered_ms = now_ms;
	if (state != vif->shown->state && state == XenbusStateClosed)
		own(vif)->closed_ms = now_ms;
	own(vif)->state = state;
	own(vif)->carrier = carrier;
}

static void
error_path(const struct vif *vif, char *path, size_t path_size, const char *tail)
{
	snprintf(path, path_size, "%s/%u/%u%s", KEY_ERROR_VIFS, vif->domid, vif->devid, tail);
}

void
vif_show_error(struct vif *vif, const char *why)
{
	struct vif_shown *shown = own(vif);
	const struct xstore *xs = &vif->env->xs;
	char path[80];

	error_path(vif, path, sizeof(path), "/" KEY_ERROR);
	int ret = xs->ops->write(xs->conn, 0, path, why);
	if (ret < 0)
		log_debug("%s: %s cannot be written: %s", vif->name, path, strerror(-ret));
	shown->has_error = ret == 0;
	shown->error_is_live = false;
	snprintf(shown->error, sizeof(shown->error), "%.*s", VIF_WHY_SIZE - 1, why);
}

void
vif_show_live_error(struct vif *vif)
{
	char why[sizeof(vif->place->tap.why) + sizeof(vif->settings->why) + 2];
	bool both = vif->place->tap.why[0] != '\0' && vif->settings->why[0] != '\0';

	if (vif->shown->has_error && !vif->shown->error_is_live)
		return;
	snprintf(why, sizeof(why), "%s%s%s", vif->place->tap.why, both ? "; " : "",
		 vif->settings->why);
	if (why[0] == '\0') {
		vif_show_no_error(vif);
		return;
	}
	vif_show_error(vif, why);
	own(vif)->error_is_live = vif->shown->has_error;
}

void
vif_show_no_error(struct vif *vif)
{
	char path[80];
	const struct xstore *xs = &vif->env->xs;

	if (!vif->shown->has_error)
		return;
	error_path(vif, path, sizeof(path), "");
	xs->ops->remove(xs->conn, 0, path);
	own(vif)->has_error = false;
}

void
vif_show_init(struct vif *vif)
{
	struct vif_shown *shown = own(vif);

	shown->offered_ms = shown->closed_ms = shown->retry_ms = CLOCK_NEVER;
}

bool
vif_show_resumes(struct vif *vif, uint64_t now_ms)
{
	if (now_ms < vif->shown->retry_ms)
		return false;
	own(vif)->retry_ms = CLOCK_NEVER;
	return true;
}

/* An error of the last daemon is cleared when the vif works. */
void
vif_show_adopt(struct vif *vif)
{
	struct vif_shown *shown = own(vif);
	uint32_t carrier = 0;

	if (node_read_number(&vif->env->xs, 0, vif->dir, KEY_CARRIER, 1, &carrier, NULL, 0) < 0)
		carrier = 0;
	shown->state = vif->seen->own_state;
	shown->carrier = carrier == 1;
	shown->has_error = shown->error_is_live = true;
}

void
vif_show_again(struct vif *vif)
{
	own(vif)->state = XenbusStateClosing;
}

void
vif_show_end(struct vif *vif)
{
	vif_show_no_error(vif);
	own(vif)->retry_ms = CLOCK_NEVER;
}

void
vif_show_removal(struct vif *vif, uint64_t now_ms)
{
	struct node_value values[] = {
		{ KEY_STATE, "6" },
		{ KEY_ONLINE, vif->seen->online == VIF_ONLINE_NO ? "0" : "1" },
	};
	unsigned n = vif->seen->online == VIF_ONLINE_UNSAID ? 1 : 2;
	int ret = node_remove_if(&vif->env->xs, vif->dir, values, n);

	vif->stale |= VIF_STALE_BACKEND;
	own(vif)->closed_ms = now_ms;
	if (ret < 0 && ret != -ENOENT && ret != -EAGAIN && log_allowed(&vif->state_log))
		log_warning("%s: its backend directory cannot be removed: %s", vif->name,
			    strerror(-ret));
}
