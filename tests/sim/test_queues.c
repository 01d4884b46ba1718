/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: a vif of several queues, each with a poller of its own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dp/vif/port_vif.h"
#include "sim/asker.h"
#include "sim/test_sim.h"

#define N_QUEUES 2u
#define N_FLOWS 48u
#define FRAME_LEN 100u
#define PORT_AT 34u /* the UDP source port: which flow it is */
#define TURN_AT 60u /* in the payload */

#define ALGORITHM XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM
#define FLAGS XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS
#define KEY XEN_NETIF_CTRL_TYPE_SET_HASH_KEY
#define MAP_SIZE XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE
#define MAP XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING

/* What the receiver has seen of each flow. */
struct flows {
	int queue[N_FLOWS];    /* that it came by; -1: none yet */
	uint32_t turn[N_FLOWS]; /* the next one */
};

static void
flows_start(struct flows *fl)
{
	memset(fl->turn, 0, sizeof(fl->turn));
	for (unsigned i = 0; i < N_FLOWS; i++)
		fl->queue[i] = -1;
}

/* The frame of a flow's turn. */
static void
flow_build(const struct guest *from, const struct guest *to, unsigned flow, uint32_t turn, uint8_t *data)
{
	struct frame f = flow_frame(from, to, FRAME_UDP4, FRAME_LEN, 1);

	frame_build(&f, data);
	data[PORT_AT] = 0x40;
	data[PORT_AT + 1] = (uint8_t)flow;
	memcpy(data + TURN_AT, &turn, sizeof(turn));
}

/* A frame of a flow that came by `queue`: it is the next one, and by the same queue as the last if `stays`. */
static bool
flow_came(struct flows *fl, const uint8_t *data, unsigned queue, bool stays)
{
	unsigned flow = data[PORT_AT + 1];
	uint32_t turn;

	memcpy(&turn, data + TURN_AT, sizeof(turn));
	if (!sim_check(flow < N_FLOWS && turn == fl->turn[flow], "flow %u: turn %u instead of %u", flow, turn,
		       flow < N_FLOWS ? fl->turn[flow] : 0))
		return false;
	fl->turn[flow]++;
	int last = fl->queue[flow];
	fl->queue[flow] = (int)queue;
	return !stays || sim_check(last < 0 || last == (int)queue, "flow %u changes its queue", flow);
}

/* Takes what came on all queues of the library's vif, until `n` frames of flows did. */
static bool
flows_take(struct asker *a, struct flows *fl, unsigned n, bool stays)
{
	uint64_t deadline = sim_deadline();

	while (n > 0) {
		for (unsigned q = 0; q < a->fe->info.n_queues; q++) {
			struct vpe_fe_buf *frame;
			while (n > 0 && vpe_fe_rx_burst(a->fe, q, &frame, 1) == 1) {
				bool ours = frame->len == FRAME_LEN && frame->data[PORT_AT] == 0x40;
				bool ok = !ours || flow_came(fl, frame->data, q, stays);
				vpe_fe_free(a->fe, frame);
				n -= ours;
				if (!ok)
					return false;
			}
		}
		if (!sim_check(fake_now_ms() < deadline, "%u frames did not come", n))
			return false;
	}
	return true;
}

/* One frame of each of the first `n` flows to the library's vif. */
static bool
flows_send(struct asker *a, struct flows *fl, unsigned n, uint32_t turn, bool stays)
{
	uint8_t data[FRAME_LEN];

	for (unsigned flow = 0; flow < n; flow++) {
		flow_build(a->b, a->d, flow, turn, data);
		if (!flow_send(a->b, &(struct guest_packet){ .data = data, .len = FRAME_LEN }))
			return false;
	}
	flow_drain(a->b);
	return flows_take(a, fl, n, stays);
}

static bool
flows_round(struct asker *a, struct flows *fl, uint32_t turn, bool stays)
{
	return flows_send(a, fl, N_FLOWS, turn, stays);
}

