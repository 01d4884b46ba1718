/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/vif/vif_apply.c, and of a vif's carrier: what changes while the guest runs. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "proto/limits.h"
#include "rig.h"
#include "sw/policy.h"

static struct rig rig;

static void
put(const char *key, const char *value)
{
	if (value == NULL)
		fake_store_remove(guest_back(rig.g, key).text);
	else
		fake_store_write(guest_back(rig.g, key).text, value);
}

/* Connected, with the MAC address that toolstack_add() gives. */
static const struct port *
connected(void)
{
	rig_start(&rig, 1, HOTPLUG_SELF);
	REQUIRE(rig_connect(&rig));
	return fake_dp_port("vif5.0");
}

/* The pollers have seen what changed. */
static void
settle(void)
{
	rig_turn_for(&rig, 5);
	CHECK_EQ(rig_state(&rig), 4);
	CHECK(rig_is_idle(&rig));
}

static void
vif_apply_changes_policy(void)
{
	const struct port *port = connected();

	REQUIRE_NOT_NULL(port->policy);
	CHECK(port->policy->check_mac);
	CHECK(!port->policy->check_ip);
	put("ip", "10.0.0.5");
	settle();
	CHECK(port->policy->check_mac && port->policy->check_ip);
	put("mac", "00:16:3e:01:02:03");
	settle();
	CHECK_EQ(port->policy->mac[5], 3);
	put("mac-antispoof", "0");
	settle();
	CHECK(!port->policy->check_mac && port->policy->check_ip);
	put("ip", NULL);
	settle();
	CHECK(!port->policy->check_mac && !port->policy->check_ip);
	put("mac-antispoof", NULL);
	settle();
	CHECK(port->policy->check_mac);
	put("vlan", "10");
	settle();
	CHECK_EQ(port->policy->part, VLAN_LISTED);
	CHECK_EQ(port->policy->vlans.pvid, 10);
	CHECK_EQ(fake_dp_n_vifs_made(), 1); /* the guest noticed nothing */
	rig_end(&rig);
}

/*
 * Whether the bridge filters VLANs follows the key, and not the guest: neither its closing nor its
 * end changes what others may send.
 */
static void
vif_apply_vlans_follows_key(void)
{
	unsigned bridge = connected()->bridge;

	CHECK_EQ(fake_dp_bridge_flags(bridge), 0);
	put("vlan", "10");
	settle();
	CHECK_EQ(fake_dp_bridge_flags(bridge), SW_BRIDGE_VLANS);
	put("vlan", NULL);
	settle();
	CHECK_EQ(fake_dp_bridge_flags(bridge), 0);
	put("vlan", "trunk");
	settle();
	CHECK_EQ(fake_dp_bridge_flags(bridge), SW_BRIDGE_VLANS);
	front_set_state(rig.g, XenbusStateClosing);
	rig_turn_for(&rig, 50);
	CHECK_EQ(fake_dp_n_ports(), 0);
	CHECK_EQ(fake_dp_bridge_flags(bridge), SW_BRIDGE_VLANS);
	int other = bridge_get(rig.env.bridges, "xenbr0"); /* as an uplink holds it */
	CHECK_EQ((unsigned)other, bridge);
	toolstack_remove(rig.g);
	CHECK(rig_until_gone(&rig));
	CHECK_EQ(fake_dp_bridge_flags(bridge), SW_BRIDGE_VLANS);
	bridge_put(rig.env.bridges, other);
	rig_end(&rig);
}

/*
 * Many changes while the pollers are busy: none of the old policies is looked at when it is freed
 * (under ASan).
 */
