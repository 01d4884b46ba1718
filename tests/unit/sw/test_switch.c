/* SPDX-License-Identifier: BSD-3-Clause */
/* The switch: where frames go, and that bridges keep apart whatever order ports come and go in. */
#include "sw/switch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "unit.h"

#define AGE_MS 1000u
#define N_ENTRIES 1024u

static uint16_t out[LIMIT_PORTS];
static unsigned n_out;

/* A switch with the ports 0 .. n_ports-1 in bridge 0. */
static struct sw *
switch_with(unsigned n_ports)
{
	struct sw *sw = sw_create("test", N_ENTRIES, AGE_MS);

	REQUIRE_NOT_NULL(sw);
	for (unsigned port = 0; port < n_ports; port++)
		REQUIRE_EQ(sw_add_port(sw, (uint16_t)port, 0), 0);
	return sw;
}

static struct sw_stats
stats(const struct sw *sw)
{
	struct sw_stats s;

	sw_get_stats(sw, &s);
	return s;
}

/* Station `i` has address 02:00:00:00:ii:ii; stations send to each other. */
static enum sw_verdict
forward(struct sw *sw, uint16_t in_port, unsigned from, unsigned to, uint64_t now_ms)
{
	uint8_t frame[14] = {
		0x02, 0,    0, 0, (uint8_t)(to >> 8),   (uint8_t)to,
		0x02, 0,    0, 0, (uint8_t)(from >> 8), (uint8_t)from,
		0x08, 0x00,
	};

	return sw_forward(sw, in_port, VLAN_NONE, frame, now_ms, out, &n_out);
}

static enum sw_verdict
forward_to(struct sw *sw, uint16_t in_port, const char *dst, const char *src)
{
	uint8_t frame[14];

	memcpy(frame, dst, 6);
	memcpy(frame + 6, src, 6);
	return sw_forward(sw, in_port, VLAN_NONE, frame, 0, out, &n_out);
}

static bool
out_has(uint16_t port)
{
	unsigned n_found = 0;

	for (unsigned i = 0; i < n_out; i++)
		n_found += out[i] == port;
	return n_found == 1;
}

static void
sw_create_hostile(void)
{
	struct sw *sw = switch_with(0);

	errno = 0;
	CHECK_NULL(sw_create("test", N_ENTRIES, AGE_MS));
	CHECK_EQ(errno, EEXIST);
	sw_destroy(sw);
	sw_destroy(NULL);
	sw = switch_with(0); /* the name is free again */
	sw_destroy(sw);
}

static void
sw_add_port_hostile(void)
{
	struct sw *sw = switch_with(2);

	CHECK_EQ(sw_add_port(sw, 1, 0), -EEXIST);
	CHECK_EQ(sw_add_port(sw, 1, 5), -EEXIST);
	CHECK_EQ(sw_add_port(sw, LIMIT_PORTS, 0), -EINVAL);
	CHECK_EQ(sw_add_port(sw, UINT16_MAX, 0), -EINVAL);
	CHECK_EQ(sw_add_port(sw, 2, LIMIT_BRIDGES), -EINVAL);
	CHECK_EQ(forward(sw, 0, 1, 2, 0), SW_FLOOD);
	CHECK_EQ(n_out, 1);
	sw_destroy(sw);
}

static void
sw_add_port_full(void)
{
	struct sw *sw = switch_with(LIMIT_PORTS);

	CHECK_EQ(forward(sw, 77, 1, 2, 0), SW_FLOOD);
	CHECK_EQ(n_out, LIMIT_PORTS - 1);
	for (unsigned port = 0; port < LIMIT_PORTS; port++)
		CHECK_EQ(out_has((uint16_t)port), port != 77);
	sw_destroy(sw);
}

static void
sw_forward_empty(void)
{
	struct sw *sw = switch_with(0);

	n_out = 99;
	CHECK_EQ(forward(sw, 0, 1, 2, 0), SW_FLOOD);
	CHECK_EQ(n_out, 0);
	CHECK_EQ(forward(sw, UINT16_MAX, 1, 2, 0), SW_FLOOD);
	CHECK_EQ(n_out, 0);
	CHECK_EQ(stats(sw).n_learned, 0);
	sw_destroy(sw);
}

