/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/vif/vif_place.c: TAPs that cannot be created yet, go, and are in the wrong place. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "ctl/ports/carrier.h"
#include "proto/limits.h"
#include "rig.h"

#define DOM0 0u
#define TAP "vif5.0-tap"

static const struct toolstack_vif bridged = { .script = "/etc/xen/scripts/vif-bridge",
					      .bridge = "br0" };
static const struct toolstack_vif routed = { .script = "vif-route" };

static struct rig rig;

/* Connected, in drop-in mode. */
static void
connect(const struct toolstack_vif *vif)
{
	toolstack_add(rig.g, vif);
	CHECK(rig_until(&rig, 2));
	toolstack_hotplug(rig.g, "connected");
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
}

/* The kernel tells that a device changed, and control has had the time to follow. */
static void
carrier_changes(void)
{
	vifs_carrier_changed(rig.vifs, CARRIER_ANY);
	rig_turn_for(&rig, LIMIT_CARRIER_MS + 10);
}

static bool
error_has(const char *text)
{
	bool has = strstr(rig_error(&rig), text) != NULL;

	if (!has)
		fprintf(stderr, "the error is \"%s\", without \"%s\"\n", rig_error(&rig), text);
	return has;
}

/*
 * Drop-in: the TAP is there before libxl's script looks for it, and shares a bridge with the vif
 * and nobody else.
 */
static void
vif_place_get_drop_in(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	toolstack_add(rig.g, &bridged);
	CHECK(rig_until(&rig, 2));
	const struct port *tap = fake_dp_port("vif5.0-tap");
	REQUIRE_NOT_NULL(tap);
	toolstack_hotplug(rig.g, "connected");
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	CHECK_EQ(fake_dp_n_attached(), 2);
	CHECK_EQ(fake_dp_port("vif5.0")->bridge, tap->bridge);
	CHECK_EQ(fake_dp_last_vif()->max_frame, 0);
	CHECK_NE(bridge_get(rig.env.bridges, "br0"), tap->bridge);
	front_set_state(rig.g, 5);
	CHECK(rig_until(&rig, 5));
	rig_turn(&rig);
	CHECK_SAME(fake_dp_port("vif5.0-tap"), tap); /* the host's side outlives the guest's */
	toolstack_detach(rig.g);
	CHECK(rig_until(&rig, 6));
	CHECK_SAME(fake_dp_port("vif5.0-tap"), tap); /* the script takes it out of its bridge now */
	toolstack_remove(rig.g);
	rig_turn_for(&rig, 5);
	CHECK_EQ(fake_dp_n_ports(), 0);
	rig_end(&rig);
}

/* The name is taken by what another daemon left: it is soon free, and nobody hears of it. */
static void
vif_place_get_busy_shortly(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	fake_dp_fail_tap(50, EBUSY); /* 20 ms each */
	toolstack_add(rig.g, &bridged);
	rig_turn_for(&rig, 900);
	CHECK_EQ(rig_state(&rig), 1);
	CHECK_STR(rig_error(&rig), "");
	rig_turn_for(&rig, 200);
	CHECK_EQ(rig_state(&rig), 2);
	CHECK_STR(rig_error(&rig), "");
	rig_end(&rig);
}

/* It is taken for long: that is told, and tried for ever; whatever else fails is told at once. */
static void
vif_place_get_fails_for_long(void)
{
	static const int errors[] = { EBUSY, EMFILE, EPERM, ENOENT, ENOMEM };

	for (unsigned i = 0; i < ARRAY_SIZE(errors); i++) {
		rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
		fake_dp_fail_tap(1000, errors[i]);
		toolstack_add(rig.g, &bridged);
		rig_turn_for(&rig, errors[i] == EBUSY ? 3100 : 10);
		CHECK(error_has("the TAP device vif5.0 cannot be created"));
		CHECK(error_has(strerror(errors[i])));
		uint64_t n_before = fake_dp_n_taps_failed();
		rig_turn_for(&rig, 10000);
		CHECK_LE(fake_dp_n_taps_failed() - n_before, 11); /* once a second */
		CHECK_EQ(rig_state(&rig), 1);
		fake_dp_fail_tap(0, 0);
		CHECK(rig_until(&rig, 2));
		CHECK_STR(rig_error(&rig), "");
		rig_end(&rig);
	}
}

