/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: frames between guests, without offloads. */
#include <string.h>

#include "sim/flow.h"
#include "sim/test_sim.h"

static void
all_sizes_10k(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 5000));
	CHECK_EQ(a->stats.n_tx_error + b->stats.n_tx_error, 0);
	sim_stop(&s);
}

struct ends {
	struct guest *from, *to;
	uint32_t len;
};

static struct frame
raw_of_len(void *arg, unsigned i)
{
	const struct ends *ends = arg;

	return flow_frame(ends->from, ends->to, FRAME_RAW, ends->len, i);
}

static void
jumbo(void)
{
	static const struct toolstack_vif mtu9000 = { .mtu = 9000 };
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add_with(&s, NULL, &mtu9000), *b = sim_add_with(&s, NULL, &mtu9000);
	sim_connect_all(&s);
	for (uint32_t len = 1514; len <= 9014; len += 500) {
		struct ends ends = { a, b, len };

		CHECK(flow_run(a, b, raw_of_len, &ends, 100));
	}
	sim_stop(&s);
}

/* A frame above the receiver's MTU is dropped and counted, and what follows arrives. */
static void
above_mtu(void)
{
	static const struct toolstack_vif mtu9000 = { .mtu = 9000 };
	static uint8_t data[9014];
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add_with(&s, NULL, &mtu9000), *b = sim_join(&s);
	sim_connect(&s, a, FRONT_LINUX);
	CHECK(flow_exchange(a, b, 10));
	struct frame f = flow_frame(a, b, FRAME_RAW, 9014, 1);
	frame_build(&f, data);
	CHECK_EQ(guest_send_frame(a, data, f.len), 0);
	CHECK(flow_exchange(a, b, 10));
	const struct port *port = sim_port(b);
	REQUIRE_NOT_NULL(port);
	CHECK_EQ(port->stats.n_dropped[DROP_TOO_BIG], 1);
	sim_stop(&s);
}

/* The indices of both rings wrap on the way. */
static void
index_wrap(void)
{
	static const uint32_t starts[] = { 0xfffffff0u, 0xffffff01u, 0x7fffff80u };

	for (unsigned i = 0; i < 3; i++) {
		struct guest_params params = sim_guest_params();
		struct sim s;

		params.first_idx = starts[i];
		sim_start(&s);
		struct guest *a = sim_add_with(&s, &params, NULL),
			     *b = sim_add_with(&s, &params, NULL);
		sim_connect(&s, a, FRONT_LINUX);
		sim_connect(&s, b, FRONT_LINUX);
		CHECK(flow_exchange(a, b, 1000));
		sim_stop(&s);
	}
}

static void
one_channel(void)
{
	struct guest_params params = sim_guest_params();
	struct sim s;

	params.flags |= GUEST_ONE_CHANNEL;
	sim_start(&s);
	struct guest *a = sim_add_with(&s, &params, NULL), *b = sim_join(&s);
	sim_connect(&s, a, FRONT_LINUX);
	CHECK(flow_exchange(a, b, 1000));
	sim_stop(&s);
}

/* iPXE posts four rx requests and has no scatter-gather. */
static void
four_rx_slots(void)
{
	struct guest_params params = sim_guest_params();
	struct sim s;
	uint8_t data[1514];
	unsigned n_got = 0;

	params.n_rx_slots = 4;
	params.flags |= GUEST_ONE_CHANNEL;
	sim_start(&s);
	struct guest *a = sim_add_with(&s, &params, NULL), *b = sim_join(&s);
	sim_connect(&s, a, FRONT_NO_CSUM);
	for (unsigned i = 0; i < 300; i++) {
		struct frame f = flow_frame(b, a, FRAME_UDP4, 60 + i * 11 % 1454, i);

		frame_build(&f, data);
		flow_send(b, &(struct guest_packet){ .data = data, .len = f.len });
		n_got += flow_expect(a, &f, FRAME_COMPLETE);
		flow_drain(b);
	}
	CHECK_EQ(n_got, 300);
	sim_stop(&s);
}

/*
 * A burst larger than the guest's rx slots waits up to the backlog's limit; nothing is lost below
 * it.
 */
static void
few_rx_slots_burst(void)
{
	struct guest_params params = sim_guest_params();
	struct sim s;

	params.n_rx_slots = 8;
	sim_start(&s);
	struct guest *a = sim_join(&s), *b = sim_add_with(&s, &params, NULL);
	sim_connect(&s, b, FRONT_LINUX);
	CHECK(flow_exchange(a, b, 500));
	sim_stop(&s);
}

/* Any way to cut a frame into slots gives the same frame. */
static void
any_slot_layout(void)
{
	static const uint16_t layouts[][6] = {
		{ 1, 599 },
		{ 599, 1 },
		{ 14, 586 },
		{ 100, 0, 500 },
		{ 300, 1, 1, 1, 1, 296 },
		{ 600, 0, 0, 0, 0 },
	};
	static const unsigned n_slots[] = { 2, 2, 2, 3, 6, 5 };
	struct sim s;
	uint8_t data[600];

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	for (unsigned i = 0; i < 6 * 20; i++) {
		struct frame f = flow_frame(a, b, FRAME_TCP4, 600, i);
		struct guest_packet packet = {
			.data = data,
			.len = 600,
			.sizes = layouts[i % 6],
			.n_sizes = n_slots[i % 6],
			.offset = (uint16_t)(i * 29),
		};

		frame_build(&f, data);
		flow_send(a, &packet);
		if (!flow_expect(b, &f, FRAME_COMPLETE))
			break;
		flow_drain(a);
	}
	CHECK_EQ(a->stats.n_tx_error, 0);
	sim_stop(&s);
}

