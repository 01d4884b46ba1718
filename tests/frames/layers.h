/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of any stack of headers (wire.h), complete to the last checksum. A stack is a word with a
 * letter for each layer behind the Ethernet header:
 *
 *     T  tag of 802.1Q           A  tag of 802.1ad         E  Ethernet header inside a tunnel
 *     4  IPv4                    o  IPv4 with options      x  first fragment of IPv4
 *     6  IPv6                    h  IPv6 with hop-by-hop and destination options
 *     R  IPv6 with a segment routing header that has a segment left
 *     G  GRE                     g  GRE with checksum and key
 *     V  VXLAN, no checksum      v  VXLAN with a checksum
 *     N  Geneve with options and a checksum                F  IP in UDP
 *     t  TCP                     u  UDP
 *     i  ICMP or whatever else   a  ARP, likewise
 */
#ifndef VPE_TESTS_LAYERS_H
#define VPE_TESTS_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct layers {
	const char *stack;
	const uint8_t *payload;
	size_t payload_size;
	uint32_t seq;
	uint16_t id; /* of all IPv4 headers */
	uint8_t tcp_flags;
	/* What layers_build() found. */
	size_t l4_at; /* of TCP or UDP */
	size_t csum_at;
	uint16_t pseudo_sum; /* with the length in it */
	uint16_t pseudo_sum_no_length;
};

/* Writes the frame (at most 65535 bytes) and returns its size. */
size_t layers_build(struct layers *l, uint8_t *out);

/* The size of all headers. */
size_t layers_headers(const char *stack);

#endif
