/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Generic receive offload: consecutive TCP segments of a guest become one GSO frame, for a next hop
 * that pays for each frame.
 *
 * Theory of operation: a guest without TSO (a VLAN device on netfront, BSD, firmware) sends
 * segments of its MTU. The kernel needs as much time to send one of them as to send a frame of
 * 64 KiB. Segments of one burst whose headers differ in nothing but what segmentation itself
 * changes are therefore merged, as the kernel merges what a NIC receives. Nothing is lost by it:
 * segmenting the result gives the same segments again, bit by bit. Only the ids of IPv4 packets
 * that must not be fragmented may differ, which nobody may look at (RFC 6864). A segment with a
 * wrong checksum is not merged, so it stays wrong.
 *
 * DPDK's rte_gro is not used: it knows no VLAN tags, merges what segmentation does not restore, and
 * its results are chains of buffers.
 * Threads: pure functions of their arguments.
 */
#ifndef VPE_DP_GRO_H
#define VPE_DP_GRO_H

#include <rte_mbuf.h>

#include "dp/frame/pool.h"

/*
 * Merges what can be merged among `n` (at most LIMIT_BURST) frames. A merged frame takes the place
 * of its first segment, the frames of each connection keep their order, and the others move up. The
 * segments are freed; they are only read, so they may be shared. Without a large buffer, frames
 * stay as they are. Returns the number of frames left.
 */
unsigned gro_burst(struct pools *pools, struct rte_mbuf **frames, unsigned n);

#endif
