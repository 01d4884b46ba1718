/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of ctl/vif/vifs.c, vif.c, vif_look.c, vif_show.c: toolstacks and guests that keep to the
 * rules.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "proto/limits.h"
#include "rig.h"

#define DRIVER_DOMAIN 1u
#define DOM0 0u

static struct rig rig;

static void
vifs_settle_empty(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	rig_turn(&rig);
	CHECK(vifs_are_gone(rig.vifs));
	CHECK(rig_is_idle(&rig));
	rig_end(&rig);
}

static void
vifs_settle_offer(void)
{
	static const char *const ones[] = { "feature-sg",
					    "feature-gso-tcpv4",
					    "feature-gso-tcpv6",
					    "feature-ipv6-csum-offload",
					    "feature-rx-copy",
					    "feature-split-event-channels",
					    "feature-ctrl-ring",
					    "feature-multicast-control",
					    "feature-dynamic-multicast-control",
					    "feature-xdp-headroom" };
	char text[16];

	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	CHECK(rig_until(&rig, 2));
	for (unsigned i = 0; i < ARRAY_SIZE(ones); i++)
		CHECK_EQ(rig_back(&rig, ones[i]), 1);
	CHECK_EQ(rig_back(&rig, "multi-queue-max-queues"), 2);
	CHECK_EQ(rig_back(&rig, "feature-rx-flip"), 0);
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	CHECK_STR(fake_store_get(guest_back(rig.g, "hotplug-status").text, text, sizeof(text)),
		  "connected");
	rig_end(&rig);
}

static void
vifs_settle_connect(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	CHECK_EQ(rig_back(&rig, "carrier"), 1);
	CHECK_EQ(fake_dp_n_attached(), 1);
	CHECK_NOT_NULL(fake_dp_port("vif5.0"));
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 2);
	CHECK_EQ(fake_dp_last_vif()->domid, RIG_GUEST);
	CHECK_EQ(fake_dp_last_vif()->max_frame, 1522);
	CHECK_EQ(fake_dp_last_vif()->guest, VIF_GUEST_SG | VIF_GUEST_GSO4 | VIF_GUEST_GSO6 |
						    VIF_GUEST_CSUM4 | VIF_GUEST_CSUM6 |
						    VIF_GUEST_RX_NOTIFY);
	CHECK_NE(fake_dp_last_vif()->queue[0].evtchn_tx, fake_dp_last_vif()->queue[0].evtchn_rx);
	CHECK(rig_is_idle(&rig)); /* at rest */
	rig_end(&rig);
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
}

/* libxl must be able to see the 2. */
static void
vifs_settle_dwell(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 2));
	uint64_t start_ms = clock_ms();
	CHECK(rig_until(&rig, 4));
	CHECK_GE(clock_ms() - start_ms, LIMIT_INITWAIT_DWELL_MS);
	CHECK_LE(clock_ms() - start_ms, LIMIT_INITWAIT_DWELL_MS + 2);
	rig_end(&rig);
}

/* Nothing is asked of the store while nothing happens. */
static void
vifs_settle_quiet(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	rig_turn_for(&rig, 5);
	uint64_t before = fake_store_calls(FAKE_STORE_READ) + fake_store_calls(FAKE_STORE_LIST);
	rig_turn_for(&rig, 50);
	CHECK_EQ(fake_store_calls(FAKE_STORE_READ) + fake_store_calls(FAKE_STORE_LIST), before);
	rig_end(&rig);
}

/*
 * xl network-detach with a driver domain: 6, time to see it, then the directory goes. The guest is
 * not asked.
 */
static void
vifs_settle_detach_self(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	toolstack_detach(rig.g);
	CHECK(rig_until(&rig, 6));
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
	uint64_t start_ms = clock_ms();
	CHECK(rig_until_removed(&rig));
	CHECK_GE(clock_ms() - start_ms, 500);
	CHECK(rig_until_gone(&rig));
	rig_end(&rig);
}

/*
 * libxl starts to wait for the 6 when it has written online 0; a removal at once would look like a
 * failure to it.
 */
static void
vifs_settle_detach_closed(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	front_set_state(rig.g, 6);
	CHECK(rig_until(&rig, 6));
	rig_turn_for(&rig, 2000);
	fake_store_write(guest_back(rig.g, "online").text, "0");
	rig_turn_for(&rig, 490);
	CHECK_EQ(rig_state(&rig), 6);
	CHECK(rig_until_removed(&rig));
	rig_end(&rig);
}

/* The same in dom0: libxl removes the directory. */
static void
vifs_settle_detach_script(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	CHECK(rig_connect(&rig));
	toolstack_detach(rig.g);
	CHECK(rig_until(&rig, 6));
	rig_turn_for(&rig, 700);
	CHECK_EQ(rig_state(&rig), 6);
	toolstack_remove(rig.g);
	CHECK(rig_until_gone(&rig));
	rig_end(&rig);
}

static void
vifs_settle_script_first(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	toolstack_add(rig.g, NULL);
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	rig_turn_for(&rig, 2 * LIMIT_INITWAIT_DWELL_MS);
	CHECK_EQ(rig_state(&rig), 2);
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
	toolstack_hotplug(rig.g, "connected");
	CHECK(rig_until(&rig, 4));
	rig_end(&rig);
}

