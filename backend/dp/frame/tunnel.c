/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP and UDP in tunnels, as merged by a kernel's GRO: IP in IP, GRE, and UDP with VXLAN, Geneve or
 * plain IP in it. Pure functions.
 *
 * A guest cannot be told of such a frame, so port_send() has it segmented. That takes two steps,
 * which are here: finding the inner packet, and adapting the outer headers to each segment. The
 * kernel reports where the inner transport header begins, and a parse of the tunnel's headers is
 * accepted only if it leads exactly there. The result is stored in the mbuf in DPDK's flags and
 * lengths for tunnels. Sources: RFC 2003, 2784, 2890, 4213, 7348, 8926. The kernel's GRO does not
 * merge nested tunnels.
 */
#include <errno.h>

#include <rte_ether.h>
#include <rte_gre.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dp/frame/offload_private.h"
#include "sw/ether.h"

#define L2_LEN_MAX ((1u << RTE_MBUF_L2_LEN_BITS) - 1)
#define OUTER_L3_LEN_MAX ((1u << RTE_MBUF_OUTL3_LEN_BITS) - 1)

#define GRE_SIZE 4u
#define GRE_FIELD 4u /* size of the checksum, key and sequence number fields */
#define GRE_CSUM 0x80u
#define GRE_KEY 0x20u
#define GRE_SEQ 0x10u
#define GRE_OTHER 0x4f07u    /* in the first two bytes: source routes, and versions other than 0 */
#define VXLAN_SIZE 8u        /* also the size of Geneve's fixed part */
#define GENEVE_OPTIONS 0x3fu /* in units of 4 bytes */

/* A search for the inner packet. */
struct search {
	const uint8_t *frame;
	uint32_t len;
	uint32_t l4_start; /* of the inner packet */
	enum offload_gso gso;
	struct headers inner; /* its l2_len is the offset of the inner IP header in the frame */
	uint32_t l4_len;
};

/* Whether the inner packet begins at s->inner.l2_len. */
static bool
is_inner_ip(struct search *s)
{
	struct headers *h = &s->inner;

	headers_ip(s->frame, s->len, h);
	return offload_transport(s->frame, h, &s->l4_len) && offload_is_gso_of(h, s->gso) &&
	       h->end == s->len && h->l2_len + h->l3_len == s->l4_start;
}

/* The same for an IP header at `at`, of the kind in `ethertype`. */
static bool
find_ip(struct search *s, uint32_t at, uint16_t ethertype)
{
	if (at > s->len)
		return false;
	s->inner = (struct headers){ .l2_len = at, .ethertype = ethertype };
	return is_inner_ip(s);
}

static bool
find_ether(struct search *s, uint32_t at)
{
	if (at > s->len)
		return false;
	headers_ether(s->frame + at, s->len - at, &s->inner);
	s->inner.l2_len += at;
	return is_inner_ip(s);
}

static bool
find_typed(struct search *s, uint32_t at, uint16_t ethertype)
{
	return ethertype == RTE_ETHER_TYPE_TEB ? find_ether(s, at) : find_ip(s, at, ethertype);
}

static bool
find_in_gre(struct search *s, uint32_t at)
{
	const uint8_t *gre = s->frame + at;

	if (s->len - at < GRE_SIZE || (ether_be16(gre) & GRE_OTHER) != 0)
		return false;
	uint32_t n_fields = (gre[0] & GRE_CSUM ? 1u : 0) + (gre[0] & GRE_KEY ? 1u : 0) +
			    (gre[0] & GRE_SEQ ? 1u : 0);
	return find_typed(s, at + GRE_SIZE + n_fields * GRE_FIELD, ether_be16(gre + 2));
}

/* The operator chooses the UDP ports, so each encapsulation is tried. */
static bool
find_in_udp(struct search *s, uint32_t at)
{
	const uint8_t *data = s->frame + at + sizeof(struct rte_udp_hdr);

	at += sizeof(struct rte_udp_hdr);
	if (at > s->len || s->len - at < VXLAN_SIZE)
		return false;
	return find_ether(s, at + VXLAN_SIZE) ||
	       find_typed(s, at + VXLAN_SIZE + (data[0] & GENEVE_OPTIONS) * 4,
			  ether_be16(data + 2)) ||
	       find_ip(s, at, RTE_ETHER_TYPE_IPV4) || find_ip(s, at, RTE_ETHER_TYPE_IPV6);
}

/*
 * Finds the inner packet behind the outer headers. Returns the tunnel's flag, or 0 if there is
 * none.
 */
