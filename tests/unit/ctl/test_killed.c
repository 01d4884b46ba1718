/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A daemon whose control plane is killed: before and after each of its calls to Xen and the store
 * that others can see, and between its rounds. The next one must bring the vif to the end that it
 * would have had, and a connected frontend must see nothing of it.
 */
#include <stdio.h>
#include <string.h>

#include "ctrl_guest.h"
#include "dp/vif/static_grants.h"
#include "fake_ports.h"
#include "fakes/mortal.h"
#include "proto/keys.h"
#include "rig.h"
#include "unit.h"

#define TURNS_MAX 3000u
#define RUN_TURNS 20u

/*
 * What the toolstack and the frontend do, a letter each:
 *   A  the toolstack adds the vif          D  it detaches it
 *   C  the frontend connects               X  it asks for headroom
 *   F  it goes to 4                        c  to 5
 *   k  to 6                                n  it starts again with new rings
 *   P  the daemon is stopped and started   r  some rounds pass
 *   0  wait until the vif is gone          2 4 6 8  wait until the backend is in that state
 *   5  wait until it is in 5 or 6
 *   S  from here on it must stay in 4      s  until here
 *   Q  the guest makes all its requests on the control ring, and has the answers
 */
struct scene {
	const char *name;
	const char *steps;
	const char *script; /* of the toolstack; NULL: the daemon's own */
};

static const struct scene scenes[] = {
	{ "connect, detach", "A2C4SrsD0", NULL },
	{ "headroom", "A2C4rX8F4rD0", NULL },
	{ "driver reloaded", "A2C4rc5k6n2C4SrsD0", NULL },
	{ "parked", "A2C4SrPrsD0", NULL },
	{ "parked before it connects", "A2PrC4SrsD0", NULL },
	{ "control ring", "A2C4SQrPrsD0", NULL },
	{ "with a TAP", "A2C4SrPrsD0", "vif-bridge" },
};

/* The world at a death, which the child takes over as it is. */
static struct {
	struct rig rig;
	struct ctrl_guest ctrl;
	const struct scene *scene;
	enum hotplug_mode hotplug;
	const char *step;
	unsigned waits;  /* turns for the present step */
	bool must_stay;  /* in 4 */
	char states[64]; /* that the backend went through */
	bool has_lost;   /* what the guest had asked for on the control ring */
	bool was_seen;   /* it was not in 4 when it had to be */
} w;

static bool
is_in(int state)
{
	return front_backend_state(w.rig.g) == state;
}

static void
connect(void)
{
	if (w.hotplug == HOTPLUG_SCRIPT)
		toolstack_hotplug(w.rig.g, "connected");
	front_publish(w.rig.g, FRONT_LINUX);
	ctrl_guest_publish(&w.ctrl);
	front_set_state(w.rig.g, XenbusStateConnected);
}

static bool
is_gone(void)
{
	if (w.hotplug == HOTPLUG_SCRIPT && is_in(XenbusStateClosed))
		toolstack_remove(w.rig.g);
	return is_in(-1);
}

static void
restart(void)
{
	rig_close(&w.rig, true);
	rig_open(&w.rig, w.rig.env.xen, w.rig.env.keep, w.hotplug);
}

/* Does the present step. Returns whether it is done. */
static bool
do_step(char step)
{
	const struct toolstack_vif vif = { .script = w.scene->script };
	struct guest *g = w.rig.g;

	switch (step) {
	case 'A':
		toolstack_add(g, &vif);
		return true;
	case 'C':
		connect();
		return true;
	case 'D':
		toolstack_detach(g);
		return true;
	case 'F':
		front_set_state(g, XenbusStateConnected);
		return true;
	case 'P':
		restart();
		return true;
	case 'Q':
		return ctrl_guest_take(&w.ctrl) && !ctrl_guest_ask(&w.ctrl);
	case 'S':
	case 's':
		w.must_stay = step == 'S';
		return true;
	case 'X':
		front_set_state(g, XenbusStateReconfiguring);
		front_printf(g, KEY_XDP_HEADROOM, "256");
		return true;
	case 'c':
	case 'k':
		front_set_state(g, step == 'c' ? XenbusStateClosing : XenbusStateClosed);
		return true;
	case 'n':
		guest_renew(g);
		front_set_state(g, XenbusStateInitialising);
		return true;
	case 'r':
		return ++w.waits > RUN_TURNS;
	case '0':
		return is_gone();
	case '5':
		return is_in(XenbusStateClosing) || is_in(XenbusStateClosed);
	default:
		return is_in(step - '0');
	}
}

