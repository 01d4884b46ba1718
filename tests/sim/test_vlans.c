/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: VLANs of guests and of the uplink. The suite has two pollers, and vifs go to them in
 * turns.
 */
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "sim/flow.h"
#include "sim/outside.h"
#include "sim/station.h"
#include "sim/test_sim.h"

/*
 * Two VLANs on one bridge, each with its stations on both pollers, and one station that knows of
 * none.
 */
static void
two_vlans(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a1 = station_add(&s, NULL, "10"), *a2 = station_add(&s, NULL, "10"),
		     *b1 = station_add(&s, NULL, "20p"), *b2 = station_add(&s, NULL, "20");
	struct guest *plain = station_add(&s, NULL, NULL);
	sim_connect_all(&s);
	CHECK(flow_exchange(a1, a2, 200));
	CHECK(flow_exchange(b1, b2, 200));
	for (unsigned i = 0; i < s.n_guests; i++)
		flow_drain(s.guest[i]);
	struct frame fa = station_to_all(a1, 1), fb = station_to_all(b2, 2),
		     fp = station_to_all(plain, 3);
	station_send(a1, &fa);
	station_send(plain, &fp);
	/* its address is known, in its own VLAN */
	struct frame f = flow_frame(a1, b1, FRAME_TCP4, 400, 4);
	station_send(a1, &f);
	f = station_tagged(f, 20);
	station_send(a1, &f);
	station_send(plain, &f);
	station_send(b2, &fb);
	CHECK(station_receives_next(a2, &fa));
	CHECK(station_receives_next(b1, &fb));
	/* nobody in VLAN 10 has that address, and a2 has its own */
	CHECK_EQ(station_drops(a1, DROP_NO_PORT), 1);
	CHECK_EQ(station_drops(a1, DROP_VLAN), 1);
	CHECK_EQ(station_drops(plain, DROP_VLAN), 1);
	f = station_to_all(a2, 5); /* nothing else came anywhere */
	station_send(a2, &f);
	CHECK(station_receives_next(a1, &f));
	f = station_to_all(b1, 6);
	station_send(b1, &f);
	CHECK(station_receives_next(b2, &f));
	flow_drain(plain);
	CHECK_EQ(plain->stats.n_rx_frames, 0);
	sim_stop(&s);
}

/* The same MAC address in two VLANs: each VLAN has its own. */
static void
same_mac_twice(void)
{
	static const struct toolstack_vif twin = { .mac = "00:16:3e:00:06:00", .vlan = "20" };
	struct sim s;

	sim_start(&s);
	struct guest *a = station_add(&s, NULL, "10"), *b = station_add(&s, NULL, "10"),
		     *b_twin = sim_add_with(&s, NULL, &twin);
	struct guest *c = station_add(&s, NULL, "20");
	sim_connect_all(&s);
	for (unsigned i = 0; i < 50; i++) {
		struct frame f = flow_frame(b, a, FRAME_RAW, 100, i);
		station_send(b, &f);
		CHECK(station_receives_next(a, &f));
		f = flow_frame(b, c, FRAME_RAW, 100, i);
		station_send(b_twin, &f);
		CHECK(station_receives_next(c, &f));
		f = flow_frame(a, b, FRAME_RAW, 100, i);
		station_send(a, &f);
		CHECK(station_receives_next(b, &f));
		f = flow_frame(c, b, FRAME_RAW, 100, i);
		station_send(c, &f);
		CHECK(station_receives_next(b_twin, &f));
	}
	sim_stop(&s);
}

