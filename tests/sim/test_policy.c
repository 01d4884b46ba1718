/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: what the operator does not allow does not leave a guest's vif: other MAC and IP addresses
 * than its own. The suite has two pollers, and vifs go to them in turns.
 */
#include <string.h>

#include "base/util.h"
#include "sim/flow.h"
#include "sim/station.h"
#include "sim/test_sim.h"

/*
 * A guest that uses its neighbour's MAC does not get the neighbour's frames, and nobody gets its
 * own.
 */
static void
spoofed_mac(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = station_add(&s, NULL, NULL), *b = station_add(&s, NULL, NULL),
		     *c = station_add(&s, NULL, NULL);
	sim_connect_all(&s);
	CHECK(flow_exchange(b, c, 20));
	flow_drain(a);
	for (unsigned i = 0; i < 10; i++) {
		struct frame f = station_to_all(a, i);

		memcpy(f.src, flow_frame(b, b, FRAME_RAW, 60, 0).dst, 6);
		station_send(a, &f);
		memcpy(f.dst, flow_frame(c, c, FRAME_RAW, 60, 0).dst, 6);
		station_send(a, &f);
	}
	struct frame f = station_to_all(a, 99);
	station_send(a, &f);
	CHECK(station_receives_next(b, &f));
	CHECK(station_receives_next(c, &f));
	CHECK_EQ(station_drops(a, DROP_MAC_SPOOF), 20);
	CHECK(flow_exchange(b, c, 20)); /* b is still where it was */
	CHECK(flow_exchange(a, c, 20));
	sim_stop(&s);
}

/*
 * What is between bridges does not come from a guest: spanning tree, PAUSE, LACP, LLDP, MVRP,
 * Cisco's.
 */
static void
bridge_protocols(void)
{
	static const uint8_t dst[][6] = {
		{ 0x01, 0x80, 0xc2, 0, 0, 0 },    { 0x01, 0x80, 0xc2, 0, 0, 1 },
		{ 0x01, 0x80, 0xc2, 0, 0, 2 },    { 0x01, 0x80, 0xc2, 0, 0, 0xe },
		{ 0x01, 0x80, 0xc2, 0, 0, 0x21 }, { 0x01, 0, 0x0c, 0xcc, 0xcc, 0xcd },
	};
	struct sim s;

	sim_start(&s);
	struct guest *a = station_add(&s, NULL, NULL), *b = station_add(&s, NULL, NULL);
	sim_connect_all(&s);
	for (unsigned i = 0; i < ARRAY_SIZE(dst); i++) {
		struct frame f = station_to_all(a, i);

		memcpy(f.dst, dst[i], 6);
		station_send(a, &f);
	}
	struct frame f = station_to_all(a, 99);
	station_send(a, &f);
	CHECK(station_receives_next(b, &f));
	CHECK_EQ(station_drops(a, DROP_NO_PORT), ARRAY_SIZE(dst));
	sim_stop(&s);
}

/* Frames of the simulation come from 10.0.0.1 and fd00::1. The bad guest may use others only. */
#define BAD_IPS "10.0.0.9 fd00::9 192.0.2.0/24"

static void
spoofed_ip(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *good = station_add(&s, "10.0.0.1 fd00::1", NULL),
		     *bad = station_add(&s, BAD_IPS, NULL), *c = station_add(&s, NULL, NULL);
	sim_connect_all(&s);
	for (unsigned i = 0; i < FRAME_N_KINDS; i++) {
		for (uint16_t vlan = 0; vlan < 2; vlan++) { /* a tag hides nothing */
			struct frame f = station_tagged(flow_frame(bad, c, i, 100 + i, i), vlan);
			station_send(bad, &f);
			f = station_tagged(flow_frame(good, c, i, 100 + i, 100 + i), vlan);
			station_send(good, &f);
			if (i != FRAME_RAW)
				CHECK(station_receives_next(c, &f));
		}
	}
	CHECK_EQ(station_drops(bad, DROP_IP_SPOOF), 2 * FRAME_N_KINDS);
	CHECK_EQ(station_drops(good, DROP_IP_SPOOF), 2); /* neither IP nor ARP */
	sim_stop(&s);
}

/* An ARP reply from the guest, which says that it has 10.0.0.`last`. */
static void
send_arp(struct guest *g, uint8_t last)
{
	uint8_t arp[60] = { [12] = 8, [13] = 6, [15] = 1,  [16] = 8,   [18] = 6,
			    [19] = 4, [21] = 2, [28] = 10, [31] = last };

	memcpy(arp, station_broadcast, 6);
	frame_mac(g->params.domid, arp + 6);
	frame_mac(g->params.domid, arp + 22);
	station_send_bytes(g, arp, sizeof(arp));
}

/*
 * A neighbour advertisement from fd00::9, which says that it has fd00::`last`, and its MAC ends in
 * `mac`.
 */
static void
send_advert(struct guest *g, uint8_t last, uint8_t mac)
{
	uint8_t nd[14 + 40 + 32] = {
		[12] = 0x86, [13] = 0xdd, [14] = 0x60, [19] = 32, [20] = 58, [21] = 255,
		[22] = 0xfd, [37] = 9,    [38] = 0xff, [39] = 2,  [53] = 1,  [54] = 136,
		[62] = 0xfd, [77] = last, [78] = 2,    [79] = 1
	};

	memcpy(nd, station_broadcast, 6);
	frame_mac(g->params.domid, nd + 6);
	frame_mac(g->params.domid, nd + 80);
	nd[85] = mac;
	station_send_bytes(g, nd, sizeof(nd));
}

static void
spoofed_neighbour(void)
{
	static struct guest_frame got;
	struct sim s;

	sim_start(&s);
	struct guest *bad = station_add(&s, BAD_IPS, NULL), *c = station_add(&s, NULL, NULL);
	sim_connect_all(&s);
	send_arp(bad, 1);
	send_arp(bad, 2);
	send_arp(bad, 9);
	CHECK(flow_receive(c, &got) && got.len == 60 && got.data[31] == 9);
	CHECK_EQ(station_drops(bad, DROP_IP_SPOOF), 2);
	send_advert(bad, 1, 0);
	send_advert(bad, 9, 1);
	send_advert(bad, 9, 0);
	CHECK(flow_receive(c, &got) && got.len == 86 && got.data[77] == 9 && got.data[85] == 0);
	CHECK_EQ(station_drops(bad, DROP_IP_SPOOF), 3);
	CHECK_EQ(station_drops(bad, DROP_MAC_SPOOF), 1);
	sim_stop(&s);
}

CU_TestInfo policy_cases[] = {
	{ "spoofed_mac", spoofed_mac },
	{ "bridge_protocols", bridge_protocols },
	{ "spoofed_ip", spoofed_ip },
	{ "spoofed_neighbour", spoofed_neighbour },
	CU_TEST_INFO_NULL,
};
