/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files of the policy check. Private to sw. */
#ifndef VPE_SW_POLICY_PRIVATE_H
#define VPE_SW_POLICY_PRIVATE_H

#include <string.h>

#include "sw/policy.h"

/* The reason for a frame that cannot be parsed. */
static inline enum drop_reason
policy_cannot_tell(const struct policy *policy)
{
	return policy->check_ip ? DROP_IP_SPOOF : DROP_MAC_SPOOF;
}

static inline bool
policy_is_own_mac(const struct policy *policy, const uint8_t *mac)
{
	return memcmp(policy->mac, mac, sizeof(policy->mac)) == 0;
}

/* Whether the address at `at`, in network byte order, is listed. */
static inline bool
policy_is_own_ipv4(const struct policy *policy, const uint8_t *at)
{
	uint32_t addr;

	memcpy(&addr, at, sizeof(addr));
	for (unsigned i = 0; i < policy->n_ipv4; i++) {
		if ((addr & policy->ipv4[i].mask) == policy->ipv4[i].addr)
			return true;
	}
	return false;
}

/*
 * Checks a message of `len` bytes to a DHCP server. Returns DROP_N if it may pass, or the reason
 * why not.
 */
enum drop_reason policy_check_dhcp(const struct policy *policy, const uint8_t *message,
				   uint32_t len);

#endif
