/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether a frame may come in. Called by switch.c; pure.
 *
 * Theory of operation: each step is given a header and the bytes that there are from there on, and asks for no more. What a
 * step cannot make sense of is dropped: the next one who parses the frame may see something in it.
 */
#include "sw/policy.h"

#include <errno.h>
#include <string.h>

#include <netinet/in.h>

#include <rte_arp.h>

#include "sw/ether.h"

#define EXT_HEADERS_MAX 8 /* RFC 8200 section 4.1 lists 7, of which one may come twice */

#define IPV4_SIZE 20u
#define IPV4_OFFSET_MASK 0x1fffu
#define IPV4_FRAGMENT_MASK 0x3fffu /* with "more fragments" */
#define IPV6_SIZE 40u
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

/* What an IPv6 packet carries behind its extension headers. */
struct ipv6_payload {
	uint8_t protocol;
	bool is_fragment;
	bool is_later; /* not the first one: `at` is no header of `protocol` */
	const uint8_t *at;
	uint32_t len;
};

static uint32_t
get_addr(const uint8_t *at)
{
	uint32_t addr;

	memcpy(&addr, at, sizeof(addr));
	return addr;
}

/* For a frame that cannot be parsed. */
static enum drop_reason
cannot_tell(const struct policy *policy)
{
	return policy->check_ip ? DROP_IP_SPOOF : DROP_MAC_SPOOF;
}

/* ---- addresses ---- */

static bool
is_own_mac(const struct policy *policy, const uint8_t *mac)
{
	return memcmp(policy->mac, mac, sizeof(policy->mac)) == 0;
}

static bool
is_own_ipv4(const struct policy *policy, const uint8_t *at)
{
	uint32_t addr = get_addr(at);

	for (unsigned i = 0; i < policy->n_ipv4; i++) {
		if ((addr & policy->ipv4[i].mask) == policy->ipv4[i].addr)
			return true;
	}
	return false;
}

static bool
agrees(const struct policy_ipv6 *own, const uint8_t *addr)
{
	for (unsigned i = 0; i < sizeof(own->addr); i++) {
		if ((addr[i] & own->mask[i]) != own->addr[i])
			return false;
	}
	return true;
}

/* RFC 4291 appendix A. Of no MAC is none. */
static bool
is_link_local_of(const uint8_t *mac, const uint8_t *addr)
{
	static const uint8_t none[6];
	const uint8_t own[16] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 0x02, mac[1], mac[2], 0xff, 0xfe,
				  mac[3], mac[4], mac[5] };

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
	    arp->arp_protocol != RTE_BE16(RTE_ETHER_TYPE_IPV4) || arp->arp_hlen != RTE_ETHER_ADDR_LEN ||
	    arp->arp_plen != sizeof(rte_be32_t))
		return cannot_tell(policy);
	if (policy->check_mac && !is_own_mac(policy, arp->arp_data.arp_sha.addr_bytes))
		return DROP_MAC_SPOOF;
	if (!policy->check_ip)
		return DROP_N;
	opcode = rte_be_to_cpu_16(arp->arp_opcode);
	if (opcode != RTE_ARP_OP_REQUEST && opcode != RTE_ARP_OP_REPLY)
		return DROP_IP_SPOOF;
	if (is_own_ipv4(policy, (const uint8_t *)&arp->arp_data.arp_sip))
		return DROP_N;
	if (opcode == RTE_ARP_OP_REQUEST && arp->arp_data.arp_sip == 0 &&
	    is_own_ipv4(policy, (const uint8_t *)&arp->arp_data.arp_tip))
		return DROP_N; /* RFC 5227: a probe for another's address would make that one give it up */
	return DROP_IP_SPOOF;
}

/* ---- IPv4 ---- */

/* Whether it is a whole packet of a DHCP client that has no address. `ip` and `udp` are whole headers. */
static bool
is_dhcp_request(const uint8_t *ip, const uint8_t *udp)
{
	return get_addr(ip + 12) == 0 && get_addr(ip + 16) == UINT32_MAX &&
	       (ether_be16(ip + 6) & IPV4_FRAGMENT_MASK) == 0 && ether_be16(udp) == PORT_DHCP_CLIENT &&
	       ether_be16(udp + 2) == PORT_DHCP_SERVER;
}

