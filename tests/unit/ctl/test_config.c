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
	why[0] = '\0';
	return vif_config_read(xs, HELPER_BACK, HELPER_GUEST, hotplug, &config, why, sizeof(why));
}

static void
vif_config_read_usual(void)
{
	struct xstore xs = open_usual();

	CU_ASSERT_EQUAL(read_config(&xs, HOTPLUG_SCRIPT), 0);
	CU_ASSERT_STRING_EQUAL(config.frontend, HELPER_FRONT);
	CU_ASSERT_STRING_EQUAL(config.bridge, "xenbr1");
	CU_ASSERT(config.switched);
	helper_close(&xs);
}

static void
vif_config_read_script(void)
{
	static const struct {
		const char *script;
		bool switched;
	} scripts[] = { { "vif-vpe", true }, { "/opt/a/vif-vpe", true }, { "/etc/xen/scripts/vif-bridge", false },
			{ "/etc/xen/scripts/vif-vpe2", false }, { "vif-vpe/", false }, { "", false }, { NULL, false } };
	struct xstore xs = open_usual();

	for (unsigned i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		helper_put_back("script", scripts[i].script);
		CU_ASSERT_EQUAL(read_config(&xs, HOTPLUG_SCRIPT), 0);
		CU_ASSERT_EQUAL(config.switched, scripts[i].switched);
		CU_ASSERT_EQUAL(read_config(&xs, HOTPLUG_SELF), 0);
		CU_ASSERT(config.switched);
	}
	helper_close(&xs);
}

static void
vif_config_read_unfinished(void)
{
	struct xstore xs = open_usual();

	helper_put_back("frontend-id", NULL);
	CU_ASSERT_EQUAL(read_config(&xs, HOTPLUG_SELF), -ENOENT);
	helper_put_back("frontend", NULL);
	CU_ASSERT_EQUAL(read_config(&xs, HOTPLUG_SELF), -ENOENT);
	helper_close(&xs);
}

static void
vif_config_read_optional(void)
{
	struct xstore xs = open_usual();

	helper_put_back("bridge", NULL);
	CU_ASSERT_EQUAL(read_config(&xs, HOTPLUG_SELF), 0);
	CU_ASSERT_STRING_EQUAL(config.bridge, "xenbr0");
	helper_close(&xs);
}

static void
vif_config_read_senseless(void)
{
	struct xstore xs = open_usual();
	char text[NODE_PATH_SIZE + 1];

	helper_put_back("frontend-id", "6"); /* the directory is for domain 5 */
	CU_ASSERT_EQUAL(read_config(&xs, HOTPLUG_SELF), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "frontend-id"));
	helper_put_back("frontend-id", "5");
	helper_put_back("frontend", "device/vif/0");
	CU_ASSERT_EQUAL(read_config(&xs, HOTPLUG_SELF), -EINVAL);
	memset(text, '/', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	helper_put_back("frontend", text);
	CU_ASSERT_EQUAL(read_config(&xs, HOTPLUG_SELF), -EINVAL);
	helper_put_back("frontend", HELPER_FRONT);
	helper_put_back("bridge", text);
	CU_ASSERT_EQUAL(read_config(&xs, HOTPLUG_SELF), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "bridge"));
	helper_close(&xs);
}

static void
hotplug_resolve_domains(void)
{
	for (uint32_t self = 0; self < 3; self += 2) {
		fake_reset(self);
		struct xstore xs = { .ops = fake_xen()->store, .conn = fake_xen()->store->open() };
		CU_ASSERT_EQUAL(hotplug_resolve(&xs, HOTPLUG_AUTO), self == 0 ? HOTPLUG_SCRIPT : HOTPLUG_SELF);
		CU_ASSERT_EQUAL(hotplug_resolve(&xs, HOTPLUG_SCRIPT), HOTPLUG_SCRIPT);
		CU_ASSERT_EQUAL(hotplug_resolve(&xs, HOTPLUG_SELF), HOTPLUG_SELF);
		helper_close(&xs);
	}
}

static void
hotplug_read_values(void)
{
	struct xstore xs = open_usual();

	CU_ASSERT_EQUAL(hotplug_read(&xs, HELPER_BACK), HOTPLUG_PENDING);
	helper_put_back("hotplug-status", "");
	CU_ASSERT_EQUAL(hotplug_read(&xs, HELPER_BACK), HOTPLUG_PENDING);
	helper_put_back("hotplug-status", "connected");
	CU_ASSERT_EQUAL(hotplug_read(&xs, HELPER_BACK), HOTPLUG_DONE);
	helper_put_back("hotplug-status", "error");
	CU_ASSERT_EQUAL(hotplug_read(&xs, HELPER_BACK), HOTPLUG_FAILED);
	helper_put_back("hotplug-status", "connected-but-not-quite-so");
	CU_ASSERT_EQUAL(hotplug_read(&xs, HELPER_BACK), HOTPLUG_PENDING);
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
