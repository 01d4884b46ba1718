/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest may say that it is: Ethernet, ARP, IPv4. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "offer.h"

static void
put_arp(unsigned n_tags, unsigned opcode, const uint8_t sha[6], const uint8_t spa[4],
	const uint8_t tpa[4])
{
	put_ethernet(n_tags, 0x0806);
	PUT(0, 1, 8, 0, 6, 4, BE16(opcode));
	put(sha, 6);
	put(spa, 4);
	PUT(0, 0, 0, 0, 0, 0);
	put(tpa, 4);
}

struct ipv4 {
	unsigned n_tags;
	unsigned options; /* bytes */
	uint8_t protocol;
	unsigned fragment; /* the field */
	uint8_t src[4], dst[4];
	unsigned from, to; /* ports */
	unsigned payload;  /* bytes with the UDP header; at least 4 */
};

static void
put_ipv4(struct ipv4 ip)
{
	unsigned payload = ip.payload != 0 ? ip.payload : 20;

	put_ethernet(ip.n_tags, 0x0800);
	PUT((uint8_t)(0x45 + ip.options / 4), 0, BE16(20 + ip.options + payload), 0, 1,
	    BE16(ip.fragment), 64, ip.protocol, 0, 0);
	put(ip.src, 4);
	put(ip.dst, 4);
	memset(frame + frame_len, 1, ip.options + payload);
	frame_len += ip.options;
	PUT(BE16(ip.from), BE16(ip.to));
	frame_len += payload - 4;
}

/* ---- Ethernet ---- */

static void
policy_check_nothing(void)
{
	static const struct policy none = { .mac = { OWN_MAC } };

	put_ethernet(0, 0x88b5);
	memset(frame + 6, 0xff, 6);
	EXPECT(&none, DROP_N);
	CHECK_EQ(offer(&none, 3), DROP_N);
}

static void
policy_check_source(void)
{
	put_ethernet(0, 0x88b5);
	EXPECT(&mac_only, DROP_N);
	for (unsigned i = 6; i < 12; i++) { /* each byte counts */
		frame[i] ^= 1;
		EXPECT(&mac_only, DROP_MAC_SPOOF);
		EXPECT(&both, DROP_MAC_SPOOF);
		frame[i] ^= 1;
	}
	memset(frame + 6, 0xff, 6);
	EXPECT(&mac_only, DROP_MAC_SPOOF);
	memset(frame + 6, 0, 6);
	EXPECT(&mac_only, DROP_MAC_SPOOF);
	put_ipv4((struct ipv4){ .protocol = 6, .src = { OWN_IP } });
	memcpy(frame + 6, BYTES(OTHER_MAC), 6);
	expect_mac_spoof();
}

static void
policy_check_between_bridges(void)
{
	put_ipv4((struct ipv4){ .protocol = 6, .src = { OWN_IP } });
	for (unsigned last = 0; last < 0x40; last++) {
		memcpy(frame, BYTES(0x01, 0x80, 0xc2, 0, 0, (uint8_t)last), 6);
		EXPECT(&mac_only,
		       last < 0x10 || (last >= 0x20 && last < 0x30) ? DROP_NO_PORT : DROP_N);
		EXPECT(&ip_only, DROP_N);
	}
	for (unsigned last = 0xca; last < 0xd0; last++) {
		memcpy(frame, BYTES(0x01, 0x00, 0x0c, 0xcc, 0xcc, (uint8_t)last), 6);
		EXPECT(&both, last == 0xcc || last == 0xcd ? DROP_NO_PORT : DROP_N);
	}
}

/* What is neither IPv4, ARP nor IPv6. */
static void
policy_check_others(void)
{
	static const unsigned ethertypes[] = { 0x88b5, 0x0801, 0x88cc, 0x8847,
					       0x8864, 0x9100, 0x22f0, 0xffff };

	for (unsigned i = 0; i < ARRAY_SIZE(ethertypes); i++) {
		for (unsigned n_tags = 0; n_tags <= 2; n_tags++) {
			put_ethernet(n_tags, ethertypes[i]);
			/* no LLC, whatever it looks like */
			PUT(0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45, 0);
			expect_ip_spoof();
		}
	}
}