static unsigned
flows_of_queue(const struct flows *fl, int queue)
{
	unsigned n = 0;

	for (unsigned i = 0; i < N_FLOWS; i++)
		n += fl->queue[i] == queue;
	return n;
}

/*
 * Takes another frame of flow 0: what the extra info says that came with it. False: none did. The library posts buffers many at a
 * time, so the ring still holds it.
 */
static bool
next_hash(struct asker *a, struct flows *fl, uint32_t turn, uint32_t *hash)
{
	netif_extra_info_t extra;

	if (!flows_send(a, fl, 1, turn, false))
		return false;
	const struct fe_ring *rx = &a->fe->queue[fl->queue[0]].rx;
	fe_ring_copy_response(rx, rx->rsp_cons - 1, &extra, sizeof(extra));
	memcpy(hash, extra.u.hash.value, sizeof(*hash));
	return extra.type == XEN_NETIF_EXTRA_TYPE_HASH && extra.flags == 0 && extra.u.hash.type == _XEN_NETIF_CTRL_HASH_TYPE_IPV4 &&
	       extra.u.hash.algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
}

/* ---- cases ----------------------------------------------------------------------------------------------- */

/* Flows are spread over the queues, each stays in its own and in order. */
static void
to_guest_spread(void)
{
	struct asker a;
	struct flows fl;

	asker_start(&a, N_QUEUES);
	CU_ASSERT_EQUAL_FATAL(a.fe->info.n_queues, N_QUEUES);
	flows_start(&fl);
	for (uint32_t turn = 0; turn < 60 && flows_round(&a, &fl, turn, true); turn++)
		;
	CU_ASSERT(flows_of_queue(&fl, 0) > N_FLOWS / 8);
	CU_ASSERT(flows_of_queue(&fl, 1) > N_FLOWS / 8);
	asker_end(&a);
}

/* Each queue has a poller of its own, and counters of its own. */
static void
pollers_differ(void)
{
	struct asker a;
	struct flows fl;

	asker_start(&a, N_QUEUES);
	flows_start(&fl);
	CU_ASSERT(flows_round(&a, &fl, 0, true));
	const struct port *port = sim_port(a.d);
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
	CU_ASSERT_EQUAL(port->n_queues, N_QUEUES);
	CU_ASSERT(dp_poller_of(sim_dp(), port->queue[0]) != dp_poller_of(sim_dp(), port->queue[1]));
	for (int q = 0; q < (int)N_QUEUES; q++)
		CU_ASSERT(port->queue[q]->stats.tx_frames >= flows_of_queue(&fl, q));
	asker_end(&a);
}

/* Whatever queue the guest sends by, its frames are of one port: nothing comes back to it, and all arrive. */
static void
from_guest_any_queue(void)
{
	static struct guest_frame got;
	struct flows fl;
	struct asker a;
	uint8_t data[FRAME_LEN];

	asker_start(&a, N_QUEUES);
	flows_start(&fl);
	for (uint32_t i = 0; i < 40 * N_FLOWS; i++) {
		unsigned flow = i % N_FLOWS, q = flow % N_QUEUES;
		struct vpe_fe_buf *buf = vpe_fe_alloc(a.fe, q);

		CU_ASSERT_PTR_NOT_NULL_FATAL(buf);
		flow_build(a.d, a.b, flow, i / N_FLOWS, data);
		memcpy(buf->data, data, FRAME_LEN);
		buf->len = FRAME_LEN;
		while (vpe_fe_tx_burst(a.fe, q, &buf, 1) == 0)
			;
		if (i % 32 != 31)
			continue;
		for (unsigned n = 0; n < 32; n++) {
			if (!flow_receive(a.b, &got) || !flow_came(&fl, got.data, 0, true))
				goto out;
		}
	}
	CU_ASSERT_EQUAL(fl.turn[N_FLOWS - 1], 40);
out:
	asker_end(&a);
}

/* The operator's key `pollers`, as the toolstack would write it. */
static void
pin(const struct guest *g, const char *value)
{
	if (value == NULL)
		fake_store_remove(guest_back(g, "pollers").text);
	else
		fake_store_printf(guest_back(g, "pollers").text, "%s", value);
}

