/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: who wakes whom. XSA-331, 391. */
#include <string.h>
#include <unistd.h>

#include "proto/limits.h"
#include "sim/flow.h"
#include "sim/test_sim.h"

#define STORM 100000u

static uint64_t
sent_by(const struct guest *g)
{
	return g->stats.n_sent_tx + g->stats.n_sent_rx;
}

/* While we poll, a stock frontend never traps to tell us of work. */
static void
guests_never_notify(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	uint64_t before = sent_by(a) + sent_by(b);
	CHECK(flow_exchange(a, b, 5000));
	CHECK_EQ(sent_by(a) + sent_by(b), before);
	sim_stop(&s);
}

static void
pollers_never_sleep(void)
{
	struct sim s;
	struct dp_poller_stats before, after;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	dp_get_poller_stats(sim_dp(), 0, &before);
	CHECK(flow_exchange(a, b, 100));
	usleep(20000);
	dp_get_poller_stats(sim_dp(), 0, &after);
	CHECK_EQ(after.n_sleeps, before.n_sleeps);
	CHECK_GT(after.n_loops - before.n_loops, 1000);
	CHECK_EQ(after.n_ports, 2);
	sim_stop(&s);
}

/* Sends frames one by one, at a distance, so that each could have an event of its own. */
static bool
trickle(struct guest *from, struct guest *to, unsigned n, bool arm)
{
	static struct guest_frame got;
	uint8_t data[100];

	for (unsigned i = 0; i < n; i++) {
		struct frame f = flow_frame(from, to, FRAME_RAW, 100, i);
		uint64_t deadline = sim_deadline();
		bool there = false;

		frame_build(&f, data);
		guest_send_frame(from, data, 100);
		while (!there && fake_now_ms() < deadline) {
			guest_reap(from);
			there = guest_receive(to, &got) &&
				frame_equal(&f, FRAME_COMPLETE, got.data, got.len);
			if (arm && !there) {
				guest_arm(from);
				guest_arm(to);
			}
		}
		if (!sim_check(there, "frame %u does not arrive", i))
			return false;
	}
	return true;
}

/*
 * Who does not ask for events gets none; who asks gets at most one for each step of a response
 * index.
 */
static void
events_only_if_asked(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 10));
	a->tx.sring->rsp_event = a->tx.rsp_cons - 1;
	a->rx.sring->rsp_event = a->rx.rsp_cons - 1;
	b->tx.sring->rsp_event = b->tx.rsp_cons - 1;
	b->rx.sring->rsp_event = b->rx.rsp_cons - 1;
	usleep(100 * LIMIT_NOTIFY_DELAY_US); /* what was put off is decided by then */
	struct guest *both[] = { a, b };
	for (unsigned i = 0; i < 2; i++) { /* far ahead of anything that happens here */
		both[i]->tx.sring->rsp_event = both[i]->tx.rsp_cons + 0x40000000;
		both[i]->rx.sring->rsp_event = both[i]->rx.rsp_cons + 0x40000000;
	}
	usleep(10000); /* what was under way has come */
	uint64_t before = guest_events(b).n_received + guest_events(a).n_received;
	CHECK(trickle(a, b, 500, false));
	CHECK_EQ(guest_events(b).n_received + guest_events(a).n_received, before);
	CHECK(trickle(a, b, 500, true));
	uint64_t n = guest_events(b).n_received + guest_events(a).n_received - before;
	CHECK_GT(n, 0);
	CHECK_LE(n, 1000);
	sim_stop(&s);
}

struct storm {
	uint64_t fired, unmasked, ms;
};

