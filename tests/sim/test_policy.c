/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: what the operator does not allow does not leave a guest's vif: other MAC and IP addresses than its own, other VLANs
 * than its own. The suite has two pollers, and vifs go to them in turns.
 */
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "sim/flow.h"
#include "sim/outside.h"
#include "sim/test_sim.h"

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static struct guest *
add(struct sim *s, const char *ip, const char *vlan)
{
	return sim_add_with(s, NULL, &(struct toolstack_vif){ .ip = ip, .vlan = vlan });
}

static uint64_t
drops(const struct guest *g, enum drop_reason reason)
{
	const struct port *port = sim_port(g);

	return port != NULL ? __atomic_load_n(&port->stats.n_dropped[reason], __ATOMIC_RELAXED) : 0;
}

/* Sends `len` bytes and waits until the daemon has taken them. */
static void
send_bytes(struct guest *g, const void *data, uint32_t len)
{
	flow_drain(g);
	g->n_tx_log = 0;
	CU_ASSERT_EQUAL(guest_send_frame(g, data, len), 0);
	CU_ASSERT(flow_await_responses(g, 1));
}

static void
send(struct guest *g, const struct frame *f)
{
	static uint8_t data[GUEST_FRAME_SIZE];

	frame_build(f, data);
	send_bytes(g, data, f->len);
}

/* The next frame at `g` is `f`: nothing that came before was for it. */
static bool
receives_next(struct guest *g, const struct frame *f)
{
	static struct guest_frame got;

	return sim_check(flow_receive(g, &got), "vif%u: nothing comes", g->params.domid) &&
	       sim_check(frame_equal(f, FRAME_COMPLETE, got.data, got.len), "vif%u got another frame", g->params.domid);
}

static struct frame
to_all(const struct guest *from, uint32_t seed)
{
	struct frame f = flow_frame(from, from, FRAME_UDP4, 300, seed);

	memcpy(f.dst, broadcast, 6);
	return f;
}

/* `f` as it is with a tag, 0: without one. */
static struct frame
tagged(struct frame f, uint16_t vid)
{
	f.len += (vid != 0 ? 4u : 0u) - (f.vlan != 0 ? 4u : 0u);
	f.vlan = vid;
	return f;
}

/* A guest that uses its neighbour's MAC does not get the neighbour's frames, and nobody gets its own. */
static void
spoofed_mac(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = add(&s, NULL, NULL), *b = add(&s, NULL, NULL), *c = add(&s, NULL, NULL);
	sim_connect_all(&s);
	CU_ASSERT(flow_exchange(b, c, 20));
	flow_drain(a);
	for (unsigned i = 0; i < 10; i++) {
		struct frame f = to_all(a, i);

		memcpy(f.src, flow_frame(b, b, FRAME_RAW, 60, 0).dst, 6);
		send(a, &f);
		memcpy(f.dst, flow_frame(c, c, FRAME_RAW, 60, 0).dst, 6);
		send(a, &f);
	}
	struct frame f = to_all(a, 99);
	send(a, &f);
	CU_ASSERT(receives_next(b, &f));
	CU_ASSERT(receives_next(c, &f));
	CU_ASSERT_EQUAL(drops(a, DROP_MAC_SPOOF), 20);
	CU_ASSERT(flow_exchange(b, c, 20)); /* b is still where it was */
	CU_ASSERT(flow_exchange(a, c, 20));
	sim_stop(&s);
}