struct place {
	const struct guest *g;
	unsigned poller[N_QUEUES];
};

static bool
is_in_place(void *arg)
{
	const struct place *place = arg;
	const struct port *port = sim_port(place->g);

	for (unsigned q = 0; q < N_QUEUES; q++) {
		if (port == NULL || dp_poller_of(sim_dp(), port->queue[q]) != place->poller[q])
			return false;
	}
	return true;
}

static void
pinned_live(void)
{
	struct asker a;

	asker_start(&a, N_QUEUES);
	for (unsigned i = 0; i < 20; i++) {
		struct place place = { a.d, { i % 2, i / 2 % 2 } };
		char value[8];

		snprintf(value, sizeof(value), "%u,%u", place.poller[0], place.poller[1]);
		pin(a.d, value);
		CU_ASSERT(flow_until(is_in_place, &place));
		direct_greet(a.fe, a.d, a.b);
	}
	pin(a.d, "2"); /* there is none: all stays */
	CU_ASSERT(fake_store_await(guest_error(a.d).text, "the toolstack's key pollers is \"2\", which is no list of pollers",
				   sim_deadline()));
	CU_ASSERT(is_in_place(&(struct place){ a.d, { 1, 1 } }));
	pin(a.d, "0"); /* for all */
	CU_ASSERT(flow_until(is_in_place, &(struct place){ a.d, { 0, 0 } }));
	pin(a.d, NULL);
	asker_end(&a);
}

/* Both guests' queues change hands all the time, and no flow loses a frame or its order. */
static void
moved_under_traffic(void)
{
	static const char *const pins[] = { "0", "1", "0,1", "1,0", NULL, "1,1" };
	struct asker a;
	struct flows fl;

	asker_start(&a, N_QUEUES);
	flows_start(&fl);
	for (uint32_t turn = 0; turn < 400; turn++) {
		pin(a.d, pins[turn % 6]);
		if (turn % 3 == 0)
			pin(a.b, pins[turn / 3 % 6]);
		if (!flows_round(&a, &fl, turn, true))
			break;
	}
	CU_ASSERT_EQUAL(fl.turn[N_FLOWS - 1], 400);
	asker_end(&a);
}

static bool
has_moved(void *arg)
{
	const struct asker *a = arg;
	const struct port *port[] = { sim_port(a->d), sim_port(a->b) };

	for (unsigned i = 0; i < 2; i++) {
		for (unsigned q = 0; port[i] != NULL && q < port[i]->n_queues; q++) {
			if (dp_poller_of(sim_dp(), port[i]->queue[q]) != 0)
				return true;
		}
	}
	return false;
}

/* All queues are with one poller, and it is busy: some go to the other one. Pinned ones would not have. */
static void
balanced_by_load(void)
{
	static const struct sim_options options = {
		.self = SIM_SELF, .hotplug = HOTPLUG_SELF,
		.balance = { .interval_s = 1, .load_percent = 1, .improvement_percent = 10 },
	};
	struct asker a;
	struct flows fl;
	uint32_t turn = 0;

	asker_start_with(&a, N_QUEUES, &options);
	flows_start(&fl);
	pin(a.d, "0");
	pin(a.b, "0");
	CU_ASSERT(flow_until(is_in_place, &(struct place){ a.d, { 0, 0 } }));
	for (uint64_t end = fake_now_ms() + 2500; fake_now_ms() < end && flows_round(&a, &fl, turn, true);)
		turn++;
	CU_ASSERT_FALSE(has_moved(&a));
	pin(a.d, NULL);
	pin(a.b, NULL);
	for (uint64_t end = sim_deadline(); !has_moved(&a) && fake_now_ms() < end && flows_round(&a, &fl, turn, true);)
		turn++;
	CU_ASSERT(has_moved(&a));
	CU_ASSERT(flows_round(&a, &fl, turn, true));
	asker_end(&a);
}