static uint64_t
find_inner(struct search *s, const struct headers *outer)
{
	uint32_t at = outer->l2_len + outer->l3_len;

	switch (outer->protocol) {
	case IPPROTO_IPIP:
		return find_ip(s, at, RTE_ETHER_TYPE_IPV4) ? RTE_MBUF_F_TX_TUNNEL_IPIP : 0;
	case IPPROTO_IPV6:
		return find_ip(s, at, RTE_ETHER_TYPE_IPV6) ? RTE_MBUF_F_TX_TUNNEL_IPIP : 0;
	case IPPROTO_GRE:
		return find_in_gre(s, at) ? RTE_MBUF_F_TX_TUNNEL_GRE : 0;
	case IPPROTO_UDP:
		return find_in_udp(s, at) ? RTE_MBUF_F_TX_TUNNEL_UDP : 0;
	default:
		return 0;
	}
}

int
tunnel_request(struct rte_mbuf *m, uint32_t l4_start, enum offload_gso gso, uint16_t gso_size)
{
	struct search s = { .frame = rte_pktmbuf_mtod(m, const uint8_t *),
			    .len = m->data_len,
			    .l4_start = l4_start,
			    .gso = gso };
	struct headers outer = frame_headers(m);

	if (gso_size == 0 || outer.l3_len == 0 || outer.l3_len > OUTER_L3_LEN_MAX ||
	    outer.end != s.len ||
	    (outer.flags & (HEADERS_BAD_ETHER | HEADERS_LLC | HEADERS_BAD_IP | HEADERS_FRAGMENT)) !=
		    0)
		return -EINVAL;
	uint64_t tunnel = find_inner(&s, &outer);
	uint32_t between = s.inner.l2_len - outer.l2_len - outer.l3_len;
	if (tunnel == 0 || between > L2_LEN_MAX)
		return -EINVAL;
	offload_mark(m, &s.inner, s.l4_len, gso_size);
	m->outer_l2_len = outer.l2_len;
	m->outer_l3_len = outer.l3_len;
	m->l2_len = between;
	m->ol_flags |= tunnel;
	m->ol_flags |= outer.ethertype == RTE_ETHER_TYPE_IPV4 ? RTE_MBUF_F_TX_OUTER_IPV4
							      : RTE_MBUF_F_TX_OUTER_IPV6;
	return 0;
}

/* ---- segments ---- */

static void
fix_udp(struct rte_mbuf *seg, uint32_t start, bool is_ipv4)
{
	struct rte_udp_hdr *udp = rte_pktmbuf_mtod_offset(seg, struct rte_udp_hdr *, start);
	struct headers h = { .l2_len = seg->outer_l2_len,
			     .protocol = IPPROTO_UDP,
			     .ethertype = is_ipv4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6 };
	uint32_t size = seg->data_len - start;

	udp->dgram_len = rte_cpu_to_be_16((uint16_t)size);
	if (udp->dgram_cksum == 0)
		return;
	udp->dgram_cksum = offload_pseudo_sum(rte_pktmbuf_mtod(seg, const uint8_t *), &h, size);
	offload_finish_csum(seg, start, UDP_CSUM_OFFSET);
}

static void
fix_gre(struct rte_mbuf *seg, uint32_t start)
{
	uint8_t *gre = rte_pktmbuf_mtod_offset(seg, uint8_t *, start);

	if ((gre[0] & GRE_CSUM) == 0)
		return;
	offload_put_csum(gre + GRE_SIZE, 0);
	offload_finish_csum(seg, start, GRE_SIZE);
}

void
tunnel_fix_headers(struct rte_mbuf *seg, uint64_t tunnel_flags, unsigned idx)
{
	bool is_ipv4 = (tunnel_flags & RTE_MBUF_F_TX_OUTER_IPV4) != 0;
	uint32_t start = (uint32_t)(seg->outer_l2_len + seg->outer_l3_len);

	if (seg->outer_l3_len == 0)
		return;
	segment_fix_ip(seg, seg->outer_l2_len, is_ipv4, idx);
	if ((tunnel_flags & RTE_MBUF_F_TX_TUNNEL_MASK) == RTE_MBUF_F_TX_TUNNEL_UDP)
		fix_udp(seg, start, is_ipv4);
	else if ((tunnel_flags & RTE_MBUF_F_TX_TUNNEL_MASK) == RTE_MBUF_F_TX_TUNNEL_GRE)
		fix_gre(seg, start);
}
