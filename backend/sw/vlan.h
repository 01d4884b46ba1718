/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VLANs of a bridge that filters them, in the model of Linux's bridge with vlan_filtering=1. Called by switch.c.
 *
 * On such a bridge each frame is in one VLAN: a VID from 1 to 4094, or VLAN_NONE, the LAN of those who know of no VLANs. What
 * a member has to do with them is its part:
 *
 *   VLAN_LISTED  the policy says it: untagged frames are in the PVID or dropped; tagged ones must be in a VLAN of the list
 *   VLAN_TRUNK   an uplink, or a vif that is to see all: untagged frames are in VLAN_NONE, tagged ones in their VLAN
 *   VLAN_PLAIN   a vif whose policy says nothing: VLAN_NONE only; tagged frames are dropped
 *
 * A tag with VID 0 has a priority only; it counts as none and does not leave again.
 *
 * Linux's bridge differs in three things, where a frame with a second tag could get from one VLAN into another:
 *  - a frame whose first tag is a provider's (802.1ad) is dropped as it comes in; Linux takes it for an untagged one;
 *  - so is one with a second tag behind a first one that the member need not send: a priority tag, or one of a VLAN that is
 *    untagged there. A switch further on that takes the first one off would see the second;
 *  - a frame that would begin with another tag once its own is taken off is dropped as it leaves.
 *
 * Threads: pure functions.
 */
#ifndef VPE_SW_VLAN_H
#define VPE_SW_VLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "sw/policy.h"

#define VLAN_NONE 0u /* the VID of untagged frames on a trunk; also of all frames of a bridge that does not filter */
#define VLAN_VID_MAX 4094u

/* What has to be done to a frame before it leaves. */
enum vlan_edit {
	VLAN_KEEP,
	VLAN_INSERT, /* a tag with the VID */
	VLAN_REMOVE, /* the first tag */
	VLAN_RENAME, /* the first tag gets the VID; the priority stays */
	VLAN_DROP,
};

/* The VID of a frame (at least 14 bytes) that comes in, or -1: it must not. `vlans` is looked at for VLAN_LISTED only. */
int vlan_ingress(enum vlan_part part, const struct policy_vlans *vlans, const uint8_t *frame, uint32_t len);

/* Whether frames of `vid` may leave by the member. */
bool vlan_is_member(enum vlan_part part, const struct policy_vlans *vlans, uint16_t vid);

/* How a frame of `vid` that vlan_ingress() let in leaves by the member. */
enum vlan_edit vlan_egress(enum vlan_part part, const struct policy_vlans *vlans, uint16_t vid, const uint8_t *frame,
			   uint32_t len);

#endif
