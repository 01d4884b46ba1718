/* SPDX-License-Identifier: BSD-3-Clause */
/* The Ethernet header of a frame and its VLAN tags, read within the frame's length. Pure. Source: IEEE 802.3, 802.1Q, 802.1ad. */
#ifndef VPE_SW_ETHER_H
#define VPE_SW_ETHER_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>

#define ETHER_TAGS_MAX 2u /* IEEE 802.1ad */

static inline uint16_t
ether_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline bool
ether_is_tag(uint16_t ethertype)
{
	return ethertype == RTE_ETHER_TYPE_VLAN || ethertype == RTE_ETHER_TYPE_QINQ;
}

/* The EtherType behind the tags, and in `at` where what it names begins. -1: the frame ends before, or has too many tags. */
static inline int
ether_payload(const uint8_t *frame, uint32_t len, uint32_t *at)
{
	*at = RTE_ETHER_HDR_LEN;
	for (unsigned n_tags = 0; n_tags <= ETHER_TAGS_MAX && *at <= len; n_tags++) {
		uint16_t ethertype = ether_be16(frame + *at - sizeof(rte_be16_t));
		if (!ether_is_tag(ethertype))
			return ethertype;
		*at += RTE_VLAN_HLEN;
	}
	return -1;
}

#endif
