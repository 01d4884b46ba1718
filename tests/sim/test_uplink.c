/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: guests and what is outside: an ethdev, a TAP, an AF_PACKET device, and drop-in mode. */
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "sim/flow.h"
#include "sim/outside.h"
#include "sim/test_sim.h"

#define MSS 1428u

static void
start(struct sim *s, enum uplink_type kind, const char *device)
{
	struct uplink_params uplink = {
		.kind = kind, .device = device, .bridge = "xenbr0", .poller = -1
	};

	sim_start_with(s, &(struct sim_options){ .self = SIM_SELF,
						 .hotplug = HOTPLUG_SELF,
						 .uplinks = &uplink,
						 .n_uplinks = 1 });
}

/* A frame between a guest and somebody outside. */
static struct frame
frame_out(const struct guest *g, enum frame_kind kind, uint32_t len, uint32_t seed)
{
	struct frame f = { .kind = kind, .len = len, .seed = seed };

	frame_mac(g->params.domid, f.src);
	frame_mac(0xee, f.dst);
	return f;
}

static struct frame
frame_in(const struct guest *g, enum frame_kind kind, uint32_t len, uint32_t seed)
{
	struct frame f = { .kind = kind, .len = len, .seed = seed };

	frame_mac(g->params.domid, f.dst);
	frame_mac(0xee, f.src);
	return f;
}

static void
send_blank(struct guest *g, const struct frame *f, uint16_t gso_size)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct guest_packet packet = {
		.data = data, .len = f->len, .flags = NETTXF_csum_blank, .gso_size = gso_size
	};

	if (gso_size != 0)
		packet.gso_type =
			f->kind == FRAME_TCP4 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6;
	frame_build_blank(f, data);
	flow_drain(g);
	flow_send(g, &packet);
}

static void
ethdev_both_ways(void)
{
	struct sim s;

	if (!outside_ring_opened())
		return;
	start(&s, UPLINK_ETHDEV, OUTSIDE_RING_DEVICE);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	for (unsigned i = 0; i < 200; i++) {
		uint32_t len = 80 + i * 7;
		struct frame f = frame_out(a, FRAME_UDP4 + i % 4, len, i);

		send_blank(a, &f, 0);
		if (!outside_ring_expect(&f)) /* checksum completed: the device does none */
			break;
		f = frame_in(a, FRAME_UDP4 + i % 4, len, i);
		CHECK(outside_ring_send(&f));
		if (!flow_expect(a, &f, FRAME_COMPLETE))
			break;
		flow_drain(a);
	}
	CHECK(flow_exchange(a, b, 50));
	outside_ring_stop(&s);
}

static void
ethdev_gso(void)
{
	struct sim s;

	if (!outside_ring_opened())
		return;
	start(&s, UPLINK_ETHDEV, OUTSIDE_RING_DEVICE);
	struct guest *a = sim_join(&s);
	for (unsigned i = 0; i < 20; i++) {
		struct frame f = frame_out(a, i % 2 ? FRAME_TCP4 : FRAME_TCP6, i % 3 ? 65535 : 3000,
					   i * 1000);

		send_blank(a, &f, MSS);
		if (!outside_ring_expect_segments(&f))
			break;
		flow_drain(a);
	}
	outside_ring_stop(&s);
}

/*
 * A broadcast from outside reaches all guests; one from a guest reaches the others and the outside.
 */
static void
ethdev_flood(void)
{
	struct sim s;

	if (!outside_ring_opened())
		return;
	start(&s, UPLINK_ETHDEV, OUTSIDE_RING_DEVICE);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	struct frame f = frame_in(a, FRAME_RAW, 100, 1);
	memset(f.dst, 0xff, 6);
	CHECK(outside_ring_send(&f));
	CHECK(flow_expect(a, &f, FRAME_COMPLETE));
	CHECK(flow_expect(b, &f, FRAME_COMPLETE));
	f = frame_out(a, FRAME_UDP4, 100, 2);
	memset(f.dst, 0xff, 6);
	send_blank(a, &f, 0);
	CHECK(outside_ring_expect(&f));
	CHECK(flow_expect(b, &f, FRAME_BLANK)); /* each in its own shape */
	outside_ring_stop(&s);
}

