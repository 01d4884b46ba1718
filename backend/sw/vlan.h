/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VLANs of a bridge that filters them, in the model of Linux's bridge with vlan_filtering=1.
 *
 * On such a bridge each frame is in one VLAN: a VID from 1 to 4094, or VLAN_NONE for untagged
 * traffic. The part of a member decides which VLANs it carries:
 *
 *   VLAN_LISTED  as in the policy: untagged frames are in the PVID or dropped; tagged frames must
 *                be in a listed VLAN
 *   VLAN_TRUNK   an uplink, or a vif that sees everything: untagged frames are in VLAN_NONE, tagged
 *                ones in their VLAN
 *   VLAN_PLAIN   a vif without VLANs in its policy: VLAN_NONE only; tagged frames are dropped
 *
 * A tag with VID 0 only has a priority. It counts as no tag and does not leave again.
 *
 * Linux's bridge differs in three cases, in which a frame with a second tag could get from one VLAN
 * into another:
 * - an incoming frame whose first tag is a provider tag (802.1ad) is dropped; Linux treats it as
 *   untagged;
 * - so is one with a second tag behind a first tag that the member need not send: a priority tag,
 *   or one of a VLAN that is untagged there. A later switch that removes the first tag would see
 *   the second;
 * - an outgoing frame that would begin with another tag once its own is removed is dropped.
 *
 * Threads: pure functions.
 */
#ifndef VPE_SW_VLAN_H
#define VPE_SW_VLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "sw/policy.h"

/* VID of untagged frames on a trunk, and of all frames of a bridge that does not filter */
#define VLAN_NONE 0u
#define VLAN_VID_MAX 4094u

/* How to edit a frame before it leaves. */
enum vlan_edit {
	VLAN_KEEP,
	VLAN_INSERT, /* a tag with the VID */
	VLAN_REMOVE, /* the first tag */
	VLAN_RENAME, /* the first tag gets the VID; the priority stays */
	VLAN_DROP,
};

/*
 * Returns the VID of an incoming frame (at least 14 bytes), or -1 if it must not come in. `vlans`
 * is only used for VLAN_LISTED.
 */
int vlan_ingress(enum vlan_part part, const struct policy_vlans *vlans, const uint8_t *frame,
		 uint32_t len);

/* Whether frames of `vid` may leave by the member. */
bool vlan_is_member(enum vlan_part part, const struct policy_vlans *vlans, uint16_t vid);

/*
 * Returns how to edit a frame of `vid`, which vlan_ingress() let in, before it leaves by the
 * member.
 */
enum vlan_edit vlan_egress(enum vlan_part part, const struct policy_vlans *vlans, uint16_t vid,
			   const uint8_t *frame, uint32_t len);

#endif
