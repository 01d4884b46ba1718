/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers as they are on the wire, for the frames that tests build, and their checksums. Written
 * from the RFCs, byte by byte, with nothing of the code under test. Pure functions.
 */
#ifndef VPE_TESTS_WIRE_H
#define VPE_TESTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_ETH_SIZE 14u
#define WIRE_TAG_SIZE 4u
#define WIRE_IP4_SIZE 20u /* without options */
#define WIRE_IP6_SIZE 40u
#define WIRE_UDP_SIZE 8u
#define WIRE_TCP_SIZE 20u /* without options */

#define WIRE_TCP 6u
#define WIRE_UDP 17u

#define WIRE_TYPE_TEST 0x88b5u /* an EtherType for experiments */

uint16_t wire_be16(const uint8_t *at);
uint32_t wire_be32(const uint8_t *at);
void wire_put_be16(uint8_t *at, unsigned value);
void wire_put_be32(uint8_t *at, uint32_t value);

/* RFC 1071's sum of `size` bytes as big-endian words, not complemented, on top of `sum`. */
uint32_t wire_sum(const uint8_t *bytes, size_t size, uint32_t sum);

/*
 * The same for the pseudo header of IP `family` (4 or 6). `addresses`: the source and the
 * destination, one behind the other. `size`: what the header says as the length.
 */
uint32_t wire_pseudo_sum(unsigned family, const uint8_t *addresses, unsigned protocol, size_t size);

/*
 * Sums `size` bytes at `at` on top of `sum`, with 0 in the place of the checksum, and puts the
 * checksum there. `protocol`: if it is UDP, the checksum is never 0.
 */
void wire_put_csum(uint8_t *at, size_t size, uint8_t *csum_at, uint32_t sum, unsigned protocol);

void wire_put_ethernet(uint8_t *at, const uint8_t dst[6], const uint8_t src[6], unsigned type);

/* A tag behind an EtherType that names it; `type` is that of what follows. */
void wire_put_tag(uint8_t *at, unsigned tci, unsigned type);

/* With its checksum. Options are "no operation". */
struct wire_ip4 {
	size_t header_size; /* multiple of 4 */
	size_t size;        /* of all */
	uint16_t id;
	uint16_t fragment; /* flags and offset */
	uint8_t protocol;
	const uint8_t *addresses;
};
void wire_put_ip4(uint8_t *at, const struct wire_ip4 *ip);

/* `size` bytes, extension headers included, follow. */
void wire_put_ip6(uint8_t *at, size_t size, unsigned next, const uint8_t addresses[32]);

/* `size` includes the header. The checksum is 0. */
void wire_put_udp(uint8_t *at, const uint16_t ports[2], size_t size);

/* The checksum is 0. Options are "no operation". */
struct wire_tcp {
	uint16_t ports[2];
	size_t header_size; /* multiple of 4 */
	uint32_t seq;
	uint8_t flags;
};
void wire_put_tcp(uint8_t *at, const struct wire_tcp *tcp);

#endif
