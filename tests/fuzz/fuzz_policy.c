/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sw/policy.c and ctl/vif/policy_text.c. The input: what is checked (1 byte), a frame's extra
 * length (1), the operator's list of addresses, which is also tried as MAC and VLANs, up to a NUL;
 * then a frame.
 */
#include "sw/policy.h"

#include "fuzz/fuzz.h"
#include "fuzz/policy_check.h"
#include "mbuf.h"

#define TEXT_SIZE 256u

static const uint8_t mac[6] = { 0x00, 0x16, 0x3e, 0, 0, 1 };

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
	policy_check_text(text, &policy);
	policy.check_mac = what & 1;
	policy.check_ip = what & 2;
	memcpy(policy.mac, mac, 6);
	uint32_t len = (uint32_t)(in.left < 14 ? 14 : in.left) + spare % 64;
	uint8_t *frame = calloc(1, len); /* of just its size, so that who reads beyond is caught */
	take_bytes(&in, frame, in.left);
	policy_check_headers(frame, len);
	policy_check_headers(frame, spare % len);
	struct rte_mbuf m = mbuf_of(frame, len);
	enum drop_reason reason = policy_check(&policy, &m);
	MUST(reason == DROP_N || reason == DROP_MAC_SPOOF || reason == DROP_IP_SPOOF ||
	     reason == DROP_NO_PORT);
	MUST(policy_check(&policy, &m) == reason);
	if (reason == DROP_N)
		policy_check_passed(&policy, frame, len);
	free(frame);
	return 0;
}