/* What is between bridges does not come from a guest: spanning tree, PAUSE, LACP, LLDP, MVRP, Cisco's. */
static void
bridge_protocols(void)
{
	static const uint8_t dst[][6] = {
		{ 0x01, 0x80, 0xc2, 0, 0, 0 }, { 0x01, 0x80, 0xc2, 0, 0, 1 }, { 0x01, 0x80, 0xc2, 0, 0, 2 },
		{ 0x01, 0x80, 0xc2, 0, 0, 0xe }, { 0x01, 0x80, 0xc2, 0, 0, 0x21 }, { 0x01, 0, 0x0c, 0xcc, 0xcc, 0xcd },
	};
	struct sim s;

	sim_start(&s);
	struct guest *a = add(&s, NULL, NULL), *b = add(&s, NULL, NULL);
	sim_connect_all(&s);
	for (unsigned i = 0; i < ARRAY_SIZE(dst); i++) {
		struct frame f = to_all(a, i);

		memcpy(f.dst, dst[i], 6);
		send(a, &f);
	}
	struct frame f = to_all(a, 99);
	send(a, &f);
	CU_ASSERT(receives_next(b, &f));
	CU_ASSERT_EQUAL(drops(a, DROP_NO_PORT), ARRAY_SIZE(dst));
	sim_stop(&s);
}

/* Frames of the simulation come from 10.0.0.1 and fd00::1. The bad guest may use others only. */
#define BAD_IPS "10.0.0.9 fd00::9 192.0.2.0/24"

static void
spoofed_ip(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *good = add(&s, "10.0.0.1 fd00::1", NULL), *bad = add(&s, BAD_IPS, NULL), *c = add(&s, NULL, NULL);
	sim_connect_all(&s);
	for (unsigned i = 0; i < FRAME_N_KINDS; i++) {
		for (uint16_t vlan = 0; vlan < 2; vlan++) { /* a tag hides nothing */
			struct frame f = tagged(flow_frame(bad, c, i, 100 + i, i), vlan);
			send(bad, &f);
			f = tagged(flow_frame(good, c, i, 100 + i, 100 + i), vlan);
			send(good, &f);
			if (i != FRAME_RAW)
				CU_ASSERT(receives_next(c, &f));
		}
	}
	CU_ASSERT_EQUAL(drops(bad, DROP_IP_SPOOF), 2 * FRAME_N_KINDS);
	CU_ASSERT_EQUAL(drops(good, DROP_IP_SPOOF), 2); /* neither IP nor ARP */
	sim_stop(&s);
}

/* An ARP reply from the guest, which says that it has 10.0.0.`last`. */
static void
send_arp(struct guest *g, uint8_t last)
{
	uint8_t arp[60] = { [12] = 8, [13] = 6, [15] = 1, [16] = 8, [18] = 6, [19] = 4, [21] = 2, [28] = 10, [31] = last };

	memcpy(arp, broadcast, 6);
	frame_mac(g->params.domid, arp + 6);
	frame_mac(g->params.domid, arp + 22);
	send_bytes(g, arp, sizeof(arp));
}

/* A neighbour advertisement from fd00::9, which says that it has fd00::`last`, and its MAC ends in `mac`. */
static void
send_advert(struct guest *g, uint8_t last, uint8_t mac)
{
	uint8_t nd[14 + 40 + 32] = { [12] = 0x86, [13] = 0xdd, [14] = 0x60, [19] = 32, [20] = 58, [21] = 255, [22] = 0xfd,
				     [37] = 9,    [38] = 0xff, [39] = 2,    [53] = 1, [54] = 136, [62] = 0xfd, [77] = last,
				     [78] = 2,    [79] = 1 };

	memcpy(nd, broadcast, 6);
	frame_mac(g->params.domid, nd + 6);
	frame_mac(g->params.domid, nd + 80);
	nd[85] = mac;
	send_bytes(g, nd, sizeof(nd));
}

static void
spoofed_neighbour(void)
{
	static struct guest_frame got;
	struct sim s;

	sim_start(&s);
	struct guest *bad = add(&s, BAD_IPS, NULL), *c = add(&s, NULL, NULL);
	sim_connect_all(&s);
	send_arp(bad, 1);
	send_arp(bad, 2);
	send_arp(bad, 9);
	CU_ASSERT(flow_receive(c, &got) && got.len == 60 && got.data[31] == 9);
	CU_ASSERT_EQUAL(drops(bad, DROP_IP_SPOOF), 2);
	send_advert(bad, 1, 0);
	send_advert(bad, 9, 1);
	send_advert(bad, 9, 0);
	CU_ASSERT(flow_receive(c, &got) && got.len == 86 && got.data[77] == 9 && got.data[85] == 0);
	CU_ASSERT_EQUAL(drops(bad, DROP_IP_SPOOF), 3);
	CU_ASSERT_EQUAL(drops(bad, DROP_MAC_SPOOF), 1);
	sim_stop(&s);
}

