/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which port is in which bridge with which policy, kept beside the switch, and what follows from
 * that for what the switch does.
 */
#include "fuzz/switch_model.h"

#include <stdbool.h>

#include "fuzz/fuzz.h"
#include "mbuf.h"
#include "proto/limits.h"
#include "sw/policy.h"

#define N_ENTRIES 8192u
#define AGE_MS 1000u
#define N_STATIONS 256u /* 02::station */

/* VLANs that are told apart in `seen`: none, 10, 20, any other. */
#define N_VLANS 4u

struct port {
	int bridge; /* -1: no member */
	bool is_guest;
	const struct policy *policy;
	bool seen[N_VLANS][N_STATIONS]; /* may have been learnt there */
};

static struct sw *sw;
static struct port ports[LIMIT_PORTS];
static unsigned flags[LIMIT_BRIDGES];
static unsigned broadcast_rate;
static bool floods_guarded;
static uint64_t now_ms;

/*
 * No policy, access ports, trunks with and without a native VLAN, all VLANs; guests that may use
 * one MAC, in and out of VLANs.
 */
#define BIT(vid) [(vid) / 64] = 1ull << (vid) % 64
static const struct policy policies[] = {
	{ .n_ipv4 = 0 },
	{ .part = VLAN_LISTED,
	  .vlans = { .pvid = 10, .member = { BIT(10) }, .untagged = { BIT(10) } } },
	{ .part = VLAN_LISTED,
	  .vlans = { .pvid = 10, .member = { BIT(10) | 1u << 20 }, .untagged = { BIT(10) } } },
	{ .part = VLAN_LISTED, .vlans = { .member = { BIT(20), BIT(4094) } } },
	{ .check_mac = true, .mac = { 2, 0, 0, 0, 0, 2 } },
	{ .part = VLAN_TRUNK },
	{ .part = VLAN_LISTED,
	  .check_mac = true,
	  .mac = { 2, 0, 0, 0, 0, 2 },
	  .vlans = { .pvid = 20, .member = { BIT(20) }, .untagged = { BIT(20) } } },
	{ .check_mac = true, .mac = { 2, 0, 0, 0, 0, 3 }, .part = VLAN_TRUNK },
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
	for (unsigned port = 0; port < LIMIT_PORTS; port++)
		ports[port].bridge = -1;
}

static int
bridge(uint16_t port)
{
	return port < LIMIT_PORTS ? ports[port].bridge : -1;
}

static void
forget(unsigned port)
{
	memset(ports[port].seen, 0, sizeof(ports[port].seen));
}

void
switch_model_add(uint16_t port, uint16_t to)
{
	bool may = port < LIMIT_PORTS && to < LIMIT_BRIDGES && bridge(port) < 0;

	MUST((sw_add_port(sw, port, to) == 0) == may);
	if (may)
		ports[port] = (struct port){ .bridge = to };
}

void
switch_model_del(uint16_t port)
{
	sw_del_port(sw, port);
	MUST(sw_port_entries(sw, port) == 0);
	if (port < LIMIT_PORTS)
		ports[port] = (struct port){ .bridge = -1 };
}

void
switch_model_set_bridge(uint16_t bridge, unsigned to)
{
	static const unsigned any[] = { 0, SW_BRIDGE_VLANS, SW_BRIDGE_PAIR };

	sw_set_bridge(sw, bridge, any[to % 3]);
	for (unsigned port = 0; flags[bridge] != any[to % 3] && port < LIMIT_PORTS; port++) {
		if (ports[port].bridge == bridge)
			forget(port);
	}
	flags[bridge] = any[to % 3];
}

void
switch_model_set_floods(unsigned rate, bool to_guarded)
{
	broadcast_rate = rate;
	floods_guarded = to_guarded;
	sw_set_floods(sw, rate, to_guarded);
}

static enum vlan_part
part_of(const struct port *p)
{
	return !p->is_guest ? VLAN_TRUNK : p->policy == NULL ? VLAN_PLAIN : p->policy->part;
}

void
switch_model_set_policy(uint16_t port, unsigned number)
{
	const struct policy *policy = number % (N_POLICIES + 1) == N_POLICIES
					      ? NULL
					      : &policies[number % (N_POLICIES + 1)];
	bool is_guest = number / (N_POLICIES + 1) % 4 != 0;

	if (!is_guest)
		policy = NULL;
	sw_set_policy(sw, port, is_guest ? SW_GUEST : SW_UPLINK, policy);
	if (bridge(port) < 0)
		return;
	struct port *p = &ports[port];
	struct port next = { .is_guest = is_guest, .policy = policy };
	enum vlan_part part = part_of(&next);
	if (p->is_guest != is_guest || part_of(p) != part ||
	    (part == VLAN_LISTED && p->policy != policy))
		forget(port);
	p->is_guest = is_guest;
	p->policy = policy;
}

