/* SPDX-License-Identifier: BSD-3-Clause */
/* Guests whose MAC is checked own it; pairs; floods. */
#include "sw/guarded.h"

#include <string.h>

#include "base/util.h"
#include "sw/policy.h"
#include "sw/switch.h"
#include "unit.h"

enum {
	UPLINK, /* port 0 */
	VICTIM, /* guarded, station 1 */
	OTHER,  /* guarded, station 2 */
	FREE_A, /* not guarded */
	FREE_B,
	N_PORTS,
};

#define STATION(i) \
	{ \
		0x02, 0, 0, 0, 0, i \
	}
#define BROADCAST 0xff
#define BIT(vid) (UINT64_C(1) << ((vid) % 64))

static const struct policy one = { .check_mac = true, .mac = STATION(1) };
static const struct policy two = { .check_mac = true, .mac = STATION(2) };

static uint16_t out[LIMIT_PORTS];
static unsigned n_out;

static struct sw *
make_switch(void)
{
	static const struct policy *const policies[N_PORTS] = { [VICTIM] = &one, [OTHER] = &two };
	struct sw *sw = sw_create("test", 8192, 300000);

	REQUIRE_NOT_NULL(sw);
	for (uint16_t port = 0; port < N_PORTS; port++) {
		REQUIRE_EQ(sw_add_port(sw, port, 4), 0);
		sw_set_policy(sw, port, port == UPLINK ? SW_UPLINK : SW_GUEST, policies[port]);
	}
	return sw;
}

static enum sw_verdict
send_in(struct sw *sw, uint16_t in_port, uint16_t vid, uint8_t from, uint8_t to, uint64_t now_ms)
{
	uint8_t frame[14] = { 0x02, 0, 0, 0, 0, to, 0x02, 0, 0, 0, 0, from, 0x08, 0x00 };

	if (to == BROADCAST)
		memset(frame, 0xff, 6);
	return sw_forward(sw, in_port, vid, frame, now_ms, out, &n_out);
}

static enum sw_verdict
send(struct sw *sw, uint16_t in_port, uint8_t from, uint8_t to)
{
	return send_in(sw, in_port, VLAN_NONE, from, to, 1);
}

/* The ports that the last frame went to, as bits. */
static unsigned
ports(void)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < n_out; i++)
		bits |= 1u << out[i];
	return bits;
}

/*
 * Nobody takes a guarded guest's address: neither the network outside nor a guest that is not
 * guarded.
 */
static void
guarded_mac_stays(void)
{
	struct sw *sw = make_switch();
	struct sw_stats stats;

	CHECK_EQ(send(sw, FREE_A, 9, 1), SW_UNICAST); /* before it has sent anything */
	CHECK_EQ(ports(), 1u << VICTIM);
	CHECK_EQ(send(sw, VICTIM, 1, BROADCAST), SW_FLOOD);
	CHECK_EQ(send(sw, UPLINK, 1, BROADCAST), SW_NOT_OWNER);
	CHECK_EQ(send(sw, FREE_A, 1, 9), SW_NOT_OWNER);
	CHECK_EQ(n_out, 0);
	uint8_t crossing[14] = { 0x02, 0, 0, 0, 0, 9, 0x02, 0, 0, 0, 0, 1 };
	sw_learn(sw, FREE_B, VLAN_NONE, crossing, 1);
	CHECK_EQ(send(sw, OTHER, 2, 1), SW_UNICAST);
	CHECK_EQ(ports(), 1u << VICTIM);
	CHECK_EQ(send(sw, VICTIM, 1, 1), SW_SAME_PORT);
	sw_get_stats(sw, &stats);
	CHECK_EQ(stats.n_moved, 0);
	CHECK_EQ(stats.n_entries, 3); /* two that are owned, one that was learnt */
	CHECK_EQ(sw_port_entries(sw, VICTIM), 1);
	sw_destroy(sw);
}

/*
 * It may be anywhere else when the guest has gone, and comes back with the guest. Another bridge
 * has nothing to do with it.
 */
static void
guarded_mac_goes(void)
{
	struct sw *sw = make_switch();

	CHECK_EQ(sw_add_port(sw, 20, 5), 0);
	CHECK_EQ(sw_add_port(sw, 21, 5), 0);
	CHECK_EQ(send(sw, 20, 1, 9), SW_FLOOD);
	CHECK_EQ(send(sw, 21, 9, 1), SW_UNICAST);
	CHECK_EQ(ports(), 1u << 20);
	sw_del_port(sw, VICTIM);
	CHECK_EQ(send(sw, UPLINK, 1, BROADCAST), SW_FLOOD); /* it runs on another host now */
	CHECK_EQ(send(sw, OTHER, 2, 1), SW_UNICAST);
	CHECK_EQ(ports(), 1u << UPLINK);
	CHECK_EQ(sw_add_port(sw, VICTIM, 4), 0);
	sw_set_policy(sw, VICTIM, SW_GUEST, &one);
	CHECK_EQ(send(sw, OTHER, 2, 1), SW_UNICAST);
	CHECK_EQ(ports(), 1u << VICTIM);
	sw_set_policy(sw, VICTIM, SW_GUEST, NULL); /* the operator lets it go */
	CHECK_EQ(send(sw, FREE_A, 1, 9), SW_FLOOD);
	sw_destroy(sw);
}

