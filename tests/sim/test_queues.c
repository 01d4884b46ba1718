/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: a vif of several queues, each with a poller of its own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dp/vif/port_vif.h"
#include "sim/asker.h"
#include "sim/many_flows.h"
#include "sim/test_sim.h"

#define N_QUEUES 2u

#define ALGORITHM XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM
#define FLAGS XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS
#define KEY XEN_NETIF_CTRL_TYPE_SET_HASH_KEY
#define MAP_SIZE XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE
#define MAP XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING

/* Flows are spread over the queues, each stays in its own and in order. */
static void
to_guest_spread(void)
{
	struct asker a;
	struct flows fl;

	asker_start(&a, N_QUEUES);
	REQUIRE_EQ(a.fe->info.n_queues, N_QUEUES);
	flows_start(&fl);
	for (uint32_t turn = 0; turn < 60 && flows_round(&a, &fl, turn, true); turn++)
		;
	CHECK_GT(flows_of_queue(&fl, 0), FLOWS_N / 8);
	CHECK_GT(flows_of_queue(&fl, 1), FLOWS_N / 8);
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
	CHECK(flows_round(&a, &fl, 0, true));
	const struct port *port = sim_port(a.d);
	REQUIRE_NOT_NULL(port);
	CHECK_EQ(port->n_queues, N_QUEUES);
	CHECK_NE(dp_poller_of(sim_dp(), port->queue[0]), dp_poller_of(sim_dp(), port->queue[1]));
	for (int q = 0; q < (int)N_QUEUES; q++)
		CHECK_GE(port->queue[q]->stats.tx_frames, flows_of_queue(&fl, q));
	asker_end(&a);
}

/*
 * Whatever queue the guest sends by, its frames are of one port: nothing comes back to it, and all
 * arrive.
 */
static void
from_guest_any_queue(void)
{
	static struct guest_frame got;
	struct flows fl;
	struct asker a;
	uint8_t data[FLOWS_FRAME_LEN];

	asker_start(&a, N_QUEUES);
	flows_start(&fl);
	for (uint32_t i = 0; i < 40 * FLOWS_N; i++) {
		unsigned flow = i % FLOWS_N, q = flow % N_QUEUES;
		struct vpe_fe_buf *buf = vpe_fe_alloc(a.fe, q);

		REQUIRE_NOT_NULL(buf);
		flows_build(a.d, a.b, flow, i / FLOWS_N, data);
		memcpy(buf->data, data, FLOWS_FRAME_LEN);
		buf->len = FLOWS_FRAME_LEN;
		while (vpe_fe_tx_burst(a.fe, q, &buf, 1) == 0)
			;
		if (i % 32 != 31)
			continue;
		for (unsigned n = 0; n < 32; n++) {
			if (!flow_receive(a.b, &got) || !flows_came(&fl, got.data, 0, true))
				goto out;
		}
	}
	CHECK_EQ(fl.turn[FLOWS_N - 1], 40);
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
		CHECK(flow_until(is_in_place, &place));
		direct_greet(a.fe, a.d, a.b);
	}
	pin(a.d, "2"); /* there is none: all stays */
	CHECK(fake_store_await(guest_error(a.d).text,
			       "the toolstack's key pollers is \"2\": expected a list of pollers",
			       sim_deadline()));
	CHECK(is_in_place(&(struct place){ a.d, { 1, 1 } }));
	pin(a.d, "0"); /* for all */
	CHECK(flow_until(is_in_place, &(struct place){ a.d, { 0, 0 } }));
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
	CHECK_EQ(fl.turn[FLOWS_N - 1], 400);
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

/*
 * All queues are with one poller, and it is busy: some go to the other one. Pinned ones would not
 * have.
 */
static void
balanced_by_load(void)
{
	static const struct sim_options options = {
		.self = SIM_SELF,
		.hotplug = HOTPLUG_SELF,
		.balance = { .interval_s = 1, .load_percent = 1, .improvement_percent = 10 },
	};
	struct asker a;
	struct flows fl;
	uint32_t turn = 0;

	asker_start_with(&a, N_QUEUES, &options);
	flows_start(&fl);
	pin(a.d, "0");
	pin(a.b, "0");
	CHECK(flow_until(is_in_place, &(struct place){ a.d, { 0, 0 } }));
	for (uint64_t end = fake_now_ms() + 2500;
	     fake_now_ms() < end && flows_round(&a, &fl, turn, true);)
		turn++;
	CHECK_FALSE(has_moved(&a));
	pin(a.d, NULL);
	pin(a.b, NULL);
	for (uint64_t end = sim_deadline();
	     !has_moved(&a) && fake_now_ms() < end && flows_round(&a, &fl, turn, true);)
		turn++;
	CHECK(has_moved(&a));
	CHECK(flows_round(&a, &fl, turn, true));
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
		CHECK(flows_round(&a, &fl, turn++, false));
		CHECK_EQ(flows_of_queue(&fl, queue), FLOWS_N);
		CHECK(flows_next_hash(&a, &fl, fl.turn[0], &hash[queue]));
		fl.turn[0]--; /* as the others */
	}
	CHECK_NE(hash[0], 0);
	CHECK_EQ(hash[0], hash[1]); /* of the same addresses */
	map[5] = N_QUEUES;          /* no such queue: the table in force stays */
	ask(&a, MAP, a.ref[1], 16, 0, NO);
	CHECK(flows_round(&a, &fl, turn++, true));
	ask(&a, ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE, 0, 0, OKAY);
	CHECK(flows_round(&a, &fl, turn++, false));
	CHECK_GT(flows_of_queue(&fl, 0), FLOWS_N / 8);
	CHECK_GT(flows_of_queue(&fl, 1), FLOWS_N / 8);
	CHECK_FALSE(flows_next_hash(&a, &fl, fl.turn[0], &hash[0]));
	asker_end(&a);
}