/* The guest chooses Toeplitz and one queue for all; then the other; then none again. */
static void
steered_by_map(void)
{
	struct asker a;
	struct flows fl;
	uint32_t *map, turn = 0, hash[N_QUEUES];

	asker_start(&a, N_QUEUES);
	map = (uint32_t *)a.page[1];
	memset(a.page[0], 0x5a, 40);
	ask(&a, ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0, OKAY);
	ask(&a, FLAGS, 15, 0, 0, OKAY);
	ask(&a, KEY, a.ref[0], 40, 0, OKAY);
	ask(&a, MAP_SIZE, 16, 0, 0, OKAY);
	flows_start(&fl);
	for (int queue = 0; queue < (int)N_QUEUES; queue++) {
		for (unsigned i = 0; i < 16; i++)
			map[i] = (uint32_t)queue;
		ask(&a, MAP, a.ref[1], 16, 0, OKAY);
		CU_ASSERT(flows_round(&a, &fl, turn++, false));
		CU_ASSERT_EQUAL(flows_of_queue(&fl, queue), N_FLOWS);
		CU_ASSERT(next_hash(&a, &fl, fl.turn[0], &hash[queue]));
		fl.turn[0]--; /* as the others */
	}
	CU_ASSERT(hash[0] != 0 && hash[0] == hash[1]); /* of the same addresses */
	map[5] = N_QUEUES; /* no such queue: the table in force stays */
	ask(&a, MAP, a.ref[1], 16, 0, NO);
	CU_ASSERT(flows_round(&a, &fl, turn++, true));
	ask(&a, ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE, 0, 0, OKAY);
	CU_ASSERT(flows_round(&a, &fl, turn++, false));
	CU_ASSERT(flows_of_queue(&fl, 0) > N_FLOWS / 8 && flows_of_queue(&fl, 1) > N_FLOWS / 8);
	CU_ASSERT_FALSE(next_hash(&a, &fl, fl.turn[0], &hash[0]));
	asker_end(&a);
}

/* What a program asks libvpefront for. */
static void
chosen_by_library(void)
{
	struct vpe_fe_rss rss = { .types = VPE_FE_RSS_IPV4, .key = { 0x6d, 0x5a, 0x56 }, .n_map = 128 };
	struct asker a;
	struct flows fl;

	asker_start(&a, N_QUEUES);
	flows_start(&fl);
	for (uint32_t turn = 0; turn < 4; turn++) {
		memset(rss.map, (int)(turn % N_QUEUES), sizeof(rss.map));
		CU_ASSERT_EQUAL(vpe_fe_set_rss(a.fe, &rss), 0);
		CU_ASSERT(flows_round(&a, &fl, turn, false));
		CU_ASSERT_EQUAL(flows_of_queue(&fl, (int)(turn % N_QUEUES)), N_FLOWS);
	}
	rss.map[127] = N_QUEUES;
	CU_ASSERT_EQUAL(vpe_fe_set_rss(a.fe, &rss), -EINVAL);
	rss.n_map = 129;
	CU_ASSERT_EQUAL(vpe_fe_set_rss(a.fe, &rss), -EINVAL);
	rss = (struct vpe_fe_rss){ .types = 1u << 4 };
	CU_ASSERT_EQUAL(vpe_fe_set_rss(a.fe, &rss), -EINVAL);
	rss.types = 0;
	CU_ASSERT_EQUAL(vpe_fe_set_rss(a.fe, &rss), 0);
	CU_ASSERT(flows_round(&a, &fl, 4, false));
	CU_ASSERT(flows_of_queue(&fl, 0) > 0 && flows_of_queue(&fl, 1) > 0);
	asker_end(&a);
}

