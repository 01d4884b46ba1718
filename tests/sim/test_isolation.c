/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: what one guest may do does not depend on what another one does, and nobody gets what is
 * another's. The suite has two pollers, and a guest may send 200 broadcasts a second.
 */
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "sim/asker.h"
#include "sim/flow.h"
#include "sim/outside.h"
#include "sim/test_sim.h"

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const struct toolstack_vif unguarded = { .mac_antispoof = "0" };

static uint64_t
port_drops(const struct port *port, enum drop_reason reason)
{
	uint64_t n = 0;

	for (unsigned i = 0; port != NULL && i < port->n_queues; i++)
		n += __atomic_load_n(&port->queue[i]->stats.n_dropped[reason], __ATOMIC_RELAXED);
	return n;
}

/* Waits until the port has dropped `n`. */
static bool
await_drops(const struct port *port, enum drop_reason reason, uint64_t n)
{
	for (uint64_t end = sim_deadline(); port_drops(port, reason) < n && fake_now_ms() < end;)
		usleep(1000);
	return sim_check(port_drops(port, reason) == n, "%s: %llu dropped", drop_name(reason),
			 (unsigned long long)port_drops(port, reason));
}

static void
send_bytes(struct guest *g, const void *data, uint32_t len)
{
	flow_drain(g);
	g->n_tx_log = 0;
	CHECK_EQ(guest_send_frame(g, data, len), 0);
	CHECK(flow_await_responses(g, 1));
}

static void
send(struct guest *g, const struct frame *f)
{
	static uint8_t data[GUEST_FRAME_SIZE];

	frame_build(f, data);
	send_bytes(g, data, f->len);
}

static const struct port *
ring_port(void)
{
	for (unsigned id = 0; id < LIMIT_PORTS; id++) {
		const struct port *port = dp_port(sim_dp(), id);

		if (port != NULL && strcmp(port->ops->kind, "eth") == 0)
			return port;
	}
	return NULL;
}

static void
start_with_ring(struct sim *s)
{
	static const struct uplink_params uplink = { .kind = UPLINK_ETHDEV,
						     .device = OUTSIDE_RING_DEVICE,
						     .bridge = "xenbr0",
						     .poller = -1 };

	sim_start_with(s, &(struct sim_options){ .self = SIM_SELF,
						 .hotplug = HOTPLUG_SELF,
						 .uplinks = &uplink,
						 .n_uplinks = 1 });
}

/*
 * Whether the other guest is connected, has ended or comes back is nothing to what a guest of no
 * VLAN may send.
 */
static void
vlan_filter_stays(void)
{
	struct sim s;

	if (!outside_ring_opened())
		return;
	start_with_ring(&s);
	struct guest *plain = sim_add(&s),
		     *listed = sim_add_with(&s, NULL, &(struct toolstack_vif){ .vlan = "20" });
	sim_connect_all(&s);
	struct frame f = { .kind = FRAME_UDP4, .len = 300, .seed = 1, .vlan = 20 };
	frame_mac(plain->params.domid, f.src);
	frame_mac(0xee, f.dst);
	send(plain, &f);
	CHECK(await_drops(sim_port(plain), DROP_VLAN, 1));
	CHECK(front_close(listed));
	CHECK_NULL(sim_port(listed));
	send(plain, &f);
	CHECK(await_drops(sim_port(plain), DROP_VLAN, 2));
	toolstack_remove(listed);
	usleep(100000);
	send(plain, &f);
	CHECK(await_drops(sim_port(plain), DROP_VLAN, 3));
	f.vlan = 0;
	f.len -= 4;
	send(plain, &f);
	CHECK(outside_ring_expect(&f));
	outside_ring_stop(&s);
}

/* A guest that is to see all VLANs. */
static void
vlan_trunk(void)
{
	struct sim s;

	if (!outside_ring_opened())
		return;
	start_with_ring(&s);
	struct guest *trunk = sim_add_with(&s, NULL, &(struct toolstack_vif){ .vlan = "trunk" });
	struct guest *ten = sim_add_with(&s, NULL, &(struct toolstack_vif){ .vlan = "10" }),
		     *plain = sim_add(&s);
	sim_connect_all(&s);
	for (uint16_t vid = 0; vid < 4; vid++) {
		struct frame f = flow_frame(trunk, trunk, FRAME_UDP4, 300, vid), untagged;
		f.vlan = vid == 1 ? 10 : vid == 0 ? 0 : (uint16_t)(1000 * vid);
		memcpy(f.dst, broadcast, 6);
		send(trunk, &f);
		CHECK(outside_ring_expect(&f));
		untagged = f;
		untagged.len -= f.vlan != 0 ? 4 : 0;
		untagged.vlan = 0;
		if (vid < 2)
			CHECK(flow_expect(vid == 0 ? plain : ten, &untagged, FRAME_COMPLETE));
		frame_mac(0xee, f.src);
		CHECK(outside_ring_send(&f));
		CHECK(flow_expect(trunk, &f, FRAME_COMPLETE));
	}
	outside_ring_stop(&s);
}

