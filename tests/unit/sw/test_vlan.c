/* SPDX-License-Identifier: BSD-3-Clause */
/* VLANs of a bridge: each part by itself, then through the switch. */
#include "sw/vlan.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "mbuf.h"
#include "proto/limits.h"
#include "sw/switch.h"
#include "unit.h"

#define BIT(vid) (UINT64_C(1) << ((vid) % 64))

/* PVID 10, which leaves untagged; 20 and 4094 tagged; 30 untagged though it is not the PVID. */
static const struct policy_vlans native = {
	.pvid = 10,
	.member = { [0] = BIT(10) | BIT(20) | BIT(30), [63] = BIT(4094) },
	.untagged = { [0] = BIT(10) | BIT(30) },
};
static const struct policy_vlans tagged_only = { .member = { [0] = BIT(10) | BIT(20) } };

#define UNTAGGED UINT32_MAX

/*
 * A frame with up to two tags, each type and TCI in one number, in a buffer of just its size. The
 * caller frees it.
 */
static uint8_t *
make(uint32_t outer, uint32_t inner, uint32_t *len)
{
	uint8_t frame[64] = { 0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1 };
	const uint32_t tags[] = { outer, inner, 0x88b50000 };
	uint8_t *copy;

	*len = 12;
	for (unsigned i = 0; i < ARRAY_SIZE(tags); i++) {
		if (tags[i] == UNTAGGED)
			continue;
		for (unsigned k = 0; k < 4; k++)
			frame[(*len)++] = (uint8_t)(tags[i] >> (24 - 8 * k));
	}
	*len -= 2; /* the EtherType has no TCI */
	copy = malloc(*len);
	memcpy(copy, frame, *len);
	return copy;
}

#define Q(tci) (0x81000000u | (tci))
#define AD(tci) (0x88a80000u | (tci))

static int
ingress(enum vlan_part part, const struct policy_vlans *vlans, uint32_t outer)
{
	uint32_t len;
	uint8_t *frame = make(outer, UNTAGGED, &len);
	int vid = vlan_ingress(part, vlans, frame, len);

	free(frame);
	return vid;
}

static enum vlan_edit
egress(enum vlan_part part, const struct policy_vlans *vlans, uint16_t vid, uint32_t outer,
       uint32_t inner)
{
	uint32_t len;
	uint8_t *frame = make(outer, inner, &len);
	enum vlan_edit edit = vlan_egress(part, vlans, vid, frame, len);

	free(frame);
	return edit;
}

static void
vlan_ingress_listed(void)
{
	CHECK_EQ(ingress(VLAN_LISTED, &native, UNTAGGED), 10);
	CHECK_EQ(ingress(VLAN_LISTED, &native, Q(0)), 10);
	CHECK_EQ(ingress(VLAN_LISTED, &native, Q(0xe000)), 10); /* a priority */
	CHECK_EQ(ingress(VLAN_LISTED, &tagged_only, UNTAGGED), -1);
	CHECK_EQ(ingress(VLAN_LISTED, &tagged_only, Q(0x2000)), -1);
	for (unsigned vid = 1; vid < 4096; vid++) {
		bool may = vid == 10 || vid == 20 || vid == 30 || vid == 4094;

		CHECK_EQ(ingress(VLAN_LISTED, &native, Q(vid)), may ? (int)vid : -1);
		CHECK_EQ(ingress(VLAN_LISTED, &native, Q(0xf000 | vid)), may ? (int)vid : -1);
		CHECK_EQ(ingress(VLAN_LISTED, &native, AD(vid)), -1);
	}
}

static void
vlan_ingress_trunk_and_plain(void)
{
	CHECK_EQ(ingress(VLAN_TRUNK, NULL, UNTAGGED), VLAN_NONE);
	CHECK_EQ(ingress(VLAN_PLAIN, NULL, UNTAGGED), VLAN_NONE);
	CHECK_EQ(ingress(VLAN_TRUNK, NULL, Q(0x4000)), VLAN_NONE);
	CHECK_EQ(ingress(VLAN_PLAIN, NULL, Q(0x4000)), VLAN_NONE);
	for (unsigned vid = 1; vid < 4096; vid++) {
		CHECK_EQ(ingress(VLAN_TRUNK, NULL, Q(vid)), vid < 4095 ? (int)vid : -1);
		CHECK_EQ(ingress(VLAN_PLAIN, NULL, Q(vid)), -1);
		CHECK_EQ(ingress(VLAN_TRUNK, NULL, AD(vid)), -1);
		CHECK_EQ(ingress(VLAN_PLAIN, NULL, AD(vid)), -1);
	}
}