static void
sw_forward_one(void)
{
	struct sw *sw = switch_with(1);

	n_out = 99;
	CHECK_EQ(forward(sw, 0, 1, 2, 0), SW_FLOOD);
	CHECK_EQ(n_out, 0);
	CHECK_EQ(sw_port_entries(sw, 0), 1);
	sw_destroy(sw);
}

static void
sw_forward_many(void)
{
	struct sw *sw = switch_with(4);

	CHECK_EQ(forward(sw, 2, 20, 10, 0), SW_FLOOD); /* who is 10? */
	CHECK_EQ(n_out, 3);
	CHECK(out_has(0) && out_has(1) && out_has(3));
	CHECK_EQ(forward(sw, 1, 10, 20, 0), SW_UNICAST); /* its answer */
	CHECK_EQ(n_out, 1);
	CHECK_EQ(out[0], 2);
	CHECK_EQ(forward(sw, 2, 20, 10, 0), SW_UNICAST);
	CHECK_EQ(out[0], 1);
	CHECK_EQ(stats(sw).n_flooded, 1);
	CHECK_EQ(stats(sw).n_entries, 2);
	sw_destroy(sw);
}

static void
sw_forward_same_port(void)
{
	struct sw *sw = switch_with(3);

	forward(sw, 1, 10, 99, 0);
	CHECK_EQ(forward(sw, 1, 11, 10, 0), SW_SAME_PORT);
	CHECK_EQ(n_out, 0);
	CHECK_EQ(forward(sw, 1, 11, 11, 0), SW_SAME_PORT); /* to itself */
	sw_destroy(sw);
}

static void
sw_forward_moved(void)
{
	struct sw *sw = switch_with(3);

	forward(sw, 0, 10, 99, 0);
	forward(sw, 1, 10, 99, 0); /* station 10 migrated to port 1 */
	CHECK_EQ(forward(sw, 2, 20, 10, 0), SW_UNICAST);
	CHECK_EQ(out[0], 1);
	CHECK_EQ(stats(sw).n_moved, 1);
	sw_destroy(sw);
}

static void
sw_forward_group(void)
{
	struct sw *sw = switch_with(3);
	const char *src = "\x02\x00\x00\x00\x00\x01";

	CHECK_EQ(forward_to(sw, 0, "\xff\xff\xff\xff\xff\xff", src), SW_FLOOD);
	CHECK_EQ(n_out, 2);
	CHECK_EQ(forward_to(sw, 0, "\x01\x00\x5e\x00\x00\xfb", src), SW_FLOOD);
	CHECK_EQ(n_out, 2);
	CHECK_EQ(forward_to(sw, 0, "\x33\x33\x00\x00\x00\x01", src), SW_FLOOD);
	CHECK_EQ(n_out, 2);
	CHECK_EQ(stats(sw).n_flooded, 3);
	CHECK_EQ(stats(sw).n_entries, 1);
	sw_destroy(sw);
}

static void
sw_forward_link_local(void)
{
	struct sw *sw = switch_with(3);
	const char *src = "\x02\x00\x00\x00\x00\x01";
	char dst[7] = "\x01\x80\xc2\x00\x00\x00";

	for (unsigned last = 0; last < 0x30; last++) {
		dst[5] = (char)last;
		CHECK_EQ(forward_to(sw, 0, dst, src), SW_FLOOD);
		CHECK_EQ(n_out, last >= 0x01 && last <= 0x0f ? 0 : 2);
	}
	CHECK_EQ(forward_to(sw, 0, "\x01\x80\xc2\x00\x01\x01", src), SW_FLOOD);
	CHECK_EQ(n_out, 2);
	sw_destroy(sw);
}

