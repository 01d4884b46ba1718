/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: devices behind a `packet` uplink that can do less than the guests are offered. */
#include <string.h>
#include <unistd.h>

#include "dp/port/port.h"
#include "sim/flow.h"
#include "sim/outside.h"
#include "sim/test_sim.h"

#define MSS 1428u
#define N_FRAMES 40u

static struct port *
port_of(const char *name)
{
	for (unsigned id = 0; id < LIMIT_PORTS; id++) {
		struct port *port = dp_port(sim_dp(), id);
		if (port != NULL && strcmp(port->name, name) == 0)
			return port;
	}
	return NULL;
}

static void
send_gso(struct guest *g, const struct frame *f)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct guest_packet packet = { .data = data, .len = f->len, .flags = NETTXF_csum_blank, .gso_size = MSS,
				       .gso_type = f->kind == FRAME_TCP4 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6 };

	frame_build_blank(f, data);
	flow_drain(g);
	flow_send(g, &packet);
}

/* GSO frames of each length come out of a device that has no TSO, or less than they need: in segments, none lost. */
static void
gso_through(const char *own, const char *far, bool tso, unsigned max)
{
	struct uplink_params uplink = { .kind = UPLINK_PACKET, .device = own, .bridge = "xenbr0", .poller = -1 };
	struct sim s;

	if (outside_skips_kernel())
		return;
	if (!outside_kernel_make_pair(own, far) || !outside_kernel_limit_tso(own, tso, max)) {
		sim_skip("no veth devices with settings for TSO");
		return;
	}
	sim_start_with(&s, &(struct sim_options){ .self = SIM_SELF, .hotplug = HOTPLUG_SELF, .uplinks = &uplink, .n_uplinks = 1 });
	struct guest *g = sim_join(&s);
	int fd = outside_kernel_open(far);
	CU_ASSERT_FATAL(fd >= 0);
	for (unsigned i = 0; i < N_FRAMES; i++) {
		struct frame f = { .kind = i % 2 ? FRAME_TCP4 : FRAME_TCP6, .len = 20000 + i * 1100, .seed = i };

		frame_mac(g->params.domid, f.src);
		frame_mac(0xee, f.dst);
		send_gso(g, &f);
		if (!outside_kernel_expect_segments(fd, &f))
			break;
	}
	const struct port *port = port_of(own);
	CU_ASSERT_FATAL(port != NULL);
	CU_ASSERT_EQUAL(port->stats.n_dropped[DROP_QUEUE_FULL] + port->stats.n_dropped[DROP_TOO_BIG], 0);
	CU_ASSERT_EQUAL(port->stats.n_dropped[DROP_PORT_ERROR] + port->refused, 0);
	CU_ASSERT_EQUAL(port->stats.n_soft_gso, 0); /* the kernel has cut them, which costs less */
	close(fd);
	sim_stop(&s);
}

static void
packet_without_tso(void)
{
	gso_through("simnotso0", "simnotso1", false, 65536);
}

static void
packet_with_small_tso(void)
{
	gso_through("simlimit0", "simlimit1", true, 16384);
}

CU_TestInfo uplink_limits_cases[] = {
	{ "packet_without_tso", packet_without_tso },
	{ "packet_with_small_tso", packet_with_small_tso },
	CU_TEST_INFO_NULL,
};
