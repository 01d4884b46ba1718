/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port's policy: the frames that the operator allows it to send, and the check of a frame. A
 * policy is an immutable object, made by control and read by every poller. VLANs are in sw/vlan.h.
 *
 * The models are libvirt's clean-traffic filter and OpenStack's port security.
 *
 * With `check_mac`, the vif's own MAC must be
 * - the source of the Ethernet frame;
 * - the sender's hardware address in ARP and RARP (RFC 826);
 * - each link-layer address option of neighbour discovery (RFC 4861);
 * - the client's hardware address in messages to a DHCP server, and its identifier if that is a MAC
 *   (RFC 2132). Messages from a relay are not checked. DHCPv6 identifiers are opaque (RFC 8415
 *   section 11) and often made from another interface's MAC.
 * Frames of spanning tree and Cisco's equivalents are dropped: a guest with only one address is not
 * a bridge.
 *
 * With `check_ip`, only IPv4, ARP and IPv6 pass, behind up to two VLAN tags, and of these only
 * - IPv4 from a listed address, or from 0.0.0.0 if a DHCP client sends it to 255.255.255.255;
 * - ARP from a listed sender address, or a probe (RFC 5227) from 0.0.0.0 for a listed one;
 * - IPv6 from a listed address or the link-local address made from the MAC (RFC 4291 appendix A).
 *   From `::` only what a host without an address sends: multicast listener reports, router
 *   solicitations, and neighbour solicitations for its own addresses (RFC 4862). If a guest makes
 *   its link-local address in another way (RFC 7217), the address must be listed;
 * - neighbour advertisements for such addresses;
 * - messages to a DHCP server that use or release only listed addresses.
 * Messages that only a router or a DHCP server sends never pass, whatever their source is: router
 * advertisements, redirects, UDP to the ports 68 (IPv4) and 546 (IPv6), and those of a DHCP relay.
 * Do not set `check_ip` for a guest with such a role.
 *
 * EtherTypes behind LLC and SNAP (RFC 1042) count like others. Frames that cannot be parsed
 * completely are dropped, so that no other parser can find something else in them: lengths beyond
 * the frame, LLC that may be IP or ARP in another form, more than two tags, long or unfinished
 * chains of extension headers (RFC 7112), neighbour discovery in fragments (RFC 6980). Later
 * fragments of a packet pass if their source does.
 * Threads: a policy never changes while a port has it. Control publishes a new one instead
 * (dp/port/port.h, `policy`). The functions are pure.
 */
#ifndef VPE_SW_POLICY_H
#define VPE_SW_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/drop.h"

struct rte_mbuf;

#define POLICY_IPS_MAX 16u
#define POLICY_VIDS 4096u /* IEEE 802.1Q */

/* The VLANs that a member carries, on a bridge that filters them: sw/vlan.h. */
enum vlan_part {
	VLAN_PLAIN,  /* no VLANs */
	VLAN_LISTED, /* those of a list */
	VLAN_TRUNK,  /* all */
};

/* VLANs, in the model of Linux's bridge with vlan_filtering=1. */
struct policy_vlans {
	uint16_t pvid; /* VLAN of untagged incoming frames; 0: they are dropped */
	uint64_t member[POLICY_VIDS / 64];
	uint64_t untagged[POLICY_VIDS / 64]; /* VLANs whose frames leave without a tag */
};

/* An address, or all addresses that agree with it in the bits of `mask`. Network byte order. */
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
	bool check_ip;  /* frames must come from one of the addresses */
	enum vlan_part part;
	uint8_t mac[6]; /* all zeroes: none, which is fine for check_ip alone */
	unsigned n_ipv4;
	unsigned n_ipv6;
	struct policy_ipv4 ipv4[POLICY_IPS_MAX];
	struct policy_ipv6 ipv6[POLICY_IPS_MAX];
	struct policy_vlans vlans; /* for VLAN_LISTED */
};

/*
 * Checks a frame. Returns DROP_N if it may come in, else DROP_MAC_SPOOF, DROP_IP_SPOOF, or
 * DROP_NO_PORT for a frame of a protocol between bridges. Reads within the frame only. Its headers
 * are those that frame_headers() finds.
 */
enum drop_reason policy_check(const struct policy *policy, struct rte_mbuf *m);

#endif
