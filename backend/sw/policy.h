/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator allows a port: an immutable object, made by control and read by every poller; and the check of a frame
 * against it. VLANs are in sw/vlan.h.
 *
 * The models are libvirt's clean-traffic filter and OpenStack's port security.
 *
 * With `check_mac`, the vif's own MAC must be
 *  - the source of the Ethernet frame;
 *  - the sender's hardware address in ARP and RARP (RFC 826);
 *  - each link-layer address option of neighbour discovery (RFC 4861);
 *  - the client's hardware address in what goes to a DHCP server, and its identifier, where that is a MAC (RFC 2132). What a relay
 *    sends is not looked at. Identifiers of DHCPv6 are opaque (RFC 8415 section 11), and often made of another interface's MAC.
 * Spanning tree's frames and Cisco's are dropped: a guest that may use but one address is no bridge.
 *
 * With `check_ip`, only IPv4, ARP and IPv6 pass, and of these, through up to two VLAN tags:
 *  - IPv4 from a listed address; from 0.0.0.0 what a DHCP client sends to 255.255.255.255;
 *  - ARP from a listed sender address; from 0.0.0.0 a probe (RFC 5227) for a listed one;
 *  - IPv6 from a listed address or from the link-local address that is made of the MAC (RFC 4291 appendix A); from `::`
 *    what a host sends that has no address yet: multicast listener reports, router solicitations, and neighbour
 *    solicitations for an address of its own (RFC 4862). A guest that makes its link-local address in another way (RFC
 *    7217) needs it in the list.
 *  - neighbour advertisements for such addresses.
 *  - to a DHCP server, of listed addresses, where it speaks of its own or gives one up.
 * Never what only a router or a DHCP server sends, whatever its source is: router advertisements, redirects, UDP to the ports
 * 68 (IPv4) and 546 (IPv6), what a DHCP relay sends. A guest that is to be one of these gets no `check_ip`.
 *
 * EtherTypes behind LLC and SNAP (RFC 1042) count like others. What cannot be parsed to the end is dropped, so that nobody else
 * can parse it to another end: lengths beyond the frame, LLC that may be IP or ARP in another form, more than two tags, long or
 * unfinished chains of extension headers (RFC 7112), neighbour discovery in fragments (RFC 6980). Later fragments of a packet pass
 * if their source does.
 *
 * Threads: a policy never changes once a port has it; control replaces the whole (dp/port.h, `policy`). The functions are pure.
 */
#ifndef VPE_SW_POLICY_H
#define VPE_SW_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/drop.h"

#define POLICY_IPS_MAX 16u
#define POLICY_VIDS 4096u /* IEEE 802.1Q */

/* What a member of a bridge that filters VLANs has to do with them: sw/vlan.h. */
enum vlan_part {
	VLAN_PLAIN,  /* no VLANs */
	VLAN_LISTED, /* those of a list */
	VLAN_TRUNK,  /* all */
};

/* VLANs in the model of Linux's bridge with vlan_filtering=1. */
struct policy_vlans {
	uint16_t pvid; /* of untagged frames that come in; 0: they are dropped */
	uint64_t member[POLICY_VIDS / 64];
	uint64_t untagged[POLICY_VIDS / 64]; /* leave without a tag */
};

/* An address, or all that agree with it where `mask` has ones. Network byte order. */
struct policy_ipv4 {
	uint32_t addr;
	uint32_t mask;
};

struct policy_ipv6 {
	uint8_t addr[16];
	uint8_t mask[16];
};

struct policy {
	bool check_mac; /* frames must come from `mac` */
	bool check_ip;  /* and from one of the addresses */
	enum vlan_part part;
	uint8_t mac[6]; /* all zeroes: none, which check_ip can do without */
	unsigned n_ipv4;
	unsigned n_ipv6;
	struct policy_ipv4 ipv4[POLICY_IPS_MAX];
	struct policy_ipv6 ipv6[POLICY_IPS_MAX];
	struct policy_vlans vlans; /* of VLAN_LISTED */
};

/*
 * Why the frame of `len` bytes must not come in: DROP_MAC_SPOOF, DROP_IP_SPOOF, or DROP_NO_PORT for what is between bridges.
 * DROP_N: it may. Reads within `len` only.
 */
enum drop_reason policy_check(const struct policy *policy, const uint8_t *frame, uint32_t len);

#endif