/* Two VLANs on one bridge, each with its stations on both pollers, and one station that knows of none. */
static void
two_vlans(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a1 = add(&s, NULL, "10"), *a2 = add(&s, NULL, "10"), *b1 = add(&s, NULL, "20p"), *b2 = add(&s, NULL, "20");
	struct guest *plain = add(&s, NULL, NULL);
	sim_connect_all(&s);
	CU_ASSERT(flow_exchange(a1, a2, 200));
	CU_ASSERT(flow_exchange(b1, b2, 200));
	for (unsigned i = 0; i < s.n_guests; i++)
		flow_drain(s.guest[i]);
	struct frame fa = to_all(a1, 1), fb = to_all(b2, 2), fp = to_all(plain, 3);
	send(a1, &fa);
	send(plain, &fp);
	struct frame f = flow_frame(a1, b1, FRAME_TCP4, 400, 4); /* its address is known, in its own VLAN */
	send(a1, &f);
	f = tagged(f, 20);
	send(a1, &f);
	send(plain, &f);
	send(b2, &fb);
	CU_ASSERT(receives_next(a2, &fa));
	CU_ASSERT(receives_next(b1, &fb));
	CU_ASSERT_EQUAL(drops(a1, DROP_NO_PORT), 1); /* nobody in VLAN 10 has that address, and a2 has its own */
	CU_ASSERT_EQUAL(drops(a1, DROP_VLAN), 1);
	CU_ASSERT_EQUAL(drops(plain, DROP_VLAN), 1);
	f = to_all(a2, 5); /* nothing else came anywhere */
	send(a2, &f);
	CU_ASSERT(receives_next(a1, &f));
	f = to_all(b1, 6);
	send(b1, &f);
	CU_ASSERT(receives_next(b2, &f));
	flow_drain(plain);
	CU_ASSERT_EQUAL(plain->stats.n_rx_frames, 0);
	sim_stop(&s);
}

/* The same MAC address in two VLANs: each VLAN has its own. */
static void
same_mac_twice(void)
{
	static const struct toolstack_vif twin = { .mac = "00:16:3e:00:06:00", .vlan = "20" };
	struct sim s;

	sim_start(&s);
	struct guest *a = add(&s, NULL, "10"), *b = add(&s, NULL, "10"), *b_twin = sim_add_with(&s, NULL, &twin);
	struct guest *c = add(&s, NULL, "20");
	sim_connect_all(&s);
	for (unsigned i = 0; i < 50; i++) {
		struct frame f = flow_frame(b, a, FRAME_RAW, 100, i);
		send(b, &f);
		CU_ASSERT(receives_next(a, &f));
		f = flow_frame(b, c, FRAME_RAW, 100, i);
		send(b_twin, &f);
		CU_ASSERT(receives_next(c, &f));
		f = flow_frame(a, b, FRAME_RAW, 100, i);
		send(a, &f);
		CU_ASSERT(receives_next(b, &f));
		f = flow_frame(c, b, FRAME_RAW, 100, i);
		send(c, &f);
		CU_ASSERT(receives_next(b_twin, &f));
	}
	sim_stop(&s);
}

