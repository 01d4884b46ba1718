/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/ports/bridge.c. */
#include "ctl/ports/bridge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake_dp.h"
#include "proto/limits.h"
#include "unit.h"

static void
bridge_get_shared(void)
{
	struct bridges *bridges = bridges_create(fake_dp(), NULL, 0);
	int a = bridge_get(bridges, "xenbr0");
	int b = bridge_get(bridges, "xenbr1");

	CHECK_GE(a, 0);
	CHECK_GE(b, 0);
	CHECK_NE(a, b);
	CHECK_EQ(bridge_get(bridges, "xenbr0"), a);
	CHECK_STR(bridge_name(bridges, b), "xenbr1");
	bridge_put(bridges, a);
	CHECK_EQ(bridge_get(bridges, "xenbr0"), a); /* still held once */
	bridges_destroy(bridges);
}

static void
bridge_get_private_distinct(void)
{
	struct bridges *bridges = bridges_create(fake_dp(), NULL, 0);
	int a = bridge_get_private(bridges);
	int b = bridge_get_private(bridges);
	int c = bridge_get(bridges, "xenbr0");

	CHECK_NE(a, b);
	CHECK_NE(b, c);
	CHECK_NE(a, c);
	CHECK_EQ(bridge_get(bridges, ""), -EINVAL);
	bridges_destroy(bridges);
}

static void
bridge_get_full(void)
{
	struct bridges *bridges = bridges_create(fake_dp(), NULL, 0);
	char name[16];

	for (int i = 0; i < LIMIT_BRIDGES; i++) {
		snprintf(name, sizeof(name), "br%d", i);
		int id = bridge_get(bridges, name);
		CHECK_GE(id, 0);
		CHECK_LT(id, LIMIT_BRIDGES);
	}
	CHECK_EQ(bridge_get(bridges, "one-more"), -ENOSPC);
	CHECK_EQ(bridge_get_private(bridges), -ENOSPC);
	int id = bridge_get(bridges, "br7");
	CHECK_GE(id, 0);
	bridge_put(bridges, id);
	bridge_put(bridges, id);
	CHECK_EQ(bridge_get_private(bridges), id);
	bridges_destroy(bridges);
}

static void
bridge_get_hostile(void)
{
	struct bridges *bridges = bridges_create(fake_dp(), NULL, 0);
	char name[BRIDGE_NAME_SIZE + 1];

	memset(name, 'x', sizeof(name));
	name[BRIDGE_NAME_SIZE] = '\0';
	CHECK_EQ(bridge_get(bridges, name), -EINVAL);
	name[BRIDGE_NAME_SIZE - 1] = '\0';
	CHECK_GE(bridge_get(bridges, name), 0);
	bridge_put(bridges, -1);
	bridges_destroy(bridges);
	bridges_destroy(NULL);
}

/*
 * A bridge filters VLANs from the first vif with a list on; that the last one goes is not enough to
 * end it.
 */
static void
bridge_count_listed_sticks(void)
{
	struct bridges *bridges = bridges_create(fake_dp(), NULL, 0);
	int id = bridge_get(bridges, "xenbr0");

	CHECK_EQ(fake_dp_bridge_flags((unsigned)id), 0);
	bridge_count_listed(bridges, id, 1, true);
	CHECK_EQ(fake_dp_bridge_flags((unsigned)id), SW_BRIDGE_VLANS);
	bridge_count_listed(bridges, id, 1, true);
	bridge_count_listed(bridges, id, -1, true);
	CHECK_EQ(fake_dp_bridge_flags((unsigned)id), SW_BRIDGE_VLANS);
	bridge_count_listed(bridges, id, -1, false); /* its guest has ended */
	CHECK_EQ(fake_dp_bridge_flags((unsigned)id), SW_BRIDGE_VLANS);
	bridge_count_listed(bridges, id, 1, true);
	bridge_count_listed(bridges, id, -1, true); /* the operator has taken the list away */
	CHECK_EQ(fake_dp_bridge_flags((unsigned)id), 0);
	bridge_count_listed(bridges, id, 1, true);
	bridge_count_listed(bridges, id, -1, false);
	bridge_put(bridges, id);
	CHECK_EQ(bridge_get(bridges, "another"), id);
	CHECK_EQ(fake_dp_bridge_flags((unsigned)id), 0);
	bridges_destroy(bridges);
}

static void
bridge_flags_of_each(void)
{
	static const struct bridge_params params[] = { { "plain", false }, { "trunk", true } };
	struct bridges *bridges = bridges_create(fake_dp(), params, 2);
	int trunk = bridge_get(bridges, "trunk");

	CHECK_EQ(fake_dp_bridge_flags((unsigned)trunk), SW_BRIDGE_VLANS);
	CHECK_EQ(fake_dp_bridge_flags((unsigned)bridge_get(bridges, "plain")), 0);
	CHECK_EQ(fake_dp_bridge_flags((unsigned)bridge_get(bridges, "other")), 0);
	CHECK_EQ(fake_dp_bridge_flags((unsigned)bridge_get_private(bridges)), SW_BRIDGE_PAIR);
	bridge_count_listed(bridges, trunk, 1, true);
	bridge_count_listed(bridges, trunk, -1, true);
	CHECK_EQ(fake_dp_bridge_flags((unsigned)trunk), SW_BRIDGE_VLANS);
	bridges_destroy(bridges);
}

/*
 * Who holds it and which uplinks are its members decide, and it is said once, but of each bridge.
 */
static void
bridge_found_alone_once(void)
{
	struct bridges *bridges = bridges_create(fake_dp(), NULL, 0);
	int id = bridge_get(bridges, "xenbr0");

	CHECK(!bridge_has_uplink(bridges, "xenbr0"));
	CHECK(!bridge_has_uplink(bridges, "xenbr1"));
	bridge_get(bridges, "xenbr0");
	CHECK(!bridge_found_alone(bridges, id));
	bridge_put(bridges, id);
	bridge_count_uplink(bridges, id, 1, 0);
	CHECK(bridge_has_uplink(bridges, "xenbr0"));
	CHECK(!bridge_found_alone(bridges, id));
	bridge_count_uplink(bridges, id, -1, 0);
	CHECK(bridge_found_alone(bridges, id));
	CHECK(!bridge_found_alone(bridges, id));
	bridge_put(bridges, id);
	CHECK_EQ(bridge_get(bridges, "another"), id);
	CHECK(bridge_found_alone(bridges, id));
	bridges_destroy(bridges);
}

void test_bridge(CU_pSuite suite);

void
test_bridge(CU_pSuite suite)
{
	UNIT_ADD(suite, bridge_get_shared);
	UNIT_ADD(suite, bridge_get_private_distinct);
	UNIT_ADD(suite, bridge_get_full);
	UNIT_ADD(suite, bridge_get_hostile);
	UNIT_ADD(suite, bridge_count_listed_sticks);
	UNIT_ADD(suite, bridge_flags_of_each);
	UNIT_ADD(suite, bridge_found_alone_once);
}
