/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest may say to a DHCP server. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "offer.h"

/* A message of a client, whole and honest unless changed. */
struct message {
	uint8_t src[4], dst[4];
	unsigned from, to; /* ports */
	unsigned n_tags, fragment;
	uint8_t protocol;
	uint8_t op, htype, hlen;
	uint8_t ciaddr[4], giaddr[4];
	uint8_t chaddr[6];
	uint8_t options[40];
	unsigned options_size;
	unsigned cut; /* bytes off the end */
};

static const struct message discover = {
	.dst = { 255, 255, 255, 255 },
	.from = 68,
	.to = 67,
	.protocol = 17,
	.op = 1,
	.htype = 1,
	.hlen = 6,
	.chaddr = { OWN_MAC },
	.options = { 0x63, 0x82, 0x53, 0x63, 53, 1, 1, 61, 7, 1, OWN_MAC, 55, 2, 1, 3, 255 },
	.options_size = 21,
};

#define OPTIONS(m, ...) \
	set_options(m, BYTES(0x63, 0x82, 0x53, 0x63, __VA_ARGS__), \
		    sizeof(BYTES(0, 0, 0, 0, __VA_ARGS__)))

static void
set_options(struct message *m, const uint8_t *options, size_t size)
{
	memcpy(m->options, options, size);
	m->options_size = (unsigned)size;
}

static void
put_message(const struct message *m)
{
	unsigned bootp = 236 + m->options_size - m->cut, udp = 8 + bootp;

	put_ethernet(m->n_tags, 0x0800);
	PUT(0x45, 0, BE16(20 + udp), 0, 1, BE16(m->fragment), 64, m->protocol, 0, 0);
	put(m->src, 4);
	put(m->dst, 4);
	PUT(BE16(m->from), BE16(m->to), BE16(udp), 0, 0);
	PUT(m->op, m->htype, m->hlen, 0, 1, 2, 3, 4, 0, 0, 0, 0);
	put(m->ciaddr, 4);
	PUT(0, 0, 0, 0, 0, 0, 0, 0);
	put(m->giaddr, 4);
	put(m->chaddr, 6);
	memset(frame + frame_len, 0, 10 + 64 + 128);
	frame_len += 10 + 64 + 128;
	put(m->options, m->options_size);
	frame_len -= m->cut;
}

/* The reason with both checks, with that of MACs alone, with that of IP addresses alone. */
static void
expect(const struct message *m, enum drop_reason with_both, enum drop_reason with_mac,
       enum drop_reason with_ip)
{
	put_message(m);
	EXPECT(&both, with_both);
	EXPECT(&mac_only, with_mac);
	EXPECT(&ip_only, with_ip);
}

#define GOOD(m) expect(m, DROP_N, DROP_N, DROP_N)
#define MAC_SPOOF(m) expect(m, DROP_MAC_SPOOF, DROP_MAC_SPOOF, DROP_N)
#define IP_SPOOF(m) expect(m, DROP_IP_SPOOF, DROP_N, DROP_IP_SPOOF)
#define UNCLEAR(m) expect(m, DROP_IP_SPOOF, DROP_MAC_SPOOF, DROP_IP_SPOOF)

static void
dhcp_honest(void)
{
	struct message m = discover;

	put_message(&m);
	expect_good();
	m.n_tags = 1;
	GOOD(&m);
	memcpy(m.src, BYTES(OWN_IP), 4); /* renewal */
	memcpy(m.dst, BYTES(OTHER_IP), 4);
	memcpy(m.ciaddr, BYTES(OWN_IP), 4);
	OPTIONS(&m, 53, 1, 3, 61, 5, 0, 'h', 'o', 's', 't', 255); /* an identifier that is a name */
	GOOD(&m);
	/* RFC 4361 */
	OPTIONS(&m, 53, 1, 3, 61, 19, 255, 0, 0, 0, 1, 0, 1, 0, 1, 1, 2, 3, 4, OTHER_MAC, 0, 255);
	m.options_size -= 2; /* without an end */
	GOOD(&m);
	OPTIONS(&m, 53, 1, 7, 50, 4, OWN_IP, 255);
	GOOD(&m);
	/* a wish; what is behind the end does not count */
	OPTIONS(&m, 53, 1, 1, 50, 4, OTHER_IP, 0, 0, 255, 52, 1);
	GOOD(&m);
	m.options_size = 0; /* BOOTP */
	GOOD(&m);
}