/* A guest's MAC that is seen outside stays the guest's. */
static void
forged_outside(void)
{
	struct sim s;

	if (!outside_ring_opened())
		return;
	start_with_ring(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *free = sim_add_with(&s, NULL, &unguarded);
	sim_connect_all(&s);
	CHECK(flow_exchange(a, b, 20));
	struct frame f = flow_frame(a, a, FRAME_UDP4, 300, 1);
	memcpy(f.dst, broadcast, 6);
	for (unsigned i = 0; i < 10; i++)
		CHECK(outside_ring_send(&f));
	CHECK(await_drops(ring_port(), DROP_NOT_OWNER, 10));
	for (unsigned i = 0; i < 10; i++)
		send(free, &f);
	CHECK(await_drops(sim_port(free), DROP_NOT_OWNER, 10));
	CHECK(flow_exchange(a, b, 20));
	CHECK(flow_exchange(free, a, 20));
	outside_ring_stop(&s);
}

/* A request on the control ring does not make the switch forget where the guest is. */
static void
ctrl_keeps_entries(void)
{
	struct asker a;

	asker_start(&a, 1);
	for (unsigned i = 0; i < 2; i++) {
		/* else nothing is learnt */
		fake_store_write(guest_back(i == 0 ? a.d : a.b, "mac-antispoof").text, "0");
		fake_store_write(guest_back(i == 0 ? a.d : a.b, "vlan").text, "20");
	}
	usleep(300000);
	direct_greet(a.fe, a.d, a.b);
	usleep(20000);
	unsigned before = dp_port_entries(sim_dp(), sim_port(a.d)->id);
	for (unsigned i = 0; i < 20; i++)
		ask(&a, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE,
		    0, 0, OKAY);
	CHECK_GT(before, 0);
	CHECK_EQ(dp_port_entries(sim_dp(), sim_port(a.d)->id), before);
	asker_end(&a);
}

/* A guest that is a bridge takes part in spanning tree, if it may be one. */
static void
spanning_tree(void)
{
	uint8_t bpdu[60] = { 0x01, 0x80, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 38, 0x42, 0x42, 3 };
	static struct guest_frame got;
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add_with(&s, NULL, &unguarded),
		     *b = sim_add_with(&s, NULL, &unguarded), *guarded = sim_add(&s);
	sim_connect_all(&s);
	frame_mac(a->params.domid, bpdu + 6);
	send_bytes(a, bpdu, sizeof(bpdu));
	CHECK(flow_receive(b, &got) && got.len == sizeof(bpdu) &&
	      memcmp(got.data, bpdu, sizeof(bpdu)) == 0);
	frame_mac(guarded->params.domid, bpdu + 6);
	send_bytes(guarded, bpdu, sizeof(bpdu));
	CHECK(await_drops(sim_port(guarded), DROP_NO_PORT, 1));
	flow_drain(b);
	CHECK_EQ(b->stats.n_rx_frames, 1);
	sim_stop(&s);
}

/*
 * More broadcasts than a guest may send go nowhere; its other frames do, and its neighbours'
 * broadcasts.
 */
static void
broadcast_storm(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	sim_connect_all(&s);
	struct frame f = flow_frame(a, a, FRAME_UDP4, 100, 1);
	memcpy(f.dst, broadcast, 6);
	uint64_t start = fake_now_ms();
	for (unsigned i = 0; i < 2000; i++) {
		send(a, &f);
		flow_drain(b);
		flow_drain(c);
	}
	uint64_t ms = fake_now_ms() - start, n = port_drops(sim_port(a), DROP_STORM);
	CHECK_GT(n, 0);
	sim_check(2000 - n <= 201 + ms * 200 / 1000, "%llu of 2000 passed in %llu ms",
		  (unsigned long long)(2000 - n), (unsigned long long)ms);
	CHECK(flow_exchange(a, b, 50));
	f = flow_frame(c, c, FRAME_UDP4, 100, 2);
	memcpy(f.dst, broadcast, 6);
	flow_drain(b);
	send(c, &f);
	CHECK(flow_expect(b, &f, FRAME_COMPLETE));
	sim_stop(&s);
}

/* Control takes the note of a refused frame within moments, and the next one a minute later. */
static void
refused_is_told(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	struct frame f = flow_frame(b, a, FRAME_UDP4, 100, 1);
	send(a, &f);
	CHECK(await_drops(sim_port(a), DROP_MAC_SPOOF, 1));
	const struct port *port = sim_port(a);
	for (uint64_t end = sim_deadline();
	     __atomic_load_n(&port->note.full, __ATOMIC_ACQUIRE) && fake_now_ms() < end;)
		usleep(1000);
	CHECK_FALSE(__atomic_load_n(&port->note.full, __ATOMIC_ACQUIRE));
	send(a, &f);
	CHECK(await_drops(port, DROP_MAC_SPOOF, 2));
	usleep(1200000);
	CHECK(__atomic_load_n(&port->note.full, __ATOMIC_ACQUIRE)); /* not again yet */
	sim_stop(&s);
}

CU_TestInfo isolation_cases[] = {
	{ "vlan_filter_stays", vlan_filter_stays }, { "vlan_trunk", vlan_trunk },
	{ "forged_outside", forged_outside },       { "ctrl_keeps_entries", ctrl_keeps_entries },
	{ "spanning_tree", spanning_tree },         { "broadcast_storm", broadcast_storm },
	{ "refused_is_told", refused_is_told },     CU_TEST_INFO_NULL,
};