/* The vif is taken away while it waits for its TAP. */
static void
vif_place_get_removed_meanwhile(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	fake_dp_fail_tap(100000, EBUSY);
	toolstack_add(rig.g, &bridged);
	rig_turn_for(&rig, 4000);
	toolstack_remove(rig.g);
	CHECK(rig_until_gone(&rig));
	CHECK_STR(rig_error(&rig), "");
	rig_end(&rig);
}

/* No room for a port is no reason to give up either. */
static void
vif_place_get_no_room(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	fake_dp_fail_attach(ENOSPC);
	toolstack_add(rig.g, &bridged);
	rig_turn_for(&rig, 10);
	CHECK(error_has("another port cannot be added"));
	CHECK(rig_until(&rig, 2));
	CHECK_STR(rig_error(&rig), "");
	rig_end(&rig);
}

/*
 * The TAP is deleted under a connected vif. It is made anew, but the vif has no carrier before
 * somebody has put the new one in place; the guest's part goes on all the time.
 */
static void
vif_place_keep_deleted(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	connect(&bridged);
	CHECK_EQ(rig_back(&rig, "carrier"), 1);
	struct port *tap = fake_dp_port(TAP);
	tap->stats.tx_frames = 77;
	tap->weight = 5;
	fake_dp_delete_tap(tap);
	fake_dp_place_taps(false, 0);
	carrier_changes();
	CHECK_EQ(rig_state(&rig), 4);
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	CHECK(error_has(
		"its TAP device vif5.0 was deleted, and the new one is down: run its hotplug script again"));
	tap = fake_dp_port(TAP);
	REQUIRE_NOT_NULL(tap);
	CHECK_EQ(tap->stats.tx_frames, 77);
	CHECK_EQ(tap->stats.n_reopened, 1);
	CHECK_EQ(tap->weight, 1); /* the vif's */
	CHECK_EQ(fake_dp_n_attached(), 2);
	fake_dp_place_taps(true, 0);
	carrier_changes();
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	CHECK(error_has("the new one is in no bridge"));
	fake_dp_place_taps(true, 3);
	carrier_changes();
	CHECK_EQ(rig_back(&rig, "carrier"), 1);
	CHECK_STR(rig_error(&rig), "");
	rig_end(&rig);
}

/* The port noticed it first. */
static void
vif_place_keep_faulted(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	connect(&bridged);
	fake_dp_fault(fake_dp_port(TAP), "its device was deleted");
	rig_turn_for(&rig, 3 * LIMIT_CARRIER_MS);
	CHECK_EQ(rig_state(&rig), 4);
	CHECK_EQ(rig_back(&rig, "carrier"), 1); /* the new one is in place */
	CHECK_EQ(fake_dp_port(TAP)->stats.n_reopened, 1);
	rig_end(&rig);
}

/* Somebody deletes whatever we make: that costs one TAP a second. */
static void
vif_place_keep_deleted_again(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	connect(&bridged);
	for (unsigned i = 0; i < 5000; i++) {
		if (fake_dp_port(TAP) != NULL)
			fake_dp_delete_tap(fake_dp_port(TAP));
		vifs_carrier_changed(rig.vifs, CARRIER_ANY);
		rig_turn(&rig);
	}
	rig_turn_for(&rig, 1500);
	CHECK_RANGE(fake_dp_port(TAP)->stats.n_reopened, 4, 7);
	rig_end(&rig);
}

