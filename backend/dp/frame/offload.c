/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checksum and segmentation requests, and checksums in software.
 *
 * Theory of operation: offload_find() takes the frame's headers (sw/frame_headers.h), which lie
 * within the frame, and checks those of TCP and UDP. offload_mark() then writes the result into the
 * mbuf as a request. From there on the frame satisfies three conditions, which the rest of this
 * file and segment.c rely on without checking again:
 * - l2_len, l3_len and, for GSO, l4_len lie within the frame;
 * - the frame ends where its IP packet ends: padding was cut off;
 * - the checksum field holds the pseudo-header's sum, not complemented, with the length in it.
 */
#include "dp/frame/offload.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <netinet/in.h>

#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "dp/frame/offload_private.h"
#include "sw/ether.h"

#define L3_LEN_MAX ((1u << RTE_MBUF_L3_LEN_BITS) - 1)

/* ---- parsing ---- */

/*
 * Returns the length of the transport header, or 0 if it is neither TCP nor UDP or has a wrong
 * length. A UDP length that differs from IP's leaves open what the checksum covers, and a NIC would
 * not check it.
 */
static uint32_t
transport_len(const uint8_t *l4, uint8_t protocol, uint32_t room)
{
	uint32_t len;

	if (protocol == IPPROTO_TCP && room >= sizeof(struct rte_tcp_hdr)) {
		len = (l4[offsetof(struct rte_tcp_hdr, data_off)] >> 4) * 4u;
		return len >= sizeof(struct rte_tcp_hdr) && len <= room ? len : 0;
	}
	if (protocol == IPPROTO_UDP && room >= sizeof(struct rte_udp_hdr))
		return ether_be16(l4 + offsetof(struct rte_udp_hdr, dgram_len)) == room
			       ? sizeof(struct rte_udp_hdr)
			       : 0;
	return 0;
}

bool
offload_transport(const uint8_t *frame, const struct headers *h, uint32_t *l4_len)
{
	if (h->l3_len == 0 || h->l3_len > L3_LEN_MAX || (h->flags & HEADERS_OPAQUE) != 0)
		return false;
	*l4_len = transport_len(frame + h->l2_len + h->l3_len, h->protocol, headers_l4_room(h));
	return *l4_len != 0;
}

bool
offload_find(struct rte_mbuf *m, struct headers *h, uint32_t *l4_len)
{
	*h = frame_headers(m);
	return offload_transport(rte_pktmbuf_mtod(m, const uint8_t *), h, l4_len);
}

/* ---- checksums ---- */

uint16_t
offload_pseudo_sum(const uint8_t *frame, const struct headers *h, uint32_t l4_size)
{
	const uint8_t *ip = frame + h->l2_len;
	uint32_t sum;

	if (h->ethertype == RTE_ETHER_TYPE_IPV4)
		sum = rte_raw_cksum(ip + offsetof(struct rte_ipv4_hdr, src_addr), 8);
	else
		sum = rte_raw_cksum(ip + offsetof(struct rte_ipv6_hdr, src_addr), 32);
	sum += rte_cpu_to_be_16(h->protocol);
	sum += rte_cpu_to_be_16((uint16_t)l4_size);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}

/*
 * rte_raw_cksum() adds 16 bits at a time unless the compiler vectorizes it, which gcc only does
 * with -O3. With -O2 it takes four times as long as this for a frame of 1500 bytes. The sums cannot
 * overflow: a frame is far shorter than 2^31 words.
 */
uint16_t
offload_sum(const uint8_t *at, uint32_t size)
{
	uint64_t words[2];
	uint64_t sum = 0;
	uint64_t sum2 = 0; /* an independent chain of additions, which the CPU runs in parallel */

	for (; size >= sizeof(words); size -= sizeof(words), at += sizeof(words)) {
		memcpy(words, at, sizeof(words));
		sum += (words[0] & UINT32_MAX) + (words[0] >> 32);
		sum2 += (words[1] & UINT32_MAX) + (words[1] >> 32);
	}
	sum += sum2 + rte_raw_cksum(at, size);
	while (sum >> 16 != 0) /* at most four times */
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

void
offload_finish_csum(struct rte_mbuf *m, uint32_t start, uint32_t offset)
{
	uint8_t *l4 = rte_pktmbuf_mtod_offset(m, uint8_t *, start);
	uint16_t csum = (uint16_t)~offload_sum(l4, m->data_len - start);

	if (csum == 0 && offset == UDP_CSUM_OFFSET)
		csum = 0xffff; /* RFC 768: zero means "no checksum" */
	offload_put_csum(l4 + offset, csum);
}

/* ---- requests ---- */

void
offload_mark(struct rte_mbuf *m, const struct headers *h, uint32_t l4_len, uint16_t gso_size)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	uint32_t l4_start = h->l2_len + h->l3_len;
	bool is_tcp = h->protocol == IPPROTO_TCP;

	m->data_len = (uint16_t)h->end;
	m->pkt_len = h->end;
	offload_put_csum(frame + l4_start + offload_csum_offset(h->protocol),
			 offload_pseudo_sum(frame, h, h->end - l4_start));
	m->ol_flags &= KEPT_FLAGS;
	m->ol_flags |=
		h->ethertype == RTE_ETHER_TYPE_IPV4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
	m->ol_flags |= is_tcp ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM;
	if (gso_size != 0)
		m->ol_flags |= is_tcp ? RTE_MBUF_F_TX_TCP_SEG : RTE_MBUF_F_TX_UDP_SEG;
	m->tx_offload = 0;
	m->l2_len = h->l2_len;
	m->l3_len = h->l3_len;
	m->l4_len = l4_len;
	m->tso_segsz = gso_size;
}