/* Sources that no station has are not learnt; the frames go on. */
static void
sw_forward_hostile_source(void)
{
	struct sw *sw = switch_with(3);
	const char *broadcast = "\xff\xff\xff\xff\xff\xff";
	const char *group = "\x01\x00\x5e\x00\x00\x01";
	const char *zero = "\x00\x00\x00\x00\x00\x00";

	forward(sw, 2, 20, 99, 0);
	CHECK_EQ(forward_to(sw, 0, "\x02\x00\x00\x00\x00\x14", broadcast), SW_UNICAST);
	CHECK_EQ(out[0], 2);
	CHECK_EQ(forward_to(sw, 0, "\x02\x00\x00\x00\x00\x14", group), SW_UNICAST);
	CHECK_EQ(forward_to(sw, 0, "\x02\x00\x00\x00\x00\x14", zero), SW_UNICAST);
	CHECK_EQ(stats(sw).n_entries, 1);
	CHECK_EQ(forward_to(sw, 1, broadcast, "\x02\x00\x00\x00\x00\x0a"), SW_FLOOD);
	CHECK_EQ(n_out, 2);
	CHECK_EQ(forward_to(sw, 1, zero, "\x02\x00\x00\x00\x00\x0a"), SW_FLOOD);
	CHECK_EQ(n_out, 2);
	sw_destroy(sw);
}

/* The same address in two bridges is two stations. */
static void
sw_forward_bridges(void)
{
	struct sw *sw = switch_with(2);

	CHECK_EQ(sw_add_port(sw, 5, LIMIT_BRIDGES - 1), 0);
	CHECK_EQ(sw_add_port(sw, 6, LIMIT_BRIDGES - 1), 0);
	CHECK_EQ(sw_add_port(sw, 7, LIMIT_BRIDGES - 1), 0);
	forward(sw, 0, 10, 99, 0);
	forward(sw, 5, 10, 99, 0);
	CHECK_EQ(n_out, 2);
	CHECK(out_has(6) && out_has(7));
	CHECK_EQ(stats(sw).n_moved, 0);
	CHECK_EQ(forward(sw, 1, 11, 10, 0), SW_UNICAST);
	CHECK_EQ(out[0], 0);
	CHECK_EQ(forward(sw, 6, 11, 10, 0), SW_UNICAST);
	CHECK_EQ(out[0], 5);
	sw_destroy(sw);
}

/* A frame that crossed from another poller teaches this one where its source is. */
static void
sw_learn_one(void)
{
	static const uint8_t frame[14] = { 0x02, 0, 0, 0, 0, 99, 0x02, 0, 0, 0, 0, 10 };
	struct sw *sw = switch_with(2);

	sw_learn(sw, 1, VLAN_NONE, frame, 0);
	CHECK_EQ(stats(sw).n_flooded, 0);
	CHECK_EQ(forward(sw, 0, 20, 10, 0), SW_UNICAST);
	CHECK_EQ(out[0], 1);
	sw_learn(sw, 300, VLAN_NONE, frame, 0); /* no member */
	sw_learn(sw, LIMIT_PORTS, VLAN_NONE, frame, 0);
	CHECK_EQ(stats(sw).n_entries, 2);
	CHECK_EQ(stats(sw).n_moved, 0);
	sw_destroy(sw);
}

static void
sw_tick_ages(void)
{
	struct sw *sw = switch_with(3);

	forward(sw, 0, 10, 99, 0);
	CHECK_EQ(forward(sw, 1, 20, 10, AGE_MS - 1), SW_UNICAST);
	CHECK_EQ(forward(sw, 1, 20, 10, AGE_MS), SW_FLOOD);
	for (unsigned i = 0; i < N_ENTRIES; i++)
		sw_tick(sw, AGE_MS);
	CHECK_EQ(stats(sw).n_aged, 1);
	CHECK_EQ(stats(sw).n_entries, 1);
	CHECK_EQ(forward(sw, 0, 10, 20, AGE_MS), SW_UNICAST);
	sw_destroy(sw);
}