/* netif.h types 1 to 7 as they must not be: XSA-270 and others. */
static void
hash_requests_checked(void)
{
	struct asker a;

	asker_start(&a, N_QUEUES);
	ask(&a, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0, NOT_SUPPORTED); /* no algorithm yet */
	ask(&a, FLAGS, 1, 0, 0, NO);
	ask(&a, ALGORITHM, 2, 0, 0, NO);
	ask(&a, ALGORITHM, UINT32_MAX, 0, 0, NO);
	ask(&a, ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0, OKAY);
	CU_ASSERT_EQUAL(ask(&a, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0, OKAY), 15);
	ask(&a, FLAGS, 16, 0, 0, NO);
	ask(&a, FLAGS, UINT32_MAX, 0, 0, NO);
	ask(&a, FLAGS, 15, 0, 0, OKAY);
	ask(&a, KEY, a.ref[0], 41, 0, NO);
	ask(&a, KEY, a.ref[0], UINT32_MAX, 0, NO);
	ask(&a, KEY, UINT32_MAX, 40, 0, NO); /* no such grant */
	ask(&a, KEY, UINT32_MAX, 0, 0, OKAY); /* an empty key is in no page */
	CU_ASSERT_EQUAL(ask(&a, XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 0, 0, 0, OKAY), 128);
	ask(&a, MAP_SIZE, 129, 0, 0, NO);
	ask(&a, MAP_SIZE, UINT32_MAX, 0, 0, NO);
	ask(&a, MAP, a.ref[1], 1, 0, NO); /* there is no table yet */
	ask(&a, MAP_SIZE, 128, 0, 0, OKAY);
	static const struct {
		uint32_t n, at;
	} bad[] = {
		{ 2, UINT32_MAX }, { 0x40000001u, 0 }, { 1, 128 }, { 129, 0 }, { 128, 1 }, { UINT32_MAX, 1 }, { UINT32_MAX, 127 },
	};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ask(&a, MAP, a.ref[1], bad[i].n, bad[i].at, NO);
	ask(&a, MAP, UINT32_MAX, 128, 0, NO);
	ask(&a, MAP, a.ref[1], 128, 0, OKAY);
	ask(&a, MAP, a.ref[1], 0, 128, OKAY);
	asker_end(&a);
}

/* A guest that changes its hash all the time does so at the pollers' pace, and memory stays where it is. */
static void
hash_flood(void)
{
	struct asker a;
	struct flows fl;

	asker_start(&a, N_QUEUES);
	ask(&a, ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0, OKAY);
	for (unsigned round = 0; round < 40; round++) {
		response_t rsp;
		for (unsigned i = 0; i < 100; i++)
			asker_put(&a, MAP_SIZE, i % 129, 0, 0);
		asker_publish(&a);
		for (unsigned i = 0; i < 100 && asker_take(&a, &rsp); i++)
			CU_ASSERT_EQUAL(rsp.status, OKAY);
	}
	flows_start(&fl);
	CU_ASSERT(flows_round(&a, &fl, 0, true));
	asker_end(&a);
}

/* Another headroom is for all queues, whichever pollers have them, and no flow loses its order. */
static void
headroom_of_all_queues(void)
{
	static const unsigned values[] = { 256, 0, 64 };
	struct asker a;
	struct flows fl;
	uint32_t turn = 0;

	asker_start(&a, N_QUEUES);
	flows_start(&fl);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT(front_reconfigure(a.d, values[i]));
		for (unsigned q = 0; q < N_QUEUES; q++) {
			struct port_vif_stats stats;
			port_vif_get_stats(sim_port(a.d)->queue[q], &stats);
			CU_ASSERT_EQUAL(stats.headroom, values[i]);
		}
		for (unsigned n = 0; n < 10; n++)
			CU_ASSERT_FATAL(flows_round(&a, &fl, turn++, true));
	}
	asker_end(&a);
}

CU_TestInfo queues_cases[] = {
	{ "to_guest_spread", to_guest_spread },
	{ "pollers_differ", pollers_differ },
	{ "from_guest_any_queue", from_guest_any_queue },
	{ "pinned_live", pinned_live },
	{ "moved_under_traffic", moved_under_traffic },
	{ "balanced_by_load", balanced_by_load },
	{ "steered_by_map", steered_by_map },
	{ "chosen_by_library", chosen_by_library },
	{ "hash_requests_checked", hash_requests_checked },
	{ "hash_flood", hash_flood },
	{ "headroom_of_all_queues", headroom_of_all_queues },
	CU_TEST_INFO_NULL,
};
