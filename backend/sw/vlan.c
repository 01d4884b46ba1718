/* SPDX-License-Identifier: BSD-3-Clause */
/* VLANs of a bridge that filters them. Pure functions. */
#include "sw/vlan.h"

#include "sw/ether.h"

#define TYPE_OFFSET (2u * RTE_ETHER_ADDR_LEN)
#define VID_MASK 0x0fffu

static bool
has_bit(const uint64_t *bits, uint16_t vid)
{
	return (bits[vid / 64] >> (vid % 64) & 1) != 0;
}

/* The VID of an untagged frame, or -1. */
static int
untagged_vid(enum vlan_part part, const struct policy_vlans *vlans)
{
	if (part != VLAN_LISTED)
		return VLAN_NONE;
	return vlans->pvid != 0 ? vlans->pvid : -1;
}

/* Whether another tag is behind the first one. */
static bool
has_second_tag(const uint8_t *frame)
{
	return ether_is_tag(ether_be16(frame + TYPE_OFFSET + RTE_VLAN_HLEN));
}

int
vlan_ingress(enum vlan_part part, const struct policy_vlans *vlans, const uint8_t *frame,
	     uint32_t len)
{
	uint16_t ethertype = ether_be16(frame + TYPE_OFFSET);
	uint16_t vid;

	if (!ether_is_tag(ethertype))
		return untagged_vid(part, vlans);
	if (ethertype != RTE_ETHER_TYPE_VLAN || len < RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN)
		return -1;
	vid = ether_be16(frame + RTE_ETHER_HDR_LEN) & VID_MASK;
	if (vid == 0)
		return has_second_tag(frame) ? -1 : untagged_vid(part, vlans);
	if (part == VLAN_LISTED && has_bit(vlans->untagged, vid) && has_second_tag(frame))
		return -1;
	return vid <= VLAN_VID_MAX && vlan_is_member(part, vlans, vid) ? vid : -1;
}

bool
vlan_is_member(enum vlan_part part, const struct policy_vlans *vlans, uint16_t vid)
{
	switch (part) {
	case VLAN_TRUNK:
		return true;
	case VLAN_PLAIN:
		return vid == VLAN_NONE;
	case VLAN_LISTED:
		break;
	}
	return vid != VLAN_NONE && vid <= VLAN_VID_MAX && has_bit(vlans->member, vid);
}

enum vlan_edit
vlan_egress(enum vlan_part part, const struct policy_vlans *vlans, uint16_t vid,
	    const uint8_t *frame, uint32_t len)
{
	bool tagged = ether_is_tag(ether_be16(frame + TYPE_OFFSET));
	bool to_be_tagged =
		vid != VLAN_NONE && !(part == VLAN_LISTED && has_bit(vlans->untagged, vid));

	if (!vlan_is_member(part, vlans, vid) ||
	    (tagged && len < RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN))
		return VLAN_DROP;
	if (!tagged)
		return to_be_tagged ? VLAN_INSERT : VLAN_KEEP;
	if (to_be_tagged)
		return (ether_be16(frame + RTE_ETHER_HDR_LEN) & VID_MASK) == vid ? VLAN_KEEP
										 : VLAN_RENAME;
	return has_second_tag(frame) ? VLAN_DROP : VLAN_REMOVE;
}
