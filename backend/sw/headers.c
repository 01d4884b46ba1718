/* SPDX-License-Identifier: BSD-3-Clause */
/* Parser of a frame's headers. Pure functions. */
#include "sw/headers.h"

#include <stddef.h>
#include <string.h>

#include <netinet/in.h>

#include <rte_ip.h>

#include "sw/ether.h"

#define LENGTH_MAX 0x05ffu /* IEEE 802.3: values from 0x0600 are EtherTypes */
#define LLC_SIZE 3u        /* DSAP, SSAP, control */
#define SNAP_SIZE 8u       /* LLC, then organization and EtherType */
#define EXT_UNIT 8u        /* size of the smallest extension header */

/* If h->ethertype is an 802.3 length, parses the LLC header behind it. */
static void
walk_llc(const uint8_t *frame, uint32_t len, struct headers *h)
{
	/* SNAP for RFC 1042, and for bridges that translate (IEEE 802.1H). */
	static const uint8_t snap[] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };
	static const uint8_t tunnel[] = { 0xaa, 0xaa, 0x03, 0, 0, 0xf8 };
	const uint8_t *llc = frame + h->l2_len;
	uint32_t size = h->ethertype;

	h->flags |= HEADERS_LLC;
	h->ethertype = 0;
	if (size < LLC_SIZE || size > len - h->l2_len) {
		h->flags |= HEADERS_BAD_ETHER;
		return;
	}
	if (size < SNAP_SIZE ||
	    (memcmp(llc, snap, sizeof(snap)) != 0 && memcmp(llc, tunnel, sizeof(tunnel)) != 0))
		return;
	h->flags |= HEADERS_SNAP;
	h->l2_len += SNAP_SIZE;
	h->ethertype = ether_be16(llc + sizeof(snap));
}

void
headers_ether(const uint8_t *frame, uint32_t len, struct headers *h)
{
	memset(h, 0, sizeof(*h));
	if (len < RTE_ETHER_HDR_LEN) {
		h->flags = HEADERS_BAD_ETHER;
		return;
	}
	h->l2_len = RTE_ETHER_HDR_LEN;
	h->ethertype = ether_be16(frame + RTE_ETHER_HDR_LEN - sizeof(uint16_t));
	if (h->ethertype == RTE_ETHER_TYPE_QINQ)
		h->flags |= HEADERS_PROVIDER;
	while (ether_is_tag(h->ethertype)) {
		if (h->n_tags == ETHER_TAGS_MAX || len - h->l2_len < RTE_VLAN_HLEN) {
			h->flags |= HEADERS_BAD_ETHER;
			return;
		}
		h->n_tags++;
		h->l2_len += RTE_VLAN_HLEN;
		h->ethertype = ether_be16(frame + h->l2_len - sizeof(uint16_t));
	}
	if (h->ethertype <= LENGTH_MAX)
		walk_llc(frame, len, h);
}

static void
walk_ipv4(const uint8_t *frame, uint32_t len, struct headers *h)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(frame + h->l2_len);
	uint32_t room = len - h->l2_len;
	uint32_t size, total, offset;

	h->flags |= HEADERS_BAD_IP;
	if (room < sizeof(*ip) || ip->version_ihl >> 4 != IPVERSION)
		return;
	h->l3_len = sizeof(*ip);
	h->protocol = ip->next_proto_id;
	offset = rte_be_to_cpu_16(ip->fragment_offset) &
		 (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK);
	if (offset != 0)
		h->flags |= HEADERS_FRAGMENT;
	if ((offset & RTE_IPV4_HDR_OFFSET_MASK) != 0)
		h->flags |= HEADERS_LATER;
	size = rte_ipv4_hdr_len(ip);
	total = rte_be_to_cpu_16(ip->total_length);
	if (size < sizeof(*ip) || size > total || total > room)
		return;
	h->l3_len = size;
	h->end = h->l2_len + total;
	h->flags &= (uint16_t)~HEADERS_BAD_IP;
}

/*
 * Returns the size of the extension header of `type` at `ext`, which has at least EXT_UNIT bytes,
 * or 0 if `type` is not an extension header.
 */
static uint32_t
ext_size(uint8_t type, const uint8_t *ext)
{
	switch (type) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
	case 139: /* RFC 7401, HIP */
	case 140: /* RFC 5533, Shim6 */
		return (ext[1] + 1u) * 8;
	case IPPROTO_FRAGMENT:
		return EXT_UNIT;
	case IPPROTO_AH:
		return (ext[1] + 2u) * 4;
	default:
		return 0;
	}
}

static bool
is_ext(uint8_t type)
{
	static const uint8_t any[EXT_UNIT];

	return ext_size(type, any) != 0;
}

/* Flags for the extension header of `type`. */
static uint16_t
ext_flags(uint8_t type, const uint8_t *ext)
{
	switch (type) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_DSTOPTS:
		return 0;
	case IPPROTO_ROUTING:
		return ext[3] != 0 ? HEADERS_ROUTED : 0;
	case IPPROTO_FRAGMENT:
		return ether_be16(ext + 2) >> 3 != 0 ? HEADERS_FRAGMENT | HEADERS_LATER
						     : HEADERS_FRAGMENT;
	default:
		return HEADERS_RARE_EXT;
	}
}

/* Skips one extension header. Returns false if it is invalid. */
static bool
step_over(const uint8_t *frame, struct headers *h)
{
	const uint8_t *ext = frame + h->l2_len + h->l3_len;
	uint32_t room = h->end - h->l2_len - h->l3_len;

	if (room < EXT_UNIT || ext_size(h->protocol, ext) > room)
		return false;
	if (h->protocol == IPPROTO_FRAGMENT && (h->flags & HEADERS_FRAGMENT) != 0)
		return false; /* a fragment of a fragment */
	h->flags |= ext_flags(h->protocol, ext);
	h->l3_len += ext_size(h->protocol, ext);
	h->protocol = ext[0];
	return true;
}

static void
walk_ipv6(const uint8_t *frame, uint32_t len, struct headers *h)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(frame + h->l2_len);
	uint32_t room = len - h->l2_len;
	uint32_t payload_len;

	h->flags |= HEADERS_BAD_IP;
	if (room < sizeof(*ip) || frame[h->l2_len] >> 4 != 6)
		return;
	h->l3_len = sizeof(*ip);
	h->protocol = ip->proto;
	payload_len = rte_be_to_cpu_16(ip->payload_len);
	if (payload_len > room - sizeof(*ip))
		return;
	h->end = h->l2_len + h->l3_len + payload_len;
	for (unsigned n = 0; is_ext(h->protocol) && (h->flags & HEADERS_LATER) == 0; n++) {
		if (n == HEADERS_EXT_MAX || !step_over(frame, h))
			return;
	}
	h->flags &= (uint16_t)~HEADERS_BAD_IP;
}

void
headers_ip(const uint8_t *frame, uint32_t len, struct headers *h)
{
	if (h->ethertype == RTE_ETHER_TYPE_IPV4)
		walk_ipv4(frame, len, h);
	else if (h->ethertype == RTE_ETHER_TYPE_IPV6)
		walk_ipv6(frame, len, h);
}

void
headers_walk(const uint8_t *frame, uint32_t len, struct headers *h)
{
	headers_ether(frame, len, h);
	headers_ip(frame, len, h);
}