/* Neither for a client that is another, nor with an identifier of another. */
static void
dhcp_other_client(void)
{
	struct message m = discover;

	for (unsigned i = 0; i < 1000; i++) {
		memcpy(m.chaddr, BYTES(2, 0, 0, 0, BE16(i)), 6);
		MAC_SPOOF(&m);
	}
	m = discover;
	memcpy(m.options + 10, BYTES(OTHER_MAC), 6);
	MAC_SPOOF(&m);
	OPTIONS(&m, 61, 8, 1, OWN_MAC, 0, 255); /* longer than a MAC */
	MAC_SPOOF(&m);
	m = discover; /* it gives up a neighbour's lease, from its own address */
	memcpy(m.src, BYTES(OWN_IP), 4);
	memcpy(m.chaddr, BYTES(OTHER_MAC), 6);
	memcpy(m.ciaddr, BYTES(OTHER_IP), 4);
	OPTIONS(&m, 53, 1, 7, 255);
	expect(&m, DROP_MAC_SPOOF, DROP_MAC_SPOOF, DROP_IP_SPOOF);
	memcpy(m.chaddr, BYTES(OWN_MAC), 6);
	IP_SPOOF(&m);
	memset(m.ciaddr, 0, 4);
	/* it says that the neighbour's address is taken */
	OPTIONS(&m, 53, 1, 4, 50, 4, OTHER_IP, 255);
	IP_SPOOF(&m);
	m.from = 1000; /* from whatever port */
	IP_SPOOF(&m);
}

/* A relay speaks for others; with the check of IP addresses, a guest is none. */
static void
dhcp_relay(void)
{
	struct message m = discover;

	memcpy(m.src, BYTES(OWN_IP), 4);
	memcpy(m.giaddr, BYTES(OWN_IP), 4);
	memcpy(m.chaddr, BYTES(OTHER_MAC), 6);
	IP_SPOOF(&m);
	m.op = 2;
	IP_SPOOF(&m);
	memset(m.giaddr, 0, 4);
	UNCLEAR(&m);
}

/* What cannot be read for certain. */
static void
dhcp_unclear(void)
{
	struct message m = discover;

	m.htype = 6;
	UNCLEAR(&m);
	m = discover;
	m.hlen = 0;
	UNCLEAR(&m);
	m = discover;
	m.cut = m.options_size + 1;
	UNCLEAR(&m);
	m = discover;
	OPTIONS(&m, 52, 1, 3, 255); /* more of them in other fields */
	UNCLEAR(&m);
	OPTIONS(&m, 61, 7, 1, OWN_MAC, 61, 7, 1, OTHER_MAC, 255);
	UNCLEAR(&m);
	OPTIONS(&m, 61, 0, 255);
	UNCLEAR(&m);
	OPTIONS(&m, 53, 1, 1, 53, 1, 7);
	UNCLEAR(&m);
	OPTIONS(&m, 53, 2, 1, 1);
	UNCLEAR(&m);
	OPTIONS(&m, 50, 3, 1, 1, 1);
	UNCLEAR(&m);
	OPTIONS(&m, 12, 9, 'a'); /* longer than the message */
	UNCLEAR(&m);
	OPTIONS(&m, 12);
	UNCLEAR(&m);
	m = discover;
	put_message(&m);
	frame[38] = 0xff; /* UDP's length */
	EXPECT(&both, DROP_IP_SPOOF);
	EXPECT(&mac_only, DROP_MAC_SPOOF);
	frame[38] = 0;
	frame[39] = 7;
	EXPECT(&both, DROP_IP_SPOOF);
}

/* What is no message to a server is none of this. */
static void
dhcp_no_request(void)
{
	struct message m = discover;

	m.from = 69;
	expect(&m, DROP_IP_SPOOF, DROP_N, DROP_IP_SPOOF);
	m = discover;
	m.to = 53;
	IP_SPOOF(&m);
	m = discover;
	m.protocol = 6;
	IP_SPOOF(&m);
	m = discover;
	memcpy(m.dst, BYTES(OTHER_IP), 4);
	IP_SPOOF(&m);
	for (unsigned bit = 0; bit < 14; bit++) { /* fragments: the first one has the ports */
		m = discover;
		m.fragment = 1u << bit;
		expect(&m, DROP_IP_SPOOF, bit == 13 ? DROP_MAC_SPOOF : DROP_N, DROP_IP_SPOOF);
	}
}

static void
dhcp_random(void)
{
	srandom(1);
	for (unsigned i = 0; i < 50000; i++) {
		put_message(&discover);
		frame[42 + 236 + (unsigned)random() % 21] = (uint8_t)random();
		offer_random();
	}
}

void test_policy_dhcp(CU_pSuite suite);

void
test_policy_dhcp(CU_pSuite suite)
{
	UNIT_ADD(suite, dhcp_honest);
	UNIT_ADD(suite, dhcp_other_client);
	UNIT_ADD(suite, dhcp_relay);
	UNIT_ADD(suite, dhcp_unclear);
	UNIT_ADD(suite, dhcp_no_request);
	UNIT_ADD(suite, dhcp_random);
}
