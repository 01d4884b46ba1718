/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Offloads in the terms of kernels and NICs: virtio-net headers and ethdev flags.
 *
 * Both may hand over frames that a guest cannot be told of: checksums of neither TCP nor UDP, and
 * TCP in a tunnel. The former are completed here, the latter are marked to be segmented in
 * software.
 */
#include "dp/frame/offload.h"

#include <errno.h>

#include <linux/virtio_net.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf_ptype.h>

#include "dp/frame/offload_private.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* since Linux 6.2 */
#endif

#define ETHERNET_MTU 1500u

/* ---- virtio-net ---- */

/* The fields are in host byte order, the default of TUN and PACKET sockets. */
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
	hdr->csum_offset = (uint16_t)offload_request_csum_offset(m);
	if ((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) == 0)
		return;
	tcp = rte_pktmbuf_mtod_offset(m, const struct rte_tcp_hdr *, m->l2_len + m->l3_len);
	hdr->gso_type = is_ipv4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	if ((tcp->tcp_flags & RTE_TCP_CWR_FLAG) != 0)
		/* CWR may stay on the first segment only */
		hdr->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	hdr->gso_size = m->tso_segsz;
	hdr->hdr_len = (uint16_t)(m->l2_len + m->l3_len + m->l4_len);
}

/* Handles a blank checksum. That of TCP or UDP becomes a request, any other is completed. */
static int
csum_from_virtio(struct rte_mbuf *m, const struct virtio_net_hdr *hdr)
{
	uint32_t start = hdr->csum_start;
	uint32_t offset = hdr->csum_offset;
	uint32_t l4_len;
	struct headers h;

	if (start + offset + sizeof(uint16_t) > m->data_len)
		return -EINVAL;
	if (offload_find(m, &h, &l4_len) && start == h.l2_len + h.l3_len &&
	    offset == offload_csum_offset(h.protocol))
		offload_mark(m, &h, l4_len, 0);
	else
		offload_finish_csum(m, start, offset);
	return 0;
}

/* csum_start tells whether the TCP or UDP header is the outer one or inside a tunnel. */
static int
gso_from_virtio(struct rte_mbuf *m, const struct virtio_net_hdr *hdr, enum offload_gso gso)
{
	struct headers h = frame_headers(m);

	if ((hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0 ||
	    hdr->csum_start == h.l2_len + h.l3_len)
		return offload_request(m, gso, hdr->gso_size);
	return tunnel_request(m, hdr->csum_start, gso, hdr->gso_size);
}

int
offload_from_virtio(struct rte_mbuf *m, const struct virtio_net_hdr *hdr)
{
	switch (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		break;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return gso_from_virtio(m, hdr, OFFLOAD_GSO_TCPV4);
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return gso_from_virtio(m, hdr, OFFLOAD_GSO_TCPV6);
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return gso_from_virtio(m, hdr, OFFLOAD_GSO_UDP);
	default:
		return -EINVAL; /* UDP in IP fragments, which Linux dropped in 4.14 */
	}
	m->ol_flags &= KEPT_FLAGS;
	if ((hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0)
		return csum_from_virtio(m, hdr);
	if ((hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID) != 0)
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	return 0;
}

/* ---- ethdev ---- */

/*
 * Handles the checksum status "none": the data is known to be good, the checksum field is not. A
 * UDP checksum of zero means that there is none, and stays. Other protocols have no checksum that
 * we know of.
 */
static void
request_l4(struct rte_mbuf *m)
{
	static const uint8_t none[2];
	struct headers h;
	uint32_t l4_len;

	if (!offload_find(m, &h, &l4_len))
		return;
	const uint8_t *csum =
		rte_pktmbuf_mtod_offset(m, const uint8_t *,
					h.l2_len + h.l3_len + offload_csum_offset(h.protocol));
	if (h.protocol == IPPROTO_TCP || memcmp(csum, none, sizeof(none)) != 0)
		offload_mark(m, &h, l4_len, 0);
}

/*
 * Turns a frame of merged segments into a GSO frame. If the device does not report the segment
 * size, assume one for an Ethernet of ordinary MTU.
 */
static void
request_lro(struct rte_mbuf *m, uint16_t gso_size)
{
	struct headers h;
	uint32_t l4_len;

	if (!offload_find(m, &h, &l4_len) || h.protocol != IPPROTO_TCP)
		return;
	if (gso_size == 0 && h.l3_len + l4_len < ETHERNET_MTU)
		gso_size = (uint16_t)(ETHERNET_MTU - h.l3_len - l4_len);
	offload_request(m,
			h.ethertype == RTE_ETHER_TYPE_IPV4 ? OFFLOAD_GSO_TCPV4 : OFFLOAD_GSO_TCPV6,
			gso_size);
}

/* Completes the IPv4 header checksum. */
static void
complete_ipv4(struct rte_mbuf *m)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	struct headers h = frame_headers(m);

	if (h.ethertype != RTE_ETHER_TYPE_IPV4 || h.l3_len == 0 || (h.flags & HEADERS_BAD_IP) != 0)
		return;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + h.l2_len);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

/*
 * Two bits of flags report none, bad, good or unknown for each checksum; "none" has both bits set.
 * In a tunnel the L4 status is about the inner checksum, while a guest takes a validated checksum
 * to be the outer one.
 */
void
offload_from_ethdev(struct rte_mbuf *m)
{
	uint64_t flags = m->ol_flags;
	uint64_t l4 = flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	m->ol_flags &= BUFFER_FLAGS;
	if ((flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_NONE)
		complete_ipv4(m);
	if ((flags & RTE_MBUF_F_RX_LRO) != 0)
		request_lro(m, m->tso_segsz);
	else if (l4 == RTE_MBUF_F_RX_L4_CKSUM_NONE)
		request_l4(m);
	else if (l4 == RTE_MBUF_F_RX_L4_CKSUM_GOOD && (m->packet_type & RTE_PTYPE_TUNNEL_MASK) == 0)
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
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
		return; /* a NIC wants the pseudo-header's sum with the length, as it is */
	h.ethertype = RTE_ETHER_TYPE_IPV6;
	if ((m->ol_flags & RTE_MBUF_F_TX_IPV4) != 0) {
		h.ethertype = RTE_ETHER_TYPE_IPV4;
		ip->hdr_checksum = 0;
		m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
	}
	offload_put_csum(csum, offload_pseudo_sum(frame, &h, 0));
}
