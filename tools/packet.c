/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds and parses the frames of the guest tools. */
#include "packet.h"

#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ETHERTYPE_LOCAL 0x88b5 /* IEEE 802: for local experiments */
#define PORT_DISCARD 9

struct echo {
	struct ether_header eth;
	uint16_t pad;
	uint32_t mark, seq;
} __attribute__((packed));

_Static_assert(sizeof(struct echo) == PACKET_ECHO_LEN, "our own frame");
_Static_assert(sizeof(struct ether_header) + sizeof(struct ether_arp) == PACKET_ARP_LEN, "RFC 826");

const uint8_t packet_broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

bool
packet_parse_mac(const char *text, uint8_t mac[6])
{
	int end = 0;

	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
		      &mac[3], &mac[4], &mac[5], &end) == 6 &&
	       text[end] == '\0';
}

/* ---- checksums ------------------------------------------------------------------------------- */

static uint32_t
sum_add(uint32_t sum, const void *data, uint32_t len)
{
	const uint8_t *byte = data;

	for (uint32_t i = 0; i < len; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.*): callers fill all `len` bytes */
		sum += i % 2 == 0 ? (uint32_t)byte[i] << 8 : byte[i];
	return sum;
}

static uint16_t
sum_fold(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void
put_eth(uint8_t *frame, const struct packet_ends *ends, uint16_t type)
{
	struct ether_header eth = { .ether_type = htons(type) };

	memcpy(eth.ether_dhost, ends->dst_mac, 6);
	memcpy(eth.ether_shost, ends->src_mac, 6);
	memcpy(frame, &eth, sizeof(eth));
}

static void
put_ip(uint8_t *frame, uint32_t len, const struct packet_ends *ends, uint8_t protocol)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = protocol,
		.saddr = ends->src.s_addr,
		.daddr = ends->dst.s_addr,
		.tot_len = htons((uint16_t)(len - PACKET_ETH_LEN)),
		.frag_off = htons(IP_DF),
	};

	ip.check = htons((uint16_t)~sum_fold(sum_add(0, &ip, sizeof(ip))));
	put_eth(frame, ends, ETHERTYPE_IP);
	memcpy(frame + PACKET_ETH_LEN, &ip, sizeof(ip));
}

#define L4_AT (PACKET_ETH_LEN + sizeof(struct iphdr))

void
packet_put_udp(uint8_t *frame, uint32_t len, const struct packet_ends *ends)
{
	struct udphdr udp = { .source = htons(PORT_DISCARD),
			      .dest = htons(PORT_DISCARD),
			      .len = htons((uint16_t)(len - L4_AT)) };

	put_ip(frame, len, ends, IPPROTO_UDP);
	memcpy(frame + L4_AT, &udp, sizeof(udp));
}

void
packet_put_tcp(uint8_t *frame, uint32_t len, const struct packet_ends *ends)
{
	struct tcphdr tcp = { .source = htons(PORT_DISCARD),
			      .dest = htons(PORT_DISCARD),
			      .doff = sizeof(tcp) / 4,
			      .ack = 1,
			      .window = htons(UINT16_MAX) };
	uint32_t sum = IPPROTO_TCP + (len - (uint32_t)L4_AT);

	sum = sum_add(sum, &ends->src, sizeof(ends->src));
	sum = sum_add(sum, &ends->dst, sizeof(ends->dst));
	tcp.check = htons(sum_fold(sum));
	put_ip(frame, len, ends, IPPROTO_TCP);
	memcpy(frame + L4_AT, &tcp, sizeof(tcp));
}

void
packet_put_icmp_echo(uint8_t *frame, uint32_t len, const struct packet_ends *ends, uint16_t id,
		     uint16_t seq)
{
	struct icmphdr icmp = { .type = ICMP_ECHO,
				.un.echo = { .id = htons(id), .sequence = htons(seq) } };

	put_ip(frame, len, ends, IPPROTO_ICMP);
	memcpy(frame + L4_AT, &icmp, sizeof(icmp));
	icmp.checksum =
		htons((uint16_t)~sum_fold(sum_add(0, frame + L4_AT, len - (uint32_t)L4_AT)));
	memcpy(frame + L4_AT, &icmp, sizeof(icmp));
}

void
packet_put_arp(uint8_t *frame, const struct packet_ends *ends, bool is_reply)
{
	struct ether_arp arp = { .arp_hrd = htons(ARPHRD_ETHER),
				 .arp_pro = htons(ETHERTYPE_IP),
				 .arp_hln = 6,
				 .arp_pln = 4,
				 .arp_op = htons(is_reply ? ARPOP_REPLY : ARPOP_REQUEST) };

	memcpy(arp.arp_sha, ends->src_mac, 6);
	memcpy(arp.arp_spa, &ends->src, 4);
	memcpy(arp.arp_tha, ends->dst_mac, 6);
	memcpy(arp.arp_tpa, &ends->dst, 4);
	memset(frame, 0, PACKET_MIN);
	put_eth(frame, ends, ETHERTYPE_ARP);
	memcpy(frame + PACKET_ETH_LEN, &arp, sizeof(arp));
}

