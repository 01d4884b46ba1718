/* SPDX-License-Identifier: BSD-3-Clause */
/* Merging of TCP segments. The conditions are those of RFC 9293, 791, 8200 and 6864. */
#include "dp/frame/gro.h"

#include <stdbool.h>
#include <string.h>

#include <netinet/in.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_memcpy.h>
#include <rte_tcp.h>

#include "dp/frame/offload_private.h"

/* Connections of one burst that are merged at the same time. */
#define FLOWS 8u

/* A frame that may be merged with others. */
struct segment {
	const struct rte_mbuf *m;
	const uint8_t *frame;
	struct headers h;
	const struct rte_ipv4_hdr *ip4; /* NULL: IPv6 */
	const struct rte_tcp_hdr *tcp;
	uint32_t l4_len;
	uint32_t headers_size; /* bytes before the payload */
	uint32_t payload_size;
};

/* Segments that become one frame, as far as they are known. */
struct flow {
	struct segment first;
	unsigned at[LIMIT_BURST]; /* their places in the burst */
	unsigned n;
	uint32_t payload_size; /* of all together */
	bool is_complete;      /* nothing may follow the last one */
};

/* ---- what may be merged ---- */

static bool
is_ip_plain(const struct segment *s)
{
	if (s->ip4 != NULL)
		return s->h.l3_len == sizeof(struct rte_ipv4_hdr) &&
		       rte_raw_cksum(s->ip4, sizeof(*s->ip4)) == 0xffff;
	return s->h.l3_len == sizeof(struct rte_ipv6_hdr);
}

