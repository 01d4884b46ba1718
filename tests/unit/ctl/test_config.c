/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/vif/vif_config.c and ctl/vif/hotplug.c. */
#include "ctl/vif/vif_config.h"

#include <errno.h>
#include <string.h>

#include "store_helper.h"

static struct vif_config config;
static char why[256];

/* As xl writes it. */
static struct xstore
open_usual(void)
{
	struct xstore xs = helper_open();

	helper_dir(HELPER_BACK_ABS, HELPER_SELF, HELPER_GUEST);
	helper_put_back("frontend", HELPER_FRONT);
	helper_put_back("frontend-id", "5");
	helper_put_back("bridge", "xenbr1");
	helper_put_back("mac", "00:16:3e:00:00:05");
	helper_put_back("script", "/etc/xen/scripts/vif-vpe");
	helper_put_back("state", "1");
	return xs;
}

static int
read_config(const struct xstore *xs, enum hotplug_mode hotplug)
{
	struct node_source keys = node_source(xs, HELPER_BACK, "the toolstack's key");

	why[0] = '\0';
	return vif_config_read(&keys.source, HELPER_GUEST, hotplug, &config, why, sizeof(why));
}

static void
vif_config_read_usual(void)
{
	struct xstore xs = open_usual();

	CHECK_EQ(read_config(&xs, HOTPLUG_SCRIPT), 0);
	CHECK_STR(config.frontend, HELPER_FRONT);
	CHECK_STR(config.bridge, "xenbr1");
	CHECK(config.switched);
	helper_close(&xs);
}

static void
vif_config_read_script(void)
{
	static const struct {
		const char *script;
		bool switched;
	} scripts[] = { { "vif-vpe", true },
			{ "/opt/a/vif-vpe", true },
			{ "/etc/xen/scripts/vif-bridge", false },
			{ "/etc/xen/scripts/vif-vpe2", false },
			{ "vif-vpe/", false },
			{ "", false },
			{ NULL, false } };
	struct xstore xs = open_usual();

	for (unsigned i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		helper_put_back("script", scripts[i].script);
		CHECK_EQ(read_config(&xs, HOTPLUG_SCRIPT), 0);
		CHECK_EQ(config.switched, scripts[i].switched);
		CHECK_EQ(read_config(&xs, HOTPLUG_SELF), 0);
		CHECK(config.switched);
	}
	helper_close(&xs);
}

static void
vif_config_read_unfinished(void)
{
	struct xstore xs = open_usual();

	helper_put_back("frontend-id", NULL);
	CHECK_EQ(read_config(&xs, HOTPLUG_SELF), -ENOENT);
	helper_put_back("frontend", NULL);
	CHECK_EQ(read_config(&xs, HOTPLUG_SELF), -ENOENT);
	helper_close(&xs);
}

static void
vif_config_read_optional(void)
{
	struct xstore xs = open_usual();

	helper_put_back("bridge", NULL);
	CHECK_EQ(read_config(&xs, HOTPLUG_SELF), 0);
	CHECK_STR(config.bridge, "xenbr0");
	helper_close(&xs);
}

static void
vif_config_read_senseless(void)
{
	struct xstore xs = open_usual();
	char text[NODE_PATH_SIZE + 1];

	helper_put_back("frontend-id", "6"); /* the directory is for domain 5 */
	CHECK_EQ(read_config(&xs, HOTPLUG_SELF), -EINVAL);
	CHECK_HAS(why, "frontend-id");
	helper_put_back("frontend-id", "5");
	helper_put_back("frontend", "device/vif/0");
	CHECK_EQ(read_config(&xs, HOTPLUG_SELF), -EINVAL);
	memset(text, '/', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	helper_put_back("frontend", text);
	CHECK_EQ(read_config(&xs, HOTPLUG_SELF), -EINVAL);
	helper_put_back("frontend", HELPER_FRONT);
	helper_put_back("bridge", text);
	CHECK_EQ(read_config(&xs, HOTPLUG_SELF), -EINVAL);
	CHECK_HAS(why, "bridge");
	helper_close(&xs);
}

static void
hotplug_resolve_domains(void)
{
	for (uint32_t self = 0; self < 3; self += 2) {
		fake_reset(self);
		struct xstore xs = { .ops = fake_xen()->store, .conn = fake_xen()->store->open() };
		CHECK_EQ(hotplug_resolve(&xs, HOTPLUG_AUTO),
			 self == 0 ? HOTPLUG_SCRIPT : HOTPLUG_SELF);
		CHECK_EQ(hotplug_resolve(&xs, HOTPLUG_SCRIPT), HOTPLUG_SCRIPT);
		CHECK_EQ(hotplug_resolve(&xs, HOTPLUG_SELF), HOTPLUG_SELF);
		helper_close(&xs);
	}
}

static void
hotplug_read_values(void)
{
	struct xstore xs = open_usual();

	CHECK_EQ(hotplug_read(&xs, HELPER_BACK), HOTPLUG_PENDING);
	helper_put_back("hotplug-status", "");
	CHECK_EQ(hotplug_read(&xs, HELPER_BACK), HOTPLUG_PENDING);
	helper_put_back("hotplug-status", "connected");
	CHECK_EQ(hotplug_read(&xs, HELPER_BACK), HOTPLUG_DONE);
	helper_put_back("hotplug-status", "error");
	CHECK_EQ(hotplug_read(&xs, HELPER_BACK), HOTPLUG_FAILED);
	helper_put_back("hotplug-status", "connected-but-not-quite-so");
	CHECK_EQ(hotplug_read(&xs, HELPER_BACK), HOTPLUG_PENDING);
	helper_close(&xs);
}

void test_config(CU_pSuite suite);

void
test_config(CU_pSuite suite)
{
	UNIT_ADD(suite, vif_config_read_usual);
	UNIT_ADD(suite, vif_config_read_script);
	UNIT_ADD(suite, vif_config_read_unfinished);
	UNIT_ADD(suite, vif_config_read_optional);
	UNIT_ADD(suite, vif_config_read_senseless);
	UNIT_ADD(suite, hotplug_resolve_domains);
	UNIT_ADD(suite, hotplug_read_values);
}