/* The same address in two VLANs is two guests', and free in a third one. */
static void
guarded_mac_twice(void)
{
	static const struct policy ten = { .check_mac = true,
					   .mac = STATION(1),
					   .part = VLAN_LISTED,
					   .vlans = { .pvid = 10, .member = { BIT(10) } } };
	static const struct policy twenty = { .check_mac = true,
					      .mac = STATION(1),
					      .part = VLAN_LISTED,
					      .vlans = { .pvid = 20, .member = { BIT(20) } } };
	struct sw *sw = make_switch();

	sw_set_bridge(sw, 4, SW_BRIDGE_VLANS);
	sw_set_policy(sw, VICTIM, SW_GUEST, &ten);
	sw_set_policy(sw, OTHER, SW_GUEST, &twenty);
	CHECK_EQ(send_in(sw, UPLINK, 10, 9, 1, 1), SW_UNICAST);
	CHECK_EQ(ports(), 1u << VICTIM);
	CHECK_EQ(send_in(sw, UPLINK, 20, 9, 1, 1), SW_UNICAST);
	CHECK_EQ(ports(), 1u << OTHER);
	CHECK_EQ(send_in(sw, UPLINK, 10, 1, 9, 1), SW_NOT_OWNER);
	CHECK_EQ(send_in(sw, UPLINK, 30, 1, 9, 1), SW_FLOOD);
	CHECK_EQ(send_in(sw, VICTIM, 10, 1, BROADCAST, 1), SW_FLOOD);
	CHECK_EQ(send_in(sw, OTHER, 20, 1, BROADCAST, 1), SW_FLOOD);
	sw_destroy(sw);
}

/*
 * Two guests may have one address in one LAN, as of an operator who moves it between them: it is
 * where it was seen last.
 */
static void
guarded_mac_shared(void)
{
	struct sw *sw = make_switch();

	sw_set_policy(sw, OTHER, SW_GUEST, &one);
	CHECK_EQ(send(sw, FREE_A, 9, 1), SW_UNICAST);
	CHECK_EQ(ports(), 1u << VICTIM);
	send(sw, OTHER, 1, BROADCAST);
	CHECK_EQ(send(sw, FREE_A, 9, 1), SW_UNICAST);
	CHECK_EQ(ports(), 1u << OTHER);
	CHECK_EQ(send(sw, FREE_A, 1, 9), SW_NOT_OWNER);
	send(sw, VICTIM, 1, BROADCAST);
	CHECK_EQ(send(sw, FREE_A, 9, 1), SW_UNICAST);
	CHECK_EQ(ports(), 1u << VICTIM);
	sw_destroy(sw);
}

/* Frames for addresses that nobody knows are none of a guarded guest's business; broadcasts are. */
static void
guarded_unknown(void)
{
	struct sw *sw = make_switch();

	CHECK_EQ(send(sw, FREE_A, 9, 99), SW_FLOOD);
	CHECK_EQ(ports(), 1u << UPLINK | 1u << FREE_B);
	CHECK_EQ(send(sw, UPLINK, 8, 99), SW_FLOOD);
	CHECK_EQ(ports(), 1u << FREE_A | 1u << FREE_B);
	CHECK_EQ(send(sw, FREE_A, 9, BROADCAST), SW_FLOOD);
	CHECK_EQ(ports(), 1u << UPLINK | 1u << VICTIM | 1u << OTHER | 1u << FREE_B);
	sw_set_floods(sw, 0, true);
	CHECK_EQ(send(sw, FREE_A, 9, 99), SW_FLOOD);
	CHECK_EQ(ports(), 1u << UPLINK | 1u << VICTIM | 1u << OTHER | 1u << FREE_B);
	sw_destroy(sw);
}

/*
 * A guest has so many broadcasts a second; nothing else is counted, and an uplink may send as many
 * as come.
 */
