/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Software segmentation of TCP, and of UDP datagrams that the kernel merged, for ports whose far
 * end cannot do it.
 *
 * Theory of operation: each segment is a copy of the headers and of its part of the payload in a
 * buffer of its own. It is marked with a checksum request, which is then completed as for any other
 * frame. The lengths here can be trusted because of the conditions that a request satisfies
 * (offload.c). For a packet in a tunnel, the tunnel's headers are copied and corrected too.
 *
 * DPDK's rte_gso is not used: it lacks IPv6, its segments are chains of two buffers, and it copies
 * headers without checking that they fit.
 */
#include "dp/frame/offload_private.h"

#include <assert.h>
#include <errno.h>

#include <rte_ip.h>
#include <rte_memcpy.h>
#include <rte_tcp.h>

/* A GSO frame to be segmented. */
struct cut {
	const struct rte_mbuf *m;
	uint32_t headers_size;
	uint32_t payload_size;
	unsigned n; /* number of segments */
};

/* The asserts hold for every frame that offload_request() marked as GSO. */
static struct cut
cut_plan(const struct rte_mbuf *m)
{
	struct cut cut = { .m = m, .headers_size = offload_gso_headers(m) };

	assert(offload_is_gso(m) && m->tso_segsz != 0);
	assert(m->l4_len >= sizeof(struct rte_udp_hdr) && cut.headers_size < m->data_len);
	cut.payload_size = m->data_len - cut.headers_size;
	cut.n = (cut.payload_size + m->tso_segsz - 1) / m->tso_segsz;
	return cut;
}

unsigned
offload_segment_count(const struct rte_mbuf *m)
{
	return cut_plan(m).n;
}

/* Adapts an IP header to the segment's length. IPv4 ids count up, as they would without GSO. */
void
segment_fix_ip(struct rte_mbuf *seg, uint32_t start, bool is_ipv4, unsigned idx)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(seg, struct rte_ipv4_hdr *, start);
	struct rte_ipv6_hdr *ip6 = rte_pktmbuf_mtod_offset(seg, struct rte_ipv6_hdr *, start);
	uint32_t size = seg->data_len - start;

	if (!is_ipv4) {
		ip6->payload_len = rte_cpu_to_be_16((uint16_t)(size - sizeof(*ip6)));
		return;
	}
	ip->total_length = rte_cpu_to_be_16((uint16_t)size);
	ip->packet_id = rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(ip->packet_id) + idx));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

/*
 * Subtracts from the pseudo-header's sum the bytes by which `seg` is shorter than the GSO frame. In
 * ones' complement a - b is a + ~b (RFC 1624).
 */
static uint16_t
shorten_sum(const struct cut *cut, const struct rte_mbuf *seg, uint16_t pseudo_sum)
{
	uint32_t missing = cut->m->data_len - seg->data_len;
	uint32_t sum = pseudo_sum + (uint16_t)~rte_cpu_to_be_16((uint16_t)missing);

	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static void
fix_tcp(const struct cut *cut, struct rte_mbuf *seg, unsigned idx)
{
	struct rte_tcp_hdr *tcp =
		rte_pktmbuf_mtod_offset(seg, struct rte_tcp_hdr *, offload_l4_start(seg));
	uint32_t seq = rte_be_to_cpu_32(tcp->sent_seq) + idx * cut->m->tso_segsz;

	tcp->cksum = shorten_sum(cut, seg, tcp->cksum);
	tcp->sent_seq = rte_cpu_to_be_32(seq);
	if (idx != 0)
		tcp->tcp_flags &= (uint8_t)~RTE_TCP_CWR_FLAG;
	if (idx != cut->n - 1)
		tcp->tcp_flags &= (uint8_t) ~(RTE_TCP_FIN_FLAG | RTE_TCP_PSH_FLAG);
}

static void
fix_udp(const struct cut *cut, struct rte_mbuf *seg)
{
	struct rte_udp_hdr *udp =
		rte_pktmbuf_mtod_offset(seg, struct rte_udp_hdr *, offload_l4_start(seg));

	udp->dgram_cksum = shorten_sum(cut, seg, udp->dgram_cksum);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(seg->data_len - offload_l4_start(seg)));
}

/*
 * Clears the checksum status: a guest takes a validated checksum to be the outermost one, and a
 * tunnel's may be absent.
 */
static void
finish_tunnel(const struct cut *cut, struct rte_mbuf *seg, unsigned idx)
{
	tunnel_fix_headers(seg, cut->m->ol_flags, idx);
	seg->ol_flags &= BUFFER_FLAGS;
}

/* Makes segment `idx`. Returns NULL if no buffer was free. */
static struct rte_mbuf *
segment_make(struct pools *pools, const struct cut *cut, unsigned idx)
{
	const uint8_t *frame = rte_pktmbuf_mtod(cut->m, const uint8_t *);
	uint32_t at = idx * cut->m->tso_segsz;
	uint32_t size = RTE_MIN(cut->payload_size - at, (uint32_t)cut->m->tso_segsz);
	struct rte_mbuf *seg = pool_alloc(pools, cut->headers_size + size);
	uint8_t *to;

	if (seg == NULL)
		return NULL;
	to = rte_pktmbuf_mtod(seg, uint8_t *);
	rte_memcpy(to, frame, cut->headers_size);
	rte_memcpy(to + cut->headers_size, frame + cut->headers_size + at, size);
	seg->ol_flags |= cut->m->ol_flags &
			 (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_L4_MASK);
	seg->tx_offload = cut->m->tx_offload;
	segment_fix_ip(seg, offload_l3_start(seg), (cut->m->ol_flags & RTE_MBUF_F_TX_IPV4) != 0,
		       idx);
	if ((cut->m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0)
		fix_tcp(cut, seg, idx);
	else
		fix_udp(cut, seg);
	offload_complete_csum(seg);
	if ((cut->m->ol_flags & RTE_MBUF_F_TX_TUNNEL_MASK) != 0)
		finish_tunnel(cut, seg, idx);
	return seg;
}

int
offload_segment(struct pools *pools, const struct rte_mbuf *m, struct rte_mbuf **out, unsigned max)
{
	struct cut cut = cut_plan(m);

	if (cut.n > max)
		return -EMSGSIZE;
	for (unsigned idx = 0; idx < cut.n; idx++) {
		out[idx] = segment_make(pools, &cut, idx);
		if (out[idx] == NULL) {
			rte_pktmbuf_free_bulk(out, idx);
			return -ENOBUFS;
		}
	}
	return (int)cut.n;
}
