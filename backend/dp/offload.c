/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checksum and segmentation requests, and checksums in software. Called by the ports; calls DPDK only.
 *
 * Theory of operation: a request starts in transport_find(), where all lengths in a frame are checked against the
 * frame's own (sw/headers.h does most of it). request_mark() then writes down what it
 * found in the mbuf. From there on a frame with a request keeps three promises, which everything below and
 * segment.c use without looking again:
 *  - l2_len, l3_len and, for GSO, l4_len lie within the frame;
 *  - the frame ends where its IP packet ends: padding is cut off;
 *  - the checksum field holds the pseudo-header's sum, not complemented, with the length in it.
 */
#include "dp/offload.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <linux/virtio_net.h>
#include <netinet/in.h>

#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "dp/port.h"
#include "sw/ether.h"
#include "sw/headers.h"

#define L3_LEN_MAX ((1u << RTE_MBUF_L3_LEN_BITS) - 1)

#define TCP_CSUM_OFFSET offsetof(struct rte_tcp_hdr, cksum)
#define UDP_CSUM_OFFSET offsetof(struct rte_udp_hdr, dgram_cksum)

/* Bits of ol_flags that say how the buffer's memory is held. They are not ours to clear. */
#define BUFFER_FLAGS (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)

/* Checksums are the same in either byte order as long as nobody swaps them. */
static void
put_csum(uint8_t *at, uint16_t csum)
{
	memcpy(at, &csum, sizeof(csum));
}

/* ---- parsing ---- */

/*
 * Marks of a packet whose checksum we cannot tell, or not where it is: with segments left in a routing header, it is that of
 * another destination. Nobody offloads what is behind LLC.
 */
#define HEADERS_OPAQUE \
	(HEADERS_BAD_ETHER | HEADERS_LLC | HEADERS_BAD_IP | HEADERS_FRAGMENT | HEADERS_ROUTED | HEADERS_RARE_EXT)

/*
 * The length of the transport header, 0 if it is none of TCP or UDP or says a wrong length. A UDP length other than IP's leaves
 * open what the checksum covers, and a NIC would not look at it.
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
		return ether_be16(l4 + offsetof(struct rte_udp_hdr, dgram_len)) == room ? sizeof(struct rte_udp_hdr) : 0;
	return 0;
}

/* Finds a whole TCP or UDP packet, reading only within the frame; `l4_len` gets its header's. -EINVAL for everything else. */
static int
transport_find(const struct rte_mbuf *m, struct headers *h, uint32_t *l4_len)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

	headers_walk(frame, m->data_len, h);
	if (h->l3_len == 0 || h->l3_len > L3_LEN_MAX || (h->flags & HEADERS_OPAQUE) != 0)
		return -EINVAL;
	*l4_len = transport_len(frame + h->l2_len + h->l3_len, h->protocol, headers_l4_room(h));
	return *l4_len != 0 ? 0 : -EINVAL;
}

/* ---- checksums ---- */

static uint32_t
csum_offset_of(uint8_t protocol)
{
	return protocol == IPPROTO_UDP ? UDP_CSUM_OFFSET : TCP_CSUM_OFFSET;
}

/* The sum, not complemented, over what RFC 9293 and RFC 8200 section 8.1 call the pseudo-header. */
static uint16_t
pseudo_sum(const uint8_t *frame, const struct headers *h, uint32_t l4_size)
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
 * RFC 1071's sum, not complemented. rte_raw_cksum() adds 16 bits at a time unless the compiler vectorizes it,
 * as gcc does only with -O3; for a frame of 1500 bytes and -O2 this takes a quarter of its time. Nothing
 * overflows: a frame is far shorter than 2^31 words.
 */
static uint16_t
sum_bytes(const uint8_t *at, uint32_t size)
{
	uint64_t words[2];
	uint64_t sum = 0;
	uint64_t sum2 = 0; /* a second chain of additions, which the CPU does at the same time */

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

/*
 * Sums the frame from `start` to its end, with what the checksum field `offset` bytes after that holds, and
 * writes the complement there. The caller has checked that all of it is in the frame.
 */
static void
csum_finish(struct rte_mbuf *m, uint32_t start, uint32_t offset)
{
	uint8_t *l4 = rte_pktmbuf_mtod_offset(m, uint8_t *, start);
	uint16_t csum = (uint16_t)~sum_bytes(l4, m->data_len - start);

	if (csum == 0 && offset == UDP_CSUM_OFFSET)
		csum = 0xffff; /* RFC 768: zero means that there is no checksum */
	put_csum(l4 + offset, csum);
}

/* ---- requests ---- */

/* Writes the request into the mbuf. `gso_size` 0 asks for the checksum only. */
static void
request_mark(struct rte_mbuf *m, const struct headers *h, uint32_t l4_len, uint16_t gso_size)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	uint32_t l4_start = h->l2_len + h->l3_len;

	m->data_len = (uint16_t)h->end;
	m->pkt_len = h->end;
	put_csum(frame + l4_start + csum_offset_of(h->protocol), pseudo_sum(frame, h, h->end - l4_start));
	m->ol_flags &= BUFFER_FLAGS;
	m->ol_flags |= h->ethertype == RTE_ETHER_TYPE_IPV4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
	m->ol_flags |= h->protocol == IPPROTO_TCP ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM;
	if (gso_size != 0)
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
	m->tx_offload = 0;
	m->l2_len = h->l2_len;
	m->l3_len = h->l3_len;
	m->l4_len = l4_len;
	m->tso_segsz = gso_size;
}

