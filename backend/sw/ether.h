/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of the Ethernet header and its VLAN tags; sw/headers.h parses whole headers. Pure
 * functions. Source: IEEE 802.3, 802.1Q, 802.1ad.
 */
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

#endif
