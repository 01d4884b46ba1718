/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: devices, domains and the daemon come and go while frames flow. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/flow.h"
#include "sim/test_sim.h"

static const struct sim_options usual = { .self = SIM_SELF, .hotplug = HOTPLUG_SELF };

static bool
unmapped(void *arg)
{
	const struct guest *g = arg;

	return fake_domain_mapped(g->params.domid) == 0;
}

/*
 * xl network-detach in a driver domain: 6, then the directory is ours to remove. The guest takes no
 * part.
 */
static void
detach_self(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 50));
	toolstack_detach(a);
	CHECK(fake_store_await(guest_back(a, "").text, NULL, sim_deadline()));
	CHECK(unmapped(a));
	CHECK(flow_exchange(b, c, 50));
	sim_stop(&s);
}

/*
 * In dom0 libxl removes the directory; it waits for our 6, and the daemon must not take the
 * directory away.
 */
static void
detach_dom0(void)
{
	struct sim s;

	sim_start_with(&s, &(struct sim_options){ .self = 0, .hotplug = HOTPLUG_AUTO });
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 50));
	toolstack_detach(a);
	CHECK(front_await(a, XenbusStateClosed));
	CHECK(unmapped(a));
	CHECK(sim_connect(&s, sim_add(&s), FRONT_LINUX)); /* time passes */
	CHECK_EQ(front_backend_state(a), XenbusStateClosed);
	toolstack_remove(a);
	toolstack_add(a, NULL);
	guest_renew(a);
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(flow_exchange(a, b, 50));
	sim_stop(&s);
}

/* libxl gives up waiting and removes both directories under us. */
static void
removed_while_connected(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 50));
	toolstack_remove(a);
	CHECK(flow_until(unmapped, a));
	CHECK_FALSE(fake_store_exists(guest_back(a, "").text));
	CHECK(flow_exchange(b, c, 50));
	guest_renew(a);
	toolstack_add(a, NULL);
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(flow_exchange(a, b, 50));
	sim_stop(&s);
}

/*
 * The guest dies with its rings full of work in both directions. Its pages must go at once, or it
 * stays a zombie.
 */
static void
domain_dies(void)
{
	static uint8_t data[1514];
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 50));
	struct frame f = flow_frame(a, b, FRAME_RAW, 1514, 1);
	frame_build(&f, data);
	for (unsigned i = 0; i < 200; i++)
		guest_send_frame(a, data, f.len);
	f = flow_frame(b, a, FRAME_RAW, 1514, 2);
	frame_build(&f, data);
	for (unsigned i = 0; i < 200; i++)
		guest_send_frame(b, data, f.len);
	uint64_t since = fake_now_ms();
	fake_domain_destroy(a->params.domid, FAKE_STORE_REMOVED);
	CHECK(flow_until(unmapped, a));
	CHECK_LT(fake_now_ms() - since, 1000);
	flow_drain(b);
	CHECK(flow_exchange(b, c, 100));
	CHECK(fake_store_await(guest_back(a, "").text, NULL, sim_deadline()));
	sim_stop(&s);
}

/*
 * dom0 hears of a death by @releaseDomain. Nobody touches the store, and still nothing of the guest
 * is kept.
 */
static void
domain_dies_dom0(void)
{
	struct sim s;

	sim_start_with(&s, &(struct sim_options){ .self = 0, .hotplug = HOTPLUG_AUTO });
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 50));
	uint64_t since = fake_now_ms();
	fake_domain_destroy(a->params.domid, FAKE_STORE_KEPT);
	CHECK(flow_until(unmapped, a));
	CHECK_LT(fake_now_ms() - since, 1000);
	CHECK(front_await(a, XenbusStateClosed));
	CHECK(flow_exchange(b, c, 50));
	toolstack_remove(a);
	sim_stop(&s);
}

/* Closing the channels (EVTCHNOP_reset) in the middle of traffic harms nobody else. */
static void
channels_reset(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 50));
	fake_port_reset(a->params.domid);
	for (unsigned i = 0; i < 50; i++) {
		struct frame f = flow_frame(b, a, FRAME_UDP4, 100, i);
		uint8_t data[100];

		frame_build(&f, data);
		guest_send_frame(b, data, f.len);
		flow_drain(b);
	}
	CHECK(flow_exchange(b, c, 50));
	CHECK(front_close(a));
	CHECK(unmapped(a));
	sim_stop(&s);
}

struct arrivals {
	struct guest *at;
	uint64_t n;
};

static bool
arrived(void *arg)
{
	const struct arrivals *want = arg;

	flow_drain(want->at);
	guest_arm(want->at);
	return want->at->stats.n_rx_frames >= want->n;
}