/* It cannot be created again at once. */
static void
vif_place_keep_busy(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	connect(&bridged);
	rig_turn_for(&rig, 2000);
	fake_dp_fail_tap(100000, EBUSY);
	fake_dp_delete_tap(fake_dp_port(TAP));
	carrier_changes();
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	CHECK(error_has("its TAP device vif5.0 was deleted"));
	rig_turn_for(&rig, 5000);
	CHECK(error_has("cannot be created"));
	fake_dp_fail_tap(0, 0);
	rig_turn_for(&rig, 2000 + LIMIT_CARRIER_MS);
	CHECK_EQ(rig_back(&rig, "carrier"), 1);
	CHECK_STR(rig_error(&rig), "");
	rig_end(&rig);
}

/* While the vif is being taken away its TAP is not made again. */
static void
vif_place_keep_detached(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	connect(&bridged);
	toolstack_detach(rig.g);
	CHECK(rig_until(&rig, 6));
	fake_dp_delete_tap(fake_dp_port(TAP));
	fake_dp_place_taps(false, 0);
	carrier_changes();
	CHECK_NULL(fake_dp_port(TAP));
	CHECK_STR(rig_error(&rig), "");
	toolstack_remove(rig.g);
	CHECK(rig_until_gone(&rig));
	rig_end(&rig);
}

/*
 * What a killed daemon leaves: both ends in 4, the script ran long ago. The new TAP is nowhere, so
 * there is no carrier.
 */
static void
vif_place_tell_restarted(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	fake_dp_place_taps(false, 0);
	toolstack_add(rig.g, &bridged);
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	fake_store_write(guest_back(rig.g, "hotplug-status").text, "connected");
	fake_store_write(guest_back(rig.g, "state").text, "4");
	fake_store_write(guest_back(rig.g, "carrier").text, "1");
	rig_turn_for(&rig, 10);
	CHECK_EQ(rig_state(&rig), 4);
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	CHECK(error_has("its TAP device vif5.0 is down: run its hotplug script again"));
	fake_dp_place_taps(true, 3);
	carrier_changes();
	CHECK_EQ(rig_back(&rig, "carrier"), 1);
	CHECK_STR(rig_error(&rig), "");
	rig_end(&rig);
}

/* A routed vif needs no bridge; one that is down has no carrier. A wrong key is told beside it. */
static void
vif_place_tell_routed(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	fake_dp_place_taps(true, 0);
	connect(&routed);
	CHECK_EQ(rig_back(&rig, "carrier"), 1);
	CHECK_STR(rig_error(&rig), "");
	fake_store_write(guest_back(rig.g, "priority").text, "99");
	fake_dp_place_taps(false, 0);
	carrier_changes();
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	CHECK(error_has("its TAP device vif5.0 is down"));
	CHECK(error_has("priority"));
	fake_dp_place_taps(true, 0);
	carrier_changes();
	CHECK_EQ(rig_back(&rig, "carrier"), 1);
	CHECK(error_has("priority"));
	CHECK_HAS_NOT(rig_error(&rig), "TAP");
	rig_end(&rig);
}

void test_place(CU_pSuite suite);

void
test_place(CU_pSuite suite)
{
	UNIT_ADD(suite, vif_place_get_drop_in);
	UNIT_ADD(suite, vif_place_get_busy_shortly);
	UNIT_ADD(suite, vif_place_get_fails_for_long);
	UNIT_ADD(suite, vif_place_get_removed_meanwhile);
	UNIT_ADD(suite, vif_place_get_no_room);
	UNIT_ADD(suite, vif_place_keep_deleted);
	UNIT_ADD(suite, vif_place_keep_faulted);
	UNIT_ADD(suite, vif_place_keep_deleted_again);
	UNIT_ADD(suite, vif_place_keep_busy);
	UNIT_ADD(suite, vif_place_keep_detached);
	UNIT_ADD(suite, vif_place_tell_restarted);
	UNIT_ADD(suite, vif_place_tell_routed);
}