/* Sends one frame from `from` and counts at whom it arrives. */
static unsigned
spread(struct sim *s, struct guest *from, const struct frame *f)
{
	static struct guest_frame got;
	uint8_t data[100];
	unsigned n = 0;

	frame_build(f, data);
	guest_send_frame(from, data, f->len);
	/*
	 * What follows on the same way, by unicast, tells that the first one has been everywhere.
	 */
	for (unsigned i = 0; i < s->n_guests; i++) {
		struct guest *g = s->guest[i];
		struct frame last = flow_frame(from, g, FRAME_RAW, 64, 0xabcdef);
		bool end = g == from;

		frame_build(&last, data);
		if (!end)
			guest_send_frame(from, data, last.len);
		while (!end && flow_receive(g, &got)) {
			n += got.len == f->len && frame_equal(f, FRAME_COMPLETE, got.data, got.len);
			end = frame_equal(&last, FRAME_COMPLETE, got.data, got.len);
		}
		sim_check(end, "vif%u: no frame", g->params.domid);
	}
	flow_drain(from);
	return n;
}

static const struct toolstack_vif unguarded = { .mac_antispoof = "0" };

static void
flood_and_learn(void)
{
	struct sim s;

	sim_start(&s);
	/* Where a guarded guest is need not be learnt. */
	struct guest *a = sim_add_with(&s, NULL, &unguarded),
		     *b = sim_add_with(&s, NULL, &unguarded),
		     *c = sim_add_with(&s, NULL, &unguarded);
	sim_connect_all(&s);
	struct frame f = flow_frame(a, b, FRAME_RAW, 77, 1);
	CHECK_EQ(spread(&s, a, &f), 2); /* nobody knows b yet */
	f = flow_frame(b, a, FRAME_RAW, 77, 2);
	CHECK_EQ(spread(&s, b, &f), 1); /* a was learnt */
	f = flow_frame(a, b, FRAME_RAW, 77, 3);
	CHECK_EQ(spread(&s, a, &f), 1); /* and b */
	memset(f.dst, 0xff, 6);
	f.seed = 4;
	CHECK_EQ(spread(&s, a, &f), 2); /* broadcast */
	memcpy(f.dst, (const uint8_t[]){ 0x33, 0x33, 0, 0, 0, 1 }, 6);
	f.seed = 5;
	CHECK_EQ(spread(&s, a, &f), 2); /* multicast */
	f = flow_frame(a, a, FRAME_RAW, 77, 6);
	CHECK_EQ(spread(&s, a, &f), 0); /* itself */
	CHECK(flow_exchange(a, c, 50));
	/* b moves to c's place */
	uint8_t data[77];
	f = flow_frame(b, a, FRAME_RAW, 77, 7);
	frame_build(&f, data);
	guest_send_frame(c, data, f.len);
	CHECK(flow_expect(a, &f, FRAME_COMPLETE));
	f = flow_frame(a, b, FRAME_RAW, 77, 8);
	frame_build(&f, data);
	guest_send_frame(a, data, f.len);
	CHECK(flow_expect(c, &f, FRAME_COMPLETE));
	sim_stop(&s);
}

static void
bridges_are_separate(void)
{
	static const struct toolstack_vif other = { .bridge = "other" };
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add_with(&s, NULL, &unguarded);
	sim_connect_all(&s);
	struct guest *c = sim_add_with(&s, NULL, &other), *d = sim_add_with(&s, NULL, &other);
	sim_connect(&s, c, FRONT_LINUX);
	sim_connect(&s, d, FRONT_LINUX);
	CHECK(flow_exchange(a, b, 50));
	CHECK(flow_exchange(c, d, 50));
	struct frame f = flow_frame(a, c, FRAME_RAW, 77, 1);
	uint8_t data[77];
	frame_build(&f, data);
	guest_send_frame(a, data, f.len);
	CHECK(flow_expect(b, &f, FRAME_COMPLETE)); /* flooded in its own bridge */
	CHECK(flow_exchange(c, d, 50));
	CHECK_EQ(c->stats.n_rx_frames, 100); /* d's alone */
	sim_stop(&s);
}

CU_TestInfo traffic_cases[] = {
	{ "all_sizes_10k", all_sizes_10k },
	{ "jumbo", jumbo },
	{ "above_mtu", above_mtu },
	{ "index_wrap", index_wrap },
	{ "one_channel", one_channel },
	{ "four_rx_slots", four_rx_slots },
	{ "few_rx_slots_burst", few_rx_slots_burst },
	{ "any_slot_layout", any_slot_layout },
	{ "flood_and_learn", flood_and_learn },
	{ "bridges_are_separate", bridges_are_separate },
	CU_TEST_INFO_NULL,
};
