/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an operator's texts and a guest's frames may lead to, beside what ctl/vif/policy_text.c and
 * sw/policy.c make of them.
 */
#include "fuzz/policy_check.h"

#include <stdbool.h>

#include "ctl/vif/policy_text.h"
#include "fuzz/fuzz.h"
#include "sw/headers.h"

/* Text that is not exactly right changes nothing; what is taken is within bounds. */
void
policy_check_text(const char *text, struct policy *policy)
{
	struct policy before = *policy;
	uint8_t own[6];

	if (policy_text_ips(text, policy) < 0)
		MUST(memcmp(policy, &before, sizeof(before)) == 0);
	MUST(policy->n_ipv4 <= POLICY_IPS_MAX && policy->n_ipv6 <= POLICY_IPS_MAX);
	for (unsigned i = 0; i < policy->n_ipv4; i++)
		MUST((policy->ipv4[i].addr & ~policy->ipv4[i].mask) == 0);
	before = *policy;
	if (policy_text_vlan(text, policy) < 0)
		MUST(memcmp(policy, &before, sizeof(before)) == 0);
	else
		MUST(policy->part == (strcmp(text, "trunk") == 0 ? VLAN_TRUNK : VLAN_LISTED) &&
		     policy->vlans.pvid <= 4094);
	if (policy_text_mac(text, own) == 0)
		MUST(!(own[0] & 1) && strlen(text) == 17);
}

static bool
is_listed(const struct policy *policy, uint32_t addr)
{
	for (unsigned i = 0; i < policy->n_ipv4; i++)
		if (((addr ^ policy->ipv4[i].addr) & policy->ipv4[i].mask) == 0)
			return true;
	return false;
}

/*
 * A second opinion on what passed: from the right station, and of the protocols that are easy to
 * tell, from the right address.
 */
void
policy_check_passed(const struct policy *policy, const uint8_t *frame, uint32_t len)
{
	uint32_t addr;

	MUST(!policy->check_mac || memcmp(frame + 6, policy->mac, 6) == 0);
	if (!policy->check_ip)
		return;
	if (frame[12] == 0x08 && frame[13] == 0x00) {
		MUST(len >= 34);
		memcpy(&addr, frame + 26, 4);
		MUST(addr == 0 || is_listed(policy, addr));
	}
	if (frame[12] == 0x08 && frame[13] == 0x06) {
		MUST(len >= 42);
		memcpy(&addr, frame + 28, 4);
		MUST(addr == 0 || is_listed(policy, addr));
	}
}

void
policy_check_headers(const uint8_t *frame, uint32_t len)
{
	struct headers h;

	headers_walk(frame, len, &h);
	MUST(h.l2_len <= len && h.n_tags <= 2 && h.l3_len <= len - h.l2_len && h.end <= len);
	MUST(h.l3_len == 0 || (h.flags & HEADERS_BAD_IP) != 0 || headers_l4_room(&h) <= len);
	MUST(len >= 14 || (h.flags & HEADERS_BAD_ETHER) != 0);
}