bool
offload_is_gso_of(const struct headers *h, enum offload_gso gso)
{
	switch (gso) {
	case OFFLOAD_GSO_TCPV4:
		return h->ethertype == RTE_ETHER_TYPE_IPV4 && h->protocol == IPPROTO_TCP;
	case OFFLOAD_GSO_TCPV6:
		return h->ethertype == RTE_ETHER_TYPE_IPV6 && h->protocol == IPPROTO_TCP;
	case OFFLOAD_GSO_UDP:
		return h->protocol == IPPROTO_UDP;
	case OFFLOAD_GSO_NONE:
		break;
	}
	return false;
}

/*
 * Handles a packet whose only oddity is that its routing header has segments left. The
 * pseudo-header contains the final destination, and the sum that the sender put into the checksum
 * field is right. No offload can express that, so the checksum is completed here, and a GSO frame
 * is marked to be segmented in software.
 */
static int
request_routed(struct rte_mbuf *m, struct headers *h, enum offload_gso gso, uint16_t gso_size)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t l4_len;

	h->flags &= (uint16_t)~HEADERS_ROUTED;
	if (!offload_transport(frame, h, &l4_len))
		return -EINVAL;
	uint32_t l4_start = h->l2_len + h->l3_len;
	uint32_t offset = offload_csum_offset(h->protocol);
	uint16_t sum;
	if (gso == OFFLOAD_GSO_NONE) {
		m->data_len = (uint16_t)h->end;
		m->pkt_len = h->end;
		m->ol_flags &= KEPT_FLAGS;
		offload_finish_csum(m, l4_start, offset);
		return 0;
	}
	if (gso_size == 0 || !offload_is_gso_of(h, gso) || h->end != m->data_len)
		return -EINVAL;
	memcpy(&sum, frame + l4_start + offset, sizeof(sum));
	offload_mark(m, h, l4_len, gso_size);
	offload_put_csum(rte_pktmbuf_mtod_offset(m, uint8_t *, l4_start + offset), sum);
	m->ol_flags |= RTE_MBUF_F_TX_TUNNEL_IP;
	return 0;
}

int
offload_request(struct rte_mbuf *m, enum offload_gso gso, uint16_t gso_size)
{
	struct headers h;
	uint32_t l4_len;

	if (!offload_find(m, &h, &l4_len))
		return (h.flags & HEADERS_ROUTED) != 0 ? request_routed(m, &h, gso, gso_size)
						       : -EINVAL;
	if (gso == OFFLOAD_GSO_NONE) {
		offload_mark(m, &h, l4_len, 0);
		return 0;
	}
	/* A GSO frame is too long to be padded, so IP's length must be the frame's. */
	if (gso_size == 0 || !offload_is_gso_of(&h, gso) || h.end != m->data_len)
		return -EINVAL;
	/*
	 * A payload that fits into one segment needs no segmentation, and kernels and NICs may
	 * refuse such a GSO frame.
	 */
	if (headers_l4_room(&h) - l4_len <= gso_size)
		gso_size = 0;
	offload_mark(m, &h, l4_len, gso_size);
	return 0;
}

uint32_t
offload_needs(const struct rte_mbuf *m)
{
	bool is_ipv4 = (m->ol_flags & RTE_MBUF_F_TX_IPV4) != 0;
	uint32_t needs;

	if ((m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == 0)
		return 0;
	needs = is_ipv4 ? PORT_TAKES_CSUM4 : PORT_TAKES_CSUM6;
	if (m->l2_len != RTE_ETHER_HDR_LEN)
		needs |= PORT_TAKES_TAGGED;
	if ((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0)
		needs |= is_ipv4 ? PORT_TAKES_TSO4 : PORT_TAKES_TSO6;
	if ((m->ol_flags & (RTE_MBUF_F_TX_TUNNEL_MASK | RTE_MBUF_F_TX_UDP_SEG)) != 0)
		needs |= PORT_TAKES_RARE;
	return needs;
}

void
offload_complete_csum(struct rte_mbuf *m)
{
	if ((m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == 0)
		return;
	offload_finish_csum(m, offload_l4_start(m), offload_request_csum_offset(m));
	m->ol_flags = (m->ol_flags & KEPT_FLAGS) | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}
