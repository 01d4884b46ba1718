/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/vif/vifs.c: what the daemon's configuration and the host's kernel mean to a vif. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "captured.h"
#include "proto/limits.h"
#include "rig.h"

#define DOM0 0u
#define DRIVER_DOMAIN 1u

static struct rig rig;

/* Turns for `ms`; what the log says meanwhile. */
static const char *
log_of(unsigned ms)
{
	static struct captured captured;

	log_set_level(LOG_LEVEL_WARNING);
	captured_start(&captured);
	rig_turn_for(&rig, ms);
	captured_end(&captured);
	log_set_level(LOG_LEVEL_ERROR);
	return captured.text;
}

static void
reconnect(void)
{
	front_set_state(rig.g, XenbusStateClosed);
	CHECK(rig_until(&rig, XenbusStateClosed));
	front_set_state(rig.g, XenbusStateInitialising);
	CHECK(rig_until(&rig, XenbusStateInitWait));
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, XenbusStateConnected);
	CHECK(rig_until(&rig, XenbusStateConnected));
}

/*
 * A bridge with one vif and nothing else is told of once, some seconds after the vif was connected.
 */
static void
vifs_settle_alone(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	CHECK_STR(log_of(4900), "");
	CHECK_STR(log_of(200), "vpe-backend: warning: vif5.0: bridge xenbr0 has no "
			       "uplink and no other vif: is the name correct?\n");
	CHECK_EQ(rig_state(&rig), XenbusStateConnected);
	CHECK_EQ(rig_back(&rig, "carrier"), 1);
	reconnect();
	CHECK_STR(log_of(6000), "");
	rig_end(&rig);
}

static void
vifs_settle_alone_name(void)
{
	const struct toolstack_vif vif = { .bridge = "x\033[2J" };

	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, &vif);
	CHECK(rig_until(&rig, XenbusStateInitWait));
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, XenbusStateConnected);
	CHECK(rig_until(&rig, XenbusStateConnected));
	CHECK_HAS(log_of(6000), "bridge x\\x1b[2J has no uplink");
	rig_end(&rig);
}

/*
 * An uplink, another member, a guest that has left meanwhile, a bridge of the kernel: nothing to
 * say.
 */
static void
vifs_settle_not_alone(void)
{
	const struct toolstack_vif drop_in = { .script = "vif-bridge" };

	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	int id = bridge_get(rig.env.bridges, "xenbr0");
	bridge_count_uplink(rig.env.bridges, id, 1, 1);
	CHECK(rig_connect(&rig));
	CHECK_STR(log_of(6000), "");
	/* the second holder is another vif from now on */
	bridge_count_uplink(rig.env.bridges, id, -1, -1);
	reconnect();
	CHECK_STR(log_of(6000), "");
	bridge_put(rig.env.bridges, id);
	reconnect();
	front_set_state(rig.g, XenbusStateClosed);
	CHECK_STR(log_of(6000), "");
	rig_end(&rig);

	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	toolstack_add(rig.g, &drop_in);
	CHECK(rig_until(&rig, XenbusStateInitWait));
	toolstack_hotplug(rig.g, "connected");
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, XenbusStateConnected);
	CHECK(rig_until(&rig, XenbusStateConnected));
	CHECK_HAS_NOT(log_of(6000), "no uplink");
	rig_end(&rig);
}

/* With strict_bridges a bridge needs an uplink; the toolstack may correct the name. */
static void
vifs_settle_strict_bridges(void)
{
	const struct toolstack_vif mistyped = { .bridge = "xenbr9" };

	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	rig.env.strict_bridges = true;
	int id = bridge_get(rig.env.bridges, "xenbr0");
	bridge_count_uplink(rig.env.bridges, id, 1, 0); /* a link is not needed */
	toolstack_add(rig.g, &mistyped);
	CHECK_HAS(log_of(100), "vif5.0: ignored: bridge xenbr9 has no uplink");
	CHECK_EQ(rig_state(&rig), XenbusStateInitialising);
	CHECK_HAS(rig_error(&rig),
		  "bridge xenbr9 has no uplink, but the setting strict_bridges requires one");
	fake_store_write(guest_back(rig.g, "bridge").text, "xenbr0");
	CHECK(rig_until(&rig, XenbusStateInitWait));
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, XenbusStateConnected);
	CHECK(rig_until(&rig, XenbusStateConnected));
	CHECK_STR(rig_error(&rig), "");
	bridge_count_uplink(rig.env.bridges, id, -1, 0);
	bridge_put(rig.env.bridges, id);
	rig_end(&rig);
}

/* What a script puts into a bridge of the kernel is none of strict_bridges' business. */
static void
vifs_settle_strict_drop_in(void)
{
	const struct toolstack_vif vif = { .script = "vif-bridge", .bridge = "xenbr9" };

	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	rig.env.strict_bridges = true;
	toolstack_add(rig.g, &vif);
	CHECK(rig_until(&rig, XenbusStateInitWait));
	rig_end(&rig);
}

/* ---- the kernel's xen-netback ---------------------------------------------------------------- */

static char root[32];

/* Runs `command`, whose %s is where /sys is below. */
static void
run(const char *command)
{
	char text[256];

	snprintf(text, sizeof(text), command, root);
	REQUIRE_EQ(system(text), 0);
}

