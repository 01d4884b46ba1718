/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes a vif over from the last daemon. See docs/design/restart.md. */
#include <errno.h>

#include "ctl/vif/vif.h"

/* The kernel closes a killed daemon's event channels after its other files. */
#define HELD_RETRY_MS 2u
#define HELD_MAX_MS 3000u

#define TRIED 1u         /* `resume_ms` without a timer */
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

/*
 * Whether an error is the guest's fault. All others may pass, and a guest that is told to close
 * does not come back by itself.
 */
static bool
is_final(const struct vif *vif, int error, uint64_t now_ms)
{
	switch (error) {
	case -EPROTO:
	case -EOPNOTSUPP:
		return true;
	case -EINVAL: /* invalid keys, or event channels that are not released yet */
		return now_ms >= vif->seen->created_ms + HELD_MAX_MS;
	default:
		return false;
	}
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
	if (ret == 0 || is_final(vif, ret, now_ms))
		return ret;
	if (ret == -EINVAL)
		return resume_later(vif, now_ms + HELD_RETRY_MS);
	if (log_allowed(&vif->link_log))
		log_warning("%s: cannot be resumed yet: %s", vif->name, why);
	return resume_later(vif, now_ms + VIF_RETRY_MS);
}

void
vif_resume_passed(struct vif *vif, uint64_t now_ms)
{
	if (vif->resume_ms != 0 && now_ms >= vif->resume_ms)
		vif->resume_ms = TRIED;
}

uint64_t
vif_resume_due(const struct vif *vif)
{
	return vif->resume_ms > TRIED ? vif->resume_ms : CLOCK_NEVER;
}