/* Guests that post nothing must not use up the buffers that the device receives into. */
static void
ethdev_into_stalled_guest(void)
{
	struct guest_params params = sim_guest_params();
	struct sim s;

	params.n_rx_slots = 0;
	if (!outside_ring_opened())
		return;
	start(&s, UPLINK_ETHDEV, OUTSIDE_RING_DEVICE);
	struct guest *a = sim_join(&s), *stalled = sim_add_with(&s, &params, NULL);
	sim_connect(&s, stalled, FRONT_LINUX);
	struct frame f = frame_out(stalled, FRAME_RAW, 60, 1);
	uint8_t data[60];
	frame_build(&f, data);
	guest_send_frame(stalled, data, 60);
	CHECK(outside_ring_expect(&f));
	for (unsigned i = 0; i < 3000; i++) {
		struct frame in = frame_in(stalled, FRAME_RAW, 1514, i);

		for (uint64_t end = sim_deadline(); !outside_ring_send(&in) && fake_now_ms() < end;)
			usleep(100);
	}
	f = frame_in(a, FRAME_RAW, 1514, 7);
	CHECK(outside_ring_send(&f));
	CHECK(flow_expect(a, &f, FRAME_COMPLETE));
	outside_ring_stop(&s);
}

static bool
has_no_uplink(void *arg)
{
	bool found = false;

	(void)arg;
	for (unsigned id = 0; id < LIMIT_PORTS; id++) {
		const struct port *port = dp_port(sim_dp(), id);
		found = found || (port != NULL && strcmp(port->ops->kind, "eth") == 0);
	}
	return !found;
}

/* A NIC that is taken out is not touched any more. Guests go on without it. */
static void
ethdev_removed(void)
{
	struct sim s;

	if (!outside_ring_opened())
		return;
	start(&s, UPLINK_ETHDEV, OUTSIDE_RING_DEVICE);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(!has_no_uplink(NULL));
	outside_ring_remove();
	CHECK(flow_until(has_no_uplink, NULL));
	struct frame f = frame_in(a, FRAME_RAW, 100, 1);
	CHECK(outside_ring_send(&f)); /* nobody takes it */
	CHECK(flow_exchange(a, b, 100));
	CHECK_EQ(a->stats.n_rx_frames, 100);
	outside_ring_stop(&s);
}

/* An uplink that does not exist is told in a sentence, and nothing stays open. */
static void
uplink_missing(void)
{
	static const struct uplink_params uplinks[] = {
		{ UPLINK_ETHDEV, "net_ring_nowhere", "xenbr0", 0, -1, false },
		{ UPLINK_PACKET, "nowhere0", "xenbr0", 0, -1, false },
	};

	for (unsigned i = 0; i < 2; i++) {
		struct ctl_params params = { .uplinks = &uplinks[i], .n_uplinks = 1 };
		struct fake_leaks before, after;
		char why[512] = "";

		fake_reset(SIM_SELF);
		fake_leaks(&before);
		struct ctl *ctl = ctl_create(&params, sim_dp(), fake_xen(), why, sizeof(why));
		CHECK_NULL(ctl);
		CHECK_HAS(why, uplinks[i].device);
		fake_leaks(&after);
		CHECK_MEM(&before, &after, sizeof(before));
	}
}

/* Frames between a guest and a kernel device whose other end is `fd`. */
static void
kernel_exchange(struct guest *g, int fd)
{
	for (unsigned i = 0; i < 50; i++) {
		struct frame f = frame_out(g, FRAME_RAW, 60 + i * 29, i);
		static uint8_t data[1514];

		frame_build(&f, data);
		CHECK_EQ(guest_send_frame(g, data, f.len), 0);
		if (!outside_kernel_expect(fd, &f, FRAME_COMPLETE))
			return;
		f = frame_in(g, i % 2 ? FRAME_UDP4 : FRAME_TCP6, 80 + i * 28, i);
		outside_kernel_send(fd, &f);
		if (!flow_expect(g, &f, FRAME_COMPLETE))
			return;
		flow_drain(g);
	}
}

/* Blank checksums and GSO frames go into the kernel as they are. */
static void
kernel_offloads(struct guest *g, int fd)
{
	for (unsigned i = 0; i < 10; i++) {
		struct frame f = frame_out(g, FRAME_UDP4 + i % 4, 500, i);

		send_blank(g, &f, 0);
		CHECK(outside_kernel_expect(fd, &f, FRAME_BLANK));
		f = frame_out(g, i % 2 ? FRAME_TCP4 : FRAME_TCP6, 30000, i);
		send_blank(g, &f, MSS);
		CHECK(outside_kernel_expect(fd, &f, FRAME_BLANK));
		flow_drain(g);
	}
}