/* The frame as it is, behind an LLC and a SNAP header of that organization. */
static void
put_behind_snap(uint8_t organization)
{
	uint8_t payload[sizeof(frame)];
	uint32_t len = frame_len - 12;

	memcpy(payload, frame + 12, len);
	frame_len = 12;
	PUT(BE16(len + 6), 0xaa, 0xaa, 3, 0, 0, organization);
	put(payload, len);
}

/* An EtherType behind LLC and SNAP counts like any other (RFC 1042, IEEE 802.1H). */
static void
policy_check_snap(void)
{
	static const uint8_t organizations[] = { 0, 0xf8 };

	for (unsigned i = 0; i < ARRAY_SIZE(organizations); i++) {
		put_arp(0, 2, BYTES(OWN_MAC), BYTES(OWN_IP), BYTES(OTHER_IP));
		put_behind_snap(organizations[i]);
		EXPECT(&both, DROP_N);
		put_arp(0, 2, BYTES(OTHER_MAC), BYTES(OWN_IP), BYTES(OTHER_IP));
		put_behind_snap(organizations[i]);
		expect_mac_spoof();
		put_arp(0, 2, BYTES(OWN_MAC), BYTES(OTHER_IP), BYTES(OTHER_IP));
		put_behind_snap(organizations[i]);
		EXPECT(&both, DROP_IP_SPOOF);
		put_arp(0, 2, BYTES(OTHER_MAC), BYTES(OTHER_IP), BYTES(OTHER_IP));
		frame[15] = 6; /* IEEE 802, the hardware type of such frames in RFC 1042 */
		put_behind_snap(organizations[i]);
		expect_unclear();
		put_ipv4((struct ipv4){ .protocol = 6, .src = { OTHER_IP } });
		put_behind_snap(organizations[i]);
		EXPECT(&both, DROP_IP_SPOOF);
		put_ethernet(1, 0x0806); /* a tag behind SNAP */
		put_behind_snap(organizations[i]);
		expect_unclear();
	}
	put_arp(0, 2, BYTES(OTHER_MAC), BYTES(OWN_IP), BYTES(OTHER_IP)); /* of nobody we know */
	put_behind_snap(1);
	expect_unclear();
}

/* LLC that is no SNAP: IS-IS and NetBIOS have no addresses to forge, what may be ARP or IP has. */
static void
policy_check_llc(void)
{
	for (unsigned sap = 0; sap < 256; sap++) {
		bool is_network =
			(sap & 0xfe) == 0x06 || (sap & 0xfe) == 0x98 || (sap & 0xfe) == 0xaa;

		for (unsigned at = 0; at < 2; at++) {
			put_ethernet(at, 10);
			PUT(0xfe, 0xfe, 3, 0, 0, 0, 8, 6, 0, 1);
			frame[frame_len - 10 + at] = (uint8_t)sap;
			EXPECT(&mac_only, is_network ? DROP_MAC_SPOOF : DROP_N);
			EXPECT(&ip_only, DROP_IP_SPOOF);
			frame_len--; /* a length that points beyond the frame */
			expect_unclear();
		}
	}
}

static void
policy_check_tags(void)
{
	for (unsigned n_tags = 0; n_tags < 9; n_tags++) {
		put_arp(n_tags, 1, BYTES(OWN_MAC), BYTES(OWN_IP), BYTES(OTHER_IP));
		if (n_tags <= 2)
			expect_good();
		else
			expect_unclear();
	}
	for (unsigned n_tags = 1; n_tags < 9; n_tags++) { /* nothing but tags */
		put_ethernet(n_tags, 0x0800);
		frame_len -= 2;
		expect_unclear();
	}
}