static void
vifs_settle_guest_closes(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	for (unsigned i = 0; i < 3; i++) {
		front_set_state(rig.g, 5);
		CHECK(rig_until(&rig, 5));
		rig_turn_for(&rig, 5);
		CHECK_EQ(rig_state(&rig), 5);
		CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
		front_set_state(rig.g, 6);
		CHECK(rig_until(&rig, 6));
		rig_turn_for(&rig, 5);
		CHECK_EQ(rig_state(&rig), 6); /* online: stays and waits for 1 */
		CHECK_EQ(rig_back(&rig, "carrier"), 0);
		guest_renew(rig.g);
		front_set_state(rig.g, 1);
		CHECK(rig_until(&rig, 2));
		front_publish(rig.g, FRONT_LINUX);
		front_set_state(rig.g, 4);
		CHECK(rig_until(&rig, 4));
	}
	rig_end(&rig);
}

/*
 * Every key that is written wakes all who watch: one who comes back is told no more than the state.
 */
static void
vifs_settle_offered_once(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	front_set_state(rig.g, 6);
	CHECK(rig_until(&rig, 6));
	uint64_t before = fake_store_calls(FAKE_STORE_WRITE);
	front_set_state(rig.g, 1);
	CHECK(rig_until(&rig, 2));
	CHECK_EQ(fake_store_calls(FAKE_STORE_WRITE), before + 1);
	CHECK_EQ(rig_back(&rig, "feature-sg"), 1);
	rig_end(&rig);
}

/* kexec: the new kernel does not close first. */
static void
vifs_settle_guest_restarts(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	front_set_state(rig.g, 1);
	CHECK(rig_until(&rig, 2));
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
	guest_renew(rig.g);
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	rig_end(&rig);
}

/* States that mean nothing now. */
static void
vifs_settle_tolerated(void)
{
	static const int states[] = { 4, 3, 2, 7, 8, 4, 0 };

	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	CHECK(rig_until(&rig, 2));
	front_set_state(rig.g, 3);
	rig_turn_for(&rig, 2 * LIMIT_INITWAIT_DWELL_MS);
	front_set_state(rig.g, 7);
	rig_turn_for(&rig, 5);
	CHECK_EQ(rig_state(&rig), 2);
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	for (unsigned i = 0; i < ARRAY_SIZE(states); i++) {
		front_set_state(rig.g, states[i]);
		rig_turn_for(&rig, 5);
		CHECK_EQ(rig_state(&rig), 4);
	}
	CHECK_EQ(fake_dp_n_vifs_made(), 1);
	rig_end(&rig);
}

static void
vifs_settle_domain_dies(void)
{
	for (uint32_t self = DOM0; self <= DRIVER_DOMAIN; self++) {
		rig_start(&rig, self, self == DOM0 ? HOTPLUG_SCRIPT : HOTPLUG_SELF);
		CHECK(rig_connect(&rig));
		fake_domain_destroy(RIG_GUEST, FAKE_STORE_REMOVED);
		uint64_t end_ms = clock_ms() + 1000;
		while (fake_domain_mapped(RIG_GUEST) > 0 && clock_ms() < end_ms)
			rig_turn(&rig);
		CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
		rig_turn(&rig);
		CHECK_EQ(rig_state(&rig), 6);
		if (self == DRIVER_DOMAIN)
			CHECK(rig_until_removed(&rig));
		rig_end(&rig);
	}
}

/*
 * An xenstored that keeps what a dead guest owned: dom0 hears of the death, and asks whose it is.
 */
static void
vifs_settle_domain_dies_store_kept(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	CHECK(rig_connect(&rig));
	fake_domain_destroy(RIG_GUEST + 1, FAKE_STORE_KEPT);
	rig_turn_for(&rig, 10);
	CHECK_EQ(rig_state(&rig), 4);
	fake_domain_destroy(RIG_GUEST, FAKE_STORE_KEPT);
	rig_turn_for(&rig, 10);
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
	CHECK_EQ(rig_state(&rig), 6);
	front_set_state(rig.g, 4); /* whoever writes it: nobody can be connected */
	rig_turn_for(&rig, 2 * LIMIT_INITWAIT_DWELL_MS);
	CHECK_EQ(rig_state(&rig), 6);
	toolstack_remove(rig.g);
	CHECK(rig_until_gone(&rig));
	rig_end(&rig);
}

/* The store cannot say whether the guest lives: it does, until it is known that it does not. */
static void
vifs_settle_domain_dies_store_sick(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	CHECK(rig_connect(&rig));
	fake_store_fail(FAKE_STORE_LIVES, 0, 1, EIO);
	fake_domain_destroy(RIG_GUEST, FAKE_STORE_KEPT);
	rig_turn_for(&rig, 10);
	CHECK_EQ(rig_state(&rig), 4);
	CHECK(rig_until(&rig, 6)); /* it is asked again */
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
	rig_end(&rig);
}

