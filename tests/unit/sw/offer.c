/* SPDX-License-Identifier: BSD-3-Clause */
/* A frame in the making, and what policies say to it. Called by the tests of sw/policy.c. */
#include "offer.h"

#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>

#include "base/util.h"
#include "mbuf.h"

#define LISTS \
	.mac = { OWN_MAC }, .n_ipv4 = 2, .n_ipv6 = 2, \
	.ipv4 = { { RTE_BE32(0x0a000005), UINT32_MAX }, \
		  { RTE_BE32(0xc0000240), RTE_BE32(0xffffffc0) } }, \
	.ipv6 = { { { OWN_IP6 }, { [0 ... 15] = 0xff } }, \
		  { { 0x20, 1, 0xd, 0xb8 }, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc0 } } }

const struct policy both = { .check_mac = true, .check_ip = true, LISTS };
const struct policy mac_only = { .check_mac = true, LISTS };
const struct policy ip_only = { .check_ip = true, LISTS };

uint8_t frame[1024];
uint32_t frame_len;

void
put(const void *bytes, size_t n)
{
	memcpy(frame + frame_len, bytes, n);
	frame_len += (uint32_t)n;
}

void
put_ethernet(unsigned n_tags, unsigned ethertype)
{
	frame_len = 0;
	PUT(0x02, 0, 0, 0, 0, 1);
	PUT(OWN_MAC);
	for (unsigned i = 0; i < n_tags; i++) {
		if (i == 0 && n_tags == 2)
			PUT(0x88, 0xa8, 0, 7);
		else
			PUT(0x81, 0, 0, 9);
	}
	PUT(BE16(ethertype));
}

enum drop_reason
offer(const struct policy *policy, uint32_t len)
{
	uint8_t *copy = malloc(len);
	enum drop_reason reason;

	memcpy(copy, frame, len);
	struct rte_mbuf m = mbuf_of(copy, len);
	reason = policy_check(policy, &m);
	CHECK_EQ(policy_check(policy, &m), reason); /* with the headers that are known now */
	CHECK_MEM(copy, frame, len);
	free(copy);
	return reason;
}

void
expect_good(void)
{
	EXPECT(&both, DROP_N);
	EXPECT(&mac_only, DROP_N);
	EXPECT(&ip_only, DROP_N);
	for (uint32_t len = 0; len < frame_len; len++) {
		CHECK_NE(offer(&both, len), DROP_N);
		CHECK_EQ(offer(&ip_only, len), DROP_IP_SPOOF);
		offer(&mac_only, len);
	}
	PUT(0, 0, 0, 0, 0, 0, 0, 0); /* padding does no harm */
	EXPECT(&both, DROP_N);
}

void
expect_ip_spoof(void)
{
	EXPECT(&both, DROP_IP_SPOOF);
	EXPECT(&ip_only, DROP_IP_SPOOF);
	EXPECT(&mac_only, DROP_N);
	for (uint32_t len = 0; len < frame_len; len++) {
		CHECK_NE(offer(&both, len), DROP_N);
		CHECK_EQ(offer(&ip_only, len), DROP_IP_SPOOF);
		offer(&mac_only, len);
	}
}

void
expect_mac_spoof(void)
{
	EXPECT(&both, DROP_MAC_SPOOF);
	EXPECT(&mac_only, DROP_MAC_SPOOF);
	EXPECT(&ip_only, DROP_N);
}

void
expect_unclear(void)
{
	EXPECT(&both, DROP_IP_SPOOF);
	EXPECT(&ip_only, DROP_IP_SPOOF);
	EXPECT(&mac_only, DROP_MAC_SPOOF);
}

void
offer_random(void)
{
	static const struct policy *const policies[] = { &both, &mac_only, &ip_only };

	for (unsigned n = (unsigned)random() % 4; n > 0; n--)
		frame[12 + (unsigned)random() % (frame_len - 12)] = (uint8_t)random();
	offer(policies[(unsigned)random() % ARRAY_SIZE(policies)],
	      (uint32_t)random() % (frame_len + 1));
}
