/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/vif/vif_headroom.c and what leads to it: what a frontend may change at run time. */
#include <string.h>

#include "base/util.h"
#include "dp/frame/mcast.h"
#include "proto/limits.h"
#include "rig.h"

#define DRIVER_DOMAIN 1u

static struct rig rig;

static const uint8_t group[6] = { 0x01, 0x00, 0x5e, 1, 2, 3 };

static void
start_connected(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
}

static unsigned
headroom(void)
{
	const struct port *port = fake_dp_port("vif5.0");

	REQUIRE_NOT_NULL(port);
	return fake_dp_headroom(port);
}

static bool
filters(void)
{
	return mcast_blocks(fake_dp_port("vif5.0")->mcast, group);
}

/* netfront's way: 7, then the key, then it waits for the 8. */
static void
vif_headroom_as_netfront(void)
{
	static const unsigned values[] = { 256, 0, 256, 256, 0 };

	start_connected();
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		front_set_state(rig.g, 7);
		rig_turn_for(&rig, 5);
		CHECK_EQ(rig_state(&rig), 4);
		front_printf(rig.g, "xdp-headroom", "%u", values[i]);
		CHECK(rig_until(&rig, 8));
		CHECK_EQ(headroom(), values[i]);
		CHECK_EQ(rig_back(&rig, "carrier"), 1);
		front_set_state(rig.g, 4);
		CHECK(rig_until(&rig, 4));
		CHECK_EQ(headroom(), values[i]);
		CHECK(rig_is_idle(&rig));
	}
	CHECK_EQ(fake_dp_n_vifs_made(), 1);
	rig_end(&rig);
}

/* A frontend that writes the key a long time after the 7: it counts with the 4. */
static void
vif_headroom_late_key(void)
{
	start_connected();
	front_set_state(rig.g, 7);
	CHECK(rig_until(&rig, 8));
	front_printf(rig.g, "xdp-headroom", "256");
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	rig_turn_for(&rig, 3);
	CHECK_EQ(headroom(), 256);
	rig_end(&rig);
}

/* The 8 means that the poller knows: as long as it does not, there is none. */
static void
vif_headroom_waits_for_poller(void)
{
	start_connected();
	front_printf(rig.g, "xdp-headroom", "256");
	front_set_state(rig.g, 7);
	for (unsigned i = 0; i < 100; i++)
		rig_turn_without_pollers(&rig);
	CHECK_EQ(rig_state(&rig), 4);
	CHECK_EQ(headroom(), 0);
	CHECK(rig_until(&rig, 8));
	CHECK_EQ(headroom(), 256);
	rig_end(&rig);
}

/* The value changes while the poller is being told of another one. */
static void
vif_headroom_changes_meanwhile(void)
{
	start_connected();
	front_printf(rig.g, "xdp-headroom", "256");
	front_set_state(rig.g, 7);
	for (unsigned i = 0; i < 30; i++)
		rig_turn_without_pollers(&rig);
	front_printf(rig.g, "xdp-headroom", "512");
	front_set_state(rig.g, 4);
	for (unsigned i = 0; i < 5; i++)
		rig_turn_without_pollers(&rig);
	rig_turn_for(&rig, 5);
	CHECK_EQ(rig_state(&rig), 4);
	CHECK_EQ(headroom(), 512);
	rig_end(&rig);
}

/* From each of the two states the frontend may do all that it may do when connected. */
static void
vif_headroom_left(void)
{
	for (unsigned state = 5; state <= 6; state++) {
		for (unsigned answered = 0; answered < 2; answered++) {
			start_connected();
			front_printf(rig.g, "xdp-headroom", "256");
			front_set_state(rig.g, 7);
			for (unsigned i = 0; i < 30; i++)
				answered ? rig_turn(&rig) : rig_turn_without_pollers(&rig);
			CHECK_EQ(rig_state(&rig), answered ? 8 : 4);
			front_set_state(rig.g, (int)state);
			CHECK(rig_until(&rig, (int)state));
			rig_turn_for(&rig, 3);
			CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
			rig_end(&rig);
		}
	}
}

static void
vif_headroom_detached(void)
{
	start_connected();
	front_printf(rig.g, "xdp-headroom", "256");
	front_set_state(rig.g, 7);
	CHECK(rig_until(&rig, 8));
	toolstack_detach(rig.g);
	CHECK(rig_until(&rig, 6));
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
	rig_end(&rig);
}

static void
vif_headroom_fault(void)
{
	start_connected();
	front_printf(rig.g, "xdp-headroom", "256");
	front_set_state(rig.g, 7);
	CHECK(rig_until(&rig, 8));
	fake_dp_fault(fake_dp_port("vif5.0"), "broken");
	rig_turn_for(&rig, 5);
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	CHECK_EQ(rig_state(&rig), 4);
	rig_end(&rig);
}

/*
 * A frontend that connects with a headroom has it from the first frame on, and loses it when it
 * connects without.
 */
