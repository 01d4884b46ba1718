/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VLAN tags in frames: put in, taken off, changed, as sw/vlan.h says. Called by the poller for frames that leave by a port
 * of a bridge that filters VLANs. A GSO frame is tagged as a whole: its segments inherit the headers.
 */
#ifndef VPE_DP_TAG_H
#define VPE_DP_TAG_H

#include <stdint.h>

#include <rte_mbuf.h>

#include "dp/port.h"
#include "sw/vlan.h"

/*
 * The frame as it leaves: `m`, or a copy where other ports hold it too. Consumes `m`. NULL: it was dropped and counted on `port`, because
 * `edit` says so or there is no room or no buffer. Relies on what vlan_egress() has looked at: VLAN_REMOVE and VLAN_RENAME are
 * for frames that have a tag.
 */
struct rte_mbuf *tag_edit(struct port *port, struct rte_mbuf *m, enum vlan_edit edit, uint16_t vid);

#endif