/* ---- ARP ---- */

static void
policy_check_arp(void)
{
	for (unsigned n_tags = 0; n_tags <= 2; n_tags++) {
		put_arp(n_tags, 1, BYTES(OWN_MAC), BYTES(OWN_IP), BYTES(OTHER_IP));
		expect_good();
		put_arp(n_tags, 2, BYTES(OWN_MAC), BYTES(OWN_IP2), BYTES(OTHER_IP));
		expect_good();
		/* an announcement */
		put_arp(n_tags, 1, BYTES(OWN_MAC), BYTES(OWN_IP), BYTES(OWN_IP));
		expect_good();
		put_arp(n_tags, 1, BYTES(OWN_MAC), BYTES(NO_IP), BYTES(OWN_IP)); /* a probe */
		expect_good();
		put_arp(n_tags, 1, BYTES(OWN_MAC), BYTES(OTHER_IP), BYTES(OWN_IP));
		expect_ip_spoof();
		put_arp(n_tags, 2, BYTES(OWN_MAC), BYTES(OTHER_IP), BYTES(OWN_IP));
		expect_ip_spoof();
		/* next to the subnet */
		put_arp(n_tags, 1, BYTES(OWN_MAC), BYTES(192, 0, 2, 128), BYTES(OWN_IP));
		expect_ip_spoof();
		/* a probe that drives a neighbour away */
		put_arp(n_tags, 1, BYTES(OWN_MAC), BYTES(NO_IP), BYTES(OTHER_IP));
		expect_ip_spoof();
		put_arp(n_tags, 2, BYTES(OWN_MAC), BYTES(NO_IP), BYTES(OWN_IP));
		expect_ip_spoof();
		put_arp(n_tags, 2, BYTES(OTHER_MAC), BYTES(OWN_IP), BYTES(OTHER_IP));
		expect_mac_spoof();
	}
}

static void
policy_check_arp_hostile(void)
{
	static const uint8_t header[6] = { 0, 1, 8, 0, 6, 4 };

	for (unsigned i = 0; i < sizeof(header); i++) {
		for (unsigned value = 0; value < 256; value++) {
			put_arp(0, 1, BYTES(OWN_MAC), BYTES(OWN_IP), BYTES(OTHER_IP));
			frame[14 + i] = (uint8_t)value;
			if (value != header[i])
				expect_unclear();
		}
	}
	for (unsigned opcode = 0; opcode < 26; opcode++) {
		put_arp(0, opcode, BYTES(OWN_MAC), BYTES(OWN_IP), BYTES(OTHER_IP));
		EXPECT(&ip_only, opcode == 1 || opcode == 2 ? DROP_N : DROP_IP_SPOOF);
	}
}

static void
policy_check_rarp(void)
{
	put_arp(0, 3, BYTES(OWN_MAC), BYTES(OWN_IP), BYTES(OTHER_IP));
	frame[12] = 0x80;
	frame[13] = 0x35;
	expect_ip_spoof();
	put_arp(0, 3, BYTES(OTHER_MAC), BYTES(OWN_IP), BYTES(OTHER_IP));
	frame[12] = 0x80;
	frame[13] = 0x35;
	EXPECT(&mac_only, DROP_MAC_SPOOF);
	EXPECT(&both, DROP_IP_SPOOF);
}

/* ---- IPv4 ---- */

static void
policy_check_ipv4(void)
{
	static const uint8_t protocols[] = { 1, 2, 6, 17, 50, 132 };

	for (unsigned i = 0; i < ARRAY_SIZE(protocols); i++) {
		for (unsigned n_tags = 0; n_tags <= 2; n_tags++) {
			struct ipv4 ip = { .n_tags = n_tags,
					   .protocol = protocols[i],
					   .src = { OWN_IP },
					   .dst = { OTHER_IP } };

			put_ipv4(ip);
			expect_good();
			ip.options = 40;
			put_ipv4(ip);
			expect_good();
			memcpy(ip.src, BYTES(OWN_IP2), 4);
			put_ipv4(ip);
			expect_good();
			memcpy(ip.src, BYTES(OTHER_IP), 4);
			put_ipv4(ip);
			expect_ip_spoof();
			memcpy(ip.src, BYTES(NO_IP), 4);
			put_ipv4(ip);
			expect_ip_spoof();
			memcpy(ip.src, BYTES(255, 255, 255, 255), 4);
			put_ipv4(ip);
			expect_ip_spoof();
		}
	}
}