static void
note_state(void)
{
	char state = (char)('0' + front_backend_state(w.rig.g));
	size_t len = strlen(w.states);

	if (state < '0')
		state = '-';
	if (w.must_stay && state != '4')
		w.was_seen = true;
	if ((len == 0 || w.states[len - 1] != state) && len + 1 < sizeof(w.states))
		w.states[len] = state;
}

/* Once the guest has made its requests, the port has what it asked for. */
static bool
has_requests_done(void)
{
	const struct port *port = fake_dp_port("vif5.0");

	if (port == NULL || !w.must_stay || w.ctrl.n_answered == 0 || ctrl_guest_asks(&w.ctrl))
		return true;
	const struct fake_port *fake = (const struct fake_port *)port;
	return port->steering != NULL && fake->grants != NULL &&
	       fake->grants->n == CTRL_GUEST_GRANTS;
}

/* Goes on to the end, dying after each round that changed something if `mortal` is not NULL. */
static bool
live(struct mortal *mortal)
{
	uint64_t seq = 0;

	for (unsigned i = 0; i < TURNS_MAX && *w.step != '\0'; i++) {
		if (do_step(*w.step)) {
			w.step++;
			w.waits = 0;
		}
		note_state();
		rig_turn(&w.rig);
		note_state();
		w.has_lost = w.has_lost || !has_requests_done();
		if (mortal != NULL && fake_seq() != seq)
			mortal_try(mortal);
		seq = fake_seq();
	}
	return *w.step == '\0';
}

#define SAY(...) (snprintf(why, why_size, __VA_ARGS__), false)

static bool
is_well(bool ended, char *why, size_t why_size)
{
	if (!ended)
		return SAY("%s: stuck at '%s', states %s", w.scene->name, w.step, w.states);
	if (w.has_lost || w.ctrl.broken[0] != '\0')
		return SAY("%s: the hash or the static grants are lost; %s", w.scene->name,
			   w.ctrl.broken);
	if (w.was_seen)
		return SAY("%s: the frontend saw states %s", w.scene->name, w.states);
	rig_turn_for(&w.rig, RUN_TURNS);
	rig_close(&w.rig, true);
	if (fake_dp_n_taps() != 0)
		return SAY("%s: a TAP is left", w.scene->name);
	return fake_leak_free(why, why_size) && fake_violations(why, why_size) == 0;
}

static bool
next_daemon(void *arg, char *why, size_t why_size)
{
	(void)arg;
	mortal_bury();
	fake_dp_kill();
	rig_open(&w.rig, mortal_xen(), w.rig.env.keep, w.hotplug);
	return is_well(live(NULL), why, why_size);
}

static void
run_scene(const struct scene *scene, enum hotplug_mode hotplug)
{
	uint32_t self = hotplug == HOTPLUG_SELF ? 1 : 0;
	const struct guest_params params = { .domid = RIG_GUEST,
					     .backend = self,
					     .n_rx_slots = GUEST_SLOTS };
	struct mortal mortal = { .die = next_daemon };
	char why[256] = "";

	fake_reset(self);
	fake_dp_reset();
	memset(&w, 0, sizeof(w));
	w.scene = scene;
	w.step = scene->steps;
	w.hotplug = hotplug;
	w.rig.g = guest_create(&params);
	REQUIRE_NOT_NULL(w.rig.g);
	ctrl_guest_create(&w.ctrl, w.rig.g);
	struct keep *keep = keep_open(NULL);
	REQUIRE_NOT_NULL(keep);
	w.rig.env.keep = keep;
	mortal_watch(&mortal);
	rig_open(&w.rig, mortal_xen(), keep, hotplug);
	bool ended = live(&mortal);
	mortal_watch(NULL);
	CHECK(is_well(ended, why, sizeof(why)));
	printf("%s: %u deaths\n", scene->name, mortal.n_deaths);
	CHECK_GT(mortal.n_deaths, 80);
	CHECK_EQ(mortal.n_failed, 0);
	if (mortal.n_failed > 0 || why[0] != '\0')
		fprintf(stderr, "%s%s\n", why, mortal.why);
	ctrl_guest_destroy(&w.ctrl);
	guest_destroy(w.rig.g);
	keep_close(keep);
}

static void
killed_in_dom0(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(scenes); i++)
		run_scene(&scenes[i], HOTPLUG_SCRIPT);
}

/* Switched vifs only: no script makes TAPs there. */
static void
killed_in_a_driver_domain(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(scenes); i++) {
		if (scenes[i].script == NULL)
			run_scene(&scenes[i], HOTPLUG_SELF);
	}
}

void
test_killed(CU_pSuite suite)
{
	UNIT_ADD(suite, killed_in_dom0);
	UNIT_ADD(suite, killed_in_a_driver_domain);
}
