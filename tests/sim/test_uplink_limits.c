/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: large frames through a `packet` uplink, to devices that take them and to devices that can
 * do less.
 */
#include <string.h>
#include <unistd.h>

#include "dp/port/port.h"
#include "sim/flow.h"
#include "sim/outside.h"
#include "sim/test_sim.h"

#define MSS 1428u
#define N_FRAMES 40u
#define MTU_FRAME 1514u

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
	struct guest_packet packet = { .data = data,
				       .len = f->len,
				       .flags = NETTXF_csum_blank,
				       .gso_size = MSS,
				       .gso_type = f->kind == FRAME_TCP4
							   ? XEN_NETIF_GSO_TYPE_TCPV4
							   : XEN_NETIF_GSO_TYPE_TCPV6 };

	frame_build_blank(f, data);
	flow_drain(g);
	flow_send(g, &packet);
}

/* One end of a new pair of devices. */
struct device {
	const char *name, *far;
	bool tso;
	unsigned max; /* bytes that it segments */
	bool tx_ring; /* how the daemon sends large frames to it */
};

/*
 * Starts the daemon with the device as its uplink, and a guest. Returns a socket on the other end;
 * negative: the case is skipped.
 */
static int
start(struct sim *s, const struct device *dev, struct guest **g)
{
	struct uplink_params uplink = { .kind = UPLINK_PACKET,
					.device = dev->name,
					.bridge = "xenbr0",
					.poller = -1,
					.tx_ring = dev->tx_ring };

	if (outside_skips_kernel())
		return -1;
	if (!outside_kernel_make_pair(dev->name, dev->far) ||
	    !outside_kernel_limit_tso(dev->name, dev->tso, dev->max)) {
		sim_skip("no veth devices with settings for TSO");
		return -1;
	}
	sim_start_with(s, &(struct sim_options){ .self = SIM_SELF,
						 .hotplug = HOTPLUG_SELF,
						 .uplinks = &uplink,
						 .n_uplinks = 1 });
	*g = sim_join(s);
	int fd = outside_kernel_open(dev->far);
	REQUIRE_GE(fd, 0);
	return fd;
}

/*
 * GSO frames of each length come out of a device that has no TSO, or less than they need: in
 * segments, none lost.
 */
static void
gso_through(const struct device *dev)
{
	struct sim s;
	struct guest *g;
	int fd = start(&s, dev, &g);

	if (fd < 0)
		return;
	for (unsigned i = 0; i < N_FRAMES; i++) {
		struct frame f = { .kind = i % 2 ? FRAME_TCP4 : FRAME_TCP6,
				   .len = 20000 + i * 1100,
				   .seed = i };

		frame_mac(g->params.domid, f.src);
		frame_mac(0xee, f.dst);
		send_gso(g, &f);
		if (!outside_kernel_expect_segments(fd, &f,
						    dev->tso && dev->max > UINT16_MAX ? UINT16_MAX
										      : MTU_FRAME))
			break;
	}
	const struct port *port = port_of(dev->name);
	REQUIRE_NOT_NULL(port);
	CHECK_EQ(port->stats.n_dropped[DROP_QUEUE_FULL] + port->stats.n_dropped[DROP_TOO_BIG], 0);
	CHECK_EQ(port->stats.n_dropped[DROP_PORT_ERROR] + port->refused, 0);
	CHECK_EQ(port->stats.n_soft_gso, 0); /* the kernel has cut them, which costs less */
	close(fd);
	sim_stop(&s);
}

static void
packet_without_tso(void)
{
	gso_through(&(struct device){ "simnotso0", "simnotso1", false, 65536, false });
	gso_through(&(struct device){ "simnotso2", "simnotso3", false, 65536, true });
}

static void
packet_with_small_tso(void)
{
	gso_through(&(struct device){ "simlimit0", "simlimit1", true, 16384, false });
	gso_through(&(struct device){ "simlimit2", "simlimit3", true, 16384, true });
}

/*
 * The device takes them as they are. More frames than the ring has slots, each of its own length.
 */
static void
packet_with_tso(void)
{
	gso_through(&(struct device){ "simtso0", "simtso1", true, 65536, false });
	gso_through(&(struct device){ "simtso2", "simtso3", true, 65536, true });
}

/* Long and short frames in turns, of which the ring takes the long ones only: their order stays. */
static void
packet_order(void)
{
	struct sim s;
	struct guest *g;
	const struct device dev = { "simorder0", "simorder1", true, 65536, true };
	int fd = start(&s, &dev, &g);

	if (fd < 0)
		return;
	for (unsigned i = 0; i < N_FRAMES; i += 4) {
		struct frame f[4];

		for (unsigned k = 0; k < 4; k++) {
			f[k] = (struct frame){ .kind = FRAME_TCP4,
					       .len = k % 2 ? 40000 + i : 2000 + i,
					       .seed = i + k };
			frame_mac(g->params.domid, f[k].src);
			frame_mac(0xee, f[k].dst);
			send_gso(g, &f[k]);
		}
		for (unsigned k = 0; k < 4; k++)
			REQUIRE(outside_kernel_expect_segments(fd, &f[k], UINT16_MAX));
	}
	close(fd);
	sim_stop(&s);
}

CU_TestInfo uplink_limits_cases[] = {
	{ "packet_with_tso", packet_with_tso },
	{ "packet_order", packet_order },
	{ "packet_without_tso", packet_without_tso },
	{ "packet_with_small_tso", packet_with_small_tso },
	CU_TEST_INFO_NULL,
};
