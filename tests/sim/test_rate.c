/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: rates and other settings that the operator changes while the guests run. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "dp/vif/port_vif.h"
#include "sim/flow.h"
#include "sim/test_sim.h"
#include "sw/switch.h"

#define LEN 1514u
#define WINDOW_NS 400000000ull
/* windows, of which one must be full: the machine may have had other things to do */
#define TRIES 10

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
put(const struct guest *g, const char *key, const char *value)
{
	if (value == NULL)
		fake_store_remove(guest_back(g, key).text);
	else
		fake_store_write(guest_back(g, key).text, value);
}

/* `from` sends as much as its ring takes, and `to` takes as much as comes, for so long. */
static void
flood(struct guest *from, struct guest *to, uint64_t ns)
{
	static uint8_t data[LEN];
	struct frame f = flow_frame(from, to, FRAME_RAW, LEN, 1);
	uint64_t end = now_ns() + ns;

	frame_build(&f, data);
	while (now_ns() < end) {
		uint64_t seq = fake_seq();
		bool any = guest_reap(from) > 0;

		while (guest_send_frame(from, data, LEN) == 0)
			any = true;
		any = flow_drain(to) || any;
		if (!any && guest_arm(from) && guest_arm(to))
			fake_wait(seq, fake_now_ms() + 1);
	}
}

/* Bytes of a port that the rate is for. */
static uint64_t
counted(const struct guest *g, bool sends)
{
	const struct port *port = sim_port(g);

	if (port == NULL)
		return 0;
	return __atomic_load_n(sends ? &port->stats.rx_bytes : &port->stats.tx_bytes,
			       __ATOMIC_RELAXED);
}

/*
 * Whether `limited`, one of both, gets `rate` bytes a second, within 5 %. More than that and what a
 * burst of `burst` bytes may add is wrong in any window; less, only if it is in all of them.
 */
static bool
holds(struct guest *from, struct guest *to, const struct guest *limited, double rate, double burst)
{
	double least = 0, bytes = 0;

	flood(from, to, 100000000); /* the burst */
	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t start = now_ns(), before = counted(limited, limited == from);
		flood(from, to, WINDOW_NS);
		double seconds = (double)(now_ns() - start) / 1e9;
		bytes = (double)(counted(limited, limited == from) - before);
		least = rate * seconds * 0.95;
		if (!sim_check(bytes <= rate * seconds * 1.05 + burst,
			       "%.0f bytes in %.3f s, at %.0f a second", bytes, seconds, rate))
			return false;
		if (bytes >= least && bytes <= rate * seconds * 1.05)
			return true;
	}
	return sim_check(false, "%.0f bytes in a window, %.0f wanted", bytes, least);
}

struct pair {
	struct guest *from, *to;
};

static bool
all_arrived(void *arg)
{
	struct pair *pair = arg;

	guest_reap(pair->from);
	flow_drain(pair->to);
	return pair->from->stats.n_tx_okay == pair->from->stats.n_tx_frames &&
	       pair->to->stats.n_rx_frames == pair->from->stats.n_tx_frames;
}

/* What the guest sends stays in its ring until there is credit, and all of it arrives. */
static void
from_guest(void)
{
	static const struct toolstack_vif limited = { .rate = "100000,50000" };
	struct port_vif_stats stats;
	struct sim s;
	char drops[256];

	sim_start(&s);
	struct guest *a = sim_add_with(&s, NULL, &limited), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(holds(a, b, a, 2e6, 100000));
	port_vif_get_stats(sim_port(a), &stats);
	/* Frames, not the many more looks at one that waits. */
	CHECK_GT(stats.guest.n_rate_from_guest, 0);
	CHECK_LE(stats.guest.n_rate_from_guest, sim_port(a)->stats.rx_frames + 1);
	CHECK_STR(sim_drops(a, drops, sizeof(drops)), "");
	CHECK_STR(sim_drops(b, drops, sizeof(drops)), "");
	put(a, "rate", NULL);
	struct pair pair = { a, b };
	CHECK(flow_until(all_arrived, &pair));
	CHECK_EQ(a->stats.n_tx_error + a->stats.n_tx_dropped, 0);
	sim_stop(&s);
}

