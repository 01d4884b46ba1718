/* SPDX-License-Identifier: BSD-3-Clause */
/* Which port is in which bridge, kept beside the switch, and what follows from that for what the switch does. */
#include "fuzz/switch_model.h"

#include <stdbool.h>

#include "fuzz/fuzz.h"
#include "proto/limits.h"
#include "sw/policy.h"

#define N_ENTRIES 2048u
#define AGE_MS 1000u

static struct sw *sw;
static int bridge_of[LIMIT_PORTS]; /* -1: no member */
static uint64_t now_ms;

/* No policy, an access port, a trunk with and without a native VLAN, a guest that may use one MAC. */
#define BIT(vid) [(vid) / 64] = 1ull << (vid) % 64
static const struct policy policies[] = {
	{ .n_ipv4 = 0 },
	{ .part = VLAN_LISTED, .vlans = { .pvid = 10, .member = { BIT(10) }, .untagged = { BIT(10) } } },
	{ .part = VLAN_LISTED, .vlans = { .pvid = 10, .member = { BIT(10) | 1u << 20 }, .untagged = { BIT(10) } } },
	{ .part = VLAN_LISTED, .vlans = { .member = { BIT(20), BIT(4094) } } },
	{ .check_mac = true, .mac = { 2, 0, 0, 0, 0, 2 } },
};
#define N_POLICIES (sizeof(policies) / sizeof(policies[0]))

void
switch_model_init(void)
{
	MUST(sw_create("fuzz", 1, AGE_MS) == NULL);
	for (unsigned i = 0; i < 2; i++) {
		sw_destroy(sw);
		sw = sw_create("fuzz", N_ENTRIES, AGE_MS);
		MUST(sw != NULL);
	}
	memset(bridge_of, 0xff, sizeof(bridge_of));
}

static int
bridge(uint16_t port)
{
	return port < LIMIT_PORTS ? bridge_of[port] : -1;
}

void
switch_model_add(uint16_t port, uint16_t to)
{
	bool may = port < LIMIT_PORTS && to < LIMIT_BRIDGES && bridge(port) < 0;

	MUST((sw_add_port(sw, port, to) == 0) == may);
	if (may)
		bridge_of[port] = to;
}

void
switch_model_del(uint16_t port)
{
	sw_del_port(sw, port);
	MUST(sw_port_entries(sw, port) == 0);
	if (port < LIMIT_PORTS)
		bridge_of[port] = -1;
}

void
switch_model_set_policy(uint16_t port, unsigned policy)
{
	policy %= N_POLICIES + 1;
	sw_set_policy(sw, port, policy % 2 ? SW_GUEST : SW_UPLINK, policy == N_POLICIES ? NULL : &policies[policy]);
}

void
switch_model_pass_time(uint32_t ms)
{
	now_ms += ms;
	sw_tick(sw, now_ms);
}

/* A port's addresses, up to more than it may own. */
void
switch_model_learn(uint16_t port, uint8_t prefix, unsigned n)
{
	uint8_t frame[14] = { 0 };

	for (unsigned i = 0; i < n; i++) {
		memcpy(frame + 6, (uint8_t[]){ 2, prefix, 0, 0, (uint8_t)(i >> 8), (uint8_t)i }, 6);
		sw_learn(sw, port, i % 7 == 0 ? 20 : VLAN_NONE, frame, now_ms);
	}
}

/* Frames go to other members of the sender's bridge, to each of them once at most; to all of them, if there are no VLANs. */
void
switch_model_forward(uint16_t from, const uint8_t *frame, uint32_t len)
{
	uint16_t out[LIMIT_PORTS], vid = UINT16_MAX;
	bool seen[LIMIT_PORTS] = { false };
	unsigned n, n_others = 0;

	if (sw_admit(sw, from, frame, len, &vid) != DROP_N)
		return;
	MUST(bridge(from) >= 0 && vid <= VLAN_VID_MAX && (vid == VLAN_NONE || (sw_rules(sw, from) & SW_RULE_VLANS)));
	enum sw_verdict verdict = sw_forward(sw, from, vid, frame, now_ms, out, &n);
	for (unsigned port = 0; port < LIMIT_PORTS; port++)
		n_others += port != from && bridge_of[port] == bridge(from);
	for (unsigned i = 0; i < n; i++) {
		MUST(out[i] < LIMIT_PORTS && out[i] != from && bridge(out[i]) == bridge(from) && !seen[out[i]]);
		seen[out[i]] = true;
		enum vlan_edit edit = sw_egress(sw, out[i], vid, frame, len);
		MUST(edit == VLAN_KEEP || (edit <= VLAN_DROP && (sw_rules(sw, from) & SW_RULE_VLANS)));
		MUST(edit != VLAN_INSERT || vid != VLAN_NONE);
	}
	MUST(verdict != SW_UNICAST || (n == 1 && !(frame[0] & 1)));
	MUST(verdict != SW_SAME_PORT || n == 0);
	if (verdict == SW_FLOOD && !(sw_rules(sw, from) & SW_RULE_VLANS))
		MUST(n == n_others || (n == 0 && frame[0] == 0x01 && frame[1] == 0x80));
}

/* Every port leaves. */
void
switch_model_end(void)
{
	struct sw_stats stats;
	unsigned n_entries = 0;

	for (uint16_t port = 0; port < LIMIT_PORTS; port++) {
		n_entries += sw_port_entries(sw, port);
		MUST(sw_port_entries(sw, port) <= LIMIT_MACS_PER_PORT && (bridge_of[port] >= 0 || sw_port_entries(sw, port) == 0));
	}
	sw_get_stats(sw, &stats);
	MUST(stats.n_entries == n_entries && n_entries <= N_ENTRIES);
	for (uint16_t port = 0; port < LIMIT_PORTS; port++)
		switch_model_del(port);
}
