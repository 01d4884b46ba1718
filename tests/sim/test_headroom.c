/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: headroom before the data in rx slots (XDP), and frontends with few rx slots. The scripted
 * guest itself checks that each frame's XDP extra info and the offset in each of its slots say the
 * same.
 */
#include <stdlib.h>
#include <string.h>

#include "dp/vif/port_vif.h"
#include "sim/flow.h"
#include "sim/test_sim.h"

#define MSS 1428u

struct pair {
	struct sim s;
	struct guest *from, *to;
};

/* `to` has other rings and features, and takes jumbo frames; headroom 0: it says nothing of it. */
static void
pair_start(struct pair *p, unsigned n_rx_slots, unsigned flags, unsigned features,
	   unsigned headroom)
{
	static const struct toolstack_vif jumbo = { .mtu = 9000 };
	struct guest_params params = sim_guest_params();

	params.n_rx_slots = n_rx_slots;
	params.flags |= flags;
	sim_start(&p->s);
	p->from = sim_join(&p->s);
	p->to = sim_add_with(&p->s, &params, &jumbo);
	if (headroom != 0)
		front_printf(p->to, "xdp-headroom", "%u", headroom);
	CHECK(sim_connect(&p->s, p->to, features));
}

static void
send_gso(struct pair *p, enum frame_kind kind, uint32_t len, uint32_t seed)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct frame f = flow_frame(p->from, p->to, kind, len, seed);
	struct guest_packet packet = {
		.data = data,
		.len = len,
		.flags = NETTXF_csum_blank | NETTXF_data_validated,
		.gso_size = MSS,
		.gso_type =
			kind == FRAME_TCP4 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6,
	};

	frame_build_blank(&f, data);
	flow_drain(p->from);
	flow_send(p->from, &packet);
}

/* A GSO frame arrives whole with `headroom`, in `n_slots` slots with the extras. */
static void
expect_gso(struct pair *p, enum frame_kind kind, uint32_t len, uint32_t seed, unsigned headroom,
	   unsigned n_slots)
{
	static struct guest_frame got;
	struct frame f = flow_frame(p->from, p->to, kind, len, seed);

	if (!sim_check(flow_receive(p->to, &got), "GSO frame of %u bytes does not arrive: %s", len,
		       p->to->broken))
		return;
	CHECK(frame_equal(&f, FRAME_BLANK, got.data, got.len));
	CHECK_EQ(got.gso_size, MSS);
	sim_check(got.headroom == headroom, "headroom is %u, not %u", got.headroom, headroom);
	sim_check(got.n_slots == n_slots, "%u bytes take %u slots, not %u", len, got.n_slots,
		  n_slots);
}

/* GSO frames come whole if one slot takes them, else as segments. */
static void
headroom_from_connect(void)
{
	static const uint32_t lens[] = { 1600, 3840, 3841, 9000, 65535 };
	static struct guest_frame got;
	struct pair p;

	pair_start(&p, GUEST_SLOTS, GUEST_GUARD_HEADROOM, FRONT_LINUX, 256);
	CHECK(flow_exchange(p.from, p.to, 100));
	for (unsigned i = 0; i < 20; i++) {
		uint32_t len = lens[i % 5];
		send_gso(&p, FRAME_TCP4, len, i);
		if (len <= 3840) {
			expect_gso(&p, FRAME_TCP4, len, i, 256, 3);
			continue;
		}
		for (uint32_t left = len - 54; left > 0; left -= got.len - 54) {
			REQUIRE(flow_receive(p.to, &got));
			CHECK_EQ(got.gso_size, 0);
			CHECK_EQ(got.n_slots, 2);
			CHECK_EQ(got.headroom, 256);
			REQUIRE(got.len == 54 + MSS || got.len == 54 + left);
		}
	}
	sim_stop(&p.s);
}

