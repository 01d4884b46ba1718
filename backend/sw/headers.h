/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only parser of a frame's headers. Policy, offloads and steering all use it, so they cannot
 * disagree about what a frame contains. Callers decide what they accept.
 *
 * Reads only within the frame's length, and trusts no length that points beyond it. The frame is
 * linear.
 * Threads: pure functions. Sources: IEEE 802.3, 802.1Q, 802.1ad; RFC 1042 (SNAP); RFC 791; RFC 8200
 * and the IANA list of IPv6 extension headers.
 */
#ifndef VPE_SW_HEADERS_H
#define VPE_SW_HEADERS_H

#include <stdbool.h>
#include <stdint.h>

/* extension headers; RFC 8200 section 4.1 lists 7, one of which may occur twice */
#define HEADERS_EXT_MAX 8u

/* Ethernet. */
/* more than two tags, or the frame ends before the headers do */
#define HEADERS_BAD_ETHER (1u << 0)
#define HEADERS_PROVIDER (1u << 1) /* the first tag is an 802.1ad provider tag */
/* 802.3 length and LLC header instead of an EtherType; `ethertype` is 0 without SNAP */
#define HEADERS_LLC (1u << 2)
#define HEADERS_SNAP (1u << 3) /* the LLC header has an EtherType, as in RFC 1042 */
/* IP. */
/* wrong length or version, or the extension headers do not end */
#define HEADERS_BAD_IP (1u << 4)
#define HEADERS_FRAGMENT (1u << 5) /* any fragment, also an atomic one (RFC 6946) */
/* not the first fragment: there is no header of `protocol` behind l3_len */
#define HEADERS_LATER (1u << 6)
/* a routing header has segments left: the destination is not the final one */
#define HEADERS_ROUTED (1u << 7)
#define HEADERS_RARE_EXT (1u << 8) /* has AH, mobility, HIP or Shim6 extension headers */

struct headers {
	uint32_t l2_len; /* Ethernet, tags, and LLC with SNAP if that has an EtherType */
	/* IP with options or extension headers; 0: there is no IP header, so no addresses */
	uint32_t l3_len;
	/* offset of the end of the IP packet; at least l2_len + l3_len unless HEADERS_BAD_IP */
	uint32_t end;
	/* of the data at l2_len; behind SNAP it may be that of a tag, which is not parsed */
	uint16_t ethertype;
	uint16_t flags;   /* HEADERS_* */
	uint8_t n_tags;   /* tags before the EtherType, at most two */
	uint8_t protocol; /* IPPROTO_* of the data behind l3_len */
};

/* Bytes of the packet behind l3_len. Only valid without HEADERS_BAD_IP. */
static inline uint32_t
headers_l4_room(const struct headers *h)
{
	return h->end - h->l2_len - h->l3_len;
}

/* Parses the Ethernet part into `h` and zeroes the rest. */
void headers_ether(const uint8_t *frame, uint32_t len, struct headers *h);

/*
 * Parses the IP part; call headers_ether() first. Does nothing if the frame is neither IPv4 nor
 * IPv6.
 */
void headers_ip(const uint8_t *frame, uint32_t len, struct headers *h);

/* headers_ether() and headers_ip(). */
void headers_walk(const uint8_t *frame, uint32_t len, struct headers *h);

#endif
