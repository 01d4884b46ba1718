/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/store/source.c, and of a vif's settings from a source that is not the store. */
#include "ctl/store/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "ctl/vif/vif_config.h"
#include "ctl/vif/vif_live.h"
#include "unit.h"

struct row {
	const char *key;
	const char *text;
};

struct table {
	struct key_source source;
	const struct row *rows;
	unsigned n;
	int error; /* if not 0, every read fails with it */
};

static int
table_get(const struct key_source *source, const char *key, char *out, size_t out_size)
{
	const struct table *table = (const struct table *)source;

	if (table->error != 0)
		return table->error;
	for (unsigned i = 0; i < table->n; i++) {
		if (strcmp(table->rows[i].key, key) == 0)
			return (size_t)snprintf(out, out_size, "%s", table->rows[i].text) < out_size
				       ? 0
				       : -EINVAL;
	}
	return -ENOENT;
}

#define TABLE(list) \
	{ \
		.source = { .get = table_get, .key_is = "the setting" }, .rows = list, \
		.n = ARRAY_SIZE(list) \
	}

static void
source_get_number_errors(void)
{
	static const struct row rows[] = {
		{ "good", "17" }, { "big", "18" }, { "bad", "0x1" }, { "empty", "" }
	};
	struct table table = TABLE(rows);
	uint32_t value = 5;

	CHECK_EQ(source_get_number(&table.source, "big", 17, &value), -EINVAL);
	CHECK_EQ(source_get_number(&table.source, "bad", 17, &value), -EINVAL);
	CHECK_EQ(source_get_number(&table.source, "empty", 17, &value), -EINVAL);
	CHECK_EQ(source_get_number(&table.source, "none", 17, &value), -ENOENT);
	CHECK_EQ(value, 5);
	CHECK_EQ(source_get_number(&table.source, "good", 17, &value), 0);
	CHECK_EQ(value, 17);
	table.error = -EIO;
	CHECK_EQ(source_get_number(&table.source, "good", 17, &value), -EIO);
}

static void
vif_config_read_table(void)
{
	static const struct row rows[] = {
		{ "frontend", "/local/domain/7/device/vif/0" },
		{ "frontend-id", "7" },
		{ "script", "vif-bridge" },
	};
	struct table table = TABLE(rows);
	struct vif_config config;
	char why[256] = "";

	CHECK_EQ(vif_config_read(&table.source, 7, HOTPLUG_SCRIPT, &config, why, sizeof(why)), 0);
	CHECK_STR(config.frontend, "/local/domain/7/device/vif/0");
	CHECK_STR(config.bridge, "xenbr0");
	CHECK(!config.switched && config.bridged);
	CHECK_EQ(vif_config_read(&table.source, 8, HOTPLUG_SCRIPT, &config, why, sizeof(why)),
		 -EINVAL);
	CHECK_HAS(why, "the setting frontend-id is not 8");
	table.error = -EIO;
	CHECK_EQ(vif_config_read(&table.source, 7, HOTPLUG_SCRIPT, &config, why, sizeof(why)),
		 -EIO);
}

static void
vif_live_read_table(void)
{
	static const struct row rows[] = {
		{ "mac", "00:16:3e:00:00:07" },
		{ "ip", "10.0.0.7 10.0.1.0/24" },
		{ "vlan", "10p/20" },
		{ "mtu", "9000" },
		{ "rate", "1000,50" },
		{ "rate-to-guest", "fast" },
		{ "priority", "4" },
		{ "pollers", "1" },
	};
	struct table table = TABLE(rows);
	struct vif_live live;
	char why[256] = "";

	vif_live_init(&live, true, 2);
	CHECK_EQ(vif_live_read(&table.source, &live, why, sizeof(why)), -EINVAL);
	CHECK_HAS(why, "the setting rate-to-guest is \"fast\"");
	CHECK(live.policy.check_mac && live.policy.check_ip);
	CHECK_EQ(live.policy.n_ipv4, 2);
	CHECK_EQ(live.policy.vlans.pvid, 10);
	CHECK_EQ(live.max_frame, 9022);
	CHECK_EQ(live.from_guest.bytes, 1000);
	CHECK_EQ(live.to_guest.bytes, 0);
	CHECK_EQ(live.weight, 4);
	CHECK_EQ(live.n_pins, 1);
	CHECK_EQ(live.pin[0], 1);
	table.n = 0; /* all settings are gone: the defaults */
	CHECK_EQ(vif_live_read(&table.source, &live, why, sizeof(why)), 0);
	CHECK_EQ(live.weight, 1);
	CHECK_EQ(live.n_pins, 0);
	CHECK_EQ(live.max_frame, 1522);
	CHECK(!live.policy.check_mac);
	CHECK_EQ(live.policy.part, VLAN_PLAIN);
}

void test_source(CU_pSuite suite);

void
test_source(CU_pSuite suite)
{
	UNIT_ADD(suite, source_get_number_errors);
	UNIT_ADD(suite, vif_config_read_table);
	UNIT_ADD(suite, vif_live_read_table);
}
