/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Offloads as a kernel and a NIC speak of them: virtio-net headers and ethdev's flags. Called by the ports.
 *
 * Both may hand over what a guest has no word for: checksums that are not TCP's or UDP's, TCP that is in a tunnel. Those are
 * completed here, or marked so that they are cut before they go anywhere.
 */
#include "dp/offload.h"

#include <errno.h>

#include <linux/virtio_net.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf_ptype.h>

#include "dp/offload_private.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* since Linux 6.2 */
#endif

#define ETHERNET_MTU 1500u

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
	hdr->csum_offset = (uint16_t)offload_request_csum_offset(m);
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
	if (offload_find(m, &h, &l4_len) && start == h.l2_len + h.l3_len && offset == offload_csum_offset(h.protocol))
		offload_mark(m, &h, l4_len, 0);
	else
		offload_finish_csum(m, start, offset);
	return 0;
}

/* The header's csum_start says whether TCP or UDP is the frame's own, or a tunnel's. */
static int
gso_from_virtio(struct rte_mbuf *m, const struct virtio_net_hdr *hdr, enum offload_gso gso)
{
	struct headers h;

	headers_walk(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, &h);
	if ((hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0 || hdr->csum_start == h.l2_len + h.l3_len)
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
		return -EINVAL; /* UDP in IP fragments, which Linux gave up in 4.14 */
	}
	m->ol_flags &= BUFFER_FLAGS;
	if ((hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0)
		return csum_from_virtio(m, hdr);
	if ((hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID) != 0)
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	return 0;
}

/* ---- ethdev ---- */

/*
 * "None" says that the data are known to be right and the checksum is not. A UDP checksum of zero is none at all, and stays so.
 * What is neither TCP nor UDP has no checksum that we could know of.
 */
static void
request_l4(struct rte_mbuf *m)
{
	static const uint8_t none[2];
	struct headers h;
	uint32_t l4_len;

	if (!offload_find(m, &h, &l4_len))
		return;
	const uint8_t *csum = rte_pktmbuf_mtod_offset(m, const uint8_t *,
						      h.l2_len + h.l3_len + offload_csum_offset(h.protocol));
	if (h.protocol == IPPROTO_TCP || memcmp(csum, none, sizeof(none)) != 0)
		offload_mark(m, &h, l4_len, 0);
}

/*
 * Segments that the device has merged: a GSO frame. One that does not say of what size they were has got them over an Ethernet
 * of ordinary MTU, if not of a smaller one.
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
	offload_request(m, h.ethertype == RTE_ETHER_TYPE_IPV4 ? OFFLOAD_GSO_TCPV4 : OFFLOAD_GSO_TCPV6, gso_size);
}

/* The header's own checksum is not in it. */
static void
complete_ipv4(struct rte_mbuf *m)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	struct headers h;

	headers_walk(frame, m->data_len, &h);
	if (h.ethertype != RTE_ETHER_TYPE_IPV4 || h.l3_len == 0 || (h.flags & HEADERS_BAD_IP) != 0)
		return;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + h.l2_len);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

/*
 * Two bits say none, bad, good or unknown of each checksum; "none" has both bits set. In a tunnel the one of L4 is the
 * inner one, which is not what a guest takes a validated checksum for.
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
		return; /* the pseudo-header's sum with the length is what a NIC wants */
	h.ethertype = RTE_ETHER_TYPE_IPV6;
	if ((m->ol_flags & RTE_MBUF_F_TX_IPV4) != 0) {
		h.ethertype = RTE_ETHER_TYPE_IPV4;
		ip->hdr_checksum = 0;
		m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
	}
	offload_put_csum(csum, offload_pseudo_sum(frame, &h, 0));
}
