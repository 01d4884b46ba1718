/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: somebody holds buffers and does not give them back, and a neighbour works. What is held
 * comes back.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dp/frame/pool.h"
#include "sim/nic.h"
#include "sim/outside.h"
#include "sim/test_sim.h"

#define JUMBO 9000u
#define OUTSIDE 0xeeu
#define STALLED_GUESTS 6u
#define MSS 1428u

static const struct toolstack_vif mtu9000 = { .mtu = JUMBO };

struct stage {
	struct sim s;
	struct guest *n1, *n2; /* the neighbours */
	struct guest *bad;
	struct guest *stalled[STALLED_GUESTS]; /* post nothing */
};

static struct frame
frame_out(const struct guest *g, uint32_t len, uint32_t seed)
{
	struct frame f = { .kind = FRAME_TCP4, .len = len, .seed = seed };

	frame_mac(g->params.domid, f.src);
	frame_mac(OUTSIDE, f.dst);
	return f;
}

static struct guest *
add_jumbo(struct sim *s)
{
	return sim_add_with(s, NULL, &mtu9000);
}

static bool
send_frame(struct guest *g, const struct frame *f, uint16_t gso_size)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct guest_packet packet = { .data = data, .len = f->len, .gso_size = gso_size };

	if (gso_size != 0) {
		packet.gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
		packet.flags = NETTXF_csum_blank;
		frame_build_blank(f, data);
	} else {
		frame_build(f, data);
	}
	return flow_send(g, &packet);
}

/* The bridge knows where `to` is, or the outside (NULL), which it learns from a frame to `g`. */
static void
introduce(struct guest *to, struct guest *g)
{
	struct frame f = { .kind = FRAME_RAW, .len = 100 };

	if (to != NULL) {
		f = flow_frame(to, g, FRAME_RAW, 100, 1);
		send_frame(to, &f, 0);
	} else {
		frame_mac(OUTSIDE, f.src);
		frame_mac(g->params.domid, f.dst);
		nic_send(&f);
	}
	CHECK(flow_expect(g, &f, FRAME_COMPLETE));
}

/* A bridge with an uplink that is a NIC, whose wire takes nothing by itself. */
static bool
stage_open(struct stage *st)
{
	static const struct uplink_params uplink = {
		.kind = UPLINK_ETHDEV,
		.device = NIC_DEVICE,
		.bridge = "xenbr0",
		.mtu = JUMBO,
		.poller = -1,
	};
	struct guest_params params = sim_guest_params();

	if (!nic_opened())
		return false;
	sim_start_with(&st->s, &(struct sim_options){ .self = SIM_SELF,
						      .hotplug = HOTPLUG_SELF,
						      .uplinks = &uplink,
						      .n_uplinks = 1 });
	st->n1 = add_jumbo(&st->s);
	st->n2 = add_jumbo(&st->s);
	st->bad = add_jumbo(&st->s);
	params.n_rx_slots = 0;
	for (unsigned i = 0; i < STALLED_GUESTS; i++)
		st->stalled[i] = sim_add_with(&st->s, &params, &mtu9000);
	CHECK(sim_connect_all(&st->s) && nic_is_ready());
	for (unsigned i = 0; i < STALLED_GUESTS; i++)
		introduce(st->stalled[i], st->bad);
	introduce(NULL, st->bad);
	return true;
}

/* Every frame arrives, small and large, though one is under way after the other only. */
static void
neighbours_work(struct stage *st)
{
	CHECK(flow_exchange(st->n1, st->n2, 200));
	for (unsigned i = 0; i < 50; i++) {
		struct guest *from = i % 2 ? st->n1 : st->n2, *to = i % 2 ? st->n2 : st->n1;
		struct frame f = flow_frame(from, to, FRAME_RAW, 4000 + i * 100, i);

		if (!send_frame(from, &f, 0) || !flow_expect(to, &f, FRAME_COMPLETE))
			break;
		flow_drain(from);
	}
}

static bool
all_back(void *arg)
{
	struct dp_pool_stats pools;

	(void)arg;
	dp_get_pool_stats(sim_dp(), &pools);
	return pools.n_large_free == pools.n_large;
}

/* ---- who holds ------------------------------------------------------------------------------- */

enum holder {
	HOLD_GUESTS, /* that post nothing */
	HOLD_NIC,    /* whose wire stands still */
};

static const struct row {
	const char *name;
	enum holder holder;
	uint32_t len;
	uint16_t gso_size;
	unsigned n_frames;
} rows[] = {
	{ "small frames to guests that post nothing", HOLD_GUESTS, 1000, 0, 4000 },
	{ "large frames to guests that post nothing", HOLD_GUESTS, 2000, 0, 2000 },
	{ "GSO frames to guests that post nothing", HOLD_GUESTS, 65000, MSS, 400 },
	{ "small frames to a NIC that stands still", HOLD_NIC, 1000, 0, 4000 },
	{ "large frames to a NIC that stands still", HOLD_NIC, 9000, 0, 1000 },
	{ "GSO frames to a NIC that stands still", HOLD_NIC, 65000, MSS, 200 },
};

