/* SPDX-License-Identifier: BSD-3-Clause */
/* Vifs turned by hand. Called by test_vifs.c and test_vifs_hostile.c. */
#include "rig.h"

#include <string.h>

static uint64_t now_ms = 1000000;

/* In the place of ctl/store/clock.c. */
uint64_t
clock_ms(void)
{
	return now_ms;
}

void
rig_start(struct rig *rig, uint32_t self, enum hotplug_mode hotplug)
{
	struct guest_params params = { .domid = RIG_GUEST,
				       .backend = self,
				       .n_rx_slots = GUEST_SLOTS };

	fake_reset(self);
	fake_dp_reset();
	memset(rig, 0, sizeof(*rig));
	rig_open(rig, fake_xen(), keep_open(NULL), hotplug);
	rig->g = guest_create(&params);
	REQUIRE_NOT_NULL(rig->g);
}

void
rig_open(struct rig *rig, const struct xen_ops *xen, struct keep *keep, enum hotplug_mode hotplug)
{
	rig->env = (struct vif_env){ .xen = xen, .keep = keep };
	rig->env.xs.ops = rig->env.xen->store;
	rig->env.xs.conn = rig->env.xs.ops->open();
	rig->env.dp = fake_dp();
	rig->env.root = "/nonexistent";
	rig->env.hotplug = hotplug;
	rig->env.max_queues = 2;
	rig->env.bridges = bridges_create(fake_dp(), NULL, 0);
	rig->env.watches = watches_create(&rig->env.xs);
	rig->env.attachments = attachments_create(rig->env.dp);
	rig->ctrl = (struct ctrl_ring_env){ .xen = rig->env.xen,
					    .attachments = rig->env.attachments,
					    .events = rig->env.xen->events->open() };
	rig->env.ctrl = &rig->ctrl;
	rig->vifs = vifs_create(&rig->env);
	REQUIRE_NOT_NULL(rig->vifs);
}

void
rig_turn_without_pollers(struct rig *rig)
{
	watches_retry(rig->env.watches, now_ms);
	watches_dispatch(rig->env.watches, 256);
	vifs_take_ctrl(rig->vifs);
	attachments_dispatch(rig->env.attachments);
	now_ms++;
	vifs_settle(rig->vifs, now_ms);
	vifs_sweep(rig->vifs, NULL, now_ms);
}

void
rig_turn(struct rig *rig)
{
	fake_dp_run();
	rig_turn_without_pollers(rig);
}

void
rig_close(struct rig *rig, bool park)
{
	vifs_stop(rig->vifs, park);
	for (unsigned i = 0; i < 10 && !vifs_are_gone(rig->vifs); i++)
		rig_turn(rig);
	REQUIRE(vifs_are_gone(rig->vifs));
	vifs_destroy(rig->vifs);
	CHECK_EQ(fake_dp_n_ports(), 0);
	rig->env.xen->events->close(rig->ctrl.events);
	attachments_destroy(rig->env.attachments);
	watches_destroy(rig->env.watches);
	bridges_destroy(rig->env.bridges);
	rig->env.xs.ops->close(rig->env.xs.conn);
}

void
rig_end(struct rig *rig)
{
	char why[256] = "";

	rig_close(rig, false);
	CHECK_EQ(fake_dp_n_taps(), 0);
	keep_close(rig->env.keep);
	guest_destroy(rig->g);
	CHECK(fake_leak_free(why, sizeof(why)));
	CHECK_EQ(fake_violations(why, sizeof(why)), 0);
	if (why[0] != '\0')
		fprintf(stderr, "%s\n", why);
}

static bool
until(struct rig *rig, int state)
{
	for (unsigned i = 0; i < GUEST_PATIENCE_MS && rig_state(rig) != state; i++)
		rig_turn(rig);
	return rig_state(rig) == state;
}

bool
rig_until(struct rig *rig, int state)
{
	return until(rig, state);
}

bool
rig_until_removed(struct rig *rig)
{
	return until(rig, -1);
}

bool
rig_until_gone(struct rig *rig)
{
	for (unsigned i = 0; i < GUEST_PATIENCE_MS && !vifs_are_gone(rig->vifs); i++)
		rig_turn(rig);
	return vifs_are_gone(rig->vifs);
}

void
rig_turn_for(struct rig *rig, unsigned ms)
{
	for (unsigned i = 0; i < ms; i++)
		rig_turn(rig);
}

bool
rig_connect(struct rig *rig)
{
	toolstack_add(rig->g, NULL);
	if (!rig_until(rig, XenbusStateInitWait))
		return false;
	if (rig->env.hotplug == HOTPLUG_SCRIPT)
		toolstack_hotplug(rig->g, "connected");
	front_publish(rig->g, FRONT_LINUX);
	front_set_state(rig->g, XenbusStateConnected);
	return rig_until(rig, XenbusStateConnected);
}

bool
rig_is_idle(const struct rig *rig)
{
	return vifs_due(rig->vifs) > now_ms + 1000;
}

int
rig_state(const struct rig *rig)
{
	return front_backend_state(rig->g);
}

long
rig_back(const struct rig *rig, const char *key)
{
	return fake_store_number(guest_back(rig->g, key).text, -1);
}

const char *
rig_error(const struct rig *rig)
{
	static char text[256];

	return fake_store_get(guest_error(rig->g).text, text, sizeof(text));
}
