/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: the kernel's devices behind uplinks and drop-in vifs are deleted, made anew, renamed, set
 * down.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/flow.h"
#include "sim/outside.h"
#include "sim/test_sim.h"

static const struct toolstack_vif bridged = { .script = "/etc/xen/scripts/vif-bridge" };
static const struct sim_options dom0 = { .self = 0, .hotplug = HOTPLUG_AUTO };

static bool
shell(const char *command)
{
	return sim_check(system(command) == 0, "fails: %s", command);
}

static bool
carrier_becomes(const struct guest *g, const char *value)
{
	bool ok = fake_store_await(guest_back(g, "carrier").text, value, sim_deadline());

	return sim_check(ok, "vif%u: carrier does not become %s", g->params.domid, value);
}

static bool
exists_in_time(const char *device)
{
	uint64_t end = sim_deadline();

	while (if_nametoindex(device) == 0 && fake_now_ms() < end)
		usleep(1000);
	return sim_check(if_nametoindex(device) != 0, "no device %s", device);
}

static const struct port *
port_called(const char *name)
{
	for (unsigned id = 0; id < LIMIT_PORTS; id++) {
		const struct port *port = dp_port(sim_dp(), id);
		if (port != NULL && strcmp(port->name, name) == 0)
			return port;
	}
	return NULL;
}

/* A frame of the guest's comes out of the kernel's `device`, and one goes in. */
static bool
passes(struct guest *g, const char *device, uint32_t seed)
{
	struct frame out = { .kind = FRAME_RAW, .len = 200, .seed = seed },
		     in = { .kind = FRAME_UDP4, .len = 300, .seed = seed };
	int fd = outside_kernel_open(device);
	uint8_t data[300];

	if (!sim_check(fd >= 0, "no %s", device))
		return false;
	frame_mac(g->params.domid, out.src);
	frame_mac(0xee, out.dst);
	memcpy(in.dst, out.src, 6);
	memcpy(in.src, out.dst, 6);
	frame_build(&out, data);
	flow_drain(g);
	bool ok = guest_send_frame(g, data, out.len) == 0 &&
		  outside_kernel_expect(fd, &out, FRAME_COMPLETE);
	if (ok) {
		outside_kernel_send(fd, &in);
		ok = flow_expect(g, &in, FRAME_COMPLETE);
	}
	close(fd);
	return ok;
}

static void
start(struct sim *s, enum uplink_type kind, const char *device)
{
	struct uplink_params uplink = {
		.kind = kind, .device = device, .bridge = "xenbr0", .poller = -1
	};

	sim_start_with(s, &(struct sim_options){ .self = SIM_SELF,
						 .hotplug = HOTPLUG_SELF,
						 .uplinks = &uplink,
						 .n_uplinks = 1 });
}

/* simveth0, with simveth1 as its far end. False: the case is skipped. */
static bool
make_pair(void)
{
	if (if_nametoindex("simveth0") != 0)
		CHECK(shell("ip link del simveth0"));
	if (outside_kernel_make_pair("simveth0", "simveth1"))
		return true;
	sim_skip("no veth devices");
	return false;
}

/*
 * The driver of a NIC is loaded again, or a tool makes a device anew: it is used again within a
 * second, each time.
 */
static void
uplink_made_anew(void)
{
	struct sim s;

	if (outside_skips_kernel() || !make_pair())
		return;
	start(&s, UPLINK_PACKET, "simveth0");
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CHECK(passes(a, "simveth1", 1));
	uint64_t n_before = port_called("simveth0")->stats.tx_frames;
	for (unsigned i = 0; i < 3; i++) {
		CHECK(shell("ip link del simveth0"));
		CHECK(carrier_becomes(a, "0"));
		CHECK(flow_exchange(a, b, 20)); /* between guests all goes on */
		CHECK_NULL(port_called("simveth0"));
		CHECK(outside_kernel_make_pair("simveth0", "simveth1"));
		uint64_t since = fake_now_ms();
		CHECK(carrier_becomes(a, "1"));
		CHECK(sim_check(fake_now_ms() - since < 1200, "it took %llu ms",
				(unsigned long long)(fake_now_ms() - since)));
		CHECK(passes(a, "simveth1", 2 + i));
		CHECK_EQ(port_called("simveth0")->stats.n_reopened, i + 1);
	}
	CHECK_GE(port_called("simveth0")->stats.tx_frames, n_before + 3);
	sim_stop(&s);
}