/* A notification that fails is no reason to do anything but go on. */
static void
notify_fails(void)
{
	struct sim s;
	uint8_t data[100];

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	fake_notify_fail(0, 20, EIO);
	for (unsigned i = 0; i < 200; i++) {
		struct arrivals want = { b, i + 1 };
		struct frame f = flow_frame(a, b, FRAME_UDP4, 100, i);

		frame_build(&f, data);
		guest_send_frame(a, data, f.len);
		if (!sim_check(flow_until(arrived, &want), "frame %u does not arrive", i))
			break;
		flow_drain(a);
		guest_arm(a);
	}
	fake_notify_fail(0, 0, 0);
	CHECK(flow_exchange(a, b, 50));
	sim_stop(&s);
}

static void
stop_by_signal(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 50));
	kill(getpid(), SIGTERM);
	pthread_join(s.thread, NULL);
	CHECK_EQ(s.ret, 0);
	ctl_destroy(s.ctl);
	s.ctl = NULL;
	CHECK_EQ(front_backend_state(a), XenbusStateClosed);
	CHECK_EQ(front_backend_state(b), XenbusStateClosed);
	sim_stop(&s);
}

/* ctl_stop() while connections are half made, and in the middle of traffic. */
static void
stop_any_time(void)
{
	for (unsigned delay_us = 0; delay_us < 160000; delay_us += 9700) {
		struct sim s;

		sim_start(&s);
		struct guest *a = sim_add(&s), *b = sim_add(&s);
		front_publish(a, FRONT_LINUX);
		front_publish(b, FRONT_LINUX);
		front_set_state(a, XenbusStateConnected);
		front_set_state(b, XenbusStateConnected);
		usleep(delay_us);
		sim_stop(&s);
	}
}

/* The daemon is started again on the same store: a guest whose driver starts again is served. */
static void
stop_and_start(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 50));
	sim_end(&s);
	CHECK_EQ(front_backend_state(a), XenbusStateClosed);
	CHECK(unmapped(a));
	guest_renew(a);
	guest_renew(b);
	front_set_state(a, XenbusStateInitialising);
	front_set_state(b, XenbusStateInitialising);
	sim_restart(&s, &usual);
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(sim_connect(&s, b, FRONT_LINUX));
	CHECK(flow_exchange(a, b, 50));
	sim_stop(&s);
}

/* What the old daemon still did: the first `n` tx requests have their responses. */
static void
answer_some(struct guest *g, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		netif_tx_response_t *rsp = RING_GET_RESPONSE(&g->tx, g->params.first_idx + i);
		netif_tx_response_t done = {
			.id = RING_GET_REQUEST(&g->tx, g->params.first_idx + i)->id
		};

		*rsp = done;
	}
	g->tx.sring->rsp_prod = g->params.first_idx + n;
}

/*
 * A daemon that was killed left both ends in 4, and the rings in the middle of their work. The new
 * one goes on where the responses stop; the frontend stays in 4 and sees each of its slots answered
 * once.
 */
static void
killed_and_restarted(void)
{
	struct sim s = { .n_guests = 0 };
	uint8_t data[100];

	fake_reset(SIM_SELF);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	for (unsigned i = 0; i < 2; i++) {
		front_publish(s.guest[i], FRONT_LINUX);
		front_set_state(s.guest[i], XenbusStateConnected);
		fake_store_write(guest_back(s.guest[i], "hotplug-status").text, "connected");
		fake_store_write(guest_back(s.guest[i], "state").text, "4");
	}
	struct frame f = flow_frame(a, b, FRAME_UDP4, 100, 1);
	f.src[4] = 9; /* may arrive or not, so it must not be taken for what is sent later */
	frame_build(&f, data);
	for (unsigned i = 0; i < 60; i++)
		CHECK_EQ(guest_send_frame(a, data, f.len), 0);
	answer_some(a, 20);
	sim_restart(&s, &usual);
	uint64_t since = fake_now_ms();
	CHECK(flow_await_responses(a, 60));
	CHECK(fake_store_await(guest_back(b, "carrier").text, "1", sim_deadline()));
	CHECK(fake_store_await(guest_back(a, "carrier").text, "1", sim_deadline()));
	CHECK_LT(fake_now_ms() - since, 1000);
	flow_drain(b);
	CHECK(flow_exchange(a, b, 50));
	CHECK_EQ(front_backend_state(a), XenbusStateConnected);
	sim_stop(&s);
}