static void
vif_apply_changes_pollers_busy(void)
{
	static const char *const ips[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3", NULL };
	const struct port *port = connected();

	for (unsigned i = 0; i < 40; i++) {
		put("ip", ips[i % ARRAY_SIZE(ips)]);
		rig_turn_without_pollers(&rig);
		CHECK_EQ(port->policy->check_ip, ips[i % ARRAY_SIZE(ips)] != NULL);
		if (i % 8 == 7)
			rig_turn(&rig);
	}
	put("ip", ips[0]);
	rig_turn_without_pollers(&rig);
	rig_end(&rig); /* some are still waiting */
}

static void
vif_apply_changes_numbers(void)
{
	const struct port *port = connected();
	const struct port_vif_params *params = fake_dp_last_vif();

	CHECK_EQ(port->max_frame, 1522);
	CHECK_EQ(port->weight, 1);
	CHECK_EQ(params->shared->from_guest.cost, 0);
	put("mtu", "9000");
	put("priority", "7");
	put("rate", "1000,1000");
	settle();
	CHECK_EQ(port->max_frame, 9022);
	CHECK_EQ(port->weight, 7);
	CHECK_NE(params->shared->from_guest.cost, 0);
	CHECK_EQ(params->shared->to_guest.cost, 0);
	put("rate", NULL);
	put("rate-to-guest", "1000,1000");
	put("mtu", NULL);
	put("priority", NULL);
	settle();
	CHECK_EQ(port->max_frame, 1522);
	CHECK_EQ(port->weight, 1);
	CHECK_EQ(params->shared->from_guest.cost, 0);
	CHECK_NE(params->shared->to_guest.cost, 0);
	rig_end(&rig);
}

/* It is told of once, and not any more when it is right. */
static void
vif_apply_changes_wrong(void)
{
	const struct port *port = connected();

	put("mtu", "9000");
	settle();
	put("mtu", "many");
	put("priority", "3");
	settle();
	CHECK_EQ(port->max_frame, 9022);
	CHECK_EQ(port->weight, 3);
	CHECK_HAS(rig_error(&rig), "mtu is \"many\"");
	uint64_t before = fake_store_calls(FAKE_STORE_WRITE);
	for (unsigned i = 0; i < 100; i++) {
		put("mtu", "many");
		rig_turn(&rig);
	}
	CHECK_EQ(fake_store_calls(FAKE_STORE_WRITE), before);
	put("mtu", "1400");
	settle();
	CHECK_EQ(port->max_frame, 1422);
	CHECK_STR(rig_error(&rig), "");
	rig_end(&rig);
}

/*
 * What is wrong stays told after the guest has connected again, and what is worse is not written
 * over.
 */
static void
vif_apply_changes_wrong_and_worse(void)
{
	const struct port *port = connected();

	put("rate", "fast");
	settle();
	front_set_state(rig.g, 6);
	CHECK(rig_until(&rig, 6));
	front_set_state(rig.g, 1);
	CHECK(rig_until(&rig, 2));
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	CHECK_HAS(rig_error(&rig), "rate");
	port = fake_dp_port("vif5.0");
	fake_dp_fault(fake_dp_port(port->name), "it broke the rules");
	rig_turn_for(&rig, 5);
	CHECK_STR(rig_error(&rig), "it broke the rules");
	put("mtu", "many");
	rig_turn_for(&rig, 5);
	put("mtu", NULL);
	put("rate", NULL);
	rig_turn_for(&rig, 5);
	CHECK_STR(rig_error(&rig), "it broke the rules");
	rig_end(&rig);
}

static void
vif_apply_read_wrong(void)
{
	static const struct {
		const char *key, *value;
	} wrong[] = { { "rate", "1,0" },     { "rate-to-guest", "x" }, { "mtu", "0" },
		      { "mac", "00:16:3e" }, { "ip", "::x" },          { "vlan", "x" },
		      { "priority", "0" },   { "mac-antispoof", "2" }, { "ip-antispoof", "" } };

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		rig_start(&rig, 1, HOTPLUG_SELF);
		toolstack_add(rig.g, NULL);
		put(wrong[i].key, wrong[i].value);
		rig_turn_for(&rig, 5);
		CHECK_EQ(rig_state(&rig), 1);
		CHECK_HAS(rig_error(&rig), wrong[i].key);
		put(wrong[i].key, NULL);
		CHECK(rig_until(&rig, 2)); /* corrected: the vif is taken */
		rig_end(&rig);
	}
}

/* The toolstack removes the directory of a guest that runs: nothing is allowed to it meanwhile. */
static void
vif_apply_changes_removed(void)
{
	const struct port *port = connected();
	const struct policy *policy = port->policy;

	toolstack_remove(rig.g);
	rig_turn_without_pollers(&rig);
	CHECK_SAME(port->policy, policy);
	rig_turn_without_pollers(&rig);
	CHECK_SAME(port->policy, policy);
	rig_end(&rig);
}

/* The store fails on the way: the change comes a little later. */
static void
vif_apply_changes_store_fails(void)
{
	const struct port *port = connected();

	put("mtu", "9000");
	fake_store_fail(FAKE_STORE_READ, 3, 1, EIO);
	rig_turn_for(&rig, 3);
	CHECK_EQ(port->max_frame, 1522);
	rig_turn_for(&rig, VIF_RETRY_MS + 5);
	CHECK_EQ(port->max_frame, 9022);
	rig_end(&rig);
}

