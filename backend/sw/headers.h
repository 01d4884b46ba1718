/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The headers of a frame: where they are and what they say. There is only this one walk, so that the policy, the offloads and the
 * steering cannot take the same frame for different packets. Callers decide what they accept.
 *
 * Reads only within the frame's length, whatever that is, and believes no length that points beyond it. The frame is linear.
 * Threads: pure functions.
 * Sources: IEEE 802.3, 802.1Q, 802.1ad; RFC 1042 (SNAP); RFC 791; RFC 8200 and the IANA list of IPv6 extension headers.
 */
#ifndef VPE_SW_HEADERS_H
#define VPE_SW_HEADERS_H

#include <stdbool.h>
#include <stdint.h>

#define HEADERS_EXT_MAX 8u /* extension headers; RFC 8200 section 4.1 lists 7, of which one may come twice */

/* Ethernet. */
#define HEADERS_BAD_ETHER (1u << 0) /* more than two tags, or the frame ends before the headers do */
#define HEADERS_PROVIDER (1u << 1)  /* the first tag is of 802.1ad */
#define HEADERS_LLC (1u << 2)       /* an 802.3 length and an LLC header, no EtherType: `ethertype` is 0 unless SNAP has one */
#define HEADERS_SNAP (1u << 3)      /* LLC with an EtherType behind it, as in RFC 1042 */
/* IP. */
#define HEADERS_BAD_IP (1u << 4)    /* a length or the version is wrong, or the chain of extension headers has no end */
#define HEADERS_FRAGMENT (1u << 5)  /* any, also one that is the whole packet (RFC 6946) */
#define HEADERS_LATER (1u << 6)     /* a fragment but the first: no header of `protocol` is behind l3_len */
#define HEADERS_ROUTED (1u << 7)    /* a routing header has segments left: the destination is not the last one */
#define HEADERS_RARE_EXT (1u << 8)  /* AH, mobility, HIP or Shim6 are among the extension headers */

struct headers {
	uint32_t l2_len;    /* Ethernet, tags, and LLC with SNAP if there is an EtherType in it */
	uint32_t l3_len;    /* IP with options or extension headers. 0: no IP header is there, so no addresses */
	uint32_t end;       /* offset of the end of the IP packet; unless HEADERS_BAD_IP, at least l2_len + l3_len */
	uint16_t ethertype; /* of what is at l2_len; a tag's behind SNAP, which nobody looks into */
	uint16_t flags;     /* HEADERS_* */
	uint8_t n_tags;     /* before the EtherType, at most two */
	uint8_t protocol;   /* IPPROTO_* of what is behind l3_len */
};

/* The bytes of the packet behind l3_len. Only without HEADERS_BAD_IP. */
static inline uint32_t
headers_l4_room(const struct headers *h)
{
	return h->end - h->l2_len - h->l3_len;
}

/* Fills the part of `h` on Ethernet, and zeroes the rest. */
void headers_ether(const uint8_t *frame, uint32_t len, struct headers *h);

/* Fills the rest, behind headers_ether(). Without effect if the frame is neither IPv4 nor IPv6. */
void headers_ip(const uint8_t *frame, uint32_t len, struct headers *h);

/* Both. */
void headers_walk(const uint8_t *frame, uint32_t len, struct headers *h);

#endif
