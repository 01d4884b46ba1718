/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames that simulated guests exchange: packet.h's, and checked byte for byte. Pure functions.
 */
#ifndef VPE_TESTS_FRAME_H
#define VPE_TESTS_FRAME_H

#include <stdbool.h>
#include <stdint.h>

enum frame_kind {
	FRAME_RAW, /* EtherType 0x88b5, IEEE's for experiments */
	FRAME_UDP4,
	FRAME_TCP4,
	FRAME_UDP6,
	FRAME_TCP6,
	FRAME_N_KINDS,
};

struct frame {
	enum frame_kind kind;
	uint8_t dst[6], src[6];
	uint16_t vlan;     /* 0: untagged */
	uint32_t len;      /* of the whole frame; at least frame_header_len() */
	uint32_t seed;     /* chooses the payload; also TCP's sequence number and the IPv4 id */
	uint8_t tcp_flags; /* 0: ACK */
};

/* Bytes before the payload. */
uint32_t frame_header_len(const struct frame *f);

/* Writes f->len bytes, with all checksums complete. */
void frame_build(const struct frame *f, uint8_t *out);

/*
 * The same with the TCP or UDP checksum blank as a frontend leaves it: only the pseudo header is
 * summed.
 */
void frame_build_blank(const struct frame *f, uint8_t *out);

/* Whether `data` is what frame_build() or, as `csum` says, frame_build_blank() would write. */
enum frame_csum {
	FRAME_COMPLETE,
	FRAME_BLANK,
};
bool frame_equal(const struct frame *f, enum frame_csum csum, const uint8_t *data, uint32_t len);

/* Whether the IPv4 header's and the TCP or UDP checksum of a frame without GSO are right. */
bool frame_checksums_right(const uint8_t *data, uint32_t len);

/* The locally administered address that tests give the vif of `domid`. */
void frame_mac(uint32_t domid, uint8_t mac[6]);

/*
 * Whether a TCP segment is the part of `f`'s payload that starts at byte `at`; its payload length
 * in `n`.
 */
bool frame_segment_of(const struct frame *f, uint32_t at, const uint8_t *data, uint32_t len,
		      uint32_t *n);

#endif