/* The state of the frontend jumps at about 1 kHz, with and without rings behind it. */
static void
reconnect_storm(void)
{
	static const int states[] = { 4, 1, 4, 6, 4, 5, 4, 3, 1, 2, 6, 5, 1, 4 };
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	for (unsigned i = 0; i < 500; i++) {
		front_set_state(a, states[i % 14]);
		if (i % 25 == 0)
			CHECK(flow_exchange(b, c, 10));
		usleep(500);
	}
	front_set_state(a, XenbusStateClosed);
	CHECK(front_await(a, XenbusStateClosed));
	CHECK(flow_until(unmapped, a));
	guest_renew(a);
	front_set_state(a, XenbusStateInitialising);
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(flow_exchange(a, b, 50));
	sim_stop(&s);
}

/* The device goes while a copy of its pages takes its time. */
static void
detach_during_copy(void)
{
	static uint8_t data[1514];
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 10));
	fake_copy_set_delay_us(100000);
	struct frame f = flow_frame(a, b, FRAME_RAW, 1514, 1);
	frame_build(&f, data);
	for (unsigned i = 0; i < 100; i++)
		guest_send_frame(a, data, f.len);
	toolstack_detach(a);
	CHECK(fake_store_await(guest_back(a, "").text, NULL, sim_deadline()));
	CHECK(unmapped(a));
	fake_copy_set_delay_us(0);
	sim_stop(&s);
}

static void
detach_now(void *arg)
{
	toolstack_detach(arg);
}

/*
 * The toolstack asks for the end in the very moment in which we write something else: its 5 must
 * not be lost. `skip`: which of our next transactions it is.
 */
static void
detach_meets_connect(unsigned skip)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s);
	CHECK(front_await(a, XenbusStateInitWait));
	front_publish(a, FRONT_LINUX);
	fake_store_on_begin(skip, detach_now, a);
	front_set_state(a, XenbusStateConnected);
	bool gone = fake_store_await(guest_back(a, "").text, NULL, sim_deadline());
	sim_check(gone, "state is %d", front_backend_state(a));
	CHECK(unmapped(a));
	sim_stop(&s);
}

static void
detach_meets_keys(void)
{
	detach_meets_connect(0);
}

static void
detach_meets_connected(void)
{
	detach_meets_connect(1);
}

static void
detach_meets_fault(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_join(&s);
	a->raw = true;
	fake_store_on_begin(0, detach_now, a);
	guest_tx_set_req_prod(a, a->tx.rsp_cons + 1000);
	bool gone = fake_store_await(guest_back(a, "").text, NULL, sim_deadline());
	sim_check(gone, "state is %d", front_backend_state(a));
	sim_stop(&s);
}

/* The frontend closes, and the toolstack wants the device gone while we answer. */
static void
detach_meets_close(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_join(&s);
	fake_store_on_begin(0, detach_now, a);
	front_set_state(a, XenbusStateClosing);
	bool gone = fake_store_await(guest_back(a, "").text, NULL, sim_deadline());
	sim_check(gone, "state is %d", front_backend_state(a));
	sim_stop(&s);
}

static void
remove_now(void *arg)
{
	toolstack_remove(arg);
}

/* The directory goes while we are about to write into it: it must not come back to life. */
static void
removed_meets_write(void)
{
	struct sim s;

	for (unsigned skip = 0; skip < 3; skip++) {
		sim_start(&s);
		struct guest *a = sim_add(&s);
		CHECK(front_await(a, XenbusStateInitWait));
		front_publish(a, FRONT_LINUX);
		fake_store_on_begin(skip, remove_now, a);
		front_set_state(a, XenbusStateConnected);
		if (skip >= 2) {
			front_await(a, XenbusStateConnected);
			front_set_state(a, XenbusStateClosing);
		}
		const __auto_type back = guest_back(a, "");
		CHECK(fake_store_await(back.text, NULL, sim_deadline()));
		CHECK(flow_until(unmapped, a));
		sim_stop(&s);
		CHECK_FALSE(fake_store_exists(back.text));
	}
}

CU_TestInfo life_cases[] = {
	{ "detach_self", detach_self },
	{ "detach_dom0", detach_dom0 },
	{ "removed_while_connected", removed_while_connected },
	{ "domain_dies", domain_dies },
	{ "domain_dies_dom0", domain_dies_dom0 },
	{ "channels_reset", channels_reset },
	{ "notify_fails", notify_fails },
	{ "stop_by_signal", stop_by_signal },
	{ "stop_any_time", stop_any_time },
	{ "stop_and_start", stop_and_start },
	{ "killed_and_restarted", killed_and_restarted },
	{ "reconnect_storm", reconnect_storm },
	{ "detach_during_copy", detach_during_copy },
	{ "detach_meets_keys", detach_meets_keys },
	{ "detach_meets_connected", detach_meets_connected },
	{ "detach_meets_fault", detach_meets_fault },
	{ "detach_meets_close", detach_meets_close },
	{ "removed_meets_write", removed_meets_write },
	CU_TEST_INFO_NULL,
};