static void
sw_del_port_one(void)
{
	struct sw *sw = switch_with(3);

	forward(sw, 1, 10, 99, 0);
	forward(sw, 1, 11, 99, 0);
	forward(sw, 2, 20, 99, 0);
	sw_del_port(sw, 1);
	CHECK_EQ(sw_port_entries(sw, 1), 0);
	CHECK_EQ(sw_port_entries(sw, 2), 1);
	CHECK_EQ(forward(sw, 0, 30, 10, 0), SW_FLOOD);
	CHECK_EQ(n_out, 1);
	CHECK(out_has(2));
	CHECK_EQ(sw_add_port(sw, 1, 9), 0); /* into another bridge, without its old entries */
	CHECK_EQ(forward(sw, 1, 10, 20, 0), SW_FLOOD);
	CHECK_EQ(n_out, 0);
	sw_destroy(sw);
}

static void
sw_del_port_hostile(void)
{
	struct sw *sw = switch_with(2);

	sw_del_port(sw, 7);
	sw_del_port(sw, LIMIT_PORTS);
	sw_del_port(sw, UINT16_MAX);
	sw_del_port(sw, 1);
	sw_del_port(sw, 1);
	CHECK_EQ(sw_port_entries(sw, UINT16_MAX), 0);
	CHECK_EQ(forward(sw, 0, 1, 2, 0), SW_FLOOD);
	CHECK_EQ(n_out, 0);
	CHECK_EQ(forward(sw, 1, 1, 2, 0), SW_FLOOD);
	CHECK_EQ(n_out, 0);
	sw_destroy(sw);
}

/* Checks the flood of each port of a model, in which member_of[port] is the bridge or -1. */
static void
model_check(struct sw *sw, const int *member_of, unsigned n_ports)
{
	for (unsigned in = 0; in < n_ports; in++) {
		unsigned n_expected = 0;

		forward_to(sw, (uint16_t)in, "\xff\xff\xff\xff\xff\xff", "\0\0\0\0\0\0");
		for (unsigned port = 0; port < n_ports; port++) {
			bool expected = port != in && member_of[in] >= 0 &&
					member_of[port] == member_of[in];

			REQUIRE_EQ(out_has((uint16_t)port), expected);
			n_expected += expected;
		}
		REQUIRE_EQ(n_out, n_expected);
	}
}

/* Ports come and go at random in three bridges; a plain model says who must hear whom. */
static void
sw_forward_membership_random(void)
{
	enum { N_PORTS = 12 };
	struct sw *sw = switch_with(0);
	int member_of[N_PORTS];

	memset(member_of, -1, sizeof(member_of));
	srandom(1);
	for (unsigned step = 0; step < 2000; step++) {
		uint16_t port = (uint16_t)(random() % N_PORTS);
		uint16_t bridge = (uint16_t)(random() % 3);

		if (member_of[port] >= 0) {
			sw_del_port(sw, port);
			member_of[port] = -1;
		} else {
			REQUIRE_EQ(sw_add_port(sw, port, bridge), 0);
			member_of[port] = bridge;
		}
		model_check(sw, member_of, N_PORTS);
	}
	sw_destroy(sw);
}

void test_switch(CU_pSuite suite);

void
test_switch(CU_pSuite suite)
{
	UNIT_ADD(suite, sw_create_hostile);
	UNIT_ADD(suite, sw_add_port_hostile);
	UNIT_ADD(suite, sw_add_port_full);
	UNIT_ADD(suite, sw_forward_empty);
	UNIT_ADD(suite, sw_forward_one);
	UNIT_ADD(suite, sw_forward_many);
	UNIT_ADD(suite, sw_forward_same_port);
	UNIT_ADD(suite, sw_forward_moved);
	UNIT_ADD(suite, sw_forward_group);
	UNIT_ADD(suite, sw_forward_link_local);
	UNIT_ADD(suite, sw_forward_hostile_source);
	UNIT_ADD(suite, sw_forward_bridges);
	UNIT_ADD(suite, sw_learn_one);
	UNIT_ADD(suite, sw_tick_ages);
	UNIT_ADD(suite, sw_del_port_one);
	UNIT_ADD(suite, sw_del_port_hostile);
	UNIT_ADD(suite, sw_forward_membership_random);
}
