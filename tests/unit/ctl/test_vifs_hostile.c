/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of ctl/vif/vifs.c, vif.c, vif_look.c, vif_show.c: guests, toolstacks and a store that break
 * the rules.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "proto/limits.h"
#include "rig.h"

#define DRIVER_DOMAIN 1u
#define DOM0 0u

static struct rig rig;

/* From 2, with keys that `spoil` changed, to what comes of it. */
static void
offer_spoiled(const char *key, const char *value)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	CHECK(rig_until(&rig, 2));
	front_publish(rig.g, FRONT_LINUX);
	if (key != NULL)
		front_printf(rig.g, key, "%s", value);
	front_set_state(rig.g, 4);
}

/* The frontend mends its ways. */
static void
expect_recovery(void)
{
	front_set_state(rig.g, 6);
	CHECK(rig_until(&rig, 6));
	front_set_state(rig.g, 1);
	CHECK(rig_until(&rig, 2));
	front_publish(rig.g, FRONT_LINUX);
	front_printf(rig.g, "multi-queue-num-queues", "1");
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	CHECK_STR(rig_error(&rig), "");
}

static void
vifs_settle_refused(void)
{
	offer_spoiled("multi-queue-num-queues", "0\x1b[31m");
	CHECK(rig_until(&rig, 5));
	CHECK_HAS(rig_error(&rig), "multi-queue-num-queues");
	CHECK_NULL(strchr(rig_error(&rig), '\x1b'));
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	CHECK_EQ(fake_dp_n_vifs_made(), 0);
	rig_turn_for(&rig, 3 * LIMIT_INITWAIT_DWELL_MS);
	CHECK_EQ(rig_state(&rig), 5); /* and no second attempt */
	expect_recovery();
	rig_end(&rig);
}

static void
vifs_settle_bad_grants(void)
{
	static const char *const keys[] = { "tx-ring-ref", "rx-ring-ref" };

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		offer_spoiled(keys[i], "4294967295");
		CHECK(rig_until(&rig, 5));
		CHECK_HAS(rig_error(&rig), "ring cannot be mapped");
		CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
		expect_recovery();
		rig_end(&rig);
	}
}

static void
vifs_settle_bad_events(void)
{
	static const char *const keys[] = { "event-channel-tx", "event-channel-rx" };

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		offer_spoiled(keys[i], "2147483647");
		CHECK(rig_until(&rig, 5));
		CHECK_HAS(rig_error(&rig), "event channel cannot be bound");
		CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
		expect_recovery();
		rig_end(&rig);
	}
}

static void
vifs_settle_bad_indices(void)
{
	fake_dp_fail_vif(EPROTO);
	offer_spoiled(NULL, NULL);
	fake_dp_fail_vif(EPROTO);
	CHECK(rig_until(&rig, 5));
	CHECK_HAS(rig_error(&rig), "indices");
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
	expect_recovery();
	rig_end(&rig);
}

static void
vifs_settle_no_room(void)
{
	offer_spoiled(NULL, NULL);
	fake_dp_fail_attach(ENOSPC);
	CHECK(rig_until(&rig, 5));
	CHECK_HAS(rig_error(&rig), "another port cannot be added");
	CHECK_EQ(fake_dp_n_ports(), 0);
	expect_recovery();
	rig_end(&rig);
}

/* A fault is for good: only the toolstack brings the vif back. */
static void
vifs_settle_fault(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	fake_dp_fault(fake_dp_port("vif5.0"), "it sent nonsense");
	rig_turn_for(&rig, 5);
	CHECK_EQ(rig_state(&rig), 4);
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	CHECK_STR(rig_error(&rig), "it sent nonsense");
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
	front_set_state(rig.g, 5);
	CHECK(rig_until(&rig, 6));
	for (int state = 1; state <= 4; state++) {
		front_set_state(rig.g, state);
		rig_turn_for(&rig, LIMIT_INITWAIT_DWELL_MS);
		CHECK_EQ(rig_state(&rig), 6);
	}
	toolstack_detach(rig.g);
	CHECK(rig_until_removed(&rig));
	toolstack_remove(rig.g);
	guest_renew(rig.g);
	CHECK(rig_connect(&rig));
	CHECK_STR(rig_error(&rig), "");
	rig_end(&rig);
}

