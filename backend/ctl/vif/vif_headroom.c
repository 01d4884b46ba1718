/* SPDX-License-Identifier: BSD-3-Clause */
/* The headroom (XDP) that a frontend may change while it is connected. */
#include "ctl/vif/vif_parts.h"
#include "dp/vif/port_vif.h"

VIF_OWN_PART(headroom)

void
vif_headroom_start(struct vif *vif, uint16_t headroom)
{
	*own(vif) = (struct vif_headroom){ .wanted = headroom, .used = headroom };
}

static void
headroom_called(void *owner)
{
	struct vif_headroom *h = own(owner);

	h->calling = false;
	h->used = h->sent;
}

bool
vif_headroom_settle(struct vif *vif)
{
	struct vif_headroom *h = own(vif);

	if (h->wanted == h->used && !h->calling)
		return true;
	if (!h->calling &&
	    attachment_call(vif->env->attachments, &vif->guest, port_vif_set_headroom,
			    (void *)(uintptr_t)h->wanted, headroom_called, vif)) {
		h->calling = true;
		h->sent = h->wanted;
	}
	return false;
}

bool
vif_headroom_look(struct vif *vif)
{
	own(vif)->wanted = vif_keys_read_headroom(&vif->env->xs, 0, vif->seen->config.frontend);
	return vif_headroom_settle(vif);
}