/* Whatever is there when the daemon starts. */
static void
vifs_create_existing(void)
{
	struct vifs *second;

	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	second = vifs_create(&rig.env); /* sees the vif by its first event only */
	REQUIRE_NOT_NULL(second);
	vifs_stop(rig.vifs, false);
	vifs_settle(rig.vifs, clock_ms());
	vifs_destroy(rig.vifs);
	rig.vifs = second;
	CHECK(rig_until(&rig, 2));
	rig_end(&rig);
}

/*
 * A daemon that died left 4; the guest is still in 4 and does not notice that another one takes
 * over.
 */
static void
vifs_create_connected(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	fake_store_write(guest_back(rig.g, "state").text, "4");
	fake_store_write(guest_back(rig.g, "carrier").text, "1");
	for (unsigned i = 0; i < 10; i++) {
		rig_turn(&rig);
		CHECK_EQ(rig_state(&rig), 4); /* the frontend sees nothing */
	}
	CHECK_EQ(fake_dp_n_attached(), 1);
	CHECK(fake_dp_last_vif()->in_use);
	CHECK_FALSE(fake_dp_last_vif()->queue[0].journal->is_valid);
	rig_end(&rig);
}

/* A vif that was detached while no daemon ran. */
static void
vifs_create_left_over(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	toolstack_detach(rig.g);
	CHECK(rig_until(&rig, 6));
	CHECK(rig_until_removed(&rig));
	rig_end(&rig);
}

static void
vifs_stop_connected(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	vifs_stop(rig.vifs, false);
	rig_turn_without_pollers(&rig);
	CHECK_EQ(rig_state(&rig), 5);
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 2); /* not before the port is back */
	rig_turn(&rig);
	CHECK(vifs_are_gone(rig.vifs));
	CHECK_EQ(rig_state(&rig), 6);
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	rig_end(&rig);
}

static void
vifs_stop_while_joining(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	while (fake_dp_n_vifs_made() == 0)
		rig_turn_without_pollers(&rig);
	CHECK_EQ(rig_state(&rig), 2);
	vifs_stop(rig.vifs, false);
	rig_turn_without_pollers(&rig);
	CHECK_EQ(rig_state(&rig), 5);
	rig_turn(&rig); /* has joined, is called back */
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 2);
	rig_turn(&rig);
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
	rig_end(&rig);
}

/* Detached and attached again faster than we look. */
static void
vifs_settle_recreated(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	toolstack_remove(rig.g);
	guest_renew(rig.g);
	CHECK(rig_connect(&rig));
	CHECK_EQ(fake_dp_n_vifs_made(), 2);
	CHECK_EQ(fake_dp_n_attached(), 1);
	rig_end(&rig);
}

/* The same, when only the frontend's part of it has been heard of: the offer is a whole one. */
static void
vifs_settle_recreated_unheard(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	rig_turn_for(&rig, 2);
	front_set_state(rig.g, XenbusStateClosing);
	watches_dispatch(rig.env.watches, 256);
	toolstack_remove(rig.g);
	guest_renew(rig.g);
	toolstack_add(rig.g, NULL);
	vifs_settle(rig.vifs, clock_ms());
	CHECK_EQ(rig_state(&rig), XenbusStateInitialising);
	CHECK(rig_until(&rig, XenbusStateInitWait));
	CHECK_EQ(rig_back(&rig, "feature-rx-copy"), 1);
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, XenbusStateConnected);
	CHECK(rig_until(&rig, XenbusStateConnected));
	rig_end(&rig);
}

void test_vifs(CU_pSuite suite);

void
test_vifs(CU_pSuite suite)
{
	UNIT_ADD(suite, vifs_settle_empty);
	UNIT_ADD(suite, vifs_settle_offer);
	UNIT_ADD(suite, vifs_settle_connect);
	UNIT_ADD(suite, vifs_settle_dwell);
	UNIT_ADD(suite, vifs_settle_quiet);
	UNIT_ADD(suite, vifs_settle_detach_self);
	UNIT_ADD(suite, vifs_settle_detach_closed);
	UNIT_ADD(suite, vifs_settle_detach_script);
	UNIT_ADD(suite, vifs_settle_script_first);
	UNIT_ADD(suite, vifs_settle_guest_closes);
	UNIT_ADD(suite, vifs_settle_offered_once);
	UNIT_ADD(suite, vifs_settle_guest_restarts);
	UNIT_ADD(suite, vifs_settle_tolerated);
	UNIT_ADD(suite, vifs_settle_domain_dies);
	UNIT_ADD(suite, vifs_settle_domain_dies_store_kept);
	UNIT_ADD(suite, vifs_settle_domain_dies_store_sick);
	UNIT_ADD(suite, vifs_create_existing);
	UNIT_ADD(suite, vifs_create_connected);
	UNIT_ADD(suite, vifs_create_left_over);
	UNIT_ADD(suite, vifs_stop_connected);
	UNIT_ADD(suite, vifs_stop_while_joining);
	UNIT_ADD(suite, vifs_settle_recreated);
	UNIT_ADD(suite, vifs_settle_recreated_unheard);
}