static void
broadcast_rate(void)
{
	struct sw *sw = make_switch();
	unsigned n = 0;

	sw_set_floods(sw, 100, false);
	for (unsigned i = 0; i < 500; i++)
		n += send_in(sw, FREE_A, VLAN_NONE, 9, BROADCAST, 5000) == SW_FLOOD;
	CHECK_EQ(n, 100);
	CHECK_EQ(send_in(sw, FREE_A, VLAN_NONE, 9, BROADCAST, 5000), SW_STORM);
	CHECK_EQ(n_out, 0);
	CHECK_EQ(send_in(sw, FREE_A, VLAN_NONE, 9, 99, 5000), SW_FLOOD);
	CHECK_EQ(send_in(sw, FREE_B, VLAN_NONE, 8, BROADCAST, 5000), SW_FLOOD);
	for (n = 0; n < 500; n++)
		CHECK_EQ(send_in(sw, UPLINK, VLAN_NONE, 7, BROADCAST, 5000), SW_FLOOD);
	n = 0;
	for (unsigned i = 0; i < 1000; i++)
		n += send_in(sw, FREE_A, VLAN_NONE, 9, BROADCAST, 5001 + i) == SW_FLOOD;
	CHECK_RANGE(n, 99, 101);
	n = 0;
	for (unsigned i = 0; i < 500; i++) /* the clock went back */
		n += send_in(sw, FREE_A, VLAN_NONE, 9, BROADCAST, 10) == SW_FLOOD;
	CHECK_EQ(n, 100);
	sw_destroy(sw);
}

/* Of two, each gets what the other one sends, and nothing is learnt. */
static void
pair_learns_nothing(void)
{
	struct sw *sw = sw_create("test", 64, 1000);
	struct sw_stats stats;

	REQUIRE_NOT_NULL(sw);
	sw_set_bridge(sw, 9, SW_BRIDGE_PAIR);
	CHECK_EQ(sw_add_port(sw, 3, 9), 0);
	CHECK_EQ(send(sw, 3, 1, 2), SW_FLOOD); /* alone */
	CHECK_EQ(n_out, 0);
	CHECK_EQ(sw_add_port(sw, 4, 9), 0);
	sw_set_policy(sw, 4, SW_GUEST, &one);
	for (unsigned i = 0; i < 255; i++) {
		CHECK_EQ(send(sw, 3, (uint8_t)i, (uint8_t)(i + 1)), SW_UNICAST);
		CHECK_EQ(ports(), 1u << 4);
		CHECK_EQ(send(sw, 4, 1, (uint8_t)i), SW_UNICAST);
		CHECK_EQ(ports(), 1u << 3);
	}
	CHECK_EQ(send(sw, 3, 1, BROADCAST), SW_UNICAST);
	uint8_t frame[14] = { 0x02, 0, 0, 0, 0, 9, 0x02, 0, 0, 0, 0, 8 };
	sw_learn(sw, 3, VLAN_NONE, frame, 1);
	uint8_t pause[14] = { 0x01, 0x80, 0xc2, 0, 0, 1, 0x02, 0, 0, 0, 0, 8 };
	CHECK_EQ(sw_forward(sw, 3, VLAN_NONE, pause, 1, out, &n_out), SW_FLOOD);
	CHECK_EQ(n_out, 0);
	sw_get_stats(sw, &stats);
	CHECK_EQ(stats.n_learned, 0);
	CHECK_EQ(stats.n_refused_full, 0);
	sw_destroy(sw);
}

/* All ports with an address each, some shared, found whatever comes and goes. */
static void
guarded_set_many(void)
{
	static struct guarded all;
	unsigned n = 0;

	memset(&all, 0, sizeof(all));
	for (uint16_t port = 0; port < LIMIT_PORTS; port++)
		guarded_set(&all, port, port % 2, (const uint8_t[])STATION((uint8_t)(port / 4)));
	CHECK_EQ(all.n, LIMIT_PORTS);
	for (uint16_t port = 0; port < LIMIT_PORTS; port += 4)
		guarded_set(&all, port, 0, NULL);
	for (unsigned i = 0; i < LIMIT_PORTS / 4; i++) {
		for (uint16_t bridge = 0; bridge < 3; bridge++) {
			const uint8_t mac[] = STATION((uint8_t)i);
			uint16_t port = guarded_first(&all, bridge, mac);
			CHECK_FALSE(guarded_is_sole(&all, (uint16_t)(i * 4), bridge, mac));
			for (; port != GUARDED_NONE; port = guarded_next(&all, port), n++) {
				CHECK_EQ(port % 2, bridge);
				CHECK_EQ(port / 4, i);
				CHECK_NE(port % 4, 0);
				CHECK_EQ(guarded_is_sole(&all, port, bridge, mac), bridge == 0);
				CHECK_FALSE(guarded_is_sole(&all, port, bridge ^ 1, mac));
			}
		}
	}
	CHECK_EQ(n, LIMIT_PORTS / 4 * 3);
	CHECK_EQ(guarded_first(&all, 0, (const uint8_t[])STATION(255)), GUARDED_NONE);
}

void test_guarded(CU_pSuite suite);

void
test_guarded(CU_pSuite suite)
{
	UNIT_ADD(suite, guarded_mac_stays);
	UNIT_ADD(suite, guarded_mac_goes);
	UNIT_ADD(suite, guarded_mac_twice);
	UNIT_ADD(suite, guarded_mac_shared);
	UNIT_ADD(suite, guarded_unknown);
	UNIT_ADD(suite, guarded_set_many);
	UNIT_ADD(suite, broadcast_rate);
	UNIT_ADD(suite, pair_learns_nothing);
}
