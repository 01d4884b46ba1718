/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The policy check of incoming frames. Pure functions.
 *
 * Theory of operation: sw/frame_headers.h locates the headers. Each step checks one of them, and
 * reads no bytes beyond its end. Anything that cannot be parsed is dropped, because the next parser
 * might see something in it.
 */
#include "sw/policy.h"

#include <string.h>

#include <netinet/in.h>

#include <rte_arp.h>

#include "sw/ether.h"
#include "sw/frame_headers.h"
#include "sw/policy_private.h"

#define LLC_SAP_MASK 0xfeu /* without the bit for group addresses and responses */
#define LLC_SAP_SNAP 0xaau
#define LLC_SAP_IP 0x06u
#define LLC_SAP_ARP 0x98u
#define UDP_SIZE 8u
#define PORT_DHCP_SERVER 67u
#define PORT_DHCP_CLIENT 68u
#define PORT_DHCPV6_CLIENT 546u

/* RFC 4443, RFC 4861, RFC 2710, RFC 3810. */
enum icmpv6_type {
	MLD_REPORT = 131,
	MLD_DONE = 132,
	ND_ROUTER_SOLICIT = 133,
	ND_ROUTER_ADVERT = 134,
	ND_SOLICIT = 135,
	ND_ADVERT = 136,
	ND_REDIRECT = 137,
	MLD2_REPORT = 143,
};

#define ND_TARGET 8u /* offset in solicitations and advertisements */
#define ND_OPTION_UNIT 8u
#define ND_OPTION_SOURCE 1u
#define ND_OPTION_TARGET 2u

/* ---- addresses ---- */

static bool
agrees(const struct policy_ipv6 *own, const uint8_t *addr)
{
	for (unsigned i = 0; i < sizeof(own->addr); i++) {
		if ((addr[i] & own->mask[i]) != own->addr[i])
			return false;
	}
	return true;
}

/* RFC 4291 appendix A. No MAC, no link-local address. */
static bool
is_link_local_of(const uint8_t *mac, const uint8_t *addr)
{
	static const uint8_t none[6];
	const uint8_t own[16] = {
		0xfe,          0x80,   0,      0,    0,    0,      0,      0,
		mac[0] ^ 0x02, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]
	};

	return memcmp(mac, none, sizeof(none)) != 0 && memcmp(own, addr, sizeof(own)) == 0;
}

static bool
is_own_ipv6(const struct policy *policy, const uint8_t *addr)
{
	if (is_link_local_of(policy->mac, addr))
		return true;
	for (unsigned i = 0; i < policy->n_ipv6; i++) {
		if (agrees(&policy->ipv6[i], addr))
			return true;
	}
	return false;
}

static bool
is_unspecified(const uint8_t *addr)
{
	static const uint8_t zero[16];

	return memcmp(addr, zero, sizeof(zero)) == 0;
}

/* ---- ARP and RARP ---- */

static enum drop_reason
check_arp(const struct policy *policy, const uint8_t *at, uint32_t len)
{
	const struct rte_arp_hdr *arp = (const struct rte_arp_hdr *)at;
	uint16_t opcode;

	if (len < sizeof(*arp) || arp->arp_hardware != RTE_BE16(RTE_ARP_HRD_ETHER) ||
	    arp->arp_protocol != RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
	    arp->arp_hlen != RTE_ETHER_ADDR_LEN || arp->arp_plen != sizeof(rte_be32_t))
		return policy_cannot_tell(policy);
	if (policy->check_mac && !policy_is_own_mac(policy, arp->arp_data.arp_sha.addr_bytes))
		return DROP_MAC_SPOOF;
	if (!policy->check_ip)
		return DROP_N;
	opcode = rte_be_to_cpu_16(arp->arp_opcode);
	if (opcode != RTE_ARP_OP_REQUEST && opcode != RTE_ARP_OP_REPLY)
		return DROP_IP_SPOOF;
	if (policy_is_own_ipv4(policy, (const uint8_t *)&arp->arp_data.arp_sip))
		return DROP_N;
	if (opcode == RTE_ARP_OP_REQUEST && arp->arp_data.arp_sip == 0 &&
	    policy_is_own_ipv4(policy, (const uint8_t *)&arp->arp_data.arp_tip))
		/* RFC 5227: a probe for another host's address would make that host give it up */
		return DROP_N;
	return DROP_IP_SPOOF;
}

/* ---- IPv4 ---- */

/*
 * Whether this is a whole packet from a DHCP client without an address. `ip` and `udp` are complete
 * headers.
 */