static void
load_netback(void)
{
	strcpy(root, "/tmp/vpe-vifs-XXXXXX");
	REQUIRE_NOT_NULL(mkdtemp(root));
	run("mkdir -p %s/sys/bus/xen-backend/drivers/vif");
	rig.env.root = root;
}

#define TAKE_VIF "mkdir -p %s/sys/bus/xen-backend/devices/vif-5-0/driver"
#define FREE_VIF "rm -r %s/sys/bus/xen-backend/devices/vif-5-0"
#define REMOVE_ROOT "rm -r %s"

/* It gets the time to take a vif, and those that it takes are left alone. */
static void
vifs_settle_netback(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	load_netback();
	toolstack_add(rig.g, NULL);
	rig_turn_for(&rig, 250);
	CHECK_EQ(rig_state(&rig), 1);
	run(TAKE_VIF);
	rig_turn_for(&rig, 1000);
	CHECK_EQ(rig_state(&rig), 1);
	fake_store_write(guest_back(rig.g, "state").text, "2"); /* netback's */
	rig_turn_for(&rig, 10);
	CHECK_EQ(rig_back(&rig, "carrier"), -1);
	run(REMOVE_ROOT);
	fake_store_write(guest_back(rig.g, "state").text, "1");
	CHECK(rig_until(&rig, 2));
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	rig_end(&rig);
}

/*
 * It takes a vif after we have offered it: the vif is not connected a second time, and connected
 * when netback lets go of it.
 */
static void
vifs_settle_netback_late(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	rig.env.share_with_netback = true;
	load_netback();
	toolstack_add(rig.g, NULL);
	CHECK(rig_until(&rig, XenbusStateInitWait));
	run(TAKE_VIF);
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, XenbusStateConnected);
	rig_turn_for(&rig, 2 * LIMIT_INITWAIT_DWELL_MS);
	CHECK_EQ(fake_dp_n_vifs_made(), 0);
	CHECK_EQ(rig_state(&rig), XenbusStateInitWait);
	fake_store_write(guest_back(rig.g, "state").text, "4"); /* netback's */
	rig_turn_for(&rig, 1000);
	CHECK_EQ(fake_dp_n_vifs_made(), 0);
	CHECK_EQ(rig_state(&rig), XenbusStateConnected);
	run(FREE_VIF);
	fake_store_write(guest_back(rig.g, "state").text, "2");
	CHECK(rig_until(&rig, XenbusStateConnected));
	CHECK_EQ(fake_dp_n_vifs_made(), 1);
	run(REMOVE_ROOT);
	rig_end(&rig);
}

/*
 * The daemon ends, or the toolstack removes the vif, while netback holds it: nothing is written
 * over what the kernel wrote.
 */
static void
vifs_stop_netback_late(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	load_netback();
	toolstack_add(rig.g, NULL);
	CHECK(rig_until(&rig, XenbusStateInitWait));
	run(TAKE_VIF);
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, XenbusStateConnected);
	rig_turn_for(&rig, 2 * LIMIT_INITWAIT_DWELL_MS);
	fake_store_write(guest_back(rig.g, "state").text, "4");
	vifs_stop(rig.vifs, false);
	CHECK(rig_until_gone(&rig));
	CHECK_EQ(rig_state(&rig), XenbusStateConnected);
	run(REMOVE_ROOT);
	rig_end(&rig);
}

/* ---- a store that refuses the daemon's own watches ------------------------------------------- */

/* The store refuses the first watch, or the one after `skip`. */
static void
start_refused(unsigned skip)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	vifs_destroy(rig.vifs);
	fake_store_fail(FAKE_STORE_WATCH, skip, 1, ENOSPC);
	rig.vifs = vifs_create(&rig.env);
	REQUIRE_NOT_NULL(rig.vifs);
}

static void
vifs_create_backend_refused(void)
{
	start_refused(0);
	CHECK(rig_connect(&rig));
	rig_end(&rig);
}

/* A dead guest whose directories stay is noticed by that watch alone. */
static void
vifs_create_release_refused(void)
{
	start_refused(1);
	rig_turn_for(&rig, 1100);
	CHECK(rig_connect(&rig));
	fake_domain_destroy(RIG_GUEST, FAKE_STORE_KEPT);
	CHECK(rig_until(&rig, XenbusStateClosed));
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
	rig_end(&rig);
}

void test_vifs_host(CU_pSuite suite);

void
test_vifs_host(CU_pSuite suite)
{
	UNIT_ADD(suite, vifs_settle_alone);
	UNIT_ADD(suite, vifs_settle_alone_name);
	UNIT_ADD(suite, vifs_settle_not_alone);
	UNIT_ADD(suite, vifs_settle_strict_bridges);
	UNIT_ADD(suite, vifs_settle_strict_drop_in);
	UNIT_ADD(suite, vifs_settle_netback);
	UNIT_ADD(suite, vifs_settle_netback_late);
	UNIT_ADD(suite, vifs_stop_netback_late);
	UNIT_ADD(suite, vifs_create_backend_refused);
	UNIT_ADD(suite, vifs_create_release_refused);
}