/* A drop-in vif is as its kernel bridge wants it, but for rates and weight. */
static void
vif_apply_read_drop_in(void)
{
	static const struct toolstack_vif vif = { .script = "/etc/xen/scripts/vif-bridge",
						  .rate = "1000,1000" };

	rig_start(&rig, 0, HOTPLUG_SCRIPT);
	toolstack_add(rig.g, &vif);
	put("ip", "10.0.0.0/24");
	put("priority", "4");
	CHECK(rig_until(&rig, 2));
	toolstack_hotplug(rig.g, "connected");
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	CHECK(!fake_dp_port("vif5.0")->policy->check_mac &&
	      !fake_dp_port("vif5.0")->policy->check_ip);
	CHECK_EQ(fake_dp_port("vif5.0")->weight, 4);
	CHECK_EQ(fake_dp_port("vif5.0-tap")->weight, 4);
	CHECK_NE(fake_dp_last_vif()->shared->from_guest.cost, 0);
	put("priority", "5");
	put("mac-antispoof", "1");
	rig_turn_for(&rig, 5);
	CHECK(fake_dp_port("vif5.0")->policy->check_mac);
	CHECK_EQ(fake_dp_port("vif5.0-tap")->weight, 5);
	rig_end(&rig);
}

/* ---- carrier --------------------------------------------------------------------------------- */

/* The vif's bridge gets `n` uplinks; to be given back with `drop`. */
static int
uplinks(int n, int n_linked)
{
	int bridge = bridge_get(rig.env.bridges, "xenbr0");

	bridge_count_uplink(rig.env.bridges, bridge, n, n_linked);
	return bridge;
}

static void
drop(int bridge)
{
	bridge_put(rig.env.bridges, bridge);
	rig_end(&rig);
}

static void
vif_step_carrier(void)
{
	connected();
	int bridge = uplinks(2, 2);
	rig_turn_for(&rig, 5);
	CHECK_EQ(rig_back(&rig, "carrier"), 1);
	bridge_count_uplink(rig.env.bridges, bridge, 0, -1);
	rig_turn_for(&rig, 2 * LIMIT_CARRIER_MS);
	CHECK_EQ(rig_back(&rig, "carrier"), 1); /* one is left */
	bridge_count_uplink(rig.env.bridges, bridge, 0, -1);
	rig_turn_for(&rig, 2);
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	CHECK_EQ(rig_state(&rig), 4);
	rig_turn_for(&rig, LIMIT_CARRIER_MS);
	bridge_count_uplink(rig.env.bridges, bridge, 0, 1);
	rig_turn_for(&rig, 2);
	CHECK_EQ(rig_back(&rig, "carrier"), 1);
	drop(bridge);
}

/*
 * A link that goes up and down all the time costs one write a second, and the last word is right.
 */
static void
vif_step_carrier_flaps(void)
{
	connected();
	int bridge = uplinks(1, 1);
	uint64_t before = fake_store_calls(FAKE_STORE_WRITE);
	for (unsigned i = 0; i < 5000; i++) {
		bridge_count_uplink(rig.env.bridges, bridge, 0, i % 2 ? 1 : -1);
		rig_turn(&rig);
	}
	uint64_t n = fake_store_calls(FAKE_STORE_WRITE) - before;
	CHECK_GE(n, 1);
	CHECK_LE(n, 6);
	bridge_count_uplink(rig.env.bridges, bridge, 0, -1);
	rig_turn_for(&rig, LIMIT_CARRIER_MS + 2);
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	drop(bridge);
}

/* A guest that comes while the link is down, and one that goes. */
static void
vif_step_carrier_down_first(void)
{
	rig_start(&rig, 1, HOTPLUG_SELF);
	int bridge = uplinks(1, 0);
	CHECK(rig_connect(&rig));
	rig_turn_for(&rig, 5);
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	bridge_count_uplink(rig.env.bridges, bridge, 0, 1);
	rig_turn_for(&rig, LIMIT_CARRIER_MS + 2);
	CHECK_EQ(rig_back(&rig, "carrier"), 1);
	front_set_state(rig.g, 6);
	CHECK(rig_until(&rig, 6));
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	drop(bridge);
}

void test_apply(CU_pSuite suite);

void
test_apply(CU_pSuite suite)
{
	UNIT_ADD(suite, vif_apply_changes_policy);
	UNIT_ADD(suite, vif_apply_vlans_follows_key);
	UNIT_ADD(suite, vif_apply_changes_pollers_busy);
	UNIT_ADD(suite, vif_apply_changes_numbers);
	UNIT_ADD(suite, vif_apply_changes_wrong);
	UNIT_ADD(suite, vif_apply_changes_wrong_and_worse);
	UNIT_ADD(suite, vif_apply_read_wrong);
	UNIT_ADD(suite, vif_apply_changes_removed);
	UNIT_ADD(suite, vif_apply_changes_store_fails);
	UNIT_ADD(suite, vif_apply_read_drop_in);
	UNIT_ADD(suite, vif_step_carrier);
	UNIT_ADD(suite, vif_step_carrier_flaps);
	UNIT_ADD(suite, vif_step_carrier_down_first);
}