static void
to_guest(void)
{
	struct port_vif_stats stats;
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	put(b, "rate-to-guest", "100000,50000");
	sim_connect_all(&s);
	CHECK(holds(a, b, b, 2e6, 100000));
	port_vif_get_stats(sim_port(b), &stats);
	CHECK_GT(stats.guest.n_rate_to_guest, 0);
	CHECK_LE(stats.guest.n_rate_to_guest, sim_port(b)->stats.tx_frames + 1);
	CHECK_GT(sim_port(b)->stats.n_dropped[DROP_QUEUE_FULL], 0);
	CHECK_EQ(b->stats.n_rx_failed_slots, 0);
	sim_stop(&s);
}

static void
changes_live(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	flood(a, b, 20000000);
	put(a, "rate", "50000,50000");
	CHECK(holds(a, b, a, 1e6, 50000));
	put(a, "rate", "200000,50000");
	CHECK(holds(a, b, a, 4e6, 200000));
	put(a, "rate", "200000,-50000"); /* wrong: stays */
	CHECK(holds(a, b, a, 4e6, 200000));
	put(b, "rate-to-guest", "75000,50000");
	CHECK(holds(a, b, b, 1.5e6, 75000));
	put(a, "rate", NULL);
	put(b, "rate-to-guest", NULL);
	flood(a, b, 20000000);
	uint64_t before = counted(a, true);
	flood(a, b, 200000000);
	CHECK_GT(counted(a, true) - before, 4 * 200000 * 2);
	sim_stop(&s);
}

/* A GSO frame is longer than a burst of that rate, and passes. */
static void
long_frame_at_low_rate(void)
{
	static const struct toolstack_vif limited = { .rate = "1000,10000" };
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add_with(&s, NULL, &limited), *b = sim_add(&s);
	put(b, "rate-to-guest", "1000,10000");
	sim_connect_all(&s);
	static uint8_t data[GUEST_FRAME_SIZE];
	struct frame f = flow_frame(a, b, FRAME_TCP4, 60000, 1);
	struct guest_packet packet = { .data = data,
				       .len = f.len,
				       .flags = NETTXF_csum_blank,
				       .gso_size = 1428,
				       .gso_type = XEN_NETIF_GSO_TYPE_TCPV4 };
	frame_build_blank(&f, data);
	CHECK(flow_send(a, &packet));
	CHECK(flow_expect(b, &f, FRAME_BLANK));
	sim_stop(&s);
}

/* The poller sleeps while frames are held back, and wakes up for them. */
static void
sleeps_meanwhile(void)
{
	static const struct toolstack_vif limited = { .rate = "5000,50000" };
	struct dp_poller_stats before, after;
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add_with(&s, NULL, &limited), *b = sim_add(&s);
	put(b, "rate-to-guest", "5000,50000");
	sim_connect_all(&s);
	dp_get_poller_stats(sim_dp(), 0, &before);
	CHECK(holds(a, b, a, 100000, 5000 + LEN));
	dp_get_poller_stats(sim_dp(), 0, &after);
	CHECK_GT(after.n_sleeps - before.n_sleeps, 10);
	CHECK_GT(after.slept_us - before.slept_us, 100000);
	sim_stop(&s);
}

/* ---- the other settings ---------------------------------------------------------------------- */

struct sent {
	const struct guest *g;
	uint32_t max_frame;
};

static bool
has_max_frame(void *arg)
{
	const struct sent *sent = arg;
	const struct port *port = sim_port(sent->g);

	return port != NULL && port_max_frame(port) == sent->max_frame;
}

static bool
is_in_no_vlan(void *arg)
{
	const struct port *port = sim_port(arg);

	return port != NULL && port_max_frame(port) == 1522 &&
	       (__atomic_load_n(&port->rules, __ATOMIC_RELAXED) & SW_RULE_VLANS) == 0;
}

/* Frames of a guest's that were dropped as forged. */
struct forged {
	const struct guest *from;
	uint64_t n;
};

static bool
has_dropped(void *arg)
{
	const struct forged *forged = arg;
	const struct port *port = sim_port(forged->from);

	return port != NULL && __atomic_load_n(&port->stats.n_dropped[DROP_MAC_SPOOF],
					       __ATOMIC_RELAXED) == forged->n;
}

static bool
checks_no_sender(void *arg)
{
	const struct port *port = sim_port(arg);

	return port != NULL &&
	       (__atomic_load_n(&port->rules, __ATOMIC_RELAXED) & SW_RULE_SENDER) == 0;
}

static bool
checks_sender(void *arg)
{
	return sim_port(arg) != NULL && !checks_no_sender(arg);
}

static void
send_as(struct guest *from, const struct guest *to, uint32_t seed, uint32_t mac)
{
	struct frame f = flow_frame(from, to, FRAME_RAW, 100, seed);
	uint8_t data[100];

	frame_mac(mac, f.src);
	frame_build(&f, data);
	CHECK_EQ(guest_send_frame(from, data, f.len), 0);
}