static enum drop_reason
check_ipv4(const struct policy *policy, const uint8_t *ip, uint32_t len)
{
	uint32_t header, total;
	bool is_own;

	if (len < IPV4_SIZE || ip[0] >> 4 != 4)
		return DROP_IP_SPOOF;
	header = (ip[0] & 0x0fu) * 4;
	total = ether_be16(ip + 2);
	if (header < IPV4_SIZE || header > total || total > len)
		return DROP_IP_SPOOF;
	is_own = is_own_ipv4(policy, ip + 12);
	if (ip[9] != IPPROTO_UDP || (ether_be16(ip + 6) & IPV4_OFFSET_MASK) != 0)
		return is_own ? DROP_N : DROP_IP_SPOOF;
	if (total - header < UDP_SIZE || ether_be16(ip + header + 2) == PORT_DHCP_CLIENT)
		return DROP_IP_SPOOF;
	return is_own || is_dhcp_request(ip, ip + header) ? DROP_N : DROP_IP_SPOOF;
}

/* ---- IPv6 ---- */

/* The size of the extension header `type` at `ext`, of which 8 bytes are there. 0: it is none. */
static uint32_t
ext_header_size(uint8_t type, const uint8_t *ext)
{
	switch (type) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
	case 139: /* RFC 7401, HIP */
	case 140: /* RFC 5533, Shim6 */
		return (ext[1] + 1u) * 8;
	case IPPROTO_FRAGMENT:
		return 8;
	case IPPROTO_AH:
		return (ext[1] + 2u) * 4;
	default:
		return 0;
	}
}

static bool
is_ext_header(uint8_t type)
{
	static const uint8_t any[8];

	return ext_header_size(type, any) != 0;
}

/* Steps over the extension header that `p` is at. 0 or -EINVAL. */
static int
skip_ext_header(struct ipv6_payload *p)
{
	const uint8_t *ext = p->at;
	uint32_t size;

	if (p->len < 8)
		return -EINVAL;
	size = ext_header_size(p->protocol, ext);
	if (size > p->len)
		return -EINVAL;
	if (p->protocol == IPPROTO_FRAGMENT) {
		if (p->is_fragment)
			return -EINVAL; /* of a fragment */
		p->is_fragment = true;
		p->is_later = ether_be16(ext + 2) >> 3 != 0;
	}
	p->protocol = ext[0];
	p->at += size;
	p->len -= size;
	return 0;
}

/* Finds what a packet of `len` bytes carries. 0, or -EINVAL if that cannot be told. */
static int
find_payload(const uint8_t *ip, uint32_t len, struct ipv6_payload *p)
{
	uint32_t size;

	if (len < IPV6_SIZE || ip[0] >> 4 != 6)
		return -EINVAL;
	size = ether_be16(ip + 4);
	if (size > len - IPV6_SIZE)
		return -EINVAL;
	*p = (struct ipv6_payload){ .protocol = ip[6], .at = ip + IPV6_SIZE, .len = size };
	for (unsigned n = 0; is_ext_header(p->protocol) && !p->is_later; n++) {
		if (n == EXT_HEADERS_MAX || skip_ext_header(p) != 0)
			return -EINVAL;
	}
	return 0;
}

/* Whether all link-layer addresses among the options are the vif's. */
static bool
options_are_own(const struct policy *policy, const uint8_t *option, uint32_t len)
{
	while (len > 0) {
		uint32_t size = len < ND_OPTION_UNIT ? 0 : option[1] * ND_OPTION_UNIT;

		if (size == 0 || size > len)
			return false;
		if ((option[0] == ND_OPTION_SOURCE || option[0] == ND_OPTION_TARGET) &&
		    (size != ND_OPTION_UNIT || !is_own_mac(policy, option + 2)))
			return false;
		option += size;
		len -= size;
	}
	return true;
}

/* Size of the message before its options; 0 if it is none of neighbour discovery. */
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

