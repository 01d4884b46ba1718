/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/station.h"

#include <string.h>

#include "check.h"

const uint8_t station_broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

struct guest *
station_add(struct sim *s, const char *ip, const char *vlan)
{
	return sim_add_with(s, NULL, &(struct toolstack_vif){ .ip = ip, .vlan = vlan });
}

uint64_t
station_drops(const struct guest *g, enum drop_reason reason)
{
	const struct port *port = sim_port(g);

	return port != NULL ? __atomic_load_n(&port->stats.n_dropped[reason], __ATOMIC_RELAXED) : 0;
}

void
station_send_bytes(struct guest *g, const void *data, uint32_t len)
{
	flow_drain(g);
	g->n_tx_log = 0;
	CHECK_EQ(guest_send_frame(g, data, len), 0);
	CHECK(flow_await_responses(g, 1));
}

void
station_send(struct guest *g, const struct frame *f)
{
	static uint8_t data[GUEST_FRAME_SIZE];

	frame_build(f, data);
	station_send_bytes(g, data, f->len);
}

bool
station_receives_next(struct guest *g, const struct frame *f)
{
	static struct guest_frame got;

	return sim_check(flow_receive(g, &got), "vif%u: nothing comes", g->params.domid) &&
	       sim_check(frame_equal(f, FRAME_COMPLETE, got.data, got.len),
			 "vif%u got another frame", g->params.domid);
}

struct frame
station_to_all(const struct guest *from, uint32_t seed)
{
	struct frame f = flow_frame(from, from, FRAME_UDP4, 300, seed);

	memcpy(f.dst, station_broadcast, 6);
	return f;
}

struct frame
station_tagged(struct frame f, uint16_t vid)
{
	f.len += (vid != 0 ? 4u : 0u) - (f.vlan != 0 ? 4u : 0u);
	f.vlan = vid;
	return f;
}