/* Guest `a` sends events on all its ports as fast as it can, while `b` and `c` work. */
static struct storm
storm(struct guest *a, struct guest *b, struct guest *c)
{
	uint64_t sent[2], fired[2], unmasked[2];
	uint64_t since = fake_now_ms();

	fake_event_counts(&sent[0], &fired[0], &unmasked[0]);
	for (unsigned i = 0; i < STORM; i++) {
		fake_port_send(a->params.domid, i % 2 ? a->port_tx : a->port_rx);
		if (i % (STORM / 10) == 0)
			CHECK(flow_exchange(b, c, 10));
	}
	fake_event_counts(&sent[1], &fired[1], &unmasked[1]);
	CHECK_GE(sent[1] - sent[0], STORM);
	return (struct storm){ fired[1] - fired[0], unmasked[1] - unmasked[0],
			       fake_now_ms() - since };
}

/* XSA-331: a port that is not unmasked interrupts us once at most. */
static void
event_storm_while_polling(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	struct storm result = storm(a, b, c);
	CHECK_LE(result.fired, 6); /* once for each of six ports */
	CHECK_EQ(result.unmasked, 0);
	sim_stop(&s);
}

CU_TestInfo polling_cases[] = {
	{ "guests_never_notify", guests_never_notify },
	{ "pollers_never_sleep", pollers_never_sleep },
	{ "events_only_if_asked", events_only_if_asked },
	{ "event_storm_while_polling", event_storm_while_polling },
	CU_TEST_INFO_NULL,
};

/* ---- adaptive polling ------------------------------------------------------------------------ */

/* An idle poller gives its core back. */
static void
idle_sleeps(void)
{
	struct sim s;
	struct dp_poller_stats before, after;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 100));
	dp_get_poller_stats(sim_dp(), 0, &before);
	uint64_t since = fake_now_ms();
	usleep(500000);
	dp_get_poller_stats(sim_dp(), 0, &after);
	uint64_t ms = fake_now_ms() - since;
	sim_check((after.slept_us - before.slept_us) / 1000 > ms * 6 / 10, "slept %u of %u ms",
		  (unsigned)((after.slept_us - before.slept_us) / 1000), (unsigned)ms);
	CHECK_LT(after.n_sleeps - before.n_sleeps, 50);
	CHECK(flow_exchange(a, b, 100));
	sim_stop(&s);
}

/* A sleeping poller hears the first frame of either guest, each time, and soon. */
static void
sleep_and_wake(void)
{
	static struct guest_frame got;
	struct sim s;
	uint8_t data[100];
	unsigned n_late = 0;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 10));
	uint64_t woken = sim_port(a)->stats.n_woken + sim_port(b)->stats.n_woken;
	for (unsigned i = 0; i < 100; i++) {
		struct guest *from = i % 2 ? a : b, *to = i % 2 ? b : a;
		struct frame f = flow_frame(from, to, FRAME_RAW, 100, i);

		usleep(2000); /* far longer than it takes to fall asleep */
		frame_build(&f, data);
		uint64_t since = fake_now_ms();
		CHECK_EQ(guest_send_frame(from, data, 100), 0);
		if (!sim_check(flow_receive(to, &got), "frame %u does not arrive", i))
			break;
		n_late += fake_now_ms() - since >= 60;
	}
	/*
	 * A poller that is not woken sleeps 100 ms, each time; a busy machine delays one now and
	 * then.
	 */
	sim_check(n_late <= 20, "%u of 100 came late", n_late);
	CHECK_GT(sim_port(a)->stats.n_woken + sim_port(b)->stats.n_woken - woken, 50);
	sim_stop(&s);
}