/* Long frames take several slots, each with the headroom. */
static void
headroom_of_jumbo_frames(void)
{
	static const uint32_t lens[] = { 3840, 3841, 4096, 7680, 7681, 9014 };
	static struct guest_frame got;
	static uint8_t data[9014];
	struct pair p;

	pair_start(&p, GUEST_SLOTS, GUEST_GUARD_HEADROOM, FRONT_LINUX, 256);
	for (unsigned i = 0; i < 30; i++) {
		uint32_t len = lens[i % 6];
		struct frame f = flow_frame(p.from, p.to, FRAME_UDP4, len, i);
		frame_build(&f, data);
		flow_drain(p.from);
		CHECK_EQ(guest_send_frame(p.from, data, len), 0);
		REQUIRE(flow_receive(p.to, &got));
		CHECK(frame_equal(&f, FRAME_COMPLETE, got.data, got.len));
		CHECK_EQ(got.n_slots, (len + 3839) / 3840 + 1);
		CHECK_EQ(got.headroom, 256);
	}
	sim_stop(&p.s);
}

/* What a guest of one slot a frame can take shrinks with the headroom. */
static void
headroom_without_sg(void)
{
	static struct guest_frame got;
	struct pair p;

	pair_start(&p, GUEST_SLOTS, GUEST_GUARD_HEADROOM, FRONT_CSUM6, 0);
	CHECK(flow_exchange(p.from, p.to, 50));
	CHECK(front_reconfigure(p.to, 9999));
	CHECK(flow_exchange(p.from, p.to, 50));
	struct frame f = flow_frame(p.from, p.to, FRAME_UDP4, 1514, 1);
	uint8_t data[1514];
	frame_build(&f, data);
	guest_send_frame(p.from, data, sizeof(data));
	CHECK(flow_receive(p.to, &got));
	CHECK_EQ(got.headroom, LIMIT_XDP_HEADROOM);
	CHECK_EQ(got.n_slots, 2);
	CHECK_EQ(port_max_frame(sim_port(p.to)), NETIF_PAGE_SIZE - LIMIT_XDP_HEADROOM);
	sim_stop(&p.s);
}

/* On and off as netfront does for an XDP program, with frames under way. */
static void
headroom_changes_under_traffic(void)
{
	static struct guest_frame got;
	static const unsigned values[] = { 256, 0, 128, 2048, 1, 256, 0 };
	struct pair p;

	pair_start(&p, GUEST_SLOTS, 0, FRONT_LINUX, 0);
	for (unsigned i = 0; i < 7; i++) {
		uint8_t data[1000];
		unsigned n = 0;
		flow_drain(p.from);
		for (; n < 60; n++) {
			struct frame f = flow_frame(p.from, p.to, FRAME_UDP4, sizeof(data), n);
			frame_build(&f, data);
			CHECK_EQ(guest_send_frame(p.from, data, sizeof(data)), 0);
		}
		CHECK(front_reconfigure(p.to, values[i]));
		for (unsigned k = 0; k < n; k++) {
			struct frame f = flow_frame(p.from, p.to, FRAME_UDP4, sizeof(data), k);
			CHECK(flow_receive(p.to, &got));
			CHECK(frame_equal(&f, FRAME_COMPLETE, got.data, got.len));
			CHECK(got.headroom == values[i] ||
			      got.headroom == (i == 0 ? 0 : values[i - 1]));
		}
		send_gso(&p, FRAME_TCP4, 1800, i);
		CHECK(flow_receive(p.to, &got));
		CHECK_EQ(got.headroom, values[i]); /* from our 8 on */
		CHECK(flow_exchange(p.from, p.to, 20));
	}
	sim_stop(&p.s);
}

/* The next frame to the guest's own address: others are flooded. */
static bool
receive_own(struct guest *g, struct guest_frame *got)
{
	uint8_t mac[6];

	frame_mac(g->params.domid, mac);
	while (flow_receive(g, got))
		if (memcmp(got->data, mac, sizeof(mac)) == 0)
			return true;
	return false;
}

/*
 * Values from the text of no number to more than a page, without waiting for answers: the
 * neighbours do not notice.
 */
