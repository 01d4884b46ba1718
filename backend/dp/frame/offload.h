/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checksum and segmentation offloads: conversion between the flags of netif.h, virtio-net and
 * ethdev and those of an mbuf, and software fallbacks for next hops without offloads.
 *
 * The functions that make a request (offload_request, offload_from_virtio) parse the frame
 * themselves and trust only what they checked against its length. The others rely on that: nobody
 * may change the frame's headers or length while a request is pending. Frames are linear.
 * Threads: pure functions of their arguments.
 */
#ifndef VPE_DP_OFFLOAD_H
#define VPE_DP_OFFLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "dp/frame/pool.h"

struct virtio_net_hdr; /* <linux/virtio_net.h> */

/* Offloads that a port's far end does itself. */
#define PORT_TAKES_CSUM4 (1u << 0)  /* blank TCP and UDP checksums over IPv4 */
#define PORT_TAKES_CSUM6 (1u << 1)  /* the same over IPv6 */
#define PORT_TAKES_TSO4 (1u << 2)   /* TCP over IPv4 longer than the MTU */
#define PORT_TAKES_TSO6 (1u << 3)   /* TCP over IPv6 longer than the MTU */
#define PORT_TAKES_TAGGED (1u << 4) /* any of these in frames with VLAN tags */
#define PORT_TAKES_RARE (1u << 5)   /* segmentation of UDP, and of TCP in tunnels; no port has it */
#define PORT_TAKES_ALL \
	(PORT_TAKES_CSUM4 | PORT_TAKES_CSUM6 | PORT_TAKES_TSO4 | PORT_TAKES_TSO6 | \
	 PORT_TAKES_TAGGED)

enum offload_gso {
	OFFLOAD_GSO_NONE,
	OFFLOAD_GSO_TCPV4,
	OFFLOAD_GSO_TCPV6,
	/* datagrams of one flow, over IPv4 or IPv6; only kernels produce such frames */
	OFFLOAD_GSO_UDP,
};

/*
 * Marks `m` as a frame whose TCP or UDP checksum is blank and, unless `gso` is NONE, as a GSO frame
 * to be cut into segments of `gso_size` payload bytes. Parses the headers (up to two VLAN tags,
 * IPv4 with options, IPv6 with extension headers, TCP, UDP), sets ol_flags, l2_len, l3_len, l4_len
 * and tso_segsz, and writes the pseudo-header checksum into the checksum field, as DPDK wants it
 * for a plain checksum offload. Padding after the IP packet is cut off. A GSO frame whose payload
 * fits into one segment becomes a checksum request. Fragments, lengths beyond the frame, GSO frames
 * with a segment size of 0 and GSO frames whose IP length is not the frame's are refused. Returns
 * 0, or -EINVAL if the headers do not fit the offload; the frame is then unchanged.
 */
int offload_request(struct rte_mbuf *m, enum offload_gso gso, uint16_t gso_size);

/*
 * The PORT_TAKES_* bits that the far end needs to take `m` as it is; 0 for a complete frame. A GSO
 * frame needs the CSUM bit as well as the TSO bit. If either is missing, segment the frame.
 */
uint32_t offload_needs(const struct rte_mbuf *m);

/*
 * Completes the checksum in software. A request becomes RTE_MBUF_F_RX_L4_CKSUM_GOOD. `m` must not
 * be shared and must not be a GSO frame.
 */
void offload_complete_csum(struct rte_mbuf *m);

/*
 * Cuts the GSO frame `m` into at most `max` complete frames in new buffers, with finished
 * checksums, marked RTE_MBUF_F_RX_L4_CKSUM_GOOD. `m` is only read, may be shared, and stays the
 * caller's. Follows TCP's rules: sequence numbers advance, FIN and PSH are only on the last
 * segment, CWR only on the first, IPv4 ids count up. A segment is at most as long as the headers
 * and tso_segsz together; the caller checks that the next hop takes that. Returns the number of
 * frames, -EMSGSIZE if more than `max` are needed, or -ENOBUFS if buffers ran out, with none left
 * allocated.
 */
int offload_segment(struct pools *pools, const struct rte_mbuf *m, struct rte_mbuf **out,
		    unsigned max);

static inline bool
offload_is_gso(const struct rte_mbuf *m)
{
	return (m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)) != 0;
}

/* Bytes of all headers of a GSO frame, including those of a tunnel. Each segment repeats them. */
static inline uint32_t
offload_gso_headers(const struct rte_mbuf *m)
{
	return (uint32_t)(m->outer_l2_len + m->outer_l3_len + m->l2_len + m->l3_len + m->l4_len);
}

/*
 * Bytes of all segments of a frame of `size` bytes with `headers` bytes of headers. `gso_size` is 0
 * for a frame that is not GSO.
 */
static inline uint32_t
offload_wire_bytes(uint32_t size, uint32_t headers, uint32_t gso_size)
{
	if (gso_size == 0 || size <= headers + gso_size)
		return size;
	return size + (size - headers - 1) / gso_size * headers;
}

/* Number of frames that offload_segment() makes of `m`. */
unsigned offload_segment_count(const struct rte_mbuf *m);

/* Fills the header that a kernel device with IFF_VNET_HDR or PACKET_VNET_HDR wants before `m`. */
void offload_to_virtio(const struct rte_mbuf *m, struct virtio_net_hdr *hdr);

/*
 * Turns such a header from the kernel into flags of `m`. Offloads that a guest cannot be told of
 * (checksums of neither TCP nor UDP) are completed in software. Returns 0, or -EINVAL: drop the
 * frame.
 */
int offload_from_virtio(struct rte_mbuf *m, const struct virtio_net_hdr *hdr);

/*
 * Turns ethdev's receive flags (RTE_MBUF_F_RX_*) into those used inside vpe. A good L4 checksum
 * stays marked RTE_MBUF_F_RX_L4_CKSUM_GOOD. One that is not computed ("none") becomes a request,
 * and an LRO frame becomes a GSO frame; tso_segsz is its segment size, or 0 if unknown. An IPv4
 * header checksum that is not computed is completed. All other flags are cleared: the receiver of
 * the frame checks a bad or unknown checksum. VLAN tags must have been left in the frame.
 */
void offload_from_ethdev(struct rte_mbuf *m);

/*
 * Prepares a frame with offload requests for a DPDK NIC: for TSO the checksum field gets the
 * pseudo-header's sum without the length, and RTE_MBUF_F_TX_IP_CKSUM is set, since the NIC rewrites
 * IPv4 headers. Afterwards the frame is fit for nothing else. `m` must not be shared.
 */
void offload_to_ethdev(struct rte_mbuf *m);

#endif
