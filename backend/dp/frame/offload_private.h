/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by offload.c, offload_host.c, gro.c, tunnel.c and segment.c. Private to dp. Pure functions
 * over a linear frame.
 */
#ifndef VPE_DP_OFFLOAD_PRIVATE_H
#define VPE_DP_OFFLOAD_PRIVATE_H

#include <stddef.h>
#include <string.h>

#include <netinet/in.h>

#include <rte_tcp.h>
#include <rte_udp.h>

#include "dp/frame/offload.h"
#include "sw/frame_headers.h"

#define TCP_CSUM_OFFSET offsetof(struct rte_tcp_hdr, cksum)
#define UDP_CSUM_OFFSET offsetof(struct rte_udp_hdr, dgram_cksum)

/* Flags that describe the buffer's memory. They belong to DPDK and must be preserved. */
#define BUFFER_FLAGS (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)

/* Flags that stay when a request is made or done: it does not change where the headers are. */
#define KEPT_FLAGS (BUFFER_FLAGS | frame_headers_mark)

/*
 * Flags of packets whose checksum is unknown or cannot be located. With segments left in a routing
 * header, the checksum is for another destination. Packets behind LLC are not offloaded.
 */
#define HEADERS_OPAQUE \
	(HEADERS_BAD_ETHER | HEADERS_LLC | HEADERS_BAD_IP | HEADERS_FRAGMENT | HEADERS_ROUTED | \
	 HEADERS_RARE_EXT)

/* Checksums are the same in either byte order as long as they are not swapped. */
static inline void
offload_put_csum(uint8_t *at, uint16_t csum)
{
	memcpy(at, &csum, sizeof(csum));
}

static inline uint32_t
offload_csum_offset(uint8_t protocol)
{
	return protocol == IPPROTO_UDP ? UDP_CSUM_OFFSET : TCP_CSUM_OFFSET;
}

static inline uint32_t
offload_request_csum_offset(const struct rte_mbuf *m)
{
	bool is_udp = (m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_UDP_CKSUM;

	return is_udp ? UDP_CSUM_OFFSET : TCP_CSUM_OFFSET;
}

/* Start of the IP header that the request is for, behind those of a tunnel. */
static inline uint32_t
offload_l3_start(const struct rte_mbuf *m)
{
	return (uint32_t)(m->outer_l2_len + m->outer_l3_len + m->l2_len);
}

static inline uint32_t
offload_l4_start(const struct rte_mbuf *m)
{
	return offload_l3_start(m) + m->l3_len;
}

/*
 * Whether there is a whole TCP or UDP packet where `h` says. Sets `l4_len` to the length of its
 * header.
 */
bool offload_transport(const uint8_t *frame, const struct headers *h, uint32_t *l4_len);

/* Puts the frame's headers into `h` and then does offload_transport(). */
bool offload_find(struct rte_mbuf *m, struct headers *h, uint32_t *l4_len);

bool offload_is_gso_of(const struct headers *h, enum offload_gso gso);

/* Writes a request for the packet of `h` into the mbuf. `gso_size` 0 asks for the checksum only. */
void offload_mark(struct rte_mbuf *m, const struct headers *h, uint32_t l4_len, uint16_t gso_size);

/* The sum, not complemented, of the pseudo-header (RFC 9293, RFC 8200 section 8.1). */
uint16_t offload_pseudo_sum(const uint8_t *frame, const struct headers *h, uint32_t l4_size);

/* RFC 1071's sum, not complemented, of `size` (at most 65535) bytes. */
uint16_t offload_sum(const uint8_t *at, uint32_t size);

/*
 * Sums the frame from `start` to its end, including the content of the checksum field at `offset`
 * from `start`, and writes the complement into that field. The caller has checked that both are in
 * the frame.
 */
void offload_finish_csum(struct rte_mbuf *m, uint32_t start, uint32_t offset);

/*
 * Marks a GSO frame whose TCP or UDP header, at `l4_start`, is inside a tunnel. Returns -EINVAL if
 * no known tunnel leads there. See tunnel.c.
 */
int tunnel_request(struct rte_mbuf *m, uint32_t l4_start, enum offload_gso gso, uint16_t gso_size);

/* Adapts the tunnel's headers to the length of segment `idx`. */
void tunnel_fix_headers(struct rte_mbuf *seg, uint64_t tunnel_flags, unsigned idx);

/* The same for one IP header at `start`: IPv4 if `is_ipv4`, else IPv6. */
void segment_fix_ip(struct rte_mbuf *seg, uint32_t start, bool is_ipv4, unsigned idx);

#endif
