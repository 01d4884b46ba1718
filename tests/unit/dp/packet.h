/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for the tests, and a second opinion on their checksums: written straight from the RFCs, byte by
 * byte, with nothing taken from the code under test.
 */
#ifndef VPE_TESTS_PACKET_H
#define VPE_TESTS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>

#define PACKET_SIZE_MAX 65535u

struct packet {
	unsigned n_tags;           /* VLAN tags */
	unsigned family;           /* 4 or 6 */
	unsigned ip_options_size;  /* multiple of 4; IPv6: of a destination options header, multiple of 8 */
	unsigned protocol;         /* IPPROTO_TCP or IPPROTO_UDP */
	unsigned tcp_options_size; /* multiple of 4 */
	uint8_t tcp_flags;
	uint32_t seq;
	uint16_t id;
	unsigned payload_size;
	unsigned padding_size; /* bytes after the IP packet */
};

/* All shapes that must be understood: every mix of tags, family, options and protocol. */
extern const struct packet packet_shapes[];
extern const unsigned packet_n_shapes;

/*
 * Writes the frame to `out` (room for PACKET_SIZE_MAX) and returns its size. The checksum field of TCP or UDP
 * holds garbage. Payload byte i is packet_payload(i).
 */
size_t packet_build(const struct packet *p, uint8_t *out);

uint8_t packet_payload(size_t i);

/* Offsets in the frame that packet_build() makes. */
size_t packet_l2_size(const struct packet *p);
size_t packet_l3_size(const struct packet *p);
size_t packet_l4_size(const struct packet *p); /* the header's */
size_t packet_l4_start(const struct packet *p);
size_t packet_csum_start(const struct packet *p);
size_t packet_headers_size(const struct packet *p);

/* RFC 1071's sum of `size` bytes as big-endian words, not complemented, on top of `sum`. */
uint32_t packet_sum(const uint8_t *bytes, size_t size, uint32_t sum);

/* The same for the pseudo-header of the frame that packet_build() made, with `l4_size` as the length. */
uint32_t packet_pseudo_sum(const struct packet *p, const uint8_t *frame, size_t l4_size);

/* Whether IPv4's header checksum, if there is one, and the transport's are right. */
bool packet_csums_hold(const struct packet *p, const uint8_t *frame, size_t size);

/*
 * A buffer of exactly `size` bytes on the heap, so that the address sanitizer sees any access beyond, as the
 * linear frame `m`. `bytes` are copied in. packet_mbuf_free() frees it.
 */
void packet_mbuf(struct rte_mbuf *m, const uint8_t *bytes, size_t size);
void packet_mbuf_free(struct rte_mbuf *m);

uint16_t packet_be16(const uint8_t *at);
uint32_t packet_be32(const uint8_t *at);
void packet_put_be16(uint8_t *at, unsigned value);

#endif
