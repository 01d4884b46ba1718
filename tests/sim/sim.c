/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole daemon on the fake hypervisor. Called by the cases; calls ctl and dp as main.c does. */
#include "sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"

static struct dp *dp;
static struct dp_pool_stats pools_full;
static struct fake_leaks dp_holds; /* the data plane itself: a grant handle for each poller */

struct dp *
sim_dp(void)
{
	return dp;
}

uint64_t
sim_deadline(void)
{
	return fake_now_ms() + GUEST_PATIENCE_MS;
}

bool
sim_check(bool ok, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (ok)
		return true;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "\n    %s: %s\n", CU_get_current_test()->pName, text);
	CU_FAIL("see the text above");
	return false;
}

void
sim_fail(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	sim_check(false, "%s", text);
}

/* ---- the data plane -------------------------------------------------------------------------- */

/* EAL starts once in a process, so the first data plane must have the most pollers. */
int
sim_dp_start(enum dp_poll_mode mode, unsigned n_pollers)
{
	return sim_dp_start_calm(mode, n_pollers, 0);
}

int
sim_dp_start_calm(enum dp_poll_mode mode, unsigned n_pollers, unsigned broadcast_rate)
{
	static char prefix[24]; /* of each process, so that several can run */

	snprintf(prefix, sizeof(prefix), "vpe-sim-%d", (int)getpid());
	struct dp_params params = {
		.n_pollers = n_pollers,
		.cpus = { 1, 0 },
		.mode = mode,
		.idle_us = 50,
		.nap_us = 100,
		.memory_mb = 192,
		.n_small_buffers = 4095,
		.n_large_buffers = 255,
		.n_fdb_entries = 4096,
		.fdb_age_s = 300,
		.broadcast_rate = broadcast_rate,
		.file_prefix = prefix,
		.confine = sandbox_confine_poller,
	};
	char why[512] = "";

	fake_reset(SIM_SELF);
	sandbox_set_mode(SANDBOX_ENFORCE);
	dp = dp_create(&params, fake_xen(), why, sizeof(why));
	if (dp == NULL) {
		fprintf(stderr, "dp_create: %s\n", why);
		return -1;
	}
	dp_get_pool_stats(dp, &pools_full);
	fake_leaks(&dp_holds);
	return 0;
}

int
sim_dp_stop(void)
{
	char why[256];

	dp_destroy(dp);
	dp = NULL;
	if (fake_leak_free(why, sizeof(why)))
		return 0;
	fprintf(stderr, "after dp_destroy: %s\n", why);
	return -1;
}

/* ---- a case ---------------------------------------------------------------------------------- */

static void *
run(void *arg)
{
	struct sim *s = arg;

	s->ret = ctl_run(s->ctl);
	return NULL;
}

void
sim_restart(struct sim *s, const struct sim_options *options)
{
	struct ctl_params params = { .hotplug = options->hotplug, .closes_on_stop = true };
	char why[512] = "";

	params.uplinks = options->uplinks;
	params.n_uplinks = options->n_uplinks;
	params.balance = options->balance;
	params.control_path = options->control_path;
	s->hotplug = options->hotplug;
	if (s->hotplug == HOTPLUG_AUTO)
		s->hotplug = options->self == 0 ? HOTPLUG_SCRIPT : HOTPLUG_SELF;
	s->ret = -1;
	s->ctl = ctl_create(&params, dp, fake_xen(), why, sizeof(why));
	if (s->ctl == NULL) {
		sim_fail("ctl_create: %s", why);
		return;
	}
	pthread_create(&s->thread, NULL, run, s);
}

void
sim_start_with(struct sim *s, const struct sim_options *options)
{
	memset(s, 0, sizeof(*s));
	fake_reset(options->self);
	sim_restart(s, options);
}

void
sim_start(struct sim *s)
{
	static const struct sim_options usual = { .self = SIM_SELF, .hotplug = HOTPLUG_SELF };

	sim_start_with(s, &usual);
}

void
sim_end(struct sim *s)
{
	if (s->ctl == NULL)
		return;
	ctl_stop(s->ctl);
	pthread_join(s->thread, NULL);
	sim_check(s->ret == 0, "ctl_run returned %d", s->ret);
	ctl_destroy(s->ctl);
	s->ctl = NULL;
}

static void
check_guest(const struct guest *g)
{
	struct guest_events events = guest_events(g);

	if (g->raw)
		return;
	sim_check(g->broken[0] == '\0', "vif%u.%u saw: %s", g->params.domid, g->params.devid,
		  g->broken);
	sim_check(events.n_spurious == 0, "vif%u.%u got %llu of %llu events for nothing",
		  g->params.domid, g->params.devid, (unsigned long long)events.n_spurious,
		  (unsigned long long)events.n_received);
}