void
switch_model_pass_time(uint32_t ms)
{
	now_ms += ms;
	/* now and then through the whole table */
	for (unsigned i = 0; i < (ms == UINT16_MAX ? N_ENTRIES / 32 : 1); i++)
		sw_tick(sw, now_ms);
}

/* ---- what each port may do ---- */

static bool
filters(const struct port *p)
{
	return (flags[p->bridge] & SW_BRIDGE_VLANS) != 0;
}

static bool
has(const uint64_t *bits, unsigned vid)
{
	return bits[vid / 64] >> vid % 64 & 1;
}

static bool
is_in(const struct port *p, unsigned vid)
{
	if (!filters(p) || part_of(p) == VLAN_TRUNK)
		return true;
	return part_of(p) == VLAN_PLAIN ? vid == 0 : vid != 0 && has(p->policy->vlans.member, vid);
}

static bool
is_tag(const uint8_t *at)
{
	return (at[0] == 0x81 && at[1] == 0x00) || (at[0] == 0x88 && at[1] == 0xa8);
}

/* The VLAN that a frame from the port is in; -1: none that it may be in. */
static int
vid_of(const struct port *p, const uint8_t *frame)
{
	bool listed = part_of(p) == VLAN_LISTED, stacked = is_tag(frame + 16);
	unsigned vid = (frame[14] & 15u) << 8 | frame[15];

	if (!filters(p))
		return 0;
	if (is_tag(frame + 12) && (frame[12] == 0x88 || vid == 4095))
		return -1;
	if (is_tag(frame + 12) && vid != 0)
		return !is_in(p, vid) || (listed && stacked && has(p->policy->vlans.untagged, vid))
			       ? -1
			       : (int)vid;
	if (is_tag(frame + 12) && stacked)
		return -1;
	return !listed ? 0 : p->policy->vlans.pvid != 0 ? p->policy->vlans.pvid : -1;
}

static enum vlan_edit
edit_of(const struct port *p, unsigned vid, const uint8_t *frame)
{
	unsigned tag = (frame[14] & 15u) << 8 | frame[15];
	bool untag = vid == 0 || (part_of(p) == VLAN_LISTED && has(p->policy->vlans.untagged, vid));

	if (!filters(p))
		return VLAN_KEEP;
	if (!is_tag(frame + 12))
		return untag ? VLAN_KEEP : VLAN_INSERT;
	if (untag)
		return is_tag(frame + 16) ? VLAN_DROP : VLAN_REMOVE;
	return tag == vid ? VLAN_KEEP : VLAN_RENAME;
}

static bool
is_guarded(const struct port *p)
{
	return p->is_guest && p->policy != NULL && p->policy->check_mac;
}

/*
 * Guarded ports that own the address in the sender's VLAN; `one` is the last of them, and `is_own`:
 * the sender is one.
 */
static unsigned
owners(uint16_t from, unsigned vid, const uint8_t *mac, uint16_t *one, bool *is_own)
{
	unsigned n = 0;

	*is_own = false;
	for (uint16_t port = 0; port < LIMIT_PORTS; port++) {
		const struct port *p = &ports[port];

		if (p->bridge != ports[from].bridge || !is_guarded(p) || !is_in(p, vid) ||
		    memcmp(p->policy->mac, mac, 6) != 0)
			continue;
		*one = port;
		*is_own |= port == from;
		n++;
	}
	return n;
}

static bool *
seen_at(uint16_t port, unsigned vid, const uint8_t *mac)
{
	static const uint8_t prefix[5] = { 2 };
	unsigned vlan = vid == 0 ? 0 : vid == 10 ? 1 : vid == 20 ? 2 : 3;

	return memcmp(mac, prefix, 5) == 0 ? &ports[port].seen[vlan][mac[5]] : NULL;
}

static void
see(uint16_t port, unsigned vid, const uint8_t *mac)
{
	bool *seen = seen_at(port, vid, mac);

	if (seen != NULL)
		*seen = true;
}

/* A port's addresses, up to more than it may own. */
void
switch_model_learn(uint16_t port, uint8_t prefix, unsigned n)
{
	uint8_t frame[14] = { 0 };

	for (unsigned i = 0; i < n; i++) {
		memcpy(frame + 6, (uint8_t[]){ 2, prefix, 0, 0, (uint8_t)(i >> 8), (uint8_t)i }, 6);
		uint16_t vid = i % 7 == 0 ? 20 : VLAN_NONE;
		sw_learn(sw, port, vid, frame, now_ms);
		if (bridge(port) >= 0 && is_in(&ports[port], vid))
			see(port, vid, frame + 6);
	}
}

/* ---- frames ---- */

