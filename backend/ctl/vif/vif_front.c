/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings that a frontend may change while it is connected. */
#include "ctl/vif/vif.h"

#include <string.h>

#include "dp/vif/port_vif.h"
#include "proto/keys.h"

void
vif_front_start(struct vif *vif, const struct vif_keys *keys)
{
	vif->headroom = (struct vif_headroom){ .wanted = keys->headroom, .used = keys->headroom };
	memset(vif->mcast.addr, 0, sizeof(vif->mcast.addr)); /* netif.h: frontends add them again */
}

/* Anything but "1" counts as 0, as in xen-netback. */
void
vif_look_at_mcast(struct vif *vif)
{
	uint32_t value = 0;

	if (node_read_number(&vif->env->xs, 0, vif->config.frontend, KEY_REQUEST_MCAST, 1, &value, NULL, 0) < 0)
		value = 0;
	mcast_apply(&vif->mcast, value == 1);
}

bool
vif_headroom_settle(struct vif *vif)
{
	struct vif_headroom *h = &vif->headroom;

	if (h->wanted == h->used && !h->calling)
		return true;
	if (!h->calling && member_call(vif->env->members, &vif->guest, port_vif_set_headroom, (void *)(uintptr_t)h->wanted)) {
		h->calling = true;
		h->sent = h->wanted;
	}
	return false;
}

bool
vif_headroom_look(struct vif *vif)
{
	vif->headroom.wanted = vif_keys_read_headroom(&vif->env->xs, 0, vif->config.frontend);
	return vif_headroom_settle(vif);
}

bool
vif_headroom_called(struct vif *vif)
{
	struct vif_headroom *h = &vif->headroom;

	if (!h->calling)
		return false;
	h->calling = false;
	h->used = h->sent;
	return true;
}
