/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames of most tests, built from a description, and a second opinion on their checksums
 * (wire.h). Pure functions.
 */
#ifndef VPE_TESTS_PACKET_H
#define VPE_TESTS_PACKET_H

#include "frames/wire.h"

#define PACKET_SIZE_MAX 65535u

struct packet {
	unsigned n_tags; /* VLAN tags */
	/* 4 or 6, or 0: the payload is behind an EtherType for experiments */
	unsigned family;
	/* multiple of 4; IPv6: of a destination options header, multiple of 8 */
	unsigned ip_options_size;
	unsigned protocol;         /* WIRE_TCP or WIRE_UDP */
	unsigned tcp_options_size; /* multiple of 4 */
	uint8_t tcp_flags;
	uint32_t seq;
	uint16_t id;
	unsigned payload_size;
	unsigned padding_size; /* bytes after the IP packet */
	uint32_t seed;         /* chooses the payload */
	/* If they are 0 or NULL, something is chosen. */
	const uint8_t *dst, *src;
	uint16_t vid;             /* of the first tag; that of a second one is larger by 1 */
	const uint8_t *addresses; /* of IP, source and destination one behind the other */
	uint16_t ports[2];
};

/* All shapes that must be understood: every mix of tags, family, options and protocol. */
extern const struct packet packet_shapes[];
extern const unsigned packet_n_shapes;

/*
 * Writes the frame to `out` (room for PACKET_SIZE_MAX) and returns its size. The checksum field of
 * TCP or UDP holds garbage. Payload byte i is packet_payload(p->seed, i).
 */
size_t packet_build(const struct packet *p, uint8_t *out);

uint8_t packet_payload(uint32_t seed, size_t i);

/* Offsets in the frame that packet_build() makes. */
size_t packet_l2_size(const struct packet *p);
size_t packet_l3_size(const struct packet *p);
size_t packet_l4_size(const struct packet *p); /* the header's */
size_t packet_l4_start(const struct packet *p);
size_t packet_csum_start(const struct packet *p);
size_t packet_headers_size(const struct packet *p);

/*
 * The sum of the pseudo header of the frame that packet_build() made, with `l4_size` as the length.
 */
uint32_t packet_pseudo_sum(const struct packet *p, const uint8_t *frame, size_t l4_size);

/* Whether IPv4's header checksum, if there is one, and the transport's are right. */
bool packet_csums_hold(const struct packet *p, const uint8_t *frame, size_t size);

#endif