/* Whatever is held, a quarter of each pool is left for those who move frames. */
static void
hold(const struct row *row)
{
	struct stage st;
	struct dp_pool_stats pools;

	if (!stage_open(&st))
		return;
	for (unsigned i = 0; i < row->n_frames; i++) {
		struct frame f = frame_out(st.bad, row->len, i);

		if (row->holder == HOLD_GUESTS)
			f = flow_frame(st.bad, st.stalled[i % STALLED_GUESTS], FRAME_TCP4, row->len,
				       i);
		if (!send_frame(st.bad, &f, row->gso_size))
			break;
	}
	neighbours_work(&st);
	dp_get_pool_stats(sim_dp(), &pools);
	sim_check(pools.n_small_free >= pools.n_small / 4 &&
			  pools.n_large_free >= pools.n_large / 4,
		  "%s: %u of %u small and %u of %u large buffers are left", row->name,
		  pools.n_small_free, pools.n_small, pools.n_large_free, pools.n_large);
	if (row->holder == HOLD_NIC) { /* the wire moves again, and so does everything */
		struct frame f = frame_out(st.n1, JUMBO, 7);

		nic_take(&f);
		CHECK(send_frame(st.n1, &f, 0));
		unsigned n = 0;
		for (uint64_t end = sim_deadline(); n == 0 && fake_now_ms() < end; usleep(1000))
			n = nic_take(&f);
		sim_check(n == 1, "%s: afterwards, nothing goes out", row->name);
		CHECK(flow_until(all_back, NULL));
	}
	nic_stop(&st.s);
}

static void
holders(void)
{
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		hold(&rows[i]);
}

/*
 * A NIC that is never slow and never full: all that goes in comes out. When one guest has sent its
 * frames and is still, all large buffers are back, and another one's frames go out.
 */
static void
nic_gives_back(void)
{
	struct stage st;
	unsigned n = 0;

	if (!stage_open(&st))
		return;
	for (unsigned i = 0; i < 1000; i++) {
		struct frame f = frame_out(i < 990 ? st.bad : st.n1, 4000, i < 990 ? 1 : 2);

		if (i == 990) {
			CHECK_EQ(n, 990);
			CHECK(flow_until(all_back, NULL));
		}
		CHECK(send_frame(i < 990 ? st.bad : st.n1, &f, 0));
		for (uint64_t end = sim_deadline(); n <= i && fake_now_ms() < end;)
			n += nic_take(&f);
	}
	CHECK_EQ(n, 1000);
	CHECK(flow_until(all_back, NULL));
	nic_stop(&st.s);
}

/*
 * When there is no large buffer at all, small frames go on: between guests, and from and to the
 * host. The suite's first case: no poller's cache has a large buffer yet.
 */
static void
no_large_buffers(void)
{
	static const struct uplink_params uplink = {
		.kind = UPLINK_TAP, .device = "simtap", .bridge = "xenbr0", .poller = -1
	};
	struct dp_pool_stats pools;
	struct rte_mbuf *large[256];
	struct sim s;

	if (outside_skips_kernel())
		return;
	dp_get_pool_stats(sim_dp(), &pools);
	REQUIRE_EQ(rte_pktmbuf_alloc_bulk(dp_pools(sim_dp())->large, large, pools.n_large), 0);
	sim_start_with(&s, &(struct sim_options){ .self = SIM_SELF,
						  .hotplug = HOTPLUG_SELF,
						  .uplinks = &uplink,
						  .n_uplinks = 1 });
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	int fd = outside_kernel_open("simtap");
	REQUIRE_GE(fd, 0);
	for (unsigned i = 0; i < 100; i++) {
		struct frame f = frame_out(a, 60 + i, i), in = f;

		memcpy(in.src, f.dst, 6);
		memcpy(in.dst, f.src, 6);
		if (!send_frame(a, &f, 0) || !outside_kernel_expect(fd, &f, FRAME_COMPLETE))
			break;
		outside_kernel_send(fd, &in);
		if (!flow_expect(a, &in, FRAME_COMPLETE))
			break;
		flow_drain(a);
	}
	CHECK(flow_exchange(a, b, 100));
	rte_pktmbuf_free_bulk(large, pools.n_large);
	close(fd);
	sim_stop(&s);
}

CU_TestInfo buffers_cases[] = {
	{ "no_large_buffers", no_large_buffers },
	{ "holders", holders },
	{ "nic_gives_back", nic_gives_back },
	CU_TEST_INFO_NULL,
};