static bool
is_dhcp_request(const struct headers *h, const uint8_t *ip, const uint8_t *udp)
{
	static const uint8_t from[4], to[4] = { 255, 255, 255, 255 };

	return memcmp(ip + 12, from, 4) == 0 && memcmp(ip + 16, to, 4) == 0 &&
	       (h->flags & HEADERS_FRAGMENT) == 0 && ether_be16(udp) == PORT_DHCP_CLIENT &&
	       ether_be16(udp + 2) == PORT_DHCP_SERVER;
}

/* Checks a packet to a DHCP server. A client never sends a message in fragments. */
static enum drop_reason
check_to_server(const struct policy *policy, const struct headers *h, const uint8_t *udp)
{
	uint32_t len = ether_be16(udp + 4);

	if ((h->flags & HEADERS_FRAGMENT) != 0 || len < UDP_SIZE || len > headers_l4_room(h))
		return policy_cannot_tell(policy);
	return policy_check_dhcp(policy, udp + UDP_SIZE, len - UDP_SIZE);
}

/* With the MAC check alone, only the content of packets to a DHCP server matters. */
static enum drop_reason
check_ipv4(const struct policy *policy, const uint8_t *frame, const struct headers *h)
{
	const uint8_t *ip = frame + h->l2_len;
	const uint8_t *udp = ip + h->l3_len;
	enum drop_reason unclear = policy->check_ip ? DROP_IP_SPOOF : DROP_N;
	bool is_own;

	if ((h->flags & HEADERS_BAD_IP) != 0)
		return unclear;
	is_own = !policy->check_ip || policy_is_own_ipv4(policy, ip + 12);
	if (h->protocol != IPPROTO_UDP || (h->flags & HEADERS_LATER) != 0)
		return is_own ? DROP_N : DROP_IP_SPOOF;
	if (headers_l4_room(h) < UDP_SIZE ||
	    (policy->check_ip && ether_be16(udp + 2) == PORT_DHCP_CLIENT))
		return unclear;
	if (!is_own && !is_dhcp_request(h, ip, udp))
		return DROP_IP_SPOOF;
	return ether_be16(udp + 2) == PORT_DHCP_SERVER ? check_to_server(policy, h, udp) : DROP_N;
}

/* ---- IPv6 ---- */

/* Whether all link-layer addresses in the options are the vif's. */
static bool
options_are_own(const struct policy *policy, const uint8_t *option, uint32_t len)
{
	while (len > 0) {
		uint32_t size = len < ND_OPTION_UNIT ? 0 : option[1] * ND_OPTION_UNIT;

		if (size == 0 || size > len)
			return false;
		if ((option[0] == ND_OPTION_SOURCE || option[0] == ND_OPTION_TARGET) &&
		    (size != ND_OPTION_UNIT || !policy_is_own_mac(policy, option + 2)))
			return false;
		option += size;
		len -= size;
	}
	return true;
}

/* Size of the message before its options; 0 if it is not neighbour discovery. */
static uint32_t
nd_size(uint8_t type)
{
	switch (type) {
	case ND_ROUTER_SOLICIT:
		return 8;
	case ND_ROUTER_ADVERT:
		return 16;
	case ND_SOLICIT:
	case ND_ADVERT:
		return 24;
	case ND_REDIRECT:
		return 40;
	default:
		return 0;
	}
}

/* Whether a complete message is one that a host sends about its own addresses. */
static bool
nd_is_own(const struct policy *policy, const uint8_t *message, bool from_unspecified)
{
	switch (message[0]) {
	case ND_ROUTER_SOLICIT:
		return true;
	case ND_SOLICIT:
		return !from_unspecified || is_own_ipv6(policy, message + ND_TARGET);
	case ND_ADVERT:
		return !from_unspecified && is_own_ipv6(policy, message + ND_TARGET);
	default:
		return false;
	}
}

static enum drop_reason
check_icmpv6(const struct policy *policy, const uint8_t *frame, const struct headers *h,
	     bool from_unspecified)
{
	const uint8_t *message = frame + h->l2_len + h->l3_len;
	uint32_t room = headers_l4_room(h);
	uint32_t size;

	if (room < 4)
		return policy_cannot_tell(policy);
	size = nd_size(message[0]);
	if (size == 0) {
		bool is_mld = message[0] == MLD_REPORT || message[0] == MLD_DONE ||
			      message[0] == MLD2_REPORT;
		return policy->check_ip && from_unspecified && !is_mld ? DROP_IP_SPOOF : DROP_N;
	}
	if ((h->flags & HEADERS_FRAGMENT) != 0 || room < size)
		return policy_cannot_tell(policy);
	if (policy->check_mac && !options_are_own(policy, message + size, room - size))
		return DROP_MAC_SPOOF;
	return policy->check_ip && !nd_is_own(policy, message, from_unspecified) ? DROP_IP_SPOOF
										 : DROP_N;
}