/* Malformed slot and close at the same moment: neither crashes nor forgives. */
static void
vifs_settle_fault_while_closing(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	front_set_state(rig.g, 5);
	rig_turn_without_pollers(&rig);
	CHECK_EQ(rig_state(&rig), 5);
	fake_dp_fault(fake_dp_port("vif5.0"), "it sent nonsense");
	front_set_state(rig.g, 1);
	CHECK(rig_until(&rig, 6));
	rig_turn_for(&rig, 5);
	CHECK_EQ(rig_state(&rig), 6);
	CHECK_STR(rig_error(&rig), "it sent nonsense");
	rig_end(&rig);
}

/* The toolstack asks for the end at the moment when we write something else over its 5. */
static void
vifs_settle_fault_while_detached(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	rig_turn_for(&rig, 2);
	fake_dp_fault(fake_dp_port("vif5.0"), "it sent nonsense");
	attachments_dispatch(rig.env.attachments);
	toolstack_detach(rig.g);
	vifs_settle(rig.vifs, clock_ms()); /* acts on the fault, has not heard of the detach */
	CHECK_EQ(rig_state(&rig), 5);
	CHECK_STR(rig_error(&rig), "it sent nonsense");
	CHECK(rig_until(&rig, 6));
	CHECK_EQ(rig_back(&rig, "carrier"), 0);
	CHECK(rig_until_removed(&rig));
	rig_end(&rig);
}

static void
vifs_settle_connect_while_detached(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	front_publish(rig.g, FRONT_LINUX);
	front_set_state(rig.g, 4);
	while (fake_dp_n_vifs_made() == 0)
		rig_turn_without_pollers(&rig);
	fake_dp_run();
	toolstack_detach(rig.g);
	attachments_dispatch(rig.env.attachments);
	CHECK_EQ(rig_state(&rig), 4); /* over the toolstack's 5 */
	CHECK(rig_until(&rig, 6));
	CHECK(rig_until_removed(&rig));
	rig_end(&rig);
}

static void
vifs_settle_frontend_vanishes(void)
{
	static const char *const nodes[] = { "state", "" };

	for (unsigned i = 0; i < ARRAY_SIZE(nodes); i++) {
		rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
		CHECK(rig_connect(&rig));
		fake_store_remove(guest_front(rig.g, nodes[i]).text);
		CHECK(rig_until(&rig, 6));
		CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
		CHECK(rig_until_removed(&rig));
		rig_end(&rig);
	}
}

static void
vifs_settle_frontend_hides(void)
{
	struct fake_perms nobody = { .owner = RIG_GUEST };

	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	fake_store_set_perms(guest_front(rig.g, "state").text, &nobody);
	CHECK(rig_until(&rig, 6));
	CHECK_EQ(fake_domain_mapped(RIG_GUEST), 0);
	rig_end(&rig);
}

static void
vifs_settle_odd_states(void)
{
	static char nines[2048];
	static const struct {
		const char *text;
		unsigned len;
	} values[] = { { "-1", 2 },    { "9", 1 },   { "4x", 2 },
		       { "4\0\0", 3 }, { "", 0 },    { nines, sizeof(nines) },
		       { "5 ", 2 },    { "\xff", 1 } };

	memset(nines, '9', sizeof(nines));
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		fake_store_write_bytes(guest_front(rig.g, "state").text, values[i].text,
				       values[i].len);
		rig_turn_for(&rig, 3);
		CHECK_EQ(rig_state(&rig), 4);
	}
	CHECK_EQ(fake_dp_n_vifs_made(), 1);
	rig_end(&rig);
}

/* A guest that writes its state all the time is cut off, and still served. */
static void
vifs_settle_state_storm(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	for (unsigned i = 0; i < 200; i++) {
		front_set_state(rig.g, 4);
		front_printf(rig.g, "state/x", "%u", i);
	}
	struct fake_leaks leaks;
	rig_turn(&rig);
	fake_leaks(&leaks);
	/* ours on backend/vif and @releaseDomain; the guest's is off */
	CHECK_EQ(leaks.n_watches, 2);
	rig_turn(&rig);
	CHECK_EQ(rig_state(&rig), 4);
	front_set_state(rig.g, 5);
	CHECK(rig_until(&rig, 5)); /* within the second */
	rig_end(&rig);
}