/* A trunk with a native VLAN, one without, and what is tagged where. */
static void
trunk_and_native(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = add(&s, NULL, "10"), *b = add(&s, NULL, "20"), *native = add(&s, NULL, "10p/20"),
		     *trunk = add(&s, NULL, "10/20/30");
	sim_connect_all(&s);
	for (unsigned i = 0; i < 40; i++) {
		struct frame f = flow_any(&(struct { struct guest *from, *to; }){ a, a }, i);
		memcpy(f.dst, broadcast, 6);
		send(a, &f);
		CU_ASSERT(receives_next(native, &f));
		struct frame g = tagged(f, 10);
		CU_ASSERT(receives_next(trunk, &g));
		f = to_all(b, i);
		send(b, &f);
		g = tagged(f, 20);
		CU_ASSERT(receives_next(native, &g));
		CU_ASSERT(receives_next(trunk, &g));
		f = to_all(native, i);
		send(native, &f);
		CU_ASSERT(receives_next(a, &f));
		g = tagged(f, 10);
		CU_ASSERT(receives_next(trunk, &g));
		g = tagged(f, 20);
		send(native, &g);
		CU_ASSERT(receives_next(b, &f));
		CU_ASSERT(receives_next(trunk, &g));
		f = to_all(trunk, i);
		send(trunk, &f); /* no native VLAN */
		g = tagged(f, 40);
		send(trunk, &g);
		g = tagged(f, 30);
		send(trunk, &g);
		g = tagged(f, 10);
		send(trunk, &g);
		CU_ASSERT(receives_next(a, &f));
		CU_ASSERT(receives_next(native, &f));
	}
	CU_ASSERT_EQUAL(drops(trunk, DROP_VLAN), 80);
	CU_ASSERT_EQUAL(drops(trunk, DROP_NO_PORT), 40); /* 30: nobody else is in it */
	sim_stop(&s);
}

/* A tag behind a tag carries nothing into another VLAN. */
static void
double_tags(void)
{
	static const struct {
		uint32_t outer, inner;
	} tags[] = { { 0x8100000a, 0x81000014 }, { 0x81000000, 0x81000014 }, { 0x88a80014, 0x8100000a }, { 0x8100000a, 0x88a80014 } };
	struct sim s;

	sim_start(&s);
	struct guest *a = add(&s, NULL, "10"), *native = add(&s, NULL, "10p/20"), *b = add(&s, NULL, "20");
	sim_connect_all(&s);
	for (unsigned i = 0; i < ARRAY_SIZE(tags); i++) {
		uint8_t data[64] = { 0 };

		memcpy(data, broadcast, 6);
		frame_mac(a->params.domid, data + 6);
		for (unsigned k = 0; k < 4; k++) {
			data[12 + k] = (uint8_t)(tags[i].outer >> (24 - 8 * k));
			data[16 + k] = (uint8_t)(tags[i].inner >> (24 - 8 * k));
		}
		data[20] = 0x88;
		data[21] = 0xb5;
		send_bytes(a, data, sizeof(data));
		data[15] = 20; /* of a VLAN that is tagged there: as it is, but not to where that tag would be taken off */
		frame_mac(native->params.domid, data + 6);
		send_bytes(native, data, sizeof(data));
	}
	struct frame f = to_all(a, 1);
	send(a, &f);
	CU_ASSERT(receives_next(native, &f));
	CU_ASSERT_EQUAL(drops(a, DROP_VLAN), 4);
	CU_ASSERT_EQUAL(drops(native, DROP_VLAN), 1);
	for (uint64_t end = sim_deadline(); drops(b, DROP_VLAN) < 3 && fake_now_ms() < end;) /* its poller may be another one */
		usleep(1000);
	CU_ASSERT_EQUAL(drops(b, DROP_VLAN), 3);
	flow_drain(b);
	CU_ASSERT_EQUAL(b->stats.n_rx_frames, 0);
	sim_stop(&s);
}