void
sim_stop(struct sim *s)
{
	char why[256];
	struct dp_pool_stats pools;
	struct fake_leaks leaks;

	sim_end(s);
	fake_leaks(&leaks);
	fake_leak_free(why, sizeof(why));
	sim_check(memcmp(&leaks, &dp_holds, sizeof(leaks)) == 0, "%s", why);
	sim_check(fake_violations(why, sizeof(why)) == 0, "rule broken: %s", why);
	dp_get_pool_stats(dp, &pools);
	sim_check(pools.n_small_free == pools_full.n_small &&
			  pools.n_large_free == pools_full.n_large,
		  "lost buffers: %u small, %u large", pools.n_small - pools.n_small_free,
		  pools.n_large - pools.n_large_free);
	for (unsigned i = 0; i < s->n_guests; i++) {
		check_guest(s->guest[i]);
		guest_destroy(s->guest[i]);
	}
	s->n_guests = 0;
}

/* ---- guests ---------------------------------------------------------------------------------- */

struct guest_params
sim_guest_params(void)
{
	return (struct guest_params){ .n_rx_slots = GUEST_SLOTS, .flags = GUEST_STRICT_GRANTS };
}

struct guest *
sim_add_with(struct sim *s, const struct guest_params *params, const struct toolstack_vif *vif)
{
	struct guest_params all = params != NULL ? *params : sim_guest_params();

	all.domid = 5 + s->n_guests;
	all.backend = fake_self();
	struct guest *g = guest_create(&all);
	s->guest[s->n_guests++] = g;
	toolstack_add(g, vif);
	return g;
}

struct guest *
sim_add(struct sim *s)
{
	return sim_add_with(s, NULL, NULL);
}

/* Goes to 4, with the toolstack's part. */
static bool
connect_begin(const struct sim *s, const struct guest *g, unsigned features)
{
	bool offered = front_await(g, XenbusStateInitWait);

	if (!sim_check(offered, "vif%u: state is %d, not 2", g->params.domid,
		       front_backend_state(g)))
		return false;
	if (s->hotplug == HOTPLUG_SCRIPT)
		toolstack_hotplug(g, "connected");
	front_publish(g, features);
	front_set_state(g, XenbusStateConnected);
	return true;
}

static bool
connect_end(const struct guest *g)
{
	char error[256];
	bool ok = front_await(g, XenbusStateConnected);

	return sim_check(ok, "vif%u does not connect: state %d, error \"%s\"", g->params.domid,
			 front_backend_state(g),
			 fake_store_get(guest_error(g).text, error, sizeof(error)));
}

bool
sim_connect(struct sim *s, struct guest *g, unsigned features)
{
	return connect_begin(s, g, features) && connect_end(g);
}

bool
sim_connect_all(struct sim *s)
{
	bool ok = true;

	for (unsigned i = 0; i < s->n_guests; i++)
		ok = connect_begin(s, s->guest[i], FRONT_LINUX) && ok;
	for (unsigned i = 0; i < s->n_guests; i++)
		ok = ok && connect_end(s->guest[i]);
	return ok;
}

struct guest *
sim_join(struct sim *s)
{
	struct guest *g = sim_add(s);

	sim_connect(s, g, FRONT_LINUX);
	return g;
}

/* ---- what the daemon is to say of a vif ------------------------------------------------------ */

/* Waits for an error text. */
static bool
await_error(const struct guest *g, char *text, size_t text_size)
{
	uint64_t deadline = sim_deadline();

	for (;;) {
		uint64_t seq = fake_seq();

		fake_store_get(guest_error(g).text, text, text_size);
		if (text[0] != '\0' || fake_now_ms() >= deadline)
			return text[0] != '\0';
		fake_wait(seq, deadline);
	}
}

bool
sim_expect_fault(const struct guest *g, const char *text)
{
	char error[512];

	if (!sim_check(await_error(g, error, sizeof(error)), "vif%u: no error \"%s\"",
		       g->params.domid, text))
		return false;
	return sim_check(strstr(error, text) != NULL, "the error is \"%s\", not \"%s\"", error,
			 text) &&
	       sim_check(fake_store_await(guest_back(g, "carrier").text, "0", sim_deadline()),
			 "carrier is up") &&
	       sim_check(front_backend_state(g) == XenbusStateConnected, "state is %d",
			 front_backend_state(g));
}

bool
sim_expect_refused(const struct guest *g)
{
	char error[512];
	bool closing = front_await(g, XenbusStateClosing);

	return sim_check(closing, "vif%u: state is %d, not 5", g->params.domid,
			 front_backend_state(g)) &&
	       sim_check(await_error(g, error, sizeof(error)), "vif%u: no error", g->params.domid);
}

const struct port *
sim_port(const struct guest *g)
{
	char name[32];

	snprintf(name, sizeof(name), "vif%u.%u", g->params.domid, g->params.devid);
	for (unsigned id = 0; id < LIMIT_PORTS; id++) {
		const struct port *port = dp_port(dp, id);

		if (port != NULL && strcmp(port->name, name) == 0)
			return port;
	}
	return NULL;
}

const char *
sim_drops(const struct guest *g, char *text, size_t text_size)
{
	const struct port *port = sim_port(g);
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; port != NULL && i < DROP_N && len < text_size; i++)
		if (port->stats.n_dropped[i] != 0)
			len += (size_t)snprintf(text + len, text_size - len, " %s %llu",
						drop_name(i),
						(unsigned long long)port->stats.n_dropped[i]);
	return text;
}