int
offload_request(struct rte_mbuf *m, enum offload_gso gso, uint16_t gso_size)
{
	uint16_t ethertype = gso == OFFLOAD_GSO_TCPV4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6;
	struct headers h;
	uint32_t l4_len;

	if (transport_find(m, &h, &l4_len) != 0)
		return -EINVAL;
	if (gso == OFFLOAD_GSO_NONE) {
		request_mark(m, &h, l4_len, 0);
		return 0;
	}
	/* A GSO frame is too long to be padded: if IP's length is not the frame's, one of them is a lie. */
	if (gso_size == 0 || h.protocol != IPPROTO_TCP || h.ethertype != ethertype || h.end != m->data_len)
		return -EINVAL;
	/* What fits in one segment needs no cutting, and kernels and NICs may refuse a GSO frame of one. */
	if (headers_l4_room(&h) - l4_len <= gso_size)
		gso_size = 0;
	request_mark(m, &h, l4_len, gso_size);
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
	if ((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0)
		needs |= is_ipv4 ? PORT_TAKES_TSO4 : PORT_TAKES_TSO6;
	return needs;
}

static uint32_t
request_csum_offset(const struct rte_mbuf *m)
{
	bool is_udp = (m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_UDP_CKSUM;

	return is_udp ? UDP_CSUM_OFFSET : TCP_CSUM_OFFSET;
}

void
offload_complete_csum(struct rte_mbuf *m)
{
	if ((m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == 0)
		return;
	csum_finish(m, m->l2_len + m->l3_len, request_csum_offset(m));
	m->ol_flags = (m->ol_flags & BUFFER_FLAGS) | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}

/* ---- virtio-net ---- */

/* The fields are in the machine's byte order, as TUN and PACKET sockets have them unless told otherwise. */
void
offload_to_virtio(const struct rte_mbuf *m, struct virtio_net_hdr *hdr)
{
	bool is_ipv4 = (m->ol_flags & RTE_MBUF_F_TX_IPV4) != 0;
	const struct rte_tcp_hdr *tcp;

	memset(hdr, 0, sizeof(*hdr));
	if ((m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == 0) {
		if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
			hdr->flags = VIRTIO_NET_HDR_F_DATA_VALID;
		return;
	}
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = (uint16_t)(m->l2_len + m->l3_len);
	hdr->csum_offset = (uint16_t)request_csum_offset(m);
	if ((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) == 0)
		return;
	tcp = rte_pktmbuf_mtod_offset(m, const struct rte_tcp_hdr *, m->l2_len + m->l3_len);
	hdr->gso_type = is_ipv4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	if ((tcp->tcp_flags & RTE_TCP_CWR_FLAG) != 0)
		hdr->gso_type |= VIRTIO_NET_HDR_GSO_ECN; /* CWR may stay on the first segment only */
	hdr->gso_size = m->tso_segsz;
	hdr->hdr_len = (uint16_t)(m->l2_len + m->l3_len + m->l4_len);
}

/* A blank checksum, where the header says it is: TCP's or UDP's becomes a request, any other is completed. */
static int
csum_from_virtio(struct rte_mbuf *m, const struct virtio_net_hdr *hdr)
{
	uint32_t start = hdr->csum_start;
	uint32_t offset = hdr->csum_offset;
	uint32_t l4_len;
	struct headers h;

	if (start + offset + sizeof(uint16_t) > m->data_len)
		return -EINVAL;
	if (transport_find(m, &h, &l4_len) == 0 && start == h.l2_len + h.l3_len && offset == csum_offset_of(h.protocol))
		request_mark(m, &h, l4_len, 0);
	else
		csum_finish(m, start, offset);
	return 0;
}

int
offload_from_virtio(struct rte_mbuf *m, const struct virtio_net_hdr *hdr)
{
	switch (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		break;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return offload_request(m, OFFLOAD_GSO_TCPV4, hdr->gso_size);
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return offload_request(m, OFFLOAD_GSO_TCPV6, hdr->gso_size);
	default:
		return -EINVAL; /* UFO and UDP segmentation, which we never offer */
	}
	m->ol_flags &= BUFFER_FLAGS;
	if ((hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0)
		return csum_from_virtio(m, hdr);
	if ((hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID) != 0)
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	return 0;
}

/* ---- ethdev ---- */

void
offload_from_ethdev(struct rte_mbuf *m)
{
	uint64_t good = 0;

	/* Two bits say none, bad, good or unknown: "unknown" has the bit of "good" set as well. */
	if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		good = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	m->ol_flags = (m->ol_flags & BUFFER_FLAGS) | good;
}

void
offload_to_ethdev(struct rte_mbuf *m)
{
	uint32_t l4_start = m->l2_len + m->l3_len;
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	uint8_t *csum = frame + l4_start + TCP_CSUM_OFFSET;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + m->l2_len);
	struct headers h = { .l2_len = m->l2_len, .l3_len = m->l3_len, .protocol = IPPROTO_TCP };

	if ((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) == 0)
		return; /* the pseudo-header's sum with the length is what a NIC wants */
	h.ethertype = RTE_ETHER_TYPE_IPV6;
	if ((m->ol_flags & RTE_MBUF_F_TX_IPV4) != 0) {
		h.ethertype = RTE_ETHER_TYPE_IPV4;
		ip->hdr_checksum = 0;
		m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
	}
	put_csum(csum, pseudo_sum(frame, &h, 0));
}