/* However often a guest asks, there is one attempt each LIMIT_INITWAIT_DWELL_MS. */
static void
vifs_settle_reconnect_storm(void)
{
	static const int states[] = { 1, 4, 6, 4 };
	unsigned n = 0;

	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	CHECK(rig_connect(&rig));
	uint64_t start_ms = clock_ms();
	while (clock_ms() - start_ms < 600) {
		front_set_state(rig.g, states[n++ % ARRAY_SIZE(states)]);
		rig_turn(&rig);
		rig_turn(&rig);
	}
	CHECK_LE(fake_dp_n_vifs_made(), 1 + 600 / LIMIT_INITWAIT_DWELL_MS);
	front_set_state(rig.g, 1);
	CHECK(rig_until(&rig, 2));
	front_set_state(rig.g, 4);
	CHECK(rig_until(&rig, 4));
	rig_end(&rig);
}

static void
vifs_settle_junk(void)
{
	static const char *const junk[] = { "5x/0/state",  "-1/0/state",    "05/0/state",
					    "5/0x/state",  "99999/0/state", "a/b/c/d/e",
					    "5/1/2/3/4/5", "7/state",       "8" };
	char path[128];

	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	for (unsigned i = 0; i < ARRAY_SIZE(junk); i++) {
		snprintf(path, sizeof(path), "/local/domain/1/backend/vif/%s", junk[i]);
		fake_store_write(path, "1");
	}
	rig_turn_for(&rig, 5);
	CHECK(vifs_are_gone(rig.vifs));
	for (unsigned i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "/local/domain/1/backend/vif/5/1/junk%u", i);
		fake_store_write(path, "1");
	}
	rig_turn_for(&rig, 5);
	CHECK(vifs_are_gone(rig.vifs));
	CHECK(rig_connect(&rig));
	rig_end(&rig);
}

/* More directories than there is room for. */
static void
vifs_settle_too_many(void)
{
	char path[128];
	unsigned n_offered = 0;

	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	for (unsigned i = 0; i < LIMIT_PORTS + 50; i++) {
		snprintf(path, sizeof(path), "/local/domain/1/backend/vif/%u/0", 100 + i);
		fake_store_printf(strcat(path, "/frontend"), "/local/domain/%u/device/vif/0",
				  100 + i);
		snprintf(path, sizeof(path), "/local/domain/1/backend/vif/%u/0/frontend-id",
			 100 + i);
		fake_store_printf(path, "%u", 100 + i);
		snprintf(path, sizeof(path), "/local/domain/1/backend/vif/%u/0/bridge", 100 + i);
		fake_store_printf(path, "br%u", i % 10);
		snprintf(path, sizeof(path), "/local/domain/%u/device/vif/0/state", 100 + i);
		fake_store_write(path, "1");
		snprintf(path, sizeof(path), "/local/domain/%u/device/vif/0/state", 100 + i);
		struct fake_perms all = { .owner = 100 + i,
					  .n_others = 1,
					  .others = { { DRIVER_DOMAIN, 'r' } } };
		fake_store_set_perms(path, &all);
		snprintf(path, sizeof(path), "/local/domain/1/backend/vif/%u/0", 100 + i);
		struct fake_perms own = { .owner = DRIVER_DOMAIN };
		fake_store_set_perms(path, &own);
		strcat(path, "/state");
		fake_store_write(path, "1");
	}
	rig_turn_for(&rig, 100);
	for (unsigned i = 0; i < LIMIT_PORTS + 50; i++) {
		snprintf(path, sizeof(path), "/local/domain/1/backend/vif/%u/0/state", 100 + i);
		n_offered += fake_store_number(path, -1) == 2;
	}
	CHECK_EQ(n_offered, LIMIT_PORTS);
	fake_store_remove("/local/domain/1/backend/vif"); /* makes room */
	CHECK(rig_until_gone(&rig));
	rig_end(&rig);
}

