/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checksum and segmentation offloads: from the flags of netif.h, virtio-net and ethdev to an mbuf's flags and
 * back, and in software where the next hop cannot do them.
 *
 * What makes a request (offload_request, offload_from_virtio) parses the frame itself and believes only what
 * it checked against the frame's length. The other functions rely on that: between a request and its end
 * nobody changes the frame's headers or length. Frames are linear. Threads: pure functions over their
 * arguments.
 */
#ifndef VPE_DP_OFFLOAD_H
#define VPE_DP_OFFLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "dp/pool.h"

struct virtio_net_hdr; /* <linux/virtio_net.h> */

enum offload_gso {
	OFFLOAD_GSO_NONE,
	OFFLOAD_GSO_TCPV4,
	OFFLOAD_GSO_TCPV6,
	OFFLOAD_GSO_UDP, /* datagrams of one flow, over IPv4 or IPv6; only kernels have such frames */
};

/*
 * Marks `m` as a frame whose TCP or UDP checksum is blank and, with `gso` not NONE, as a TCP frame that is to
 * be cut into segments of `gso_size` payload bytes: parses the headers (up to two VLAN tags, IPv4 with
 * options, IPv6 with extension headers, TCP, UDP), sets ol_flags, l2_len, l3_len, l4_len and tso_segsz, and
 * writes the pseudo-header checksum, as DPDK wants it for a plain checksum offload, into the checksum field.
 * Padding after the IP packet is cut off, and a GSO frame whose payload fits in one segment becomes a
 * checksum request. Refused are fragments, lengths beyond the frame, and GSO frames with a segment size of 0
 * or with an IP length other than the frame's.
 * Returns 0, or -EINVAL if the headers do not say what the offload needs; the frame is then unchanged.
 */
int offload_request(struct rte_mbuf *m, enum offload_gso gso, uint16_t gso_size);

/*
 * The PORT_TAKES_* bits that the far end must have to take `m` as it is; 0 for a complete frame. A GSO frame
 * needs the CSUM bit beside the TSO bit: if either is missing, the frame has to be segmented.
 */
uint32_t offload_needs(const struct rte_mbuf *m);

/*
 * Completes the checksum in software and turns the request, if there is one, into
 * RTE_MBUF_F_RX_L4_CKSUM_GOOD. `m` must not be shared and not be a GSO frame.
 */
void offload_complete_csum(struct rte_mbuf *m);

/*
 * Cuts the GSO frame `m` (may be shared; is only read) into complete frames with finished checksums, marked
 * RTE_MBUF_F_RX_L4_CKSUM_GOOD, at most `max` of them, in new buffers. Follows what TCP needs: sequence
 * numbers, FIN and PSH only on the last segment, CWR only on the first, IPv4 ids counting up. Each is as long
 * as the headers and tso_segsz together; whether the next hop takes that is for the caller to know. Returns
 * their number, or -ENOBUFS (nothing allocated stays) or -EMSGSIZE if more than `max` were needed. `m` stays
 * the caller's.
 */
int offload_segment(struct pools *pools, const struct rte_mbuf *m, struct rte_mbuf **out, unsigned max);

static inline bool
offload_is_gso(const struct rte_mbuf *m)
{
	return (m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)) != 0;
}

/* Bytes of all headers of a GSO frame, those of a tunnel included: each segment has them, too. */
static inline uint32_t
offload_gso_headers(const struct rte_mbuf *m)
{
	return (uint32_t)(m->outer_l2_len + m->outer_l3_len + m->l2_len + m->l3_len + m->l4_len);
}

/* Bytes of all segments of a GSO frame of `size` bytes, of which `headers` are headers; `gso_size` 0: it is none. */
static inline uint32_t
offload_wire_bytes(uint32_t size, uint32_t headers, uint32_t gso_size)
{
	if (gso_size == 0 || size <= headers + gso_size)
		return size;
	return size + (size - headers - 1) / gso_size * headers;
}

/* How many frames offload_segment() makes of `m`. */
unsigned offload_segment_count(const struct rte_mbuf *m);

/* Fills the header that a kernel device with IFF_VNET_HDR or PACKET_VNET_HDR wants before `m`. */
void offload_to_virtio(const struct rte_mbuf *m, struct virtio_net_hdr *hdr);

/*
 * Turns such a header, as the kernel gave it, into flags of `m`. Offloads that a guest could not be told of
 * (a checksum that is not TCP's or UDP's) are completed in software. Returns 0 or -EINVAL (drop the frame).
 */
int offload_from_virtio(struct rte_mbuf *m, const struct virtio_net_hdr *hdr);

/*
 * Turns ethdev's receive flags (RTE_MBUF_F_RX_*) into the ones used inside vpe: a good L4 checksum stays
 * marked RTE_MBUF_F_RX_L4_CKSUM_GOOD; one that is not computed ("none") becomes a request, and an LRO frame a GSO frame (tso_segsz
 * says of which size, 0: not known); an IPv4 header's is completed. Everything else is cleared: a bad or unknown checksum is
 * looked at by whom the frame is for. VLAN tags must have been left in the frame.
 */
void offload_from_ethdev(struct rte_mbuf *m);

/*
 * Gives a frame with offload requests the checksum field that a DPDK NIC wants (for TSO, the pseudo-header
 * without length) and sets RTE_MBUF_F_TX_IP_CKSUM where the NIC rewrites IPv4 headers. The frame is fit for
 * nothing else then. `m` must not be shared.
 */
void offload_to_ethdev(struct rte_mbuf *m);

#endif