/* A trunk with a native VLAN, one without, and what is tagged where. */
static void
trunk_and_native(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = station_add(&s, NULL, "10"), *b = station_add(&s, NULL, "20"),
		     *native = station_add(&s, NULL, "10p/20"),
		     *trunk = station_add(&s, NULL, "10/20/30");
	sim_connect_all(&s);
	for (unsigned i = 0; i < 40; i++) {
		struct frame f = flow_any(&(struct { struct guest *from, *to; }){ a, a }, i);
		memcpy(f.dst, station_broadcast, 6);
		station_send(a, &f);
		CHECK(station_receives_next(native, &f));
		struct frame g = station_tagged(f, 10);
		CHECK(station_receives_next(trunk, &g));
		f = station_to_all(b, i);
		station_send(b, &f);
		g = station_tagged(f, 20);
		CHECK(station_receives_next(native, &g));
		CHECK(station_receives_next(trunk, &g));
		f = station_to_all(native, i);
		station_send(native, &f);
		CHECK(station_receives_next(a, &f));
		g = station_tagged(f, 10);
		CHECK(station_receives_next(trunk, &g));
		g = station_tagged(f, 20);
		station_send(native, &g);
		CHECK(station_receives_next(b, &f));
		CHECK(station_receives_next(trunk, &g));
		f = station_to_all(trunk, i);
		station_send(trunk, &f); /* no native VLAN */
		g = station_tagged(f, 40);
		station_send(trunk, &g);
		g = station_tagged(f, 30);
		station_send(trunk, &g);
		g = station_tagged(f, 10);
		station_send(trunk, &g);
		CHECK(station_receives_next(a, &f));
		CHECK(station_receives_next(native, &f));
	}
	CHECK_EQ(station_drops(trunk, DROP_VLAN), 80);
	CHECK_EQ(station_drops(trunk, DROP_NO_PORT), 40); /* 30: nobody else is in it */
	sim_stop(&s);
}

/* A tag behind a tag carries nothing into another VLAN. */
static void
double_tags(void)
{
	static const struct {
		uint32_t outer, inner;
	} tags[] = { { 0x8100000a, 0x81000014 },
		     { 0x81000000, 0x81000014 },
		     { 0x88a80014, 0x8100000a },
		     { 0x8100000a, 0x88a80014 } };
	struct sim s;

	sim_start(&s);
	struct guest *a = station_add(&s, NULL, "10"), *native = station_add(&s, NULL, "10p/20"),
		     *b = station_add(&s, NULL, "20");
	sim_connect_all(&s);
	for (unsigned i = 0; i < ARRAY_SIZE(tags); i++) {
		uint8_t data[64] = { 0 };

		memcpy(data, station_broadcast, 6);
		frame_mac(a->params.domid, data + 6);
		for (unsigned k = 0; k < 4; k++) {
			data[12 + k] = (uint8_t)(tags[i].outer >> (24 - 8 * k));
			data[16 + k] = (uint8_t)(tags[i].inner >> (24 - 8 * k));
		}
		data[20] = 0x88;
		data[21] = 0xb5;
		station_send_bytes(a, data, sizeof(data));
		/*
		 * of a VLAN that is tagged there: as it is, but not to where that tag would be
		 * taken off
		 */
		data[15] = 20;
		frame_mac(native->params.domid, data + 6);
		station_send_bytes(native, data, sizeof(data));
	}
	struct frame f = station_to_all(a, 1);
	station_send(a, &f);
	CHECK(station_receives_next(native, &f));
	CHECK_EQ(station_drops(a, DROP_VLAN), 4);
	CHECK_EQ(station_drops(native, DROP_VLAN), 1);
	/* its poller may be another one */
	for (uint64_t end = sim_deadline(); station_drops(b, DROP_VLAN) < 3 && fake_now_ms() < end;)
		usleep(1000);
	CHECK_EQ(station_drops(b, DROP_VLAN), 3);
	flow_drain(b);
	CHECK_EQ(b->stats.n_rx_frames, 0);
	sim_stop(&s);
}

/*
 * The operator moves a guest from one VLAN to another, and takes the VLANs away again, while it
 * runs.
 */
static void
vlan_changes(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = station_add(&s, NULL, "10"), *b = station_add(&s, NULL, "10"),
		     *c = station_add(&s, NULL, "20");
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 50));
	fake_store_write(guest_back(b, "vlan").text, "20");
	static struct guest_frame got;
	struct frame f = station_to_all(c, 1);
	bool moved = false;
	/* nothing tells when it is done */
	for (uint64_t end = sim_deadline(); !moved && fake_now_ms() < end;) {
		station_send(c, &f);
		usleep(1000);
		moved = guest_receive(b, &got);
	}
	CHECK(moved);
	flow_drain(a);
	uint64_t n = a->stats.n_rx_frames;
	CHECK(flow_exchange(b, c, 50));
	f = flow_frame(b, a, FRAME_RAW, 100, 9);
	station_send(b, &f);
	f = flow_frame(c, a, FRAME_RAW, 100, 9);
	station_send(c, &f);
	flow_drain(a);
	CHECK_EQ(a->stats.n_rx_frames, n);
	sim_stop(&s);
}

