/* SPDX-License-Identifier: BSD-3-Clause */
/* A rig with an uplink, as the control socket sees it. */
#include "view.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void
view_start(struct view *v, uint32_t self)
{
	const struct uplink_params params = {
		.kind = UPLINK_ECHO, .device = "echo", .bridge = "xenbr0", .poller = -1
	};
	struct vif_env *env = &v->rig.env;
	char why[256];

	rig_start(&v->rig, self, self == 0 ? HOTPLUG_SCRIPT : HOTPLUG_SELF);
	v->uplinks = uplinks_create(1, env->dp, env->keep, env->bridges, env->attachments, false);
	REQUIRE_EQ(uplinks_open(v->uplinks, &params, 1, why, sizeof(why)), 0);
	rig_turn(&v->rig);
	v->view = (struct control_view){
		.dp = env->dp,
		.attachments = env->attachments,
		.bridges = env->bridges,
		.uplinks = v->uplinks,
		.vifs = v->rig.vifs,
	};
}

void
view_end(struct view *v)
{
	uplinks_leave(v->uplinks, false);
	for (unsigned i = 0; i < 10 && !uplinks_are_out(v->uplinks); i++)
		rig_turn(&v->rig);
	uplinks_destroy(v->uplinks);
	rig_end(&v->rig);
}

static struct guest_path
back_path(uint32_t self, uint32_t domid, uint32_t devid, const char *key)
{
	struct guest_path path;

	snprintf(path.text, sizeof(path.text), "/local/domain/%u/backend/vif/%u/%u%s", self, domid,
		 devid, key);
	return path;
}

void
view_add_vif(uint32_t self, uint32_t domid, uint32_t devid, const char *domain)
{
	char path[128];

	if (domain != NULL) {
		snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
		fake_store_write(path, domain);
	}
	snprintf(path, sizeof(path), "/local/domain/%u/device/vif/%u/state", domid, devid);
	fake_store_write(path, "1");
	fake_store_printf(back_path(self, domid, devid, "/frontend").text,
			  "/local/domain/%u/device/vif/%u", domid, devid);
	fake_store_printf(back_path(self, domid, devid, "/frontend-id").text, "%u", domid);
	fake_store_write(back_path(self, domid, devid, "/script").text, "vif-vpe");
	fake_store_write(back_path(self, domid, devid, "/mac").text, "00:16:3e:00:00:01");
	fake_store_write(back_path(self, domid, devid, "/state").text, "1");
}

void
view_remove_vif(uint32_t self, uint32_t domid, uint32_t devid)
{
	fake_store_remove(back_path(self, domid, devid, "").text);
}

json_t *
view_answer(const struct view *v, unsigned rights, const char *request, size_t len)
{
	static char answer[CONTROL_ANSWER_SIZE];
	size_t n_control = 0;
	size_t size = control_answer(&v->view, rights, request, len, answer);

	REQUIRE_GT(size, 0);
	REQUIRE_LE(size, CONTROL_ANSWER_SIZE);
	for (size_t i = 0; i < size; i++)
		n_control += iscntrl((unsigned char)answer[i]) != 0;
	CHECK_EQ(n_control, 0);
	json_t *root = json_loadb(answer, size, 0, NULL);
	REQUIRE(json_is_object(root));
	return root;
}

json_t *
view_ask(const struct view *v, const char *fmt, ...)
{
	char request[2 * CONTROL_REQUEST_SIZE];
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(request, sizeof(request), fmt, args);
	va_end(args);
	return view_answer(v, CONTROL_MAY_SHOW | CONTROL_MAY_CHANGE, request, (size_t)len);
}

void
view_expect_error(json_t *answer, const char *code, const char *text)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	const char *got = json_string_value(json_object_get(answer, "code"));

	if (error == NULL || got == NULL || strcmp(got, code) != 0 || strstr(error, text) == NULL) {
		fprintf(stderr, "not %s \"%s\" but %s \"%s\"\n", code, text,
			got != NULL ? got : "no code", error != NULL ? error : "no error");
		CU_FAIL("another answer is wanted");
	}
	json_decref(answer);
}
