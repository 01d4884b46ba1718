/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: how a vif connects and disconnects. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/flow.h"
#include "sim/test_sim.h"

static const struct sim_options dom0 = { .self = 0, .hotplug = HOTPLUG_AUTO };

static void
connect_two(void)
{
	struct sim s;
	char text[64];

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 300));
	CHECK_EQ(fake_store_number(guest_back(a, "feature-sg").text, -1), 1);
	CHECK_EQ(fake_store_number(guest_back(a, "feature-gso-tcpv4").text, -1), 1);
	CHECK_EQ(fake_store_number(guest_back(a, "feature-gso-tcpv6").text, -1), 1);
	CHECK_EQ(fake_store_number(guest_back(a, "feature-rx-copy").text, -1), 1);
	CHECK_EQ(fake_store_number(guest_back(a, "carrier").text, -1), 1);
	CHECK_STR(fake_store_get(guest_back(a, "hotplug-status").text, text, sizeof(text)),
		  "connected");
	CHECK_FALSE(fake_store_exists(guest_error(a).text));
	CHECK_EQ(fake_domain_mapped(a->params.domid), 2);
	sim_stop(&s);
}

/* What is there before the daemon starts is served too; a domain may have several vifs. */
static void
connect_before_start(void)
{
	struct sim s = { .n_guests = 0 };
	struct guest_params second = sim_guest_params();

	fake_reset(SIM_SELF);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	second.domid = a->params.domid;
	second.backend = SIM_SELF;
	second.devid = 3;
	struct guest *c = guest_create(&second);
	toolstack_add(c, NULL);
	s.guest[s.n_guests++] = c;
	sim_restart(&s, &(struct sim_options){ .self = SIM_SELF, .hotplug = HOTPLUG_SELF });
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(sim_connect(&s, b, FRONT_LINUX));
	CHECK(sim_connect(&s, c, FRONT_LINUX));
	CHECK(flow_exchange(a, b, 50));
	CHECK(flow_exchange(c, b, 50));
	sim_stop(&s);
}

static void
connected_again_changes_nothing(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	for (unsigned i = 0; i < 20; i++) {
		front_set_state(a, XenbusStateConnected);
		CHECK(flow_exchange(a, b, 5));
	}
	CHECK_EQ(front_backend_state(a), XenbusStateConnected);
	CHECK_EQ(fake_domain_mapped(a->params.domid), 2);
	sim_stop(&s);
}

/* Whether nothing of the guest's is held. */
static bool
released(void *arg)
{
	const struct guest *g = arg;

	return fake_domain_mapped(g->params.domid) == 0 &&
	       !fake_port_bound(g->params.domid, g->port_tx) &&
	       !fake_port_bound(g->params.domid, g->port_rx);
}

static void
close_and_reconnect(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 50));
	CHECK(front_close(a));
	CHECK(released(a));
	CHECK(fake_store_await(guest_back(a, "carrier").text, "0", sim_deadline()));
	guest_renew(a);
	front_set_state(a, XenbusStateInitialising);
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(flow_exchange(a, b, 50));
	sim_stop(&s);
}

#define LOOP_GUESTS 7u

/* All guests of `s` go to `state`; the backends shall follow to `answer`. */
static bool
all_go(struct sim *s, int state, int answer)
{
	for (unsigned i = 0; i < s->n_guests; i++)
		front_set_state(s->guest[i], state);
	for (unsigned i = 0; i < s->n_guests; i++) {
		bool there = front_await(s->guest[i], answer);

		if (!sim_check(there, "state %d, not %d", front_backend_state(s->guest[i]), answer))
			return false;
	}
	return true;
}

static bool
all_loop(struct sim *s)
{
	if (!all_go(s, XenbusStateClosing, XenbusStateClosing) ||
	    !all_go(s, XenbusStateClosed, XenbusStateClosed))
		return false;
	for (unsigned i = 0; i < s->n_guests; i++) {
		if (!sim_check(released(s->guest[i]), "something is held"))
			return false;
		guest_renew(s->guest[i]);
	}
	if (!all_go(s, XenbusStateInitialising, XenbusStateInitWait))
		return false;
	for (unsigned i = 0; i < s->n_guests; i++)
		front_publish(s->guest[i], FRONT_LINUX);
	return all_go(s, XenbusStateConnected, XenbusStateConnected);
}

/* 4 -> 5 -> 6 -> 1 -> 4, 200 times in all, with frames each time and nothing left behind. */
static void
close_and_reconnect_200(void)
{
	struct sim s;
	struct fake_leaks before, after;

	sim_start(&s);
	for (unsigned i = 0; i < LOOP_GUESTS; i++)
		sim_add(&s);
	sim_connect_all(&s);
	fake_leaks(&before);
	for (unsigned i = 0; i < 200 / LOOP_GUESTS + 1; i++)
		if (!flow_exchange(s.guest[i % LOOP_GUESTS], s.guest[(i + 1) % LOOP_GUESTS], 3) ||
		    !all_loop(&s))
			break;
	fake_leaks(&after);
	CHECK_MEM(&before, &after, sizeof(before));
	CHECK(flow_exchange(s.guest[0], s.guest[1], 50));
	sim_stop(&s);
}