static void
start_with_ring(struct sim *s)
{
	static const struct uplink_params uplink = {
		UPLINK_ETHDEV, OUTSIDE_RING_DEVICE, "xenbr0", 0, -1, false
	};

	sim_start_with(s, &(struct sim_options){ .self = SIM_SELF,
						 .hotplug = HOTPLUG_SELF,
						 .uplinks = &uplink,
						 .n_uplinks = 1 });
}

/* The uplink is a trunk of all VLANs; those who know of none share its untagged frames. */
static void
uplink_trunk(void)
{
	struct sim s;

	if (!outside_ring_opened())
		return;
	start_with_ring(&s);
	struct guest *a = station_add(&s, NULL, "10"), *b = station_add(&s, NULL, "20"),
		     *plain = station_add(&s, NULL, NULL);
	sim_connect_all(&s);
	for (unsigned i = 0; i < 50; i++) {
		struct frame f = flow_frame(a, a, i % FRAME_N_KINDS, 100 + i * 28, i),
			     g = station_tagged(f, 10);
		frame_mac(0xee, f.dst);
		frame_mac(0xee, g.dst);
		station_send(a, &f);
		CHECK(outside_ring_expect(&g));
		f = flow_frame(plain, plain, i % FRAME_N_KINDS, 100 + i * 28, i);
		frame_mac(0xee, f.dst);
		station_send(plain, &f);
		CHECK(outside_ring_expect(&f));
		f = station_to_all(a, i); /* from outside, for each VLAN in turn */
		frame_mac(0xee, f.src);
		CHECK(outside_ring_send(&f));
		CHECK(station_receives_next(plain, &f));
		g = station_tagged(f, 10);
		CHECK(outside_ring_send(&g));
		CHECK(station_receives_next(a, &f));
		g = station_tagged(f, 20);
		CHECK(outside_ring_send(&g));
		CHECK(station_receives_next(b, &f));
		g = station_tagged(f, 30);
		CHECK(outside_ring_send(&g));
	}
	outside_ring_stop(&s);
}

/* A GSO frame and a jumbo frame get their tag as a whole, alone and flooded. */
static void
uplink_gso(void)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct sim s;

	if (!outside_ring_opened())
		return;
	start_with_ring(&s);
	struct guest *a = station_add(&s, NULL, "10"), *b = station_add(&s, NULL, "10");
	sim_connect_all(&s);
	for (unsigned i = 0; i < 20; i++) {
		struct frame f = flow_frame(a, a, i % 2 ? FRAME_TCP4 : FRAME_TCP6,
					    i % 3 ? 60000 : 3000, i * 1000);
		struct guest_packet packet = {
			.data = data,
			.len = f.len,
			.flags = NETTXF_csum_blank,
			.gso_size = 1428,
			.gso_type = i % 2 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6,
		};

		memcpy(f.dst, station_broadcast, 6);
		frame_build_blank(&f, data);
		CHECK(flow_send(a, &packet));
		struct frame g = station_tagged(f, 10);
		CHECK(outside_ring_expect_segments(&g));
		CHECK(flow_expect(b, &f, FRAME_BLANK));
		flow_drain(a);
	}
	outside_ring_stop(&s);
}

CU_TestInfo vlans_cases[] = {
	{ "two_vlans", two_vlans },
	{ "same_mac_twice", same_mac_twice },
	{ "trunk_and_native", trunk_and_native },
	{ "double_tags", double_tags },
	{ "vlan_changes", vlan_changes },
	{ "uplink_trunk", uplink_trunk },
	{ "uplink_gso", uplink_gso },
	CU_TEST_INFO_NULL,
};
