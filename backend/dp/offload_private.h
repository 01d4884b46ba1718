/* SPDX-License-Identifier: BSD-3-Clause */
/* What offload.c, offload_host.c, tunnel.c and segment.c share. Private to dp. Pure functions over a linear frame. */
#ifndef VPE_DP_OFFLOAD_PRIVATE_H
#define VPE_DP_OFFLOAD_PRIVATE_H

#include <stddef.h>
#include <string.h>

#include <netinet/in.h>

#include <rte_tcp.h>
#include <rte_udp.h>

#include "dp/offload.h"
#include "sw/headers.h"

#define TCP_CSUM_OFFSET offsetof(struct rte_tcp_hdr, cksum)
#define UDP_CSUM_OFFSET offsetof(struct rte_udp_hdr, dgram_cksum)

/* Bits of ol_flags that say how the buffer's memory is held. They are not ours to clear. */
#define BUFFER_FLAGS (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)

/*
 * Marks of a packet whose checksum we cannot tell, or not where it is: with segments left in a routing header, it is that of
 * another destination. Nobody offloads what is behind LLC.
 */
#define HEADERS_OPAQUE \
	(HEADERS_BAD_ETHER | HEADERS_LLC | HEADERS_BAD_IP | HEADERS_FRAGMENT | HEADERS_ROUTED | HEADERS_RARE_EXT)

/* Checksums are the same in either byte order as long as nobody swaps them. */
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

/* Where the IP header that a request is about begins; the tunnel's are before it. */
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

/* Whether a whole TCP or UDP packet is where `h` says; `l4_len` gets its header's length. */
bool offload_transport(const uint8_t *frame, const struct headers *h, uint32_t *l4_len);

/* Finds the frame's packet and asks that. */
bool offload_find(const struct rte_mbuf *m, struct headers *h, uint32_t *l4_len);

bool offload_is_gso_of(const struct headers *h, enum offload_gso gso);

/* Writes a request about the packet of `h` into the mbuf. `gso_size` 0 asks for the checksum only. */
void offload_mark(struct rte_mbuf *m, const struct headers *h, uint32_t l4_len, uint16_t gso_size);

/* The sum, not complemented, over what RFC 9293 and RFC 8200 section 8.1 call the pseudo-header. */
uint16_t offload_pseudo_sum(const uint8_t *frame, const struct headers *h, uint32_t l4_size);

/*
 * Sums the frame from `start` to its end, with what the checksum field `offset` bytes after that holds, and
 * writes the complement there. The caller has checked that all of it is in the frame.
 */
void offload_finish_csum(struct rte_mbuf *m, uint32_t start, uint32_t offset);

/*
 * Marks a GSO frame whose TCP or UDP header, at `l4_start`, is behind a tunnel's headers. -EINVAL: nothing that we know is
 * there. See tunnel.c.
 */
int tunnel_request(struct rte_mbuf *m, uint32_t l4_start, enum offload_gso gso, uint16_t gso_size);

/* Makes the tunnel's headers before a segment's fit its length; `idx` is its number. */
void tunnel_fix_headers(struct rte_mbuf *seg, uint64_t tunnel_flags, unsigned idx);

/* The same for one IP header at `start`; `is_ipv4` or IPv6. */
void segment_fix_ip(struct rte_mbuf *seg, uint32_t start, bool is_ipv4, unsigned idx);

#endif