/* Deleted and made anew faster than anybody can look, with frames on their way. */
static void
uplink_made_anew_at_once(void)
{
	struct sim s;

	if (outside_skips_kernel() || !make_pair())
		return;
	start(&s, UPLINK_PACKET, "simveth0");
	struct guest *a = sim_join(&s);
	for (unsigned i = 0; i < 5; i++) {
		CHECK(passes(a, "simveth1", i));
		CHECK(shell(
			"ip link del simveth0 && ip link add simveth0 type veth peer name simveth1 &&"
			" ip link set simveth0 up && ip link set simveth1 up"));
		for (uint64_t end = sim_deadline(); fake_now_ms() < end; usleep(1000)) {
			const struct port *port = port_called("simveth0");
			if (port != NULL && port->stats.n_reopened == i + 1)
				break;
		}
	}
	CHECK(carrier_becomes(a, "1"));
	CHECK(passes(a, "simveth1", 9));
	sim_stop(&s);
}

/* Down and up again, or another name: that is the same device, and it stays in use. */
static void
uplink_stays(void)
{
	struct sim s;

	if (outside_skips_kernel() || !make_pair())
		return;
	start(&s, UPLINK_PACKET, "simveth0");
	struct guest *a = sim_join(&s);
	CHECK(passes(a, "simveth1", 1));
	CHECK(outside_kernel_set_link("simveth0", false));
	CHECK(carrier_becomes(a, "0"));
	CHECK(outside_kernel_set_link("simveth0", true));
	CHECK(carrier_becomes(a, "1"));
	CHECK(passes(a, "simveth1", 2));
	CHECK(shell(
		"ip link set simveth0 down && ip link set simveth0 name simother0 && ip link set simother0 up"));
	CHECK(carrier_becomes(a, "1"));
	CHECK(passes(a, "simveth1", 3));
	CHECK_EQ(port_called("simveth0")->stats.n_reopened, 0);
	sim_stop(&s);
	CHECK(shell("ip link del simother0"));
}

/* The daemon ends while a device is missing. */
static void
uplink_missing_at_the_end(void)
{
	struct sim s;

	if (outside_skips_kernel() || !make_pair())
		return;
	start(&s, UPLINK_PACKET, "simveth0");
	struct guest *a = sim_join(&s);
	CHECK(shell("ip link del simveth0"));
	CHECK(carrier_becomes(a, "0"));
	sim_stop(&s);
}

/* The host's own interface is deleted: it is made anew. */
static void
uplink_tap_deleted(void)
{
	struct sim s;

	if (outside_skips_kernel())
		return;
	start(&s, UPLINK_TAP, "simtap");
	CHECK(outside_kernel_set_link("simtap", true));
	struct guest *a = sim_join(&s);
	CHECK(passes(a, "simtap", 1));
	CHECK(shell("ip link del simtap"));
	CHECK(exists_in_time("simtap"));
	CHECK(outside_kernel_set_link("simtap", true));
	CHECK(carrier_becomes(a, "1"));
	CHECK(passes(a, "simtap", 2));
	CHECK_EQ(port_called("simtap")->stats.n_reopened, 1);
	sim_stop(&s);
}

/*
 * The name of the host's own interface is taken for a moment by that of a daemon that was killed.
 */
static void
uplink_tap_busy(void)
{
	struct sim s;

	if (outside_skips_kernel())
		return;
	CHECK(shell(
		"ip tuntap add dev simtap mode tap || exit 1; (sleep 0.5; ip tuntap del dev simtap mode tap) &"));
	start(&s, UPLINK_TAP, "simtap");
	struct guest *a = sim_join(&s);
	CHECK(passes(a, "simtap", 1));
	sim_stop(&s);
}

/* The script's part: a bridge, with the TAP in it. */
static bool
place(const char *tap)
{
	char command[256];

	snprintf(
		command, sizeof(command),
		"(ip link show simbr >/dev/null 2>&1 || ip link add simbr type bridge) && ip link set simbr up &&"
		" ip link set %s master simbr && ip link set %s up",
		tap, tap);
	return shell(command);
}

static void
end_dropin(struct sim *s, struct guest *g)
{
	toolstack_detach(g);
	CHECK(front_await(g, XenbusStateClosed));
	toolstack_remove(g);
	sim_stop(s);
	CHECK_EQ(if_nametoindex("vif5.0"), 0);
	CHECK(shell("ip link del simbr"));
}

/*
 * A drop-in vif's TAP is deleted. The vif says so, and has carrier again when the new one is where
 * the old one was. The poller does not spin meanwhile.
 */
