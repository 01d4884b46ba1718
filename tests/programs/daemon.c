/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * daemon SOCKET: the daemon in dom0 of the fake hypervisor, with its control socket at SOCKET, for
 * tests of programs that ask it. Two guests, "web1" and one with a hostile name, are connected to
 * xenbr0, which has an uplink "echo". A third guest, "two", has two vifs and does not connect.
 * Prints "ready" when the guests are connected, and runs until its standard input ends.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/ctl.h"
#include "dp/engine/dp.h"
#include "fakes/guest_store.h"

#define DOM0 0u
#define N_GUESTS 4u

static struct guest *guests[N_GUESTS];

static struct dp *
start_dp(char *why, size_t why_size)
{
	const struct dp_params params = {
		.n_pollers = 1,
		.cpus = { 0 },
		.mode = DP_POLL_ADAPTIVE,
		.idle_us = 50,
		.memory_mb = 96,
		.n_small_buffers = 4095,
		.n_large_buffers = 255,
		.n_fdb_entries = 4096,
		.fdb_age_s = 300,
		.file_prefix = "vpe-test",
	};

	return dp_create(&params, fake_xen(), why, why_size);
}

static void *
run(void *ctl)
{
	ctl_run(ctl);
	return NULL;
}

/* Adds a vif of domain `domid`, whose name is `domain`. */
static struct guest *
add_guest(uint32_t domid, unsigned devid, const char *domain)
{
	const struct guest_params params = {
		.domid = domid,
		.devid = devid,
		.backend = DOM0,
		.n_rx_slots = GUEST_SLOTS,
		.flags = GUEST_STRICT_GRANTS,
	};
	struct guest *g = guest_create(&params);
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	fake_store_write(path, domain);
	toolstack_add(g, NULL);
	return g;
}

static bool
connect_guest(const struct guest *g)
{
	if (!front_await(g, XenbusStateInitWait))
		return false;
	toolstack_hotplug(g, "connected");
	front_publish(g, FRONT_LINUX);
	front_set_state(g, XenbusStateConnected);
	return front_await(g, XenbusStateConnected);
}

/* Runs until standard input ends. */
static void
serve(struct ctl *ctl)
{
	pthread_t thread;
	char byte;

	pthread_create(&thread, NULL, run, ctl);
	guests[0] = add_guest(5, 0, "web1");
	guests[1] = add_guest(6, 0, "a\"b\\c{}$(reboot)\033[2J\xf0\x9f\x98\x80");
	guests[2] = add_guest(7, 0, "two");
	guests[3] = add_guest(7, 1, "two");
	bool ready = connect_guest(guests[0]) && connect_guest(guests[1]) &&
		     front_await(guests[2], XenbusStateInitWait) &&
		     front_await(guests[3], XenbusStateInitWait);
	puts(ready ? "ready" : "the guests do not connect");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	ctl_stop(ctl);
	pthread_join(thread, NULL);
}

int
main(int argc, char **argv)
{
	const struct uplink_params uplink = {
		.kind = UPLINK_ECHO, .device = "echo", .bridge = "xenbr0", .poller = -1
	};
	struct ctl_params params = { .uplinks = &uplink,
				     .n_uplinks = 1,
				     .hotplug = HOTPLUG_SCRIPT };
	char why[512] = "";
	sigset_t blocked;

	if (argc != 2) {
		fprintf(stderr, "usage: daemon SOCKET\n");
		return EXIT_FAILURE;
	}
	params.control_path = argv[1];
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	log_set_level(LOG_LEVEL_WARNING);
	fake_reset(DOM0);
	struct dp *dp = start_dp(why, sizeof(why));
	struct ctl *ctl = dp == NULL ? NULL : ctl_create(&params, dp, fake_xen(), why, sizeof(why));
	if (ctl == NULL) {
		fprintf(stderr, "daemon: %s\n", why);
		return EXIT_FAILURE;
	}
	serve(ctl);
	ctl_destroy(ctl);
	for (unsigned i = 0; i < N_GUESTS; i++)
		guest_destroy(guests[i]);
	dp_destroy(dp);
	return EXIT_SUCCESS;
}
