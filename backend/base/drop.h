/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reasons for dropped frames. Every drop anywhere in vpe increments exactly one of these counters,
 * on the output port of the frame or, if there is none, on its input port.
 */
#ifndef VPE_BASE_DROP_H
#define VPE_BASE_DROP_H

/* clang-format off */
#define DROP_REASONS(X) \
	X(GUEST_SLOTS, "guest_slots", "the guest's slots describe no packet (too many, sizes do not add up)") \
	X(GUEST_SHORT, "guest_short", "shorter than an Ethernet header") \
	X(GRANT_COPY, "grant_copy", "Xen refused to copy one of the packet's grants") \
	X(BAD_HEADERS, "bad_headers", "asks for offload, but its headers cannot be parsed") \
	X(NO_BUFFER, "no_buffer", "no packet buffer was free") \
	X(SAME_PORT, "same_port", "its destination is behind the port it came from") \
	X(NO_PORT, "no_port", "there is no other port in the bridge, or the frame is for a bridge itself (pause, LACP, LLDP)") \
	X(MCAST_FILTER, "mcast_filter", "multicast that the guest has not asked for") \
	X(MAC_SPOOF, "mac_spoof", "it comes from another MAC address than the vif's, or says so in ARP or neighbour discovery") \
	X(NOT_OWNER, "not_owner", "it comes from the MAC address of a guarded vif of the same bridge, which is elsewhere") \
	X(IP_SPOOF, "ip_spoof", "it comes from an IP address that the vif may not use, or which one cannot be told") \
	X(VLAN, "vlan", "the port is no member of the frame's VLAN, or another tag would come to light behind the one taken off") \
	X(STORM, "storm", "the vif has sent more broadcasts than it may in a second") \
	X(TOO_BIG, "too_big", "longer than the next hop takes") \
	X(QUEUE_FULL, "queue_full", "the next hop does not take packets fast enough") \
	X(PORT_ERROR, "port_error", "the next hop refused the packet with an error") \
	X(PORT_GONE, "port_gone", "the next hop went away while the packet waited")

enum drop_reason {
#define X(id, name, text) DROP_##id,
	DROP_REASONS(X)
#undef X
	DROP_N,
};
/* clang-format on */

/* Name of the reason in metrics. */
static inline const char *
drop_name(enum drop_reason reason)
{
	static const char *const names[] = {
#define X(id, name, text) name,
		DROP_REASONS(X)
#undef X
	};
	return names[reason];
}

#endif