/* A second tag behind one that the member need not send would come to light at the next switch. */
static void
vlan_ingress_double_tag(void)
{
	static const struct {
		uint32_t outer, inner;
		int native, trunk, plain;
	} rows[] = {
		{ Q(0), Q(20), -1, -1, -1 },   { Q(0xe000), AD(20), -1, -1, -1 },
		{ Q(10), Q(20), -1, 10, -1 },  { Q(30), AD(20), -1, 30, -1 },
		{ Q(20), Q(10), 20, 20, -1 },  { Q(20), AD(10), 20, 20, -1 },
		{ AD(20), Q(20), -1, -1, -1 }, { AD(0), Q(20), -1, -1, -1 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t len;
		uint8_t *frame = make(rows[i].outer, rows[i].inner, &len);

		CHECK_EQ(vlan_ingress(VLAN_LISTED, &native, frame, len), rows[i].native);
		CHECK_EQ(vlan_ingress(VLAN_TRUNK, NULL, frame, len), rows[i].trunk);
		CHECK_EQ(vlan_ingress(VLAN_PLAIN, NULL, frame, len), rows[i].plain);
		free(frame);
	}
}

/* A tag that is cut off is none. */
static void
vlan_ingress_truncated(void)
{
	uint32_t len;
	uint8_t *frame = make(Q(10), UNTAGGED, &len);

	for (uint32_t n = 14; n < 18; n++) {
		uint8_t *cut = malloc(n);

		memcpy(cut, frame, n);
		CHECK_EQ(vlan_ingress(VLAN_LISTED, &native, cut, n), -1);
		CHECK_EQ(vlan_ingress(VLAN_TRUNK, NULL, cut, n), -1);
		CHECK_EQ(vlan_egress(VLAN_TRUNK, NULL, 10, cut, n), VLAN_DROP);
		CHECK_EQ(vlan_egress(VLAN_TRUNK, NULL, VLAN_NONE, cut, n), VLAN_DROP);
		free(cut);
	}
	free(frame);
}

static void
vlan_is_member_each(void)
{
	for (uint16_t vid = 0; vid < 4095; vid++) {
		CHECK(vlan_is_member(VLAN_TRUNK, NULL, vid));
		CHECK_EQ(vlan_is_member(VLAN_PLAIN, NULL, vid), vid == VLAN_NONE);
		CHECK_EQ(vlan_is_member(VLAN_LISTED, &native, vid),
			 vid == 10 || vid == 20 || vid == 30 || vid == 4094);
	}
	static const struct policy_vlans all = { .member = { [0 ... 63] = UINT64_MAX } };
	CHECK_FALSE(vlan_is_member(VLAN_LISTED, &all, VLAN_NONE));
	CHECK_FALSE(vlan_is_member(VLAN_LISTED, &all, 4095));
	CHECK_FALSE(vlan_is_member(VLAN_LISTED, &all, UINT16_MAX));
}

static void
vlan_egress_forms(void)
{
	CHECK_EQ(egress(VLAN_LISTED, &native, 10, UNTAGGED, UNTAGGED), VLAN_KEEP);
	CHECK_EQ(egress(VLAN_LISTED, &native, 10, Q(10), UNTAGGED), VLAN_REMOVE);
	CHECK_EQ(egress(VLAN_LISTED, &native, 10, Q(0x2000), UNTAGGED), VLAN_REMOVE);
	CHECK_EQ(egress(VLAN_LISTED, &native, 30, Q(30), UNTAGGED), VLAN_REMOVE);
	CHECK_EQ(egress(VLAN_LISTED, &native, 20, UNTAGGED, UNTAGGED), VLAN_INSERT);
	CHECK_EQ(egress(VLAN_LISTED, &native, 20, Q(0x2014), UNTAGGED), VLAN_KEEP);
	CHECK_EQ(egress(VLAN_LISTED, &native, 20, Q(0x2000), UNTAGGED), VLAN_RENAME);
	CHECK_EQ(egress(VLAN_LISTED, &native, 40, Q(40), UNTAGGED), VLAN_DROP);
	CHECK_EQ(egress(VLAN_LISTED, &native, VLAN_NONE, UNTAGGED, UNTAGGED), VLAN_DROP);
	CHECK_EQ(egress(VLAN_TRUNK, NULL, 20, UNTAGGED, UNTAGGED), VLAN_INSERT);
	CHECK_EQ(egress(VLAN_TRUNK, NULL, 20, Q(20), UNTAGGED), VLAN_KEEP);
	CHECK_EQ(egress(VLAN_TRUNK, NULL, VLAN_NONE, UNTAGGED, UNTAGGED), VLAN_KEEP);
	CHECK_EQ(egress(VLAN_TRUNK, NULL, VLAN_NONE, Q(0x6000), UNTAGGED), VLAN_REMOVE);
	CHECK_EQ(egress(VLAN_PLAIN, NULL, VLAN_NONE, UNTAGGED, UNTAGGED), VLAN_KEEP);
	CHECK_EQ(egress(VLAN_PLAIN, NULL, VLAN_NONE, Q(0x6000), UNTAGGED), VLAN_REMOVE);
	CHECK_EQ(egress(VLAN_PLAIN, NULL, 10, Q(10), UNTAGGED), VLAN_DROP);
}

/* The tag behind the one that is taken off must not become the frame's VLAN. */
static void
vlan_egress_double_tag(void)
{
	CHECK_EQ(egress(VLAN_LISTED, &native, 10, Q(10), Q(20)), VLAN_DROP);
	CHECK_EQ(egress(VLAN_LISTED, &native, 10, Q(10), AD(20)), VLAN_DROP);
	CHECK_EQ(egress(VLAN_TRUNK, NULL, VLAN_NONE, Q(0), Q(20)), VLAN_DROP);
	CHECK_EQ(egress(VLAN_PLAIN, NULL, VLAN_NONE, Q(0), Q(20)), VLAN_DROP);
	CHECK_EQ(egress(VLAN_TRUNK, NULL, 10, Q(10), Q(20)), VLAN_KEEP);
	CHECK_EQ(egress(VLAN_TRUNK, NULL, 10, Q(0), Q(20)), VLAN_RENAME);
	CHECK_EQ(egress(VLAN_LISTED, &native, 20, Q(20), Q(10)), VLAN_KEEP);
}

/* ---- through the switch ---- */

enum {
	UPLINK, /* port 0 */
	PLAIN,
	TEN_A,
	TEN_B,
	TWENTY,
	BOTH, /* native 10, 20 tagged */
	N_PORTS,
};

static const struct policy ten = {
	.part = VLAN_LISTED, .vlans = { .pvid = 10, .member = { BIT(10) }, .untagged = { BIT(10) } }
};
static const struct policy twenty = {
	.part = VLAN_LISTED, .vlans = { .pvid = 20, .member = { BIT(20) }, .untagged = { BIT(20) } }
};
static const struct policy trunk = {
	.part = VLAN_LISTED,
	.vlans = { .pvid = 10, .member = { BIT(10) | BIT(20) }, .untagged = { BIT(10) } }
};

static struct sw *
filtering_switch(void)
{
	static const struct policy *const policies[N_PORTS] = {
		[TEN_A] = &ten, [TEN_B] = &ten, [TWENTY] = &twenty, [BOTH] = &trunk
	};
	struct sw *sw = sw_create("test", 1024, 1000);

	REQUIRE_NOT_NULL(sw);
	sw_set_bridge(sw, 3, SW_BRIDGE_VLANS);
	for (uint16_t port = 0; port < N_PORTS; port++) {
		REQUIRE_EQ(sw_add_port(sw, port, 3), 0);
		sw_set_policy(sw, port, port == UPLINK ? SW_UPLINK : SW_GUEST, policies[port]);
	}
	return sw;
}

/*
 * Sends a frame with station `from` as its source. The ports that it leaves by, as bits; -1 if it
 * is not admitted.
 */
static int
deliver(struct sw *sw, uint16_t in_port, uint32_t outer, unsigned from, unsigned to)
{
	uint16_t out[LIMIT_PORTS], vid = VLAN_NONE;
	unsigned n = 0;
	uint32_t len;
	uint8_t *frame = make(outer, UNTAGGED, &len);
	int ports = 0;

	frame[5] = (uint8_t)to;
	frame[11] = (uint8_t)from;
	struct rte_mbuf m = mbuf_of(frame, len);
	enum drop_reason reason = sw_admit(sw, in_port, &m, &vid);
	CHECK(reason == DROP_N || reason == DROP_VLAN);
	if (reason == DROP_N)
		sw_forward(sw, in_port, vid, frame, 0, out, &n);
	for (unsigned i = 0; i < n; i++) {
		CHECK_NE(sw_egress(sw, out[i], vid, frame, len), VLAN_DROP);
		ports |= 1 << out[i];
	}
	free(frame);
	return reason == DROP_N ? ports : -1;
}

#define STRANGER 99

static void
sw_forward_floods_one_vlan(void)
{
	struct sw *sw = filtering_switch();

	CHECK_EQ(deliver(sw, TEN_A, UNTAGGED, 1, STRANGER), 1 << UPLINK | 1 << TEN_B | 1 << BOTH);
	CHECK_EQ(deliver(sw, TEN_A, Q(10), 1, STRANGER), 1 << UPLINK | 1 << TEN_B | 1 << BOTH);
	CHECK_EQ(deliver(sw, TEN_A, Q(20), 1, STRANGER), -1);
	CHECK_EQ(deliver(sw, TWENTY, UNTAGGED, 2, STRANGER), 1 << UPLINK | 1 << BOTH);
	CHECK_EQ(deliver(sw, BOTH, UNTAGGED, 3, STRANGER), 1 << UPLINK | 1 << TEN_A | 1 << TEN_B);
	CHECK_EQ(deliver(sw, BOTH, Q(20), 3, STRANGER), 1 << UPLINK | 1 << TWENTY);
	CHECK_EQ(deliver(sw, PLAIN, UNTAGGED, 4, STRANGER), 1 << UPLINK);
	CHECK_EQ(deliver(sw, PLAIN, Q(10), 4, STRANGER), -1);
	CHECK_EQ(deliver(sw, UPLINK, UNTAGGED, 5, STRANGER), 1 << PLAIN);
	CHECK_EQ(deliver(sw, UPLINK, Q(10), 5, STRANGER), 1 << TEN_A | 1 << TEN_B | 1 << BOTH);
	CHECK_EQ(deliver(sw, UPLINK, Q(20), 5, STRANGER), 1 << TWENTY | 1 << BOTH);
	CHECK_EQ(deliver(sw, UPLINK, Q(30), 5, STRANGER), 0);
	sw_destroy(sw);
}

/*
 * The same address in two VLANs is two stations, and what one VLAN has learnt says nothing in the
 * other.
 */
static void
sw_learn_by_vlan(void)
{
	struct sw *sw = filtering_switch();

	deliver(sw, TEN_A, UNTAGGED, 7, STRANGER);
	deliver(sw, TWENTY, UNTAGGED, 7, STRANGER);
	CHECK_EQ(deliver(sw, UPLINK, Q(10), 5, 7), 1 << TEN_A);
	CHECK_EQ(deliver(sw, UPLINK, Q(20), 5, 7), 1 << TWENTY);
	CHECK_EQ(deliver(sw, UPLINK, UNTAGGED, 5, 7), 1 << PLAIN); /* unknown there: flooded */
	CHECK_EQ(deliver(sw, BOTH, UNTAGGED, 6, 7), 1 << TEN_A);
	CHECK_EQ(deliver(sw, BOTH, Q(20), 6, 7), 1 << TWENTY);
	CHECK_EQ(deliver(sw, PLAIN, UNTAGGED, 8, 7), 1 << UPLINK);
	/* A frame that is refused teaches nothing. */
	CHECK_EQ(deliver(sw, TEN_B, Q(20), 7, STRANGER), -1);
	CHECK_EQ(deliver(sw, BOTH, Q(20), 6, 7), 1 << TWENTY);
	sw_destroy(sw);
}

/* A crossing frame teaches another poller's switch in its own VLAN. */
static void
sw_learn_crossing_vlan(void)
{
	struct sw *sw = filtering_switch();
	uint32_t len;
	uint8_t *frame = make(UNTAGGED, UNTAGGED, &len);

	frame[11] = 7;
	sw_learn(sw, TWENTY, 20, frame, 0);
	CHECK_EQ(deliver(sw, UPLINK, Q(20), 5, 7), 1 << TWENTY);
	CHECK_EQ(deliver(sw, UPLINK, Q(10), 5, 7), 1 << TEN_A | 1 << TEN_B | 1 << BOTH);
	/* one that was under way when its port left the VLAN */
	frame[11] = 8;
	sw_learn(sw, TWENTY, 10, frame, 0);
	CHECK_EQ(deliver(sw, UPLINK, Q(10), 5, 8), 1 << TEN_A | 1 << TEN_B | 1 << BOTH);
	free(frame);
	sw_destroy(sw);
}

/* Filtering begins and ends with sw_set_bridge(), whoever comes and goes. */
static void
sw_set_bridge_begins_and_ends(void)
{
	struct sw *sw = sw_create("test", 1024, 1000);

	REQUIRE_NOT_NULL(sw);
	for (uint16_t port = 0; port < 4; port++) {
		CHECK_EQ(sw_add_port(sw, port, port == 3 ? 1 : 0), 0);
		sw_set_policy(sw, port, port == 0 ? SW_UPLINK : SW_GUEST, port == 1 ? &ten : NULL);
		CHECK_EQ(sw_rules(sw, port), 0);
	}
	/* a list alone means nothing */
	CHECK_EQ(deliver(sw, 1, Q(10), 1, STRANGER), 1 << 0 | 1 << 2);
	CHECK_EQ(deliver(sw, 2, AD(10), 2, 1), 1 << 1);
	sw_set_bridge(sw, 0, SW_BRIDGE_VLANS);
	for (uint16_t port = 0; port < 4; port++)
		CHECK_EQ(sw_rules(sw, port), port < 3 ? SW_RULE_VLANS : 0);
	CHECK_EQ(sw_port_entries(sw, 1), 0); /* what was learnt before is forgotten */
	CHECK_EQ(deliver(sw, 2, Q(10), 2, 1), -1);
	CHECK_EQ(deliver(sw, 2, UNTAGGED, 2, 1), 1 << 0);
	sw_del_port(sw, 1); /* the only one with a list */
	CHECK_EQ(sw_rules(sw, 2), SW_RULE_VLANS);
	CHECK_EQ(deliver(sw, 2, Q(10), 2, STRANGER), -1);
	CHECK_EQ(deliver(sw, 0, Q(10), 5, STRANGER), 0);
	CHECK_EQ(sw_add_port(sw, 1, 0), 0); /* it comes back */
	sw_set_policy(sw, 1, SW_GUEST, &ten);
	CHECK_EQ(deliver(sw, 2, Q(10), 2, STRANGER), -1);
	CHECK_EQ(deliver(sw, 1, UNTAGGED, 1, STRANGER), 1 << 0);
	sw_set_bridge(sw, 0, 0);
	CHECK_EQ(deliver(sw, 2, Q(10), 2, STRANGER), 1 << 0 | 1 << 1);
	sw_set_policy(sw, 300, SW_GUEST, &ten); /* no member */
	sw_set_policy(sw, UINT16_MAX, SW_GUEST, &ten);
	CHECK_EQ(sw_rules(sw, 300), 0);
	CHECK_EQ(sw_rules(sw, UINT16_MAX), 0);
	sw_destroy(sw);
}

/* A new policy forgets what was learnt if the VLANs are others, and only then. */
static void
sw_set_policy_flushes(void)
{
	struct policy same = ten, guarded = ten;
	struct sw *sw = filtering_switch();

	guarded.check_mac = true;
	memcpy(guarded.mac, (uint8_t[]){ 0x02, 0, 0, 0, 0, 77 }, 6);
	deliver(sw, TEN_A, UNTAGGED, 1, STRANGER);
	deliver(sw, TEN_B, UNTAGGED, 2, STRANGER);
	CHECK_EQ(sw_port_entries(sw, TEN_A), 1);
	sw_set_policy(sw, TEN_A, SW_GUEST, &ten);
	sw_set_policy(sw, TEN_A, SW_GUEST, &same);
	CHECK_EQ(sw_port_entries(sw, TEN_A), 1);
	sw_set_policy(sw, TEN_A, SW_GUEST, &guarded);
	CHECK_EQ(sw_port_entries(sw, TEN_A), 2); /* with the address that it owns */
	sw_set_policy(sw, TEN_A, SW_GUEST, &twenty);
	CHECK_EQ(sw_port_entries(sw, TEN_A), 0);
	CHECK_EQ(sw_port_entries(sw, TEN_B), 1);
	CHECK_EQ(deliver(sw, UPLINK, Q(10), 5, 1), 1 << TEN_B | 1 << BOTH);
	CHECK_EQ(deliver(sw, UPLINK, Q(20), 5, 1), 1 << TWENTY | 1 << BOTH | 1 << TEN_A);
	sw_destroy(sw);
}

/*
 * A frame that another poller let in into a VLAN leaves right even where the switch has not heard
 * of the VLAN.
 */
static void
sw_egress_early(void)
{
	struct sw *sw = sw_create("test", 1024, 1000);
	uint32_t len;
	uint8_t *frame = make(UNTAGGED, UNTAGGED, &len);

	REQUIRE_NOT_NULL(sw);
	sw_add_port(sw, 0, 0);
	sw_add_port(sw, 1, 0);
	sw_set_policy(sw, 1, SW_GUEST, NULL);
	CHECK_EQ(sw_egress(sw, 0, VLAN_NONE, frame, len), VLAN_KEEP);
	CHECK_EQ(sw_egress(sw, 0, 10, frame, len), VLAN_INSERT);
	CHECK_EQ(sw_egress(sw, 1, 10, frame, len), VLAN_DROP);
	CHECK_EQ(sw_egress(sw, 2, VLAN_NONE, frame, len), VLAN_DROP); /* no member */
	free(frame);
	sw_destroy(sw);
}

static void
sw_admit_sender(void)
{
	static const struct policy own = { .check_mac = true, .mac = { 0x02, 0, 0, 0, 0, 1 } };
	struct sw *sw = sw_create("test", 1024, 1000);
	uint16_t vid = 77;
	uint32_t len;
	uint8_t *frame = make(UNTAGGED, UNTAGGED, &len);
	struct rte_mbuf m = mbuf_of(frame, len);

	REQUIRE_NOT_NULL(sw);
	sw_add_port(sw, 0, 0);
	CHECK_EQ(sw_admit(sw, 0, &m, &vid), DROP_N);
	CHECK_EQ(vid, VLAN_NONE);
	sw_set_policy(sw, 0, SW_GUEST, &own);
	CHECK_EQ(sw_rules(sw, 0), SW_RULE_SENDER);
	CHECK_EQ(sw_admit(sw, 0, &m, &vid), DROP_N);
	frame[11] = 2;
	CHECK_EQ(sw_admit(sw, 0, &m, &vid), DROP_MAC_SPOOF);
	CHECK_EQ(sw_admit(sw, 1, &m, &vid), DROP_NO_PORT);
	free(frame);
	sw_destroy(sw);
}

void test_vlan(CU_pSuite suite);

void
test_vlan(CU_pSuite suite)
{
	UNIT_ADD(suite, vlan_ingress_listed);
	UNIT_ADD(suite, vlan_ingress_trunk_and_plain);
	UNIT_ADD(suite, vlan_ingress_double_tag);
	UNIT_ADD(suite, vlan_ingress_truncated);
	UNIT_ADD(suite, vlan_is_member_each);
	UNIT_ADD(suite, vlan_egress_forms);
	UNIT_ADD(suite, vlan_egress_double_tag);
	UNIT_ADD(suite, sw_forward_floods_one_vlan);
	UNIT_ADD(suite, sw_learn_by_vlan);
	UNIT_ADD(suite, sw_learn_crossing_vlan);
	UNIT_ADD(suite, sw_set_bridge_begins_and_ends);
	UNIT_ADD(suite, sw_set_policy_flushes);
	UNIT_ADD(suite, sw_egress_early);
	UNIT_ADD(suite, sw_admit_sender);
}
