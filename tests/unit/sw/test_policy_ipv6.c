/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest may say that it is: IPv6 and neighbour discovery. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "offer.h"

static uint32_t ip6_at; /* where the IPv6 header begins */

/* Only the header: what follows is put behind it, and end_ipv6() writes the length. */
static void
put_ipv6(unsigned n_tags, const uint8_t src[16], uint8_t protocol)
{
	put_ethernet(n_tags, 0x86dd);
	ip6_at = frame_len;
	PUT(0x60, 0, 0, 0, 0, 0, protocol, 255);
	put(src, 16);
	PUT(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
}

static void
end_ipv6(void)
{
	uint32_t len = frame_len - ip6_at - 40;

	memcpy(frame + ip6_at + 4, (const uint8_t[]){ BE16(len) }, 2);
}

static void
put_udp(unsigned from, unsigned to)
{
	PUT(BE16(from), BE16(to), 0, 12, 0, 0, 'd', 'a', 't', 'a');
}

/* A message of neighbour discovery with one option: `kind` 0 for none. */
static void
put_nd(uint8_t type, const uint8_t target[16], uint8_t kind, const uint8_t mac[6])
{
	static const unsigned rest[] = { [133] = 0, [134] = 8, [135] = 0, [136] = 0, [137] = 16 };

	PUT(type, 0, 0, 0, 0, 0, 0, 0);
	if (type == 135 || type == 136 || type == 137)
		put(target, 16);
	for (unsigned i = 0; i < rest[type]; i++)
		PUT(0);
	if (kind != 0) {
		PUT(kind, 1);
		put(mac, 6);
	}
}

static void
policy_check_ipv6(void)
{
	static const struct {
		uint8_t addr[16];
		bool is_own;
	} src[] = {
		{ { OWN_IP6 }, true },
		{ { OWN_IP6_2 }, true },
		{ { OWN_LOCAL }, true },
		{ { OTHER_IP6 }, false },
		{ { NEAR_IP6 }, false },
		{ { OTHER_LOCAL }, false },
		{ { NO_IP6 }, false },
		{ { 0xff, 2, [15] = 1 }, false },
		/* beyond the /64 of link-local addresses */
		{ { 0xfe, 0x80, 0, 0, 0, 0, 0, 1, 0x00, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55 },
		  false },
		/* ::ffff:10.0.0.5 */
		{ { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 5 }, false },
	};
	static const uint8_t protocols[] = { 6, 17, 58, 50, 59 };

	for (unsigned i = 0; i < ARRAY_SIZE(src); i++) {
		for (unsigned k = 0; k < ARRAY_SIZE(protocols); k++) {
			for (unsigned n_tags = 0; n_tags <= 2; n_tags++) {
				put_ipv6(n_tags, src[i].addr, protocols[k]);
				/* also an echo request */
				PUT(128, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
				end_ipv6();
				if (src[i].is_own)
					expect_good();
				else
					expect_ip_spoof();
			}
		}
	}
}

/* Without a MAC there is no link-local address to take for granted. */
static void
policy_check_ipv6_no_mac(void)
{
	const struct policy policy = { .check_ip = true };

	put_ipv6(0, BYTES(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0xff, 0xfe, 0, 0, 0), 58);
	PUT(128, 0, 0, 1, 0, 0, 0, 0);
	end_ipv6();
	EXPECT(&policy, DROP_IP_SPOOF);
}

static void
policy_check_ipv6_lengths(void)
{
	for (unsigned size = 0; size < 40; size++) {
		put_ipv6(0, BYTES(OWN_IP6), 6);
		for (unsigned i = 0; i < 20; i++)
			PUT(0);
		frame[ip6_at + 5] = (uint8_t)size;
		EXPECT(&ip_only, size <= 20 ? DROP_N : DROP_IP_SPOOF);
	}
	for (unsigned version = 0; version < 16; version++) {
		put_ipv6(0, BYTES(OWN_IP6), 6);
		frame[ip6_at] = (uint8_t)(version << 4);
		if (version == 6)
			expect_good();
		else
			expect_unclear();
	}
}

/* What a host without an address sends. */
static void
policy_check_unspecified(void)
{
	for (unsigned type = 0; type < 256; type++) {
		bool may = type == 131 || type == 132 || type == 133 || type == 143;

		put_ipv6(0, BYTES(NO_IP6), 58);
		PUT((uint8_t)type, 0, 0, 0, 0, 0, 0, 0);
		end_ipv6();
		EXPECT(&ip_only, may ? DROP_N : DROP_IP_SPOOF);
	}
	put_ipv6(0, BYTES(NO_IP6), 58); /* duplicate address detection */
	put_nd(135, BYTES(OWN_IP6), 0, NULL);
	end_ipv6();
	expect_good();
	put_ipv6(0, BYTES(NO_IP6), 58);
	put_nd(135, BYTES(OWN_LOCAL), 0, NULL);
	end_ipv6();
	expect_good();
	put_ipv6(0, BYTES(NO_IP6), 58); /* it would keep the neighbour from using its address */
	put_nd(135, BYTES(OTHER_IP6), 0, NULL);
	end_ipv6();
	expect_ip_spoof();
	/* as Linux sends it: behind a hop-by-hop header with a router alert */
	put_ipv6(0, BYTES(NO_IP6), 0);
	PUT(58, 0, 5, 2, 0, 0, 1, 0);
	PUT(143, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0);
	PUT(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0x33, 0x44, 0x55);
	end_ipv6();
	expect_good();
	put_ipv6(0, BYTES(NO_IP6), 17); /* RFC 8415: from a link-local address only */
	put_udp(546, 547);
	end_ipv6();
	expect_ip_spoof();
}

static void
policy_check_dhcpv6(void)
{
	put_ipv6(0, BYTES(OWN_LOCAL), 17);
	put_udp(546, 547);
	end_ipv6();
	expect_good();
	put_ipv6(0, BYTES(OWN_LOCAL), 17);
	put_udp(547, 546);
	end_ipv6();
	expect_ip_spoof();
	put_ipv6(1, BYTES(OWN_IP6), 60);
	PUT(17, 0, 1, 4, 0, 0, 0, 0);
	put_udp(1000, 546);
	end_ipv6();
	expect_ip_spoof();
}

static void
policy_check_nd(void)
{
	static const struct {
		uint8_t type;
		uint8_t target[16];
		bool may;
	} message[] = {
		{ 133, { 0 }, true },
		{ 134, { 0 }, false },
		{ 135, { OTHER_IP6 }, true },
		{ 136, { OWN_IP6 }, true },
		{ 136, { OWN_LOCAL }, true },
		{ 136, { OTHER_IP6 }, false },
		{ 136, { OTHER_LOCAL }, false },
		{ 137, { OWN_IP6 }, false },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(message); i++) {
		for (unsigned n_tags = 0; n_tags <= 2; n_tags++) {
			for (uint8_t kind = 0; kind <= 3; kind++) {
				put_ipv6(n_tags, BYTES(OWN_LOCAL), 58);
				put_nd(message[i].type, message[i].target, kind, BYTES(OWN_MAC));
				end_ipv6();
				if (message[i].may)
					expect_good();
				else
					expect_ip_spoof();
			}
		}
	}
	put_ipv6(0, BYTES(NO_IP6), 58); /* from nobody */
	put_nd(136, BYTES(OWN_IP6), 2, BYTES(OWN_MAC));
	end_ipv6();
	expect_ip_spoof();
}

/* Link-layer addresses among the options. */
static void
policy_check_nd_options(void)
{
	static const uint8_t types[] = { 133, 135, 136 };

	for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
		for (uint8_t kind = 1; kind <= 2; kind++) {
			put_ipv6(0, BYTES(OWN_LOCAL), 58);
			put_nd(types[i], BYTES(OWN_IP6), kind, BYTES(OTHER_MAC));
			end_ipv6();
			expect_mac_spoof();
			put_ipv6(0, BYTES(OWN_LOCAL), 58); /* behind a harmless one */
			put_nd(types[i], BYTES(OWN_IP6), 14, BYTES(OTHER_MAC));
			PUT(kind, 1, OTHER_MAC);
			end_ipv6();
			expect_mac_spoof();
			put_ipv6(0, BYTES(OWN_LOCAL), 58); /* longer than it ought to be */
			put_nd(types[i], BYTES(OWN_IP6), 0, NULL);
			PUT(kind, 2, OWN_MAC, 0, 0, 0, 0, 0, 0, 0, 0);
			end_ipv6();
			expect_mac_spoof();
		}
		/* an option of no length: the way to an endless loop */
		put_ipv6(0, BYTES(OWN_LOCAL), 58);
		put_nd(types[i], BYTES(OWN_IP6), 0, NULL);
		PUT(1, 0, OTHER_MAC);
		end_ipv6();
		expect_mac_spoof();
		for (unsigned n = 1; n < 8; n++) { /* a piece of one */
			put_ipv6(0, BYTES(OWN_LOCAL), 58);
			put_nd(types[i], BYTES(OWN_IP6), 0, NULL);
			put(BYTES(1, 1, OTHER_MAC), n);
			end_ipv6();
			expect_mac_spoof();
		}
	}
	/* a router with the right MAC may be one where only MACs are checked */
	put_ipv6(0, BYTES(OWN_LOCAL), 58);
	put_nd(134, NULL, 1, BYTES(OTHER_MAC));
	end_ipv6();
	EXPECT(&mac_only, DROP_MAC_SPOOF);
}

/* Extension headers, one of each kind and many. */
static void
policy_check_extensions(void)
{
	static const uint8_t kinds[] = { 0, 43, 60, 135, 139, 140 };

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		put_ipv6(0, BYTES(OWN_IP6), kinds[i]);
		PUT(58, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
		put_nd(136, BYTES(OWN_IP6), 2, BYTES(OWN_MAC));
		end_ipv6();
		expect_good();
		put_ipv6(0, BYTES(OWN_IP6), kinds[i]); /* what is behind it is seen */
		PUT(58, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
		put_nd(136, BYTES(OTHER_IP6), 2, BYTES(OWN_MAC));
		end_ipv6();
		expect_ip_spoof();
		put_ipv6(0, BYTES(OWN_IP6), kinds[i]);
		PUT(58, 0, 0, 0, 0, 0, 0, 0);
		put_nd(134, NULL, 0, NULL);
		end_ipv6();
		expect_ip_spoof();
		put_ipv6(0, BYTES(OWN_IP6), kinds[i]); /* longer than the packet */
		PUT(58, 255, 0, 0, 0, 0, 0, 0);
		put_nd(134, NULL, 0, NULL);
		end_ipv6();
		expect_unclear();
	}
	put_ipv6(0, BYTES(OWN_IP6), 51); /* AH counts in another way */
	PUT(58, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	put_nd(134, NULL, 0, NULL);
	end_ipv6();
	expect_ip_spoof();
	for (unsigned n = 1; n < 100; n++) {
		put_ipv6(0, BYTES(OWN_IP6), 60);
		for (unsigned i = 0; i < n; i++)
			PUT(i == n - 1 ? 6 : 60, 0, 1, 4, 0, 0, 0, 0);
		PUT(0, 1, 0, 2);
		end_ipv6();
		if (n <= 8)
			expect_good();
		else
			expect_unclear();
	}
}

static void
put_fragment(uint8_t next, unsigned offset_and_more)
{
	PUT(next, 0, BE16(offset_and_more), 0, 0, 0, 1);
}

static void
policy_check_fragments(void)
{
	put_ipv6(0, BYTES(OWN_IP6), 44); /* a first one of UDP */
	put_fragment(17, 1);
	put_udp(1000, 2000);
	end_ipv6();
	expect_good();
	put_ipv6(0, BYTES(OWN_IP6), 44); /* and a later one of anything */
	put_fragment(58, 8);
	put_nd(134, NULL, 0, NULL);
	end_ipv6();
	EXPECT(&both, DROP_N);
	put_ipv6(0, BYTES(OTHER_IP6), 44);
	put_fragment(17, 8);
	PUT(0, 0, 0, 0, 0, 0, 0, 0);
	end_ipv6();
	expect_ip_spoof();
	put_ipv6(0, BYTES(NO_IP6), 44);
	put_fragment(58, 8);
	PUT(143, 0, 0, 0, 0, 0, 0, 0);
	end_ipv6();
	expect_ip_spoof();
	for (unsigned more = 0; more <= 1; more++) { /* RFC 6980 */
		put_ipv6(0, BYTES(OWN_IP6), 44);
		put_fragment(58, more);
		put_nd(136, BYTES(OWN_IP6), 2, BYTES(OWN_MAC));
		end_ipv6();
		expect_unclear();
	}
	put_ipv6(0, BYTES(OWN_IP6), 44); /* RFC 7112: the chain goes on in the next one */
	put_fragment(60, 1);
	PUT(58, 1, 1, 4, 0, 0, 0, 0);
	end_ipv6();
	expect_unclear();
	put_ipv6(0, BYTES(OWN_IP6), 44);
	put_fragment(58, 1);
	end_ipv6();
	expect_unclear();
	put_ipv6(0, BYTES(OWN_IP6), 44); /* a fragment of a fragment */
	put_fragment(44, 0);
	put_fragment(17, 0);
	put_udp(1000, 2000);
	end_ipv6();
	expect_unclear();
	put_ipv6(0, BYTES(OWN_IP6), 44);
	put_fragment(17, 1);
	PUT(0, 67, 2, 34);
	end_ipv6();
	expect_ip_spoof();
}

static void
policy_check_random_ipv6(void)
{
	srandom(1);
	for (unsigned i = 0; i < 100000; i++) {
		if (i % 2 == 0) {
			put_ipv6(i % 3, BYTES(OWN_IP6), 60);
			PUT(44, 0, 1, 4, 0, 0, 0, 0);
			put_fragment(0, 1);
			PUT(58, 0, 1, 4, 0, 0, 0, 0);
			put_nd(135, BYTES(OWN_IP6), 1, BYTES(OWN_MAC));
		} else {
			put_ipv6(i % 3, BYTES(NO_IP6), 58);
			put_nd(136, BYTES(OWN_IP6), 2, BYTES(OWN_MAC));
			PUT(5, 1, 0, 0, 0, 0, 5, 0xdc);
		}
		end_ipv6();
		offer_random();
	}
}

void test_policy_ipv6(CU_pSuite suite);

void
test_policy_ipv6(CU_pSuite suite)
{
	UNIT_ADD(suite, policy_check_ipv6);
	UNIT_ADD(suite, policy_check_ipv6_no_mac);
	UNIT_ADD(suite, policy_check_ipv6_lengths);
	UNIT_ADD(suite, policy_check_unspecified);
	UNIT_ADD(suite, policy_check_dhcpv6);
	UNIT_ADD(suite, policy_check_nd);
	UNIT_ADD(suite, policy_check_nd_options);
	UNIT_ADD(suite, policy_check_extensions);
	UNIT_ADD(suite, policy_check_fragments);
	UNIT_ADD(suite, policy_check_random_ipv6);
}
