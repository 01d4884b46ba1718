/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sw/policy.c and ctl/policy_text.c. The input: what is checked (1 byte), a frame's extra length (1), the operator's list of addresses,
 * which is also tried as MAC and VLANs, up to a NUL; then a frame.
 */
#include "sw/policy.h"

#include <stdbool.h>

#include "ctl/policy_text.h"
#include "fuzz/fuzz.h"

#define TEXT_SIZE 256u

static const uint8_t mac[6] = { 0x00, 0x16, 0x3e, 0, 0, 1 };

/* Text that is not exactly right changes nothing; what is taken is within bounds. */
static void
read_text(const char *text, struct policy *policy)
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
		MUST(policy->filters_vlans && policy->vlans.pvid <= 4094);
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

/* A second opinion on what passed: from the right station, and of the protocols that are easy to tell, from the right address. */
static void
check_passed(const struct policy *policy, const uint8_t *frame, uint32_t len)
{
	uint32_t addr;

	MUST(!policy->check_mac || memcmp(frame + 6, mac, 6) == 0);
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct policy policy;
	char text[TEXT_SIZE + 1];
	unsigned n = 0, what = take(&in, 1), spare = take(&in, 1);

	memset(&policy, 0, sizeof(policy));
	while (in.left > 0 && n < TEXT_SIZE && (text[n] = (char)take(&in, 1)) != '\0')
		n++;
	text[n] = '\0';
	read_text(text, &policy);
	policy.check_mac = what & 1;
	policy.check_ip = what & 2;
	memcpy(policy.mac, mac, 6);
	uint32_t len = (uint32_t)(in.left < 14 ? 14 : in.left) + spare % 64;
	uint8_t *frame = calloc(1, len); /* of just its size, so that who reads beyond is caught */
	take_bytes(&in, frame, in.left);
	enum drop_reason reason = policy_check(&policy, frame, len);
	MUST(reason == DROP_N || reason == DROP_MAC_SPOOF || reason == DROP_IP_SPOOF || reason == DROP_NO_PORT);
	MUST(policy_check(&policy, frame, len) == reason);
	if (reason == DROP_N)
		check_passed(&policy, frame, len);
	free(frame);
	return 0;
}
