/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Editing of VLAN tags in frames (sw/vlan.h): insertion, removal and change, for frames that leave
 * by a port of a bridge that filters VLANs. A GSO frame is tagged as a whole; its segments inherit
 * the headers.
 */
#ifndef VPE_DP_TAG_H
#define VPE_DP_TAG_H

#include <stdint.h>

#include <rte_mbuf.h>

#include "dp/port/port.h"
#include "sw/vlan.h"

/*
 * Returns the frame as it leaves: `m`, or a copy if `m` is shared. Consumes `m`. Returns NULL if it
 * was dropped and counted on `port`, because of `edit` or for lack of room or of a buffer.
 * VLAN_REMOVE and VLAN_RENAME require that the frame has a tag, which vlan_egress() has checked.
 */
struct rte_mbuf *tag_edit(struct port *port, struct rte_mbuf *m, enum vlan_edit edit, uint16_t vid);

#endif
