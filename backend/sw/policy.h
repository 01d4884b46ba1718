/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator allows a port: an immutable object, made by control and read by every poller.
 *
 * Threads: never changes once a port has it; control replaces the whole (dp/port.h, `policy`).
 */
#ifndef VPE_SW_POLICY_H
#define VPE_SW_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#define POLICY_IPS_MAX 16u
#define POLICY_VIDS 4096u /* IEEE 802.1Q */

/* VLANs in the model of Linux's bridge with vlan_filtering=1. */
struct policy_vlans {
	uint16_t pvid; /* of untagged frames that come in; 0: they are dropped */
	uint64_t member[POLICY_VIDS / 64];
	uint64_t untagged[POLICY_VIDS / 64]; /* leave without a tag */
};

struct policy {
	bool check_mac; /* frames must come from `mac` */
	bool check_ip;  /* and from one of the addresses */
	bool filters_vlans;
	uint8_t mac[6];
	unsigned n_ipv4;
	unsigned n_ipv6;
	uint32_t ipv4[POLICY_IPS_MAX]; /* network byte order */
	uint8_t ipv6[POLICY_IPS_MAX][16];
	struct policy_vlans vlans;
};

#endif