static void
headroom_absurd(void)
{
	static const char *const values[] = { "32767", "4096", "65536",      "-1",  "4095",
					      "0x10",  "",     "4294967295", "4032" };
	static struct guest_frame got;
	struct pair p;
	struct port_vif_stats stats;

	pair_start(&p, GUEST_SLOTS, 0, FRONT_LINUX, 0);
	struct guest *other = sim_join(&p.s);
	for (unsigned i = 0; i < 45; i++) {
		front_printf(p.to, "xdp-headroom", "%s", values[i % 9]);
		front_set_state(p.to, i % 3 == 2 ? 4 : 7);
		send_gso(&p, FRAME_TCP4, 2000, i);
		CHECK(receive_own(p.to, &got));
		CHECK_EQ(got.len, 2000);
		CHECK_LE(got.headroom, LIMIT_XDP_HEADROOM);
		CHECK(flow_exchange(p.from, other, 10));
	}
	CHECK(front_reconfigure(p.to, 65535));
	port_vif_get_stats(sim_port(p.to), &stats);
	CHECK_EQ(stats.headroom, LIMIT_XDP_HEADROOM);
	sim_stop(&p.s);
}

/* A frontend may close from 7 or 8, and come back with a headroom. */
static void
headroom_across_reconnect(void)
{
	struct pair p;

	pair_start(&p, GUEST_SLOTS, 0, FRONT_LINUX, 0);
	CHECK(front_reconfigure(p.to, 256));
	front_set_state(p.to, XenbusStateReconfiguring);
	CHECK(front_await(p.to, XenbusStateReconfigured));
	CHECK(front_close(p.to));
	guest_renew(p.to);
	front_set_state(p.to, XenbusStateInitialising);
	CHECK(front_connect(p.to, FRONT_LINUX));
	send_gso(&p, FRAME_TCP4, 3000, 1);
	expect_gso(&p, FRAME_TCP4, 3000, 1, 256, 3);
	CHECK(flow_exchange(p.from, p.to, 20));
	sim_stop(&p.s);
}

/* iPXE posts four slots: any frame passes that fits into four, extra infos included. */
static void
four_slots(void)
{
	struct pair p;

	pair_start(&p, 4, GUEST_GUARD_HEADROOM, FRONT_LINUX, 0);
	CHECK(flow_exchange(p.from, p.to, 200));
	for (unsigned i = 0; i < 20; i++) {
		send_gso(&p, FRAME_TCP4, 3 * 4096, i);
		expect_gso(&p, FRAME_TCP4, 3 * 4096, i, 0, 4);
	}
	CHECK(front_reconfigure(p.to, 256));
	CHECK(flow_exchange(p.from, p.to, 200));
	for (unsigned i = 0; i < 20; i++) {
		send_gso(&p, FRAME_TCP6, 3840, i);
		expect_gso(&p, FRAME_TCP6, 3840, i, 256, 3);
	}
	sim_stop(&p.s);
}

/* An old frontend does not notify of new slots: we look for ourselves while something waits. */
static void
no_rx_notify(void)
{
	static struct guest_frame got;
	uint8_t data[200];
	struct pair p;

	pair_start(&p, 4, 0, FRONT_LINUX | FRONT_NO_RX_NOTIFY, 0);
	CHECK(flow_exchange(p.from, p.to, 10));
	p.to->params.flags |= GUEST_MUTE;
	flow_drain(p.from);
	for (unsigned i = 0; i < 200; i++) {
		struct frame f = flow_frame(p.from, p.to, FRAME_UDP4, sizeof(data), i);
		frame_build(&f, data);
		CHECK_EQ(guest_send_frame(p.from, data, sizeof(data)), 0);
	}
	uint64_t start_ms = fake_now_ms();
	for (unsigned i = 0; i < 200; i++)
		CHECK(flow_receive(p.to, &got));
	/* 50 times four slots. The longest sleep is 100 ms. */
	sim_check(fake_now_ms() - start_ms < 2500, "took %u ms",
		  (unsigned)(fake_now_ms() - start_ms));
	sim_stop(&p.s);
}

CU_TestInfo headroom_cases[] = {
	{ "headroom_from_connect", headroom_from_connect },
	{ "headroom_of_jumbo_frames", headroom_of_jumbo_frames },
	{ "headroom_without_sg", headroom_without_sg },
	{ "headroom_changes_under_traffic", headroom_changes_under_traffic },
	{ "headroom_absurd", headroom_absurd },
	{ "headroom_across_reconnect", headroom_across_reconnect },
	{ "four_slots", four_slots },
	{ "no_rx_notify", no_rx_notify },
	CU_TEST_INFO_NULL,
};