/* Whether the message, which is whole, is one that a host sends of its own addresses. */
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
check_icmpv6(const struct policy *policy, const struct ipv6_payload *p, bool from_unspecified)
{
	uint32_t size;

	if (p->len < 4)
		return cannot_tell(policy);
	size = nd_size(p->at[0]);
	if (size == 0) {
		bool is_mld = p->at[0] == MLD_REPORT || p->at[0] == MLD_DONE || p->at[0] == MLD2_REPORT;
		return policy->check_ip && from_unspecified && !is_mld ? DROP_IP_SPOOF : DROP_N;
	}
	if (p->is_fragment || p->len < size)
		return cannot_tell(policy);
	if (policy->check_mac && !options_are_own(policy, p->at + size, p->len - size))
		return DROP_MAC_SPOOF;
	return policy->check_ip && !nd_is_own(policy, p->at, from_unspecified) ? DROP_IP_SPOOF : DROP_N;
}

static enum drop_reason
check_ipv6(const struct policy *policy, const uint8_t *ip, uint32_t len)
{
	struct ipv6_payload p;
	bool from_unspecified;

	if (find_payload(ip, len, &p) != 0)
		return cannot_tell(policy);
	from_unspecified = is_unspecified(ip + 8);
	if (policy->check_ip && !from_unspecified && !is_own_ipv6(policy, ip + 8))
		return DROP_IP_SPOOF;
	if (!p.is_later && p.protocol == IPPROTO_ICMPV6)
		return check_icmpv6(policy, &p, from_unspecified);
	if (!policy->check_ip)
		return DROP_N;
	if (from_unspecified)
		return DROP_IP_SPOOF;
	if (!p.is_later && p.protocol == IPPROTO_UDP &&
	    (p.len < UDP_SIZE || ether_be16(p.at + 2) == PORT_DHCPV6_CLIENT))
		return DROP_IP_SPOOF;
	return DROP_N;
}

/* ---- Ethernet ---- */

/* IEEE 802.1Q tables 8-1 and 10-1: bridges and registration of VLANs. 01:00:0c:cc:cc:cc and cd: Cisco's of the same kind. */
static bool
is_between_bridges(const uint8_t *dst)
{
	static const uint8_t ieee[5] = { 0x01, 0x80, 0xc2, 0x00, 0x00 };
	static const uint8_t cisco[5] = { 0x01, 0x00, 0x0c, 0xcc, 0xcc };

	if (memcmp(dst, ieee, sizeof(ieee)) == 0)
		return dst[5] <= 0x0f || dst[5] >> 4 == 2;
	return memcmp(dst, cisco, sizeof(cisco)) == 0 && (dst[5] == 0xcc || dst[5] == 0xcd);
}

static enum drop_reason
check_network(const struct policy *policy, const uint8_t *frame, uint32_t len)
{
	uint32_t at;
	int ethertype = ether_payload(frame, len, &at);

	if (ethertype < 0)
		return cannot_tell(policy);
	switch (ethertype) {
	case RTE_ETHER_TYPE_ARP:
		return check_arp(policy, frame + at, len - at);
	case RTE_ETHER_TYPE_IPV6:
		return check_ipv6(policy, frame + at, len - at);
	case RTE_ETHER_TYPE_IPV4:
		return policy->check_ip ? check_ipv4(policy, frame + at, len - at) : DROP_N;
	case RTE_ETHER_TYPE_RARP:
		return policy->check_ip ? DROP_IP_SPOOF : check_arp(policy, frame + at, len - at);
	default:
		return policy->check_ip ? DROP_IP_SPOOF : DROP_N;
	}
}

enum drop_reason
policy_check(const struct policy *policy, const uint8_t *frame, uint32_t len)
{
	if (!policy->check_mac && !policy->check_ip)
		return DROP_N;
	if (len < RTE_ETHER_HDR_LEN)
		return cannot_tell(policy);
	if (policy->check_mac && !is_own_mac(policy, frame + RTE_ETHER_ADDR_LEN))
		return DROP_MAC_SPOOF;
	if (policy->check_mac && is_between_bridges(frame))
		return DROP_NO_PORT;
	return check_network(policy, frame, len);
}