static void
policy_check_ipv4_lengths(void)
{
	struct ipv4 ip = { .protocol = 6, .src = { OWN_IP }, .dst = { OTHER_IP } };

	for (unsigned first = 0; first < 256; first++) { /* version and header length */
		put_ipv4(ip);
		frame[14] = (uint8_t)first;
		EXPECT(&ip_only, first >> 4 == 4 && (first & 15) >= 5 && (first & 15) * 4 <= 40
					 ? DROP_N
					 : DROP_IP_SPOOF);
	}
	for (unsigned total = 0; total < 70; total++) {
		put_ipv4(ip);
		frame[17] = (uint8_t)total;
		EXPECT(&ip_only, total >= 20 && total <= 40 ? DROP_N : DROP_IP_SPOOF);
	}
	put_ipv4(ip);
	frame[16] = 0xff;
	EXPECT(&ip_only, DROP_IP_SPOOF);
}

/* What a DHCP server sends, from an address of the guest's own. */
static void
policy_check_dhcp_server(void)
{
	struct ipv4 ip = { .protocol = 17,
			   .src = { OWN_IP },
			   .dst = { 255, 255, 255, 255 },
			   .from = 67,
			   .to = 68 };

	put_ipv4(ip);
	expect_ip_spoof();
	ip.options = 4;
	ip.from = 5353;
	put_ipv4(ip);
	expect_ip_spoof();
	ip.fragment = 0x2000; /* the first fragment */
	put_ipv4(ip);
	expect_ip_spoof();
	ip.fragment = 0x2001; /* a later one, where the ports are not */
	put_ipv4(ip);
	EXPECT(&both, DROP_N);
	ip.fragment = 0x2000;
	ip.payload = 4;
	put_ipv4(ip);
	expect_ip_spoof();
	ip = (struct ipv4){ .protocol = 6, .src = { OWN_IP }, .to = 68 }; /* TCP is no DHCP */
	put_ipv4(ip);
	expect_good();
}

static void
policy_check_random(void)
{
	srandom(1);
	for (unsigned i = 0; i < 100000; i++) {
		if (i % 2 == 0)
			put_arp(i % 3, 1, BYTES(OWN_MAC), BYTES(OWN_IP), BYTES(OTHER_IP));
		else
			put_ipv4((struct ipv4){ .n_tags = i % 3,
						.protocol = 17,
						.src = { OWN_IP },
						.options = i % 11 * 4 });
		offer_random();
	}
}

void test_policy(CU_pSuite suite);

void
test_policy(CU_pSuite suite)
{
	UNIT_ADD(suite, policy_check_nothing);
	UNIT_ADD(suite, policy_check_source);
	UNIT_ADD(suite, policy_check_between_bridges);
	UNIT_ADD(suite, policy_check_others);
	UNIT_ADD(suite, policy_check_snap);
	UNIT_ADD(suite, policy_check_llc);
	UNIT_ADD(suite, policy_check_tags);
	UNIT_ADD(suite, policy_check_arp);
	UNIT_ADD(suite, policy_check_arp_hostile);
	UNIT_ADD(suite, policy_check_rarp);
	UNIT_ADD(suite, policy_check_ipv4);
	UNIT_ADD(suite, policy_check_ipv4_lengths);
	UNIT_ADD(suite, policy_check_dhcp_server);
	UNIT_ADD(suite, policy_check_random);
}