/* A blank checksum will be right, and one that was validated is. Others are computed. */
static bool
is_csum_right(const struct segment *s)
{
	uint32_t start = s->h.l2_len + s->h.l3_len;
	uint32_t size = s->h.end - start;
	uint32_t sum;

	if ((s->m->ol_flags & RTE_MBUF_F_TX_L4_MASK) != 0 ||
	    (s->m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	sum = offload_pseudo_sum(s->frame, &s->h, size) + offload_sum(s->frame + start, size);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/*
 * Describes `m`. Returns false if it is not a TCP segment that may be merged. Its checksum is left
 * to is_next(): most bursts have no segments that belong together, and need none computed.
 */
static bool
segment_of(struct rte_mbuf *m, struct segment *s)
{
	s->m = m;
	if (offload_is_gso(m) || !offload_find(m, &s->h, &s->l4_len) ||
	    s->h.protocol != IPPROTO_TCP)
		return false;
	s->frame = rte_pktmbuf_mtod(m, const uint8_t *);
	s->ip4 = s->h.ethertype == RTE_ETHER_TYPE_IPV4 ? (const void *)(s->frame + s->h.l2_len)
						       : NULL;
	s->tcp = (const void *)(s->frame + s->h.l2_len + s->h.l3_len);
	s->headers_size = s->h.l2_len + s->h.l3_len + s->l4_len;
	s->payload_size = s->h.end - s->headers_size;
	return s->payload_size >= LIMIT_MSS_MIN && s->h.end == m->data_len &&
	       (s->tcp->tcp_flags & ~RTE_TCP_PSH_FLAG) == RTE_TCP_ACK_FLAG &&
	       (s->tcp->data_off & 0x0f) == 0 && is_ip_plain(s);
}

/* ---- what belongs together ---- */

static bool
is_same(const void *a, const void *b, size_t from, size_t to)
{
	return memcmp((const uint8_t *)a + from, (const uint8_t *)b + from, to - from) == 0;
}

/* Addresses, ports and everything before them: segments of one connection in one direction. */
static bool
is_same_flow(const struct segment *a, const struct segment *b)
{
	const uint8_t *ip_a = a->frame + a->h.l2_len, *ip_b = b->frame + b->h.l2_len;
	size_t addresses = a->ip4 != NULL ? offsetof(struct rte_ipv4_hdr, src_addr)
					  : offsetof(struct rte_ipv6_hdr, src_addr);

	/* l2_len covers the EtherType, and so whether it is IPv4 or IPv6 */
	return a->h.l2_len == b->h.l2_len && is_same(a->frame, b->frame, 0, a->h.l2_len) &&
	       is_same(ip_a, ip_b, addresses, a->h.l3_len) &&
	       is_same(a->tcp, b->tcp, 0, offsetof(struct rte_tcp_hdr, sent_seq));
}

/* Segmentation counts ids up. Fixed ones are accepted where they have no meaning. */
static bool
is_next_ip4(const struct rte_ipv4_hdr *first, const struct rte_ipv4_hdr *next, unsigned idx)
{
	uint16_t id = rte_be_to_cpu_16(first->packet_id);
	uint16_t next_id = rte_be_to_cpu_16(next->packet_id);
	bool is_atomic = (first->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG)) != 0;

	return is_same(first, next, 0, offsetof(struct rte_ipv4_hdr, total_length)) &&
	       is_same(first, next, offsetof(struct rte_ipv4_hdr, fragment_offset),
		       offsetof(struct rte_ipv4_hdr, hdr_checksum)) &&
	       (next_id == (uint16_t)(id + idx) || (is_atomic && next_id == id));
}

static bool
is_next_ip(const struct segment *first, const struct segment *next, unsigned idx)
{
	const uint8_t *ip = first->frame + first->h.l2_len, *ip_next = next->frame + next->h.l2_len;

	if (first->ip4 != NULL)
		return is_next_ip4(first->ip4, next->ip4, idx);
	return is_same(ip, ip_next, 0, offsetof(struct rte_ipv6_hdr, payload_len)) &&
	       is_same(ip, ip_next, offsetof(struct rte_ipv6_hdr, proto),
		       offsetof(struct rte_ipv6_hdr, src_addr));
}

/* Whether the TCP headers agree in all but the sequence number, PSH and the checksum. */
static bool
is_next_tcp(const struct segment *first, const struct segment *next, uint32_t at)
{
	uint32_t seq = rte_be_to_cpu_32(first->tcp->sent_seq);

	return next->l4_len == first->l4_len && rte_be_to_cpu_32(next->tcp->sent_seq) == seq + at &&
	       first->tcp->recv_ack == next->tcp->recv_ack &&
	       first->tcp->rx_win == next->tcp->rx_win &&
	       first->tcp->tcp_urp == next->tcp->tcp_urp &&
	       is_same(first->tcp, next->tcp, sizeof(struct rte_tcp_hdr), first->l4_len);
}

/* Whether `next`, of the same flow, follows the segments of `f`. */
static bool
is_next(const struct flow *f, const struct segment *next)
{
	const struct segment *first = &f->first;

	if (f->is_complete || next->payload_size > first->payload_size ||
	    first->h.end + f->payload_size - first->payload_size + next->payload_size >
		    LIMIT_FRAME_SIZE)
		return false;
	return is_next_ip(first, next, f->n) && is_next_tcp(first, next, f->payload_size) &&
	       (f->n > 1 || is_csum_right(first)) && is_csum_right(next);
}

static void
add(struct flow *f, const struct segment *s, unsigned at)
{
	if (f->n == 0) {
		f->first = *s;
		f->payload_size = 0;
	}
	f->at[f->n++] = at;
	f->payload_size += s->payload_size;
	f->is_complete = (s->tcp->tcp_flags & RTE_TCP_PSH_FLAG) != 0 ||
			 s->payload_size < f->first.payload_size;
}

/* ---- merging ---- */

/* Adapts the headers of the first segment to a frame with all of the payload. */
static void
finish(struct rte_mbuf *m, const struct flow *f, uint8_t tcp_flags)
{
	struct headers h = f->first.h;
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(frame + h.l2_len + h.l3_len);

	h.end = m->data_len;
	tcp->tcp_flags = tcp_flags;
	segment_fix_ip(m, h.l2_len, f->first.ip4 != NULL, 0);
	offload_mark(m, &h, f->first.l4_len, (uint16_t)f->first.payload_size);
}

/* Puts the frame of all segments of `f` in the place of the first; NULL in that of the others. */
static void
merge(struct pools *pools, struct rte_mbuf **frames, const struct flow *f)
{
	uint32_t headers_size = f->first.headers_size;
	struct rte_mbuf *m = f->n < 2 ? NULL : pool_alloc(pools, headers_size + f->payload_size);
	uint8_t tcp_flags = 0;
	uint8_t *to;

	if (m == NULL)
		return;
	to = rte_pktmbuf_mtod(m, uint8_t *);
	rte_memcpy(to, f->first.frame, headers_size);
	to += headers_size;
	for (unsigned i = 0; i < f->n; i++) {
		struct rte_mbuf *from = frames[f->at[i]];
		const uint8_t *bytes = rte_pktmbuf_mtod(from, const uint8_t *);
		uint32_t size = from->data_len - headers_size;

		rte_memcpy(to, bytes + headers_size, size);
		to += size;
		tcp_flags = bytes[f->first.h.l2_len + f->first.h.l3_len +
				  offsetof(struct rte_tcp_hdr, tcp_flags)];
	}
	finish(m, f, tcp_flags);
	for (unsigned i = 0; i < f->n; i++) {
		rte_pktmbuf_free(frames[f->at[i]]);
		frames[f->at[i]] = i == 0 ? m : NULL;
	}
}

static unsigned
close_gaps(struct rte_mbuf **frames, unsigned n)
{
	unsigned n_left = 0;

	for (unsigned i = 0; i < n; i++) {
		if (frames[i] != NULL)
			frames[n_left++] = frames[i];
	}
	return n_left;
}

/* ---- bursts ---- */

static void
merge_all(struct pools *pools, struct rte_mbuf **frames, struct flow *flows, unsigned *n_flows)
{
	for (unsigned i = 0; i < *n_flows; i++)
		merge(pools, frames, &flows[i]);
	*n_flows = 0;
}

/* The newest segments of the connection that `s` belongs to, or NULL. */
static struct flow *
flow_of(struct flow *flows, unsigned n_flows, const struct segment *s)
{
	for (unsigned i = n_flows; i > 0; i--) {
		if (is_same_flow(&flows[i - 1].first, s))
			return &flows[i - 1];
	}
	return NULL;
}

/* A frame that cannot be merged ends all flows, so that nothing overtakes it. */
unsigned
gro_burst(struct pools *pools, struct rte_mbuf **frames, unsigned n)
{
	struct flow flows[FLOWS];
	unsigned n_flows = 0;

	if (n < 2)
		return n;
	for (unsigned i = 0; i < n; i++) {
		struct segment s;
		if (!segment_of(frames[i], &s)) {
			merge_all(pools, frames, flows, &n_flows);
			continue;
		}
		struct flow *f = flow_of(flows, n_flows, &s);
		if (f == NULL || !is_next(f, &s)) {
			if (n_flows == FLOWS)
				merge_all(pools, frames, flows, &n_flows);
			f = &flows[n_flows++];
			f->n = 0;
		}
		add(f, &s, i);
	}
	merge_all(pools, frames, flows, &n_flows);
	return close_gaps(frames, n);
}