static void
vif_headroom_at_connect(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	front_printf(rig.g, "xdp-headroom", "256");
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	CHECK_EQ(fake_dp_last_vif()->headroom, 256);
	front_set_state(rig.g, 6);
	CHECK(rig_until(&rig, 6));
	front_printf(rig.g, "xdp-headroom", "0");
	front_set_state(rig.g, 1);
	CHECK(rig_until(&rig, 2));
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	CHECK_EQ(headroom(), 0);
	rig_end(&rig);
}

/* 7 where there is nothing to reconfigure. */
static void
vif_headroom_out_of_place(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	CHECK(rig_until(&rig, 2));
	front_set_state(rig.g, 7);
	rig_turn_for(&rig, 300);
	CHECK_EQ(rig_state(&rig), 2);
	CHECK_EQ(fake_dp_n_vifs_made(), 0);
	rig_end(&rig);
}

/* As fast as a guest can: bounded work, and what it says last is what it gets. */
static void
vif_headroom_storm(void)
{
	start_connected();
	for (unsigned i = 0; i < 2000; i++) {
		front_printf(rig.g, "xdp-headroom", "%u", i * 7919 % 70000);
		front_set_state(rig.g, i % 2 ? 7 : 4);
		rig_turn(&rig);
		REQUIRE_LE(headroom(), LIMIT_XDP_HEADROOM);
	}
	front_printf(rig.g, "xdp-headroom", "77");
	front_set_state(rig.g, 7);
	rig_turn_for(&rig, 1100); /* it is not listened to for a while */
	CHECK_EQ(rig_state(&rig), 8);
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	rig_turn_for(&rig, 3);
	CHECK_EQ(headroom(), 77);
	rig_end(&rig);
}

/* request-multicast-control is followed at any time. */
static void
vif_mcast_followed(void)
{
	start_connected();
	CHECK(!filters());
	for (unsigned i = 0; i < 3; i++) {
		front_printf(rig.g, "request-multicast-control", "1");
		rig_turn_for(&rig, 2);
		CHECK(filters());
		front_printf(rig.g, "request-multicast-control", "0");
		rig_turn_for(&rig, 2);
		CHECK(!filters());
	}
	front_printf(rig.g, "request-multicast-control", "1");
	rig_turn_for(&rig, 2);
	fake_store_remove(guest_front(rig.g, "request-multicast-control").text);
	rig_turn_for(&rig, 2);
	CHECK(!filters());
	rig_end(&rig);
}

/* A frontend that knows only feature-multicast-control has written it before its 4. */
static void
vif_mcast_at_connect(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	CHECK(rig_until(&rig, 2));
	front_publish(rig.g, FRONT_LINUX);
	front_printf(rig.g, "request-multicast-control", "1");
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	CHECK(filters());
	rig_end(&rig);
}

/* A new connection begins with an empty table. */
static void
vif_mcast_emptied(void)
{
	start_connected();
	front_printf(rig.g, "request-multicast-control", "1");
	rig_turn_for(&rig, 2);
	CHECK(mcast_add(fake_dp_port("vif5.0")->mcast, group));
	CHECK(!filters());
	front_set_state(rig.g, 6);
	CHECK(rig_until(&rig, 6));
	front_set_state(rig.g, 1);
	CHECK(rig_until(&rig, 2));
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	CHECK(filters());
	rig_end(&rig);
}

/* What is neither 0 nor 1 is no request; a thousand events a second cost one look a second. */
static void
vif_mcast_storm(void)
{
	static const char *const junk[] = { "", "2", "-1", "01", "1 ", "yes", "4294967297" };

	start_connected();
	for (unsigned i = 0; i < ARRAY_SIZE(junk); i++) {
		front_printf(rig.g, "request-multicast-control", "%s", junk[i]);
		rig_turn_for(&rig, 2);
		CHECK(!filters());
	}
	rig_turn_for(&rig, 1500);
	uint64_t before = fake_store_calls(FAKE_STORE_READ);
	for (unsigned i = 0; i < 1000; i++) {
		front_printf(rig.g, "request-multicast-control", "%u", i % 2);
		rig_turn(&rig);
	}
	CHECK_LE(fake_store_calls(FAKE_STORE_READ) - before, 2 * 64 + 4);
	rig_turn_for(&rig, 1100);
	CHECK(filters());
	rig_end(&rig);
}

void test_vifs_front(CU_pSuite suite);

void
test_vifs_front(CU_pSuite suite)
{
	UNIT_ADD(suite, vif_headroom_as_netfront);
	UNIT_ADD(suite, vif_headroom_late_key);
	UNIT_ADD(suite, vif_headroom_waits_for_poller);
	UNIT_ADD(suite, vif_headroom_changes_meanwhile);
	UNIT_ADD(suite, vif_headroom_left);
	UNIT_ADD(suite, vif_headroom_detached);
	UNIT_ADD(suite, vif_headroom_fault);
	UNIT_ADD(suite, vif_headroom_at_connect);
	UNIT_ADD(suite, vif_headroom_out_of_place);
	UNIT_ADD(suite, vif_headroom_storm);
	UNIT_ADD(suite, vif_mcast_followed);
	UNIT_ADD(suite, vif_mcast_at_connect);
	UNIT_ADD(suite, vif_mcast_emptied);
	UNIT_ADD(suite, vif_mcast_storm);
}