/* What a program asks libvpefront for. */
static void
chosen_by_library(void)
{
	struct vpe_fe_rss rss = { .types = VPE_FE_RSS_IPV4,
				  .key = { 0x6d, 0x5a, 0x56 },
				  .n_map = 128 };
	struct asker a;
	struct flows fl;

	asker_start(&a, N_QUEUES);
	flows_start(&fl);
	for (uint32_t turn = 0; turn < 4; turn++) {
		memset(rss.map, (int)(turn % N_QUEUES), sizeof(rss.map));
		CHECK_EQ(vpe_fe_set_rss(a.fe, &rss), 0);
		CHECK(flows_round(&a, &fl, turn, false));
		CHECK_EQ(flows_of_queue(&fl, (int)(turn % N_QUEUES)), FLOWS_N);
	}
	rss.map[127] = N_QUEUES;
	CHECK_EQ(vpe_fe_set_rss(a.fe, &rss), -EINVAL);
	rss.n_map = 129;
	CHECK_EQ(vpe_fe_set_rss(a.fe, &rss), -EINVAL);
	rss = (struct vpe_fe_rss){ .types = 1u << 4 };
	CHECK_EQ(vpe_fe_set_rss(a.fe, &rss), -EINVAL);
	rss.types = 0;
	CHECK_EQ(vpe_fe_set_rss(a.fe, &rss), 0);
	CHECK(flows_round(&a, &fl, 4, false));
	CHECK_GT(flows_of_queue(&fl, 0), 0);
	CHECK_GT(flows_of_queue(&fl, 1), 0);
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
	CHECK_EQ(ask(&a, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0, OKAY), 15);
	ask(&a, FLAGS, 16, 0, 0, NO);
	ask(&a, FLAGS, UINT32_MAX, 0, 0, NO);
	ask(&a, FLAGS, 15, 0, 0, OKAY);
	ask(&a, KEY, a.ref[0], 41, 0, NO);
	ask(&a, KEY, a.ref[0], UINT32_MAX, 0, NO);
	ask(&a, KEY, UINT32_MAX, 40, 0, NO);  /* no such grant */
	ask(&a, KEY, UINT32_MAX, 0, 0, OKAY); /* an empty key is in no page */
	CHECK_EQ(ask(&a, XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 0, 0, 0, OKAY), 128);
	ask(&a, MAP_SIZE, 129, 0, 0, NO);
	ask(&a, MAP_SIZE, UINT32_MAX, 0, 0, NO);
	ask(&a, MAP, a.ref[1], 1, 0, NO); /* there is no table yet */
	ask(&a, MAP_SIZE, 128, 0, 0, OKAY);
	static const struct {
		uint32_t n, at;
	} bad[] = {
		{ 2, UINT32_MAX }, { 0x40000001u, 0 }, { 1, 128 },          { 129, 0 },
		{ 128, 1 },        { UINT32_MAX, 1 },  { UINT32_MAX, 127 },
	};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ask(&a, MAP, a.ref[1], bad[i].n, bad[i].at, NO);
	ask(&a, MAP, UINT32_MAX, 128, 0, NO);
	ask(&a, MAP, a.ref[1], 128, 0, OKAY);
	ask(&a, MAP, a.ref[1], 0, 128, OKAY);
	asker_end(&a);
}

/*
 * A guest that changes its hash all the time does so at the pollers' pace, and memory stays where
 * it is.
 */
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
			CHECK_EQ(rsp.status, OKAY);
	}
	flows_start(&fl);
	CHECK(flows_round(&a, &fl, 0, true));
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
		CHECK(front_reconfigure(a.d, values[i]));
		for (unsigned q = 0; q < N_QUEUES; q++) {
			struct port_vif_stats stats;
			port_vif_get_stats(sim_port(a.d)->queue[q], &stats);
			CHECK_EQ(stats.headroom, values[i]);
		}
		for (unsigned n = 0; n < 10; n++)
			REQUIRE(flows_round(&a, &fl, turn++, true));
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