/* A directory that says nonsense is left alone until it says something else. */
static void
vifs_settle_bad_directory(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	toolstack_add(rig.g, NULL);
	fake_store_write(guest_back(rig.g, "frontend-id").text, "6");
	rig_turn_for(&rig, 20);
	CHECK_EQ(rig_state(&rig), 1);
	CHECK_HAS(rig_error(&rig), "frontend-id");
	fake_store_write(guest_back(rig.g, "frontend-id").text, "5");
	CHECK(rig_until(&rig, 2));
	rig_end(&rig);
}

/*
 * The store refuses every transaction for a while: nothing is lost, and nothing is tried without
 * end.
 */
static void
vifs_settle_store_busy(void)
{
	rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
	fake_store_fail(FAKE_STORE_COMMIT, 0, 100000, EAGAIN);
	toolstack_add(rig.g, NULL);
	rig_turn_for(&rig, 100);
	CHECK_EQ(rig_state(&rig), 1);
	CHECK_LE(fake_store_calls(FAKE_STORE_COMMIT), 20);
	fake_store_fail(FAKE_STORE_COMMIT, 0, 0, 0);
	CHECK(rig_until(&rig, 2));
	rig_end(&rig);
}

/* The store cannot be read for a while: a vif that is connected stays it. */
static void
vifs_settle_store_sick(void)
{
	static const int errors[] = { EIO, ENOMEM, ENOSPC };

	for (unsigned i = 0; i < ARRAY_SIZE(errors); i++) {
		rig_start(&rig, DRIVER_DOMAIN, HOTPLUG_SELF);
		CHECK(rig_connect(&rig));
		fake_store_fail(FAKE_STORE_READ, 0, 100000, errors[i]);
		front_set_state(rig.g, 4);
		fake_store_write(guest_back(rig.g, "online").text, "1");
		rig_turn_for(&rig, 20);
		CHECK_EQ(fake_dp_n_attached(), 1);
		front_set_state(rig.g, 5);
		fake_store_fail(FAKE_STORE_READ, 0, 0, 0);
		CHECK(rig_until(&rig, 5));
		rig_end(&rig);
	}
}

/* A toolstack that says 5 although we are at 6 waits for the 6. */
static void
vifs_settle_closed_twice(void)
{
	rig_start(&rig, DOM0, HOTPLUG_SCRIPT);
	CHECK(rig_connect(&rig));
	front_set_state(rig.g, 6);
	CHECK(rig_until(&rig, 6));
	toolstack_detach(rig.g);
	CHECK_EQ(rig_state(&rig), 5);
	CHECK(rig_until(&rig, 6));
	rig_end(&rig);
}

void test_vifs_hostile(CU_pSuite suite);

void
test_vifs_hostile(CU_pSuite suite)
{
	UNIT_ADD(suite, vifs_settle_refused);
	UNIT_ADD(suite, vifs_settle_bad_grants);
	UNIT_ADD(suite, vifs_settle_bad_events);
	UNIT_ADD(suite, vifs_settle_bad_indices);
	UNIT_ADD(suite, vifs_settle_no_room);
	UNIT_ADD(suite, vifs_settle_fault);
	UNIT_ADD(suite, vifs_settle_fault_while_closing);
	UNIT_ADD(suite, vifs_settle_fault_while_detached);
	UNIT_ADD(suite, vifs_settle_connect_while_detached);
	UNIT_ADD(suite, vifs_settle_frontend_vanishes);
	UNIT_ADD(suite, vifs_settle_frontend_hides);
	UNIT_ADD(suite, vifs_settle_odd_states);
	UNIT_ADD(suite, vifs_settle_state_storm);
	UNIT_ADD(suite, vifs_settle_reconnect_storm);
	UNIT_ADD(suite, vifs_settle_junk);
	UNIT_ADD(suite, vifs_settle_too_many);
	UNIT_ADD(suite, vifs_settle_bad_directory);
	UNIT_ADD(suite, vifs_settle_store_busy);
	UNIT_ADD(suite, vifs_settle_store_sick);
	UNIT_ADD(suite, vifs_settle_closed_twice);
}
