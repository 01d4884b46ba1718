/* SPDX-License-Identifier: BSD-3-Clause */
/* Applies the operator's settings to a vif, at its start and while its guest runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/vif/vif_parts.h"
#include "dp/vif/port_vif.h"
#include "proto/keys.h"

VIF_OWN_PART(settings)

/* Copies the policy for the pollers; the copy never changes. Returns NULL if memory is short. */
static struct policy *
copy_policy(const struct vif_live *live)
{
	struct policy *copy = malloc(sizeof(*copy));

	if (copy != NULL)
		memcpy(copy, &live->policy, sizeof(*copy));
	return copy;
}

static void
set_weight(const struct attachment *attachment, uint32_t weight)
{
	if (attachment->port != NULL)
		port_set_weight(attachment->port, weight);
}

/* A drop-in vif's TAP has the weight of its vif. */
static void
apply_weight(struct vif *vif)
{
	set_weight(&vif->guest, vif->settings->live.weight);
	set_weight(&vif->place->tap.attachment, vif->settings->live.weight);
}

void
vif_apply_vlans(struct vif *vif, bool is_wanted)
{
	bool lists = vif->place->bridge >= 0 && vif->settings->live.policy.part != VLAN_PLAIN &&
		     vif->state != VIF_DEAD;

	if (lists == vif->settings->counts_vlans)
		return;
	own(vif)->counts_vlans = lists;
	bridge_count_listed(vif->env->bridges, vif->place->bridge, lists ? 1 : -1, is_wanted);
}

/* Pins the queues, or unpins them. */
static void
apply_pins(struct vif *vif)
{
	const struct vif_live *live = &vif->settings->live;

	for (unsigned i = 0; i < LIMIT_QUEUES; i++)
		attachment_pin(&vif->guest, i,
			       live->n_pins == 0 ? -1 : live->pin[i % live->n_pins]);
}

int
vif_apply_to_port(struct vif *vif, struct port *port)
{
	apply_pins(vif);
	own(vif)->policy = copy_policy(&vif->settings->live);
	port_set_policy(port, vif->settings->policy);
	port_set_weight(port, vif->settings->live.weight);
	set_weight(&vif->place->tap.attachment, vif->settings->live.weight);
	return vif->settings->policy == NULL ? -ENOMEM : 0;
}

void
vif_apply_end(struct vif *vif)
{
	free(vif->settings->policy);
	own(vif)->policy = NULL;
}

/*
 * Publishes a new policy and retires the old one. Returns false if memory is short. The pollers
 * pick the new one up in the call that attachment_retire() makes for the old one; there always is
 * an old one.
 */
static bool
replace_policy(struct vif *vif, const struct vif_live *live)
{
	struct policy *old = vif->settings->policy;

	if (vif->guest.port == NULL)
		return true;
	struct policy *policy = copy_policy(live);
	if (policy == NULL)
		return false;
	own(vif)->policy = policy;
	port_set_policy(vif->guest.port, policy);
	attachment_retire(vif->env->attachments, &vif->guest, old, free);
	return true;
}

static void
set_rate(struct meter *meter, const struct vif_rate *rate)
{
	meter_set(meter, rate->bytes, rate->usecs);
}

static void
apply_rate(struct meter *meter, const struct vif_rate *rate, const struct vif_rate *old)
{
	if (rate->bytes != old->bytes || rate->usecs != old->usecs)
		set_rate(meter, rate);
}

/*
 * Replaces the settings by `live`. Returns false, without effect, if memory is short. memcmp() also
 * compares padding, so settings are copied by memcpy() only.
 */
static bool
apply(struct vif *vif, const struct vif_live *live)
{
	if (memcmp(&live->policy, &vif->settings->live.policy, sizeof(live->policy)) != 0 &&
	    !replace_policy(vif, live))
		return false;
	apply_rate(&vif->shared.from_guest, &live->from_guest, &vif->settings->live.from_guest);
	apply_rate(&vif->shared.to_guest, &live->to_guest, &vif->settings->live.to_guest);
	if (vif->guest.port != NULL && live->max_frame != vif->settings->live.max_frame)
		guest_port_set_max_frame(vif->guest.port, live->max_frame);
	memcpy(&own(vif)->live, live, sizeof(*live));
	apply_weight(vif);
	apply_pins(vif);
	vif_apply_vlans(vif, true);
	return true;
}

/*
 * Reports errors in the keys ("": none any more), once per change; does not replace a worse error
 * in the store.
 */
static void
say_wrong(struct vif *vif, const char *why)
{
	if (strcmp(why, vif->settings->why) == 0)
		return;
	snprintf(own(vif)->why, sizeof(vif->settings->why), "%s", why);
	if (why[0] != '\0' && log_allowed(&own(vif)->wrong_log))
		log_warning("%s: wrong settings have no effect: %s", vif->name, why);
	vif_show_live_error(vif);
}

/*
 * A directory that was removed while its keys were read has no keys: that must not count as a
 * change.
 */
static bool
has_directory(const struct vif *vif)
{
	uint32_t state;

	return node_read_number(&vif->env->xs, 0, vif->dir, KEY_STATE, XenbusStateReconfigured,
				&state, NULL, 0) != -ENOENT;
}

int
vif_apply_changes(struct vif *vif, const struct key_source *source)
{
	struct vif_live live;
	char why[VIF_WHY_SIZE] = "";

	memcpy(&live, &vif->settings->live, sizeof(live));
	int ret = vif_live_read(source, &live, why, sizeof(why));
	if (ret < 0 && ret != -EINVAL)
		return ret;
	if (!has_directory(vif))
		return 0;
	say_wrong(vif, why);
	if (memcmp(&live, &vif->settings->live, sizeof(live)) == 0)
		return 0;
	if (!apply(vif, &live))
		return -ENOMEM;
	if (log_allowed(&own(vif)->changed_log))
		log_info("%s: new settings are in effect%s%s", vif->name,
			 why[0] != '\0' ? "; still wrong: " : "", why);
	return 0;
}

int
vif_apply_read(struct vif *vif, const struct key_source *source, char *why, size_t why_size)
{
	vif_live_init(&own(vif)->live, vif->seen->config.switched, dp_n_pollers(vif->env->dp));
	int ret = vif_live_read(source, &own(vif)->live, why, why_size);

	if (ret == 0) {
		set_rate(&vif->shared.from_guest, &vif->settings->live.from_guest);
		set_rate(&vif->shared.to_guest, &vif->settings->live.to_guest);
	}
	return ret;
}
