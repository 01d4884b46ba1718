/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frame in the making, and what three policies say to it. Each is offered in a buffer of just its
 * size, so that the address sanitizer sees any look beyond. Shared by the tests of sw/policy.c.
 */
#ifndef VPE_TESTS_OFFER_H
#define VPE_TESTS_OFFER_H

#include <stddef.h>
#include <stdint.h>

#include "sw/policy.h"
#include "unit.h"

#define OWN_MAC 0x02, 0x11, 0x22, 0x33, 0x44, 0x55
#define OTHER_MAC 0x02, 0x11, 0x22, 0x33, 0x44, 0x66
#define OWN_IP 10, 0, 0, 5
#define OWN_IP2 192, 0, 2, 77 /* in the subnet */
#define OTHER_IP 10, 0, 0, 6
#define NO_IP 0, 0, 0, 0
#define OWN_IP6 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5
#define OTHER_IP6 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6
#define OWN_IP6_2 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0x3f, 1, 2, 3, 4, 5, 6, 7, 8 /* in the subnet */
#define NEAR_IP6 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0x40, 1, 2, 3, 4, 5, 6, 7, 8  /* just outside */
#define OWN_LOCAL 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x00, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55
#define OTHER_LOCAL 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x00, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x66
#define NO_IP6 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

/* They allow the addresses above that are called own. */
extern const struct policy both, mac_only, ip_only;

/* ---- the frame ---- */

extern uint8_t frame[1024];
extern uint32_t frame_len;

/* Adds bytes to it. */
void put(const void *bytes, size_t n);

#define BYTES(...) ((const uint8_t[]){ __VA_ARGS__ })
#define PUT(...) put(BYTES(__VA_ARGS__), sizeof(BYTES(__VA_ARGS__)))
#define BE16(value) (uint8_t)((value) >> 8), (uint8_t)(value)

/* Begins a new one, from OWN_MAC. */
void put_ethernet(unsigned n_tags, unsigned ethertype);

/* ---- offering it ---- */

/* What policy_check() says to its first `len` bytes. */
enum drop_reason offer(const struct policy *policy, uint32_t len);

#define EXPECT(policy, reason) CHECK_EQ(offer(policy, frame_len), reason)

/*
 * The frame, which has no padding, may come in with both checks and with each alone; no shorter one
 * may with the check of IP addresses.
 */
void expect_good(void);

/*
 * The frame comes from another IP address; the check of MAC addresses does not mind. No shorter one
 * may come in either.
 */
void expect_ip_spoof(void);

/* It says that it comes from another MAC address. */
void expect_mac_spoof(void);

/* Nobody knows what it is. */
void expect_unclear(void);

/*
 * Offers the frame with some bytes changed and cut off: whatever is said, it is said without a look
 * beyond.
 */
void offer_random(void);

#endif