/* Frames wait for rx slots and everybody sleeps: the slots must wake the poller, with one event. */
static void
rx_slots_wake(void)
{
	static struct guest_frame got;
	struct guest_params params = sim_guest_params();
	struct sim s;
	uint8_t data[1000];
	unsigned n_late = 0;

	params.n_rx_slots = 0;
	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add_with(&s, &params, NULL);
	sim_connect_all(&s);
	for (unsigned i = 0; i < 100; i++) {
		struct frame f = flow_frame(a, b, FRAME_RAW, 1000, i);

		frame_build(&f, data);
		guest_send_frame(a, data, f.len);
		flow_drain(a);
		if (i % 10 != 9)
			continue;
		usleep(2000); /* far longer than it takes to fall asleep */
		uint64_t sent = b->stats.n_sent_rx;
		uint64_t since = fake_now_ms();
		guest_post(b, 10);
		CHECK_LE(b->stats.n_sent_rx, sent + 1);
		b->params.n_rx_slots = 0;
		for (unsigned k = 0; k < 10; k++)
			CHECK(flow_receive(b, &got));
		n_late += fake_now_ms() - since >= 60;
	}
	/* As above: one that nobody wakes comes late each time. */
	sim_check(n_late <= 3, "%u of 10 came late", n_late);
	CHECK_GT(b->stats.n_sent_rx, 5);
	sim_stop(&s);
}

/* Also a sleeping poller is woken only so often: it polls for a while before it sleeps again. */
static void
event_storm_while_sleeping(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	struct storm result = storm(a, b, c);
	/*
	 * 50 us of polling after each wake-up make 20 a millisecond, on two ports, and some for b
	 * and c.
	 */
	sim_check(result.fired <= result.ms * 40 + 500, "%u events in %u ms",
		  (unsigned)result.fired, (unsigned)result.ms);
	sim_stop(&s);
}

/*
 * Guests that send an event whenever they can do not keep a sleeping poller with their events: it
 * takes two for each vif (three here) and polls.
 */
static void
event_refire_while_sleeping(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	fake_ports_refire(UINT32_MAX);
	struct storm result = storm(a, b, c);
	fake_ports_refire(0);
	sim_check(result.unmasked <= result.ms * 120 + 500, "%u events taken in %u ms",
		  (unsigned)result.unmasked, (unsigned)result.ms);
	CHECK_GT(result.unmasked, 10);
	sim_stop(&s);
}

CU_TestInfo sleeping_cases[] = {
	{ "idle_sleeps", idle_sleeps },
	{ "sleep_and_wake", sleep_and_wake },
	{ "rx_slots_wake", rx_slots_wake },
	{ "event_storm_while_sleeping", event_storm_while_sleeping },
	{ "event_refire_while_sleeping", event_refire_while_sleeping },
	CU_TEST_INFO_NULL,
};

/* ---- naps ------------------------------------------------------------------------------------ */

/*
 * An idle poller naps again and again, and finds by itself what comes meanwhile: no guest tells it.
 */
static void
naps_and_looks(void)
{
	static struct guest_frame got;
	struct sim s;
	struct dp_poller_stats before, after;
	uint8_t data[100];

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 100));
	uint64_t sent = sent_by(a) + sent_by(b);
	dp_get_poller_stats(sim_dp(), 0, &before);
	for (unsigned i = 0; i < 100; i++) {
		struct guest *from = i % 2 ? a : b, *to = i % 2 ? b : a;
		struct frame f = flow_frame(from, to, FRAME_RAW, 100, i);

		usleep(2000); /* twenty naps */
		frame_build(&f, data);
		CHECK_EQ(guest_send_frame(from, data, 100), 0);
		if (!sim_check(flow_receive(to, &got), "frame %u does not arrive", i))
			break;
	}
	dp_get_poller_stats(sim_dp(), 0, &after);
	CHECK_GT(after.n_sleeps - before.n_sleeps, 100);
	CHECK_GT(after.slept_us, before.slept_us);
	CHECK_EQ(sent_by(a) + sent_by(b), sent);
	CHECK_EQ(sim_port(a)->stats.n_woken + sim_port(b)->stats.n_woken, 0);
	sim_stop(&s);
}

CU_TestInfo napping_cases[] = {
	{ "naps_and_looks", naps_and_looks },
	{ "guests_never_notify", guests_never_notify },
	{ "event_storm_while_napping", event_storm_while_polling },
	CU_TEST_INFO_NULL,
};
