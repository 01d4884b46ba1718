/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes a vif over from the last daemon. See docs/design/restart.md. */
#include <errno.h>

#include "ctl/vif/vif.h"

/* The kernel closes a killed daemon's event channels after its other files. */
#define HELD_RETRY_MS 2u
#define HELD_MAX_MS 3000u

#define SUSPECT_MS 1000u /* a vif that may crash us again waits this long */

bool
vif_is_served(const struct vif *vif)
{
	uint32_t own = vif->seen->own_state;

	return vif->state == VIF_NEW &&
	       (own == XenbusStateConnected || own == XenbusStateReconfigured);
}

const char *
vif_resume_fault(struct vif *vif)
{
	if (vif->state != VIF_NEW || !vif->seen->configured || vif->fault != NULL)
		return vif->fault;
	if (vif->seen->own_state != XenbusStateInitialising)
		return vif_connect_kept_fault(vif);
	vif_connect_forget(vif);
	return NULL;
}

static int
resume_later(struct vif *vif, uint64_t at_ms)
{
	vif->resume_ms = at_ms;
	return -EAGAIN;
}

int
vif_resume(struct vif *vif, uint64_t now_ms, attachment_fn *moved, char *why, size_t why_size)
{
	bool first = vif->resume_ms == 0;

	if (first)
		vif_show_adopt(vif);
	if (first && vif_connect_is_suspect(vif)) /* the others first */
		return resume_later(vif, now_ms + SUSPECT_MS);
	int ret = vif_connect(vif, true, moved, why, why_size);
	if (ret == -EINVAL && now_ms < vif->seen->created_ms + HELD_MAX_MS)
		return resume_later(vif, now_ms + HELD_RETRY_MS);
	return ret;
}

uint64_t
vif_resume_due(const struct vif *vif)
{
	bool waits =
		vif->state == VIF_NEW && vif->resume_ms != 0 && vif->place->retry_ms == CLOCK_NEVER;

	return waits ? vif->resume_ms : CLOCK_NEVER;
}