void
packet_put_echo(uint8_t *frame, const struct packet_ends *ends, uint32_t mark, uint32_t seq)
{
	struct echo echo = { .mark = mark, .seq = seq };

	put_eth(frame, ends, ETHERTYPE_LOCAL);
	memcpy(frame + PACKET_ETH_LEN, &echo.pad, sizeof(echo) - PACKET_ETH_LEN);
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool
has_type(const uint8_t *frame, uint32_t len, uint32_t least, uint16_t type)
{
	return len >= least && frame[12] == type >> 8 && frame[13] == (type & 0xff);
}

bool
packet_is_echo(const uint8_t *frame, uint32_t len, uint32_t mark, uint32_t seq)
{
	struct echo echo;

	if (!has_type(frame, len, sizeof(echo), ETHERTYPE_LOCAL))
		return false;
	memcpy(&echo, frame, sizeof(echo));
	return echo.mark == mark && echo.seq == seq;
}

bool
packet_is_icmp_reply(const uint8_t *frame, uint32_t len, uint16_t id, uint16_t seq)
{
	struct iphdr ip;
	struct icmphdr icmp;

	if (!has_type(frame, len, PACKET_ICMP_LEN, ETHERTYPE_IP))
		return false;
	memcpy(&ip, frame + PACKET_ETH_LEN, sizeof(ip));
	memcpy(&icmp, frame + L4_AT, sizeof(icmp));
	return ip.version == 4 && ip.ihl == 5 && ip.protocol == IPPROTO_ICMP &&
	       icmp.type == ICMP_ECHOREPLY && icmp.un.echo.id == htons(id) &&
	       icmp.un.echo.sequence == htons(seq);
}

static bool
read_arp(const uint8_t *frame, uint32_t len, struct ether_arp *arp)
{
	if (!has_type(frame, len, PACKET_ARP_LEN, ETHERTYPE_ARP))
		return false;
	memcpy(arp, frame + PACKET_ETH_LEN, sizeof(*arp));
	return arp->arp_hrd == htons(ARPHRD_ETHER) && arp->arp_pro == htons(ETHERTYPE_IP);
}

bool
packet_is_arp_request(const uint8_t *frame, uint32_t len, struct in_addr ip,
		      struct packet_ends *from)
{
	struct ether_arp arp;

	if (!read_arp(frame, len, &arp) || arp.arp_op != htons(ARPOP_REQUEST) ||
	    memcmp(arp.arp_tpa, &ip, 4) != 0)
		return false;
	memcpy(from->src_mac, arp.arp_sha, 6);
	memcpy(&from->src, arp.arp_spa, 4);
	return true;
}

bool
packet_is_arp_reply(const uint8_t *frame, uint32_t len, struct in_addr ip, uint8_t mac[6])
{
	struct ether_arp arp;

	if (!read_arp(frame, len, &arp) || arp.arp_op != htons(ARPOP_REPLY) ||
	    memcmp(arp.arp_spa, &ip, 4) != 0)
		return false;
	memcpy(mac, arp.arp_sha, 6);
	return true;
}

bool
packet_find_csum(const uint8_t *frame, uint32_t len, uint16_t *start, uint16_t *offset)
{
	uint32_t at = PACKET_ETH_LEN, tag = 0;
	uint8_t protocol;

	if (has_type(frame, len, 18, ETHERTYPE_VLAN)) {
		tag = 4; /* from here on the inner type and what follows it */
		frame += tag;
		len -= tag;
	}
	if (has_type(frame, len, at + 20, ETHERTYPE_IP)) {
		protocol = frame[at + 9];
		at += (frame[at] & 0xfu) * 4; /* if too short, a wrong field inside the frame */
	} else if (has_type(frame, len, at + 40, ETHERTYPE_IPV6)) {
		protocol = frame[at + 6];
		at += 40;
	} else {
		return false;
	}
	if (protocol == IPPROTO_TCP && len >= at + sizeof(struct tcphdr))
		*offset = offsetof(struct tcphdr, check);
	else if (protocol == IPPROTO_UDP && len >= at + sizeof(struct udphdr))
		*offset = offsetof(struct udphdr, check);
	else
		return false;
	*start = (uint16_t)(at + tag);
	return true;
}

void
packet_swap_macs(uint8_t *frame)
{
	uint8_t mac[6];

	memcpy(mac, frame, 6);
	memmove(frame, frame + 6, 6);
	memcpy(frame + 6, mac, 6);
}