static enum drop_reason
check_ipv6(const struct policy *policy, const uint8_t *frame, const struct headers *h)
{
	const uint8_t *ip = frame + h->l2_len;
	bool is_later = (h->flags & HEADERS_LATER) != 0;
	bool from_unspecified;

	if ((h->flags & HEADERS_BAD_IP) != 0)
		return policy_cannot_tell(policy);
	from_unspecified = is_unspecified(ip + 8);
	if (policy->check_ip && !from_unspecified && !is_own_ipv6(policy, ip + 8))
		return DROP_IP_SPOOF;
	if (!is_later && h->protocol == IPPROTO_ICMPV6)
		return check_icmpv6(policy, frame, h, from_unspecified);
	if (!policy->check_ip)
		return DROP_N;
	if (from_unspecified)
		return DROP_IP_SPOOF;
	if (!is_later && h->protocol == IPPROTO_UDP &&
	    (headers_l4_room(h) < UDP_SIZE || ether_be16(ip + h->l3_len + 2) == PORT_DHCPV6_CLIENT))
		return DROP_IP_SPOOF;
	return DROP_N;
}

/* ---- Ethernet ---- */

/*
 * IEEE 802.1Q tables 8-1 and 10-1: protocols between bridges and VLAN registration.
 * 01:00:0c:cc:cc:cc and cd are Cisco's equivalents.
 */
static bool
is_between_bridges(const uint8_t *dst)
{
	static const uint8_t ieee[5] = { 0x01, 0x80, 0xc2, 0x00, 0x00 };
	static const uint8_t cisco[5] = { 0x01, 0x00, 0x0c, 0xcc, 0xcc };

	if (memcmp(dst, ieee, sizeof(ieee)) == 0)
		return dst[5] <= 0x0f || dst[5] >> 4 == 2;
	return memcmp(dst, cisco, sizeof(cisco)) == 0 && (dst[5] == 0xcc || dst[5] == 0xcd);
}

/*
 * Checks an LLC header without a payload that we can parse. A header that announces SNAP, IP or ARP
 * in a form unknown to our parser might be understood by another one. Other protocols have no
 * addresses that could be forged.
 */
static enum drop_reason
check_llc(const struct policy *policy, const uint8_t *llc)
{
	for (unsigned i = 0; i < 2; i++) {
		uint8_t sap = llc[i] & LLC_SAP_MASK;

		if (sap == LLC_SAP_SNAP || sap == LLC_SAP_IP || sap == LLC_SAP_ARP)
			return policy_cannot_tell(policy);
	}
	return policy->check_ip ? DROP_IP_SPOOF : DROP_N;
}

static enum drop_reason
check_network(const struct policy *policy, struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t len = m->data_len;
	struct headers h = frame_headers(m);

	if ((h.flags & HEADERS_BAD_ETHER) != 0 ||
	    ((h.flags & HEADERS_SNAP) != 0 && ether_is_tag(h.ethertype)))
		return policy_cannot_tell(policy);
	if ((h.flags & (HEADERS_LLC | HEADERS_SNAP)) == HEADERS_LLC)
		return check_llc(policy, frame + h.l2_len);
	switch (h.ethertype) {
	case RTE_ETHER_TYPE_ARP:
		return check_arp(policy, frame + h.l2_len, len - h.l2_len);
	case RTE_ETHER_TYPE_IPV6:
		return check_ipv6(policy, frame, &h);
	case RTE_ETHER_TYPE_IPV4:
		return check_ipv4(policy, frame, &h);
	case RTE_ETHER_TYPE_RARP:
		return policy->check_ip ? DROP_IP_SPOOF
					: check_arp(policy, frame + h.l2_len, len - h.l2_len);
	default:
		return policy->check_ip ? DROP_IP_SPOOF : DROP_N;
	}
}

enum drop_reason
policy_check(const struct policy *policy, struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

	if (!policy->check_mac && !policy->check_ip)
		return DROP_N;
	if (m->data_len < RTE_ETHER_HDR_LEN)
		return policy_cannot_tell(policy);
	if (policy->check_mac && !policy_is_own_mac(policy, frame + RTE_ETHER_ADDR_LEN))
		return DROP_MAC_SPOOF;
	if (policy->check_mac && is_between_bridges(frame))
		return DROP_NO_PORT;
	return check_network(policy, m);
}
