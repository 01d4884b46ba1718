/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a vif and its parts. Only the file that writes a part gets it from here, as
 * own(vif); the others read it by the const pointers of struct vif.
 */
#ifndef VPE_CTL_VIF_PARTS_H
#define VPE_CTL_VIF_PARTS_H

#include "ctl/vif/vif.h"

struct vif_parts {
	struct vif vif; /* first, so that a pointer to it is one to the whole */
	struct vif_seen seen;
	struct vif_settings settings;
	struct vif_place place;
	struct vif_conn conn;
	struct vif_headroom headroom;
	struct vif_shown shown;
};

/* Defines own() for the file that writes `part`. */
#define VIF_OWN_PART(part) \
	static struct vif_##part *own(struct vif *vif) \
	{ \
		return &((struct vif_parts *)vif)->part; \
	}

#endif
