/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/bridge.c. */
#include "ctl/bridge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/limits.h"
#include "unit.h"

static void
bridge_get_shared(void)
{
	struct bridges *bridges = bridges_create();
	int a = bridge_get(bridges, "xenbr0");
	int b = bridge_get(bridges, "xenbr1");

	CU_ASSERT(a >= 0 && b >= 0 && a != b);
	CU_ASSERT_EQUAL(bridge_get(bridges, "xenbr0"), a);
	CU_ASSERT_STRING_EQUAL(bridge_name(bridges, b), "xenbr1");
	bridge_put(bridges, a);
	CU_ASSERT_EQUAL(bridge_get(bridges, "xenbr0"), a); /* still held once */
	bridges_destroy(bridges);
}

static void
bridge_get_private_distinct(void)
{
	struct bridges *bridges = bridges_create();
	int a = bridge_get_private(bridges);
	int b = bridge_get_private(bridges);
	int c = bridge_get(bridges, "xenbr0");

	CU_ASSERT(a != b && b != c && a != c);
	CU_ASSERT_EQUAL(bridge_get(bridges, ""), -EINVAL);
	bridges_destroy(bridges);
}

static void
bridge_get_full(void)
{
	struct bridges *bridges = bridges_create();
	char name[16];

	for (int i = 0; i < LIMIT_BRIDGES; i++) {
		snprintf(name, sizeof(name), "br%d", i);
		int id = bridge_get(bridges, name);
		CU_ASSERT(id >= 0 && id < LIMIT_BRIDGES);
	}
	CU_ASSERT_EQUAL(bridge_get(bridges, "one-more"), -ENOSPC);
	CU_ASSERT_EQUAL(bridge_get_private(bridges), -ENOSPC);
	int id = bridge_get(bridges, "br7");
	CU_ASSERT(id >= 0);
	bridge_put(bridges, id);
	bridge_put(bridges, id);
	CU_ASSERT_EQUAL(bridge_get_private(bridges), id);
	bridges_destroy(bridges);
}

static void
bridge_get_hostile(void)
{
	struct bridges *bridges = bridges_create();
	char name[BRIDGE_NAME_SIZE + 1];

	memset(name, 'x', sizeof(name));
	name[BRIDGE_NAME_SIZE] = '\0';
	CU_ASSERT_EQUAL(bridge_get(bridges, name), -EINVAL);
	name[BRIDGE_NAME_SIZE - 1] = '\0';
	CU_ASSERT(bridge_get(bridges, name) >= 0);
	bridge_put(bridges, -1);
	bridges_destroy(bridges);
	bridges_destroy(NULL);
}

void test_bridge(CU_pSuite suite);

void
test_bridge(CU_pSuite suite)
{
	UNIT_ADD(suite, bridge_get_shared);
	UNIT_ADD(suite, bridge_get_private_distinct);
	UNIT_ADD(suite, bridge_get_full);
	UNIT_ADD(suite, bridge_get_hostile);
}