/* The ports of a flood: all others in the VLAN, `to_guarded` or not. */
static unsigned
flooded(uint16_t from, unsigned vid, bool to_guarded, bool *expected)
{
	unsigned n = 0;

	for (uint16_t port = 0; port < LIMIT_PORTS; port++) {
		const struct port *p = &ports[port];

		expected[port] = port != from && p->bridge == ports[from].bridge && is_in(p, vid) &&
				 (to_guarded || !is_guarded(p));
		n += expected[port];
	}
	return n;
}

/* What must have come of the destination. */
static void
check_destination(uint16_t from, unsigned vid, const uint8_t *dst, enum sw_verdict verdict,
		  const uint16_t *out, unsigned n)
{
	bool expected[LIMIT_PORTS], is_own, is_group = dst[0] & 1;
	uint16_t owner = 0;
	unsigned n_owners = is_group ? 0 : owners(from, vid, dst, &owner, &is_own);

	if (verdict == SW_STORM) {
		MUST(broadcast_rate != 0 && ports[from].is_guest &&
		     memcmp(dst, "\xff\xff\xff\xff\xff\xff", 6) == 0);
	} else if (is_group && memcmp(dst, "\x01\x80\xc2\0\0", 5) == 0 && dst[5] >= 1 &&
		   dst[5] <= 15) {
		MUST(n == 0);
	} else if (verdict == SW_FLOOD) {
		MUST(n_owners == 0 &&
		     n == flooded(from, vid, is_group || floods_guarded, expected));
		for (unsigned i = 0; i < n; i++) {
			MUST(expected[out[i]]);
			expected[out[i]] = false; /* once */
		}
	} else {
		uint16_t to = verdict == SW_SAME_PORT ? from : out[0];

		MUST(!is_group && n == (verdict == SW_UNICAST) && is_in(&ports[to], vid));
		MUST(n_owners != 1 || to == owner);
		MUST(n_owners > 0 || seen_at(to, vid, dst) == NULL || *seen_at(to, vid, dst));
	}
}

/* What must have come of the source; false: the frame went no further. */
static bool
check_source(uint16_t from, unsigned vid, const uint8_t *src, enum sw_verdict verdict)
{
	static const uint8_t zero[6];
	bool is_own, is_source = !(src[0] & 1) && memcmp(src, zero, 6) != 0;
	uint16_t owner;
	unsigned n_owners = owners(from, vid, src, &owner, &is_own);

	MUST((verdict == SW_NOT_OWNER) == (is_source && n_owners > 0 && !is_own));
	if (verdict != SW_NOT_OWNER && is_source)
		see(from, vid, src);
	return verdict != SW_NOT_OWNER;
}

void
switch_model_forward(uint16_t from, uint8_t *frame, uint32_t len)
{
	uint16_t out[LIMIT_PORTS], vid = 0;
	unsigned n;
	struct rte_mbuf m = mbuf_of(frame, len);
	enum drop_reason reason = sw_admit(sw, from, &m, &vid);

	if (bridge(from) < 0) {
		MUST(reason == DROP_NO_PORT && sw_rules(sw, from) == 0);
		return;
	}
	const struct port *p = &ports[from];
	int expected = vid_of(p, frame);
	MUST((reason == DROP_VLAN) == (expected < 0));
	MUST(reason != DROP_N || !is_guarded(p) || memcmp(p->policy->mac, frame + 6, 6) == 0);
	MUST(sw_rules(sw, from) != 0 || reason == DROP_N);
	if (reason != DROP_N)
		return;
	MUST(vid == expected);
	enum sw_verdict verdict = sw_forward(sw, from, vid, frame, now_ms, out, &n);
	for (unsigned i = 0; i < n; i++) {
		MUST(bridge(out[i]) == p->bridge && out[i] != from);
		MUST(sw_egress(sw, out[i], vid, frame, len) == edit_of(&ports[out[i]], vid, frame));
	}
	if ((flags[p->bridge] & SW_BRIDGE_PAIR) != 0)
		MUST(n == (verdict == SW_UNICAST) && n <= 1);
	else if (check_source(from, vid, frame + 6, verdict))
		check_destination(from, vid, frame, verdict, out, n);
}

/* Every port leaves. */
void
switch_model_end(void)
{
	struct sw_stats stats;
	unsigned n_entries = 0;

	for (uint16_t port = 0; port < LIMIT_PORTS; port++) {
		unsigned n = sw_port_entries(sw, port);

		n_entries += n;
		MUST(n <= LIMIT_MACS_PER_PORT + 1 || !ports[port].is_guest);
		MUST(ports[port].bridge >= 0 || n == 0);
	}
	sw_get_stats(sw, &stats);
	MUST(stats.n_entries == n_entries && n_entries <= N_ENTRIES + LIMIT_PORTS);
	for (uint16_t port = 0; port < LIMIT_PORTS; port++) {
		if (ports[port].bridge >= 0)
			switch_model_del(port);
	}
	for (uint16_t i = 0; i < LIMIT_BRIDGES; i++)
		switch_model_set_bridge(i, 0);
	switch_model_set_floods(0, false);
}