static void
tap_deleted(void)
{
	struct dp_poller_stats before, after;
	struct sim s;

	if (outside_skips_kernel())
		return;
	sim_start_with(&s, &dom0);
	struct guest *a = sim_add_with(&s, NULL, &bridged);
	CHECK(front_await(a, XenbusStateInitWait));
	CHECK(place("vif5.0"));
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(carrier_becomes(a, "1"));
	CHECK(passes(a, "vif5.0", 1));
	CHECK(shell("ip link del vif5.0"));
	CHECK(carrier_becomes(a, "0"));
	CHECK_EQ(front_backend_state(a), XenbusStateConnected);
	CHECK(exists_in_time("vif5.0"));
	usleep(200000);
	char error[256] = "";
	fake_store_get(guest_error(a).text, error, sizeof(error));
	CHECK(sim_check(strstr(error, "was deleted, and the new one is down") != NULL,
			"the error is \"%s\"", error));
	dp_get_poller_stats(sim_dp(), 0, &before);
	usleep(500000);
	dp_get_poller_stats(sim_dp(), 0, &after);
	/* It may wake up now and then, and looks for idle_us. If it spun, it would be millions. */
	CHECK(sim_check(after.n_loops - before.n_loops < 100000, "%llu rounds of an idle poller",
			(unsigned long long)(after.n_loops - before.n_loops)));
	CHECK(place("vif5.0"));
	CHECK(carrier_becomes(a, "1"));
	CHECK(passes(a, "vif5.0", 2));
	CHECK_FALSE(fake_store_exists(guest_error(a).text));
	end_dropin(&s, a);
}

/* Another name and another network namespace are the operator's business: the vif goes on. */
static void
tap_renamed(void)
{
	struct sim s;

	if (outside_skips_kernel())
		return;
	sim_start_with(&s, &dom0);
	struct guest *a = sim_add_with(&s, NULL, &bridged);
	CHECK(front_await(a, XenbusStateInitWait));
	CHECK(shell("ip link set vif5.0 name simweb"));
	CHECK(place("simweb"));
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(carrier_becomes(a, "1"));
	CHECK(passes(a, "simweb", 1));
	CHECK(shell("ip link del simweb"));
	CHECK(exists_in_time("simweb")); /* by the name that the script gave it */
	CHECK(place("simweb"));
	CHECK(carrier_becomes(a, "1"));
	CHECK(passes(a, "simweb", 2));
	end_dropin(&s, a);
}

/*
 * A daemon that was killed left both ends in 4, and its TAP died with it. Nobody is told that the
 * new one leads anywhere before it does.
 */
static void
tap_after_restart(void)
{
	struct sim s = { .n_guests = 0 };

	if (outside_skips_kernel())
		return;
	fake_reset(0);
	struct guest *a = sim_add_with(&s, NULL, &bridged);
	front_publish(a, FRONT_LINUX);
	front_set_state(a, XenbusStateConnected);
	fake_store_write(guest_back(a, "hotplug-status").text, "connected");
	fake_store_write(guest_back(a, "state").text, "4");
	fake_store_write(guest_back(a, "carrier").text, "1");
	sim_restart(&s, &dom0);
	CHECK(carrier_becomes(a, "0"));
	CHECK(front_await(a, XenbusStateConnected));
	usleep(300000);
	CHECK_EQ(fake_store_number(guest_back(a, "carrier").text, -1), 0);
	CHECK(fake_store_exists(guest_error(a).text));
	CHECK(place("vif5.0"));
	CHECK(carrier_becomes(a, "1"));
	CHECK_FALSE(fake_store_exists(guest_error(a).text));
	CHECK(passes(a, "vif5.0", 1));
	end_dropin(&s, a);
}

/*
 * The TAP of a daemon that was killed is still there: the new one waits for its end, and nobody is
 * barred for that.
 */
static void
tap_busy_at_first(void)
{
	struct sim s;

	if (outside_skips_kernel())
		return;
	CHECK(shell("ip tuntap add dev vif5.0 mode tap"));
	sim_start_with(&s, &dom0);
	struct guest *a = sim_add_with(&s, NULL, &bridged);
	usleep(300000);
	CHECK_FALSE(fake_store_exists(guest_error(a).text));
	CHECK(shell("ip tuntap del dev vif5.0 mode tap"));
	CHECK(front_await(a, XenbusStateInitWait));
	CHECK(place("vif5.0"));
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(carrier_becomes(a, "1"));
	end_dropin(&s, a);
}

CU_TestInfo devices_cases[] = {
	{ "uplink_made_anew", uplink_made_anew },
	{ "uplink_made_anew_at_once", uplink_made_anew_at_once },
	{ "uplink_stays", uplink_stays },
	{ "uplink_missing_at_the_end", uplink_missing_at_the_end },
	{ "uplink_tap_deleted", uplink_tap_deleted },
	{ "uplink_tap_busy", uplink_tap_busy },
	{ "tap_deleted", tap_deleted },
	{ "tap_renamed", tap_renamed },
	{ "tap_after_restart", tap_after_restart },
	{ "tap_busy_at_first", tap_busy_at_first },
	CU_TEST_INFO_NULL,
};