/*
 * A switched vif sends from its own MAC, unless the operator says otherwise, which may change at
 * any time.
 */
static void
mac_changes_live(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 10));
	send_as(a, b, 1, 77);
	CHECK(flow_until(has_dropped, &(struct forged){ a, 1 }));
	put(a, "mac-antispoof", "0");
	CHECK(flow_until(checks_no_sender, a));
	send_as(a, b, 2, 77);
	struct frame f = flow_frame(a, b, FRAME_RAW, 100, 2);
	frame_mac(77, f.src);
	CHECK(flow_expect(b, &f, FRAME_COMPLETE));
	put(a, "mac", "00:16:3e:00:4d:00"); /* 77 */
	put(a, "mac-antispoof", NULL);
	CHECK(flow_until(checks_sender, a));
	send_as(a, b, 3, 77);
	f.seed = 3;
	CHECK(flow_expect(b, &f, FRAME_COMPLETE));
	send_as(a, b, 4, a->params.domid);
	CHECK(flow_until(has_dropped, &(struct forged){ a, 2 }));
	CHECK_EQ(front_backend_state(a), 4);
	sim_stop(&s);
}

static void
mtu_changes_live(void)
{
	static const struct toolstack_vif mtu9000 = { .mtu = 9000 };
	static uint8_t data[9014];
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add_with(&s, NULL, &mtu9000), *b = sim_add(&s);
	sim_connect_all(&s);
	struct frame f = flow_frame(a, b, FRAME_RAW, 9014, 1);
	frame_build(&f, data);
	CHECK_EQ(guest_send_frame(a, data, f.len), 0);
	CHECK(flow_exchange(a, b, 10));
	CHECK_EQ(sim_port(b)->stats.n_dropped[DROP_TOO_BIG], 1);
	put(b, "mtu", "9000");
	CHECK(flow_until(has_max_frame, &(struct sent){ b, 9022 }));
	CHECK_EQ(guest_send_frame(a, data, f.len), 0);
	CHECK(flow_expect(b, &f, FRAME_COMPLETE));
	put(b, "mtu", "1e3");
	CHECK(fake_store_await(
		guest_error(b).text,
		"the toolstack's key mtu is \"1e3\": expected a number from 68 to 65517",
		sim_deadline()));
	CHECK_EQ(guest_send_frame(a, data, f.len), 0);
	CHECK(flow_expect(b, &f, FRAME_COMPLETE));
	put(b, "mtu", NULL);
	CHECK(flow_until(has_max_frame, &(struct sent){ b, 1522 }));
	CHECK_EQ(guest_send_frame(a, data, f.len), 0);
	CHECK(flow_exchange(a, b, 10));
	CHECK_EQ(sim_port(b)->stats.n_dropped[DROP_TOO_BIG], 2);
	CHECK_EQ(front_backend_state(b), 4);
	sim_stop(&s);
}

/* Keys that change all the time, and with nonsense, under traffic. */
static void
keys_in_a_storm(void)
{
	static const char *const texts[] = {
		"100000,50000", "x", "\x1b[2J", "0", "18446744073709551616,1", "1,1,1", "", "5", "1"
	};
	static const char *const keys[] = {
		"rate-to-guest", "priority", "ip-antispoof", "vlan", "mtu", "mac-antispoof", "ip"
	};
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	for (unsigned i = 0; i < 3000; i++) {
		put(a, keys[i % 7], texts[i % 9]);
		if (i % 300 == 0)
			CHECK(flow_exchange(b, c, 20));
	}
	for (unsigned i = 0; i < 7; i++)
		put(a, keys[i], NULL);
	CHECK(flow_until(is_in_no_vlan, a));
	CHECK(flow_exchange(a, b, 50));
	CHECK_EQ(front_backend_state(a), 4);
	sim_stop(&s);
}

CU_TestInfo rate_cases[] = {
	{ "from_guest", from_guest },
	{ "to_guest", to_guest },
	{ "changes_live", changes_live },
	{ "long_frame_at_low_rate", long_frame_at_low_rate },
	{ "sleeps_meanwhile", sleeps_meanwhile },
	{ "mac_changes_live", mac_changes_live },
	{ "mtu_changes_live", mtu_changes_live },
	{ "keys_in_a_storm", keys_in_a_storm },
	CU_TEST_INFO_NULL,
};