/* A kernel device holds no buffers while it has nothing: each drop-in vif has one. */
static void
idle_holds_nothing(void)
{
	struct dp_pool_stats pools;
	uint64_t end = sim_deadline();

	do {
		usleep(1000);
		dp_get_pool_stats(sim_dp(), &pools);
	} while (pools.n_large_free < pools.n_large && fake_now_ms() < end);
	CHECK_EQ(pools.n_large_free, pools.n_large);
}

/* What a guest sends comes back with the addresses swapped. */
static void
echo(void)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct sim s;

	start(&s, UPLINK_ECHO, "echo");
	struct guest *a = sim_join(&s);
	for (unsigned i = 0; i < 500; i++) {
		struct frame f = frame_out(a, FRAME_RAW, 60 + i * 29 % 1455, i);
		frame_build(&f, data);
		REQUIRE_EQ(guest_send_frame(a, data, f.len), 0);
		static struct guest_frame back;
		REQUIRE(flow_receive(a, &back));
		CHECK_EQ(back.len, f.len);
		CHECK_MEM(back.data, data + 6, 6);
		CHECK_MEM(back.data + 6, data, 6);
		CHECK_MEM(back.data + 12, data + 12, f.len - 12);
	}
	for (unsigned i = 0; i < 2000; i++) { /* faster than they are taken */
		guest_send_frame(a, data, 60);
		guest_reap(a);
	}
	idle_holds_nothing();
	sim_stop(&s);
}

static void
tap(void)
{
	struct sim s;

	if (outside_skips_kernel())
		return;
	start(&s, UPLINK_TAP, "simtap");
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	int fd = outside_kernel_open("simtap");
	REQUIRE_GE(fd, 0);
	kernel_exchange(a, fd);
	kernel_offloads(a, fd);
	CHECK(flow_exchange(a, b, 50));
	idle_holds_nothing();
	close(fd);
	sim_stop(&s);
	CHECK_EQ(if_nametoindex("simtap"), 0);
}

static void
packet(void)
{
	struct sim s;

	if (outside_skips_kernel())
		return;
	if (!outside_kernel_make_pair("simveth0", "simveth1")) {
		sim_skip("no veth devices");
		return;
	}
	start(&s, UPLINK_PACKET, "simveth0");
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	int fd = outside_kernel_open("simveth1");
	REQUIRE_GE(fd, 0);
	kernel_exchange(a, fd);
	kernel_offloads(a, fd);
	CHECK(flow_exchange(a, b, 50));
	idle_holds_nothing();
	close(fd);
	sim_stop(&s);
}

/*
 * Drop-in mode: the vif is behind a TAP called vifD.N, that the toolstack's script finds when the
 * state is 2.
 */
static void
drop_in(void)
{
	static const struct toolstack_vif stock = { .script = "/etc/xen/scripts/vif-bridge" };
	struct sim s;

	if (outside_skips_kernel())
		return;
	sim_start_with(&s, &(struct sim_options){ .self = 0, .hotplug = HOTPLUG_AUTO });
	struct guest *a = sim_add_with(&s, NULL, &stock), *b = sim_join(&s);
	CHECK(front_await(a, XenbusStateInitWait));
	int fd = outside_kernel_open("vif5.0");
	REQUIRE_GE(fd, 0);
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	kernel_exchange(a, fd);
	kernel_offloads(a, fd);
	CHECK(front_close(a)); /* the guest reboots: the TAP stays where the script has put it */
	guest_renew(a);
	front_set_state(a, XenbusStateInitialising);
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	kernel_exchange(a, fd);
	close(fd);
	struct frame f = frame_out(a, FRAME_RAW, 100, 5);
	memset(f.dst, 0xff, 6);
	uint8_t data[100];
	frame_build(&f, data);
	guest_send_frame(a, data, 100); /* its only neighbour is the TAP */
	CHECK(flow_await_responses(a, 1));
	CHECK_EQ(b->stats.n_rx_frames, 0);
	toolstack_detach(a);
	CHECK(front_await(a, XenbusStateClosed));
	toolstack_remove(a);
	sim_stop(&s);
	CHECK_EQ(if_nametoindex("vif5.0"), 0);
}

CU_TestInfo uplink_cases[] = {
	{ "ethdev_both_ways", ethdev_both_ways },
	{ "ethdev_gso", ethdev_gso },
	{ "ethdev_flood", ethdev_flood },
	{ "ethdev_into_stalled_guest", ethdev_into_stalled_guest },
	{ "ethdev_removed", ethdev_removed },
	{ "uplink_missing", uplink_missing },
	{ "echo", echo },
	{ "tap", tap },
	{ "packet", packet },
	{ "drop_in", drop_in },
	CU_TEST_INFO_NULL,
};