/* The operator moves a guest from one VLAN to another, and takes the VLANs away again, while it runs. */
static void
vlan_changes(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = add(&s, NULL, "10"), *b = add(&s, NULL, "10"), *c = add(&s, NULL, "20");
	sim_connect_all(&s);
	CU_ASSERT(flow_exchange(a, b, 50));
	fake_store_write(guest_back(b, "vlan").text, "20");
	static struct guest_frame got;
	struct frame f = to_all(c, 1);
	bool moved = false;
	for (uint64_t end = sim_deadline(); !moved && fake_now_ms() < end;) { /* nothing tells when it is done */
		send(c, &f);
		usleep(1000);
		moved = guest_receive(b, &got);
	}
	CU_ASSERT(moved);
	flow_drain(a);
	uint64_t n = a->stats.n_rx_frames;
	CU_ASSERT(flow_exchange(b, c, 50));
	f = flow_frame(b, a, FRAME_RAW, 100, 9);
	send(b, &f);
	f = flow_frame(c, a, FRAME_RAW, 100, 9);
	send(c, &f);
	flow_drain(a);
	CU_ASSERT_EQUAL(a->stats.n_rx_frames, n);
	sim_stop(&s);
}

static void
start_with_ring(struct sim *s)
{
	static const struct uplink_params uplink = { UPLINK_ETHDEV, OUTSIDE_RING_DEVICE, "xenbr0", 0, -1 };

	sim_start_with(s, &(struct sim_options){ .self = SIM_SELF, .hotplug = HOTPLUG_SELF, .uplinks = &uplink,
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
	struct guest *a = add(&s, NULL, "10"), *b = add(&s, NULL, "20"), *plain = add(&s, NULL, NULL);
	sim_connect_all(&s);
	for (unsigned i = 0; i < 50; i++) {
		struct frame f = flow_frame(a, a, i % FRAME_N_KINDS, 100 + i * 28, i), g = tagged(f, 10);
		frame_mac(0xee, f.dst);
		frame_mac(0xee, g.dst);
		send(a, &f);
		CU_ASSERT(outside_ring_expect(&g));
		f = flow_frame(plain, plain, i % FRAME_N_KINDS, 100 + i * 28, i);
		frame_mac(0xee, f.dst);
		send(plain, &f);
		CU_ASSERT(outside_ring_expect(&f));
		f = to_all(a, i); /* from outside, for each VLAN in turn */
		frame_mac(0xee, f.src);
		CU_ASSERT(outside_ring_send(&f));
		CU_ASSERT(receives_next(plain, &f));
		g = tagged(f, 10);
		CU_ASSERT(outside_ring_send(&g));
		CU_ASSERT(receives_next(a, &f));
		g = tagged(f, 20);
		CU_ASSERT(outside_ring_send(&g));
		CU_ASSERT(receives_next(b, &f));
		g = tagged(f, 30);
		CU_ASSERT(outside_ring_send(&g));
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
	struct guest *a = add(&s, NULL, "10"), *b = add(&s, NULL, "10");
	sim_connect_all(&s);
	for (unsigned i = 0; i < 20; i++) {
		struct frame f = flow_frame(a, a, i % 2 ? FRAME_TCP4 : FRAME_TCP6, i % 3 ? 60000 : 3000, i * 1000);
		struct guest_packet packet = {
			.data = data, .len = f.len, .flags = NETTXF_csum_blank, .gso_size = 1428,
			.gso_type = i % 2 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6,
		};

		memcpy(f.dst, broadcast, 6);
		frame_build_blank(&f, data);
		CU_ASSERT(flow_send(a, &packet));
		struct frame g = tagged(f, 10);
		CU_ASSERT(outside_ring_expect_segments(&g));
		CU_ASSERT(flow_expect(b, &f, FRAME_BLANK));
		flow_drain(a);
	}
	outside_ring_stop(&s);
}

CU_TestInfo policy_cases[] = {
	{ "spoofed_mac", spoofed_mac },
	{ "bridge_protocols", bridge_protocols },
	{ "spoofed_ip", spoofed_ip },
	{ "spoofed_neighbour", spoofed_neighbour },
	{ "two_vlans", two_vlans },
	{ "same_mac_twice", same_mac_twice },
	{ "trunk_and_native", trunk_and_native },
	{ "double_tags", double_tags },
	{ "vlan_changes", vlan_changes },
	{ "uplink_trunk", uplink_trunk },
	{ "uplink_gso", uplink_gso },
	CU_TEST_INFO_NULL,
};