/* A guest that reboots or is reset goes back to 1 without 5 and 6. */
static void
reboot_without_closing(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	front_set_state(a, XenbusStateInitialising);
	CHECK(flow_until(released, a));
	guest_renew(a);
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(flow_exchange(a, b, 50));
	sim_stop(&s);
}

/* libxl waits for exactly 2: a frontend that is in a hurry must not make it too short. */
static void
initwait_lasts(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s);
	front_publish(a, FRONT_LINUX);
	CHECK(front_await(a, XenbusStateInitWait));
	uint64_t since = fake_now_ms();
	front_set_state(a, XenbusStateConnected);
	CHECK(front_await(a, XenbusStateConnected));
	CHECK_GE(fake_now_ms() - since, LIMIT_INITWAIT_DWELL_MS - 20);
	sim_stop(&s);
}

/* In dom0 nothing is connected before the toolstack's script has run. */
static void
hotplug_script_first(void)
{
	struct sim s;

	sim_start_with(&s, &dom0);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	CHECK(front_await(a, XenbusStateInitWait));
	front_publish(a, FRONT_LINUX);
	front_set_state(a, XenbusStateConnected);
	CHECK(sim_connect(&s, b, FRONT_LINUX)); /* has been all this time behind a */
	CHECK_EQ(front_backend_state(a), XenbusStateInitWait);
	CHECK_EQ(fake_domain_mapped(a->params.domid), 0);
	toolstack_hotplug(a, "connected");
	CHECK(front_await(a, XenbusStateConnected));
	CHECK(flow_exchange(a, b, 50));
	sim_stop(&s);
}

static void
hotplug_script_fails(void)
{
	struct sim s;

	sim_start_with(&s, &dom0);
	struct guest *a = sim_add(&s);
	CHECK(front_await(a, XenbusStateInitWait));
	toolstack_hotplug(a, "error");
	front_publish(a, FRONT_LINUX);
	front_set_state(a, XenbusStateConnected);
	toolstack_detach(a);
	CHECK(front_await(a, XenbusStateClosed));
	CHECK_EQ(fake_domain_mapped(a->params.domid), 0);
	sim_stop(&s);
}

/* Others write to the store meanwhile: transactions have to be done again. */
static void
store_is_contended(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s);
	fake_store_fail(FAKE_STORE_COMMIT, 0, 3, EAGAIN);
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	fake_store_fail(FAKE_STORE_COMMIT, 0, 2, EAGAIN);
	CHECK(front_close(a));
	sim_stop(&s);
}

/* A single call that fails must not leave the vif where it is for ever. */
static void
store_hiccups(void)
{
	static const enum fake_store_op ops[] = {
		FAKE_STORE_READ,
		FAKE_STORE_WRITE,
		FAKE_STORE_BEGIN,
		FAKE_STORE_COMMIT,
	};

	for (unsigned op = 0; op < 4; op++) {
		for (unsigned skip = 0; skip < 12; skip += 3) {
			struct sim s;

			sim_start(&s);
			struct guest *a = sim_add(&s);
			fake_store_fail(ops[op], skip, 1, EIO);
			bool there = front_await(a, XenbusStateInitWait);
			sim_check(there, "op %u, call %u fails: state %d", ops[op], skip,
				  front_backend_state(a));
			sim_stop(&s);
			if (!there)
				return;
		}
	}
}

/* Maps and bindings that fail are undone; a frontend that starts again gets its chance. */
static void
map_fails(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_join(&s);
	for (unsigned nth = 0; nth < 2; nth++) {
		CHECK(front_await(a, XenbusStateInitWait));
		fake_map_fail(nth, 1, ENOMEM);
		front_publish(a, FRONT_LINUX);
		front_set_state(a, XenbusStateConnected);
		CHECK(sim_expect_refused(a));
		CHECK(released(a));
		front_set_state(a, XenbusStateClosed);
		CHECK(front_await(a, XenbusStateClosed));
		front_set_state(a, XenbusStateInitialising);
	}
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(flow_exchange(a, b, 50));
	CHECK_FALSE(fake_store_exists(guest_error(a).text));
	sim_stop(&s);
}

CU_TestInfo connect_cases[] = {
	{ "connect_two", connect_two },
	{ "connect_before_start", connect_before_start },
	{ "connected_again_changes_nothing", connected_again_changes_nothing },
	{ "close_and_reconnect", close_and_reconnect },
	{ "close_and_reconnect_200", close_and_reconnect_200 },
	{ "reboot_without_closing", reboot_without_closing },
	{ "initwait_lasts", initwait_lasts },
	{ "hotplug_script_first", hotplug_script_first },
	{ "hotplug_script_fails", hotplug_script_fails },
	{ "store_is_contended", store_is_contended },
	{ "store_hiccups", store_hiccups },
	{ "map_fails", map_fails },
	CU_TEST_INFO_NULL,
};
