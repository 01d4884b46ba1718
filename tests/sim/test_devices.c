/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: the kernel's devices behind uplinks and drop-in vifs are deleted, made anew, renamed, set down. */
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
	struct frame out = { .kind = FRAME_RAW, .len = 200, .seed = seed }, in = { .kind = FRAME_UDP4, .len = 300, .seed = seed };
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
	bool ok = guest_send_frame(g, data, out.len) == 0 && outside_kernel_expect(fd, &out, FRAME_COMPLETE);
	if (ok) {
		outside_kernel_send(fd, &in);
		ok = flow_expect(g, &in, FRAME_COMPLETE);
	}
	close(fd);
	return ok;
}

static void
start(struct sim *s, enum uplink_kind kind, const char *device)
{
	struct uplink_params uplink = { .kind = kind, .device = device, .bridge = "xenbr0", .poller = -1 };

	sim_start_with(s, &(struct sim_options){ .self = SIM_SELF, .hotplug = HOTPLUG_SELF, .uplinks = &uplink, .n_uplinks = 1 });
}

/* simveth0, with simveth1 as its far end. False: the case is skipped. */
static bool
make_pair(void)
{
	if (if_nametoindex("simveth0") != 0)
		CU_ASSERT(shell("ip link del simveth0"));
	if (outside_kernel_make_pair("simveth0", "simveth1"))
		return true;
	sim_skip("no veth devices");
	return false;
}

/* The driver of a NIC is loaded again, or a tool makes a device anew: it is used again within a second, each time. */
static void
uplink_made_anew(void)
{
	struct sim s;

	if (outside_skips_kernel() || !make_pair())
		return;
	start(&s, UPLINK_PACKET, "simveth0");
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	CU_ASSERT(passes(a, "simveth1", 1));
	uint64_t n_before = port_called("simveth0")->stats.tx_frames;
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT(shell("ip link del simveth0"));
		CU_ASSERT(carrier_becomes(a, "0"));
		CU_ASSERT(flow_exchange(a, b, 20)); /* between guests all goes on */
		CU_ASSERT_PTR_NULL(port_called("simveth0"));
		CU_ASSERT(outside_kernel_make_pair("simveth0", "simveth1"));
		uint64_t since = fake_now_ms();
		CU_ASSERT(carrier_becomes(a, "1"));
		CU_ASSERT(sim_check(fake_now_ms() - since < 1200, "it took %llu ms", (unsigned long long)(fake_now_ms() - since)));
		CU_ASSERT(passes(a, "simveth1", 2 + i));
		CU_ASSERT_EQUAL(port_called("simveth0")->stats.n_reopened, i + 1);
	}
	CU_ASSERT(port_called("simveth0")->stats.tx_frames >= n_before + 3);
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
		CU_ASSERT(passes(a, "simveth1", i));
		CU_ASSERT(shell("ip link del simveth0 && ip link add simveth0 type veth peer name simveth1 &&"
				" ip link set simveth0 up && ip link set simveth1 up"));
		for (uint64_t end = sim_deadline(); fake_now_ms() < end; usleep(1000)) {
			const struct port *port = port_called("simveth0");
			if (port != NULL && port->stats.n_reopened == i + 1)
				break;
		}
	}
	CU_ASSERT(carrier_becomes(a, "1"));
	CU_ASSERT(passes(a, "simveth1", 9));
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
	CU_ASSERT(passes(a, "simveth1", 1));
	CU_ASSERT(outside_kernel_set_link("simveth0", false));
	CU_ASSERT(carrier_becomes(a, "0"));
	CU_ASSERT(outside_kernel_set_link("simveth0", true));
	CU_ASSERT(carrier_becomes(a, "1"));
	CU_ASSERT(passes(a, "simveth1", 2));
	CU_ASSERT(shell("ip link set simveth0 down && ip link set simveth0 name simother0 && ip link set simother0 up"));
	CU_ASSERT(carrier_becomes(a, "1"));
	CU_ASSERT(passes(a, "simveth1", 3));
	CU_ASSERT_EQUAL(port_called("simveth0")->stats.n_reopened, 0);
	sim_stop(&s);
	CU_ASSERT(shell("ip link del simother0"));
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
	CU_ASSERT(shell("ip link del simveth0"));
	CU_ASSERT(carrier_becomes(a, "0"));
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
	CU_ASSERT(outside_kernel_set_link("simtap", true));
	struct guest *a = sim_join(&s);
	CU_ASSERT(passes(a, "simtap", 1));
	CU_ASSERT(shell("ip link del simtap"));
	CU_ASSERT(exists_in_time("simtap"));
	CU_ASSERT(outside_kernel_set_link("simtap", true));
	CU_ASSERT(carrier_becomes(a, "1"));
	CU_ASSERT(passes(a, "simtap", 2));
	CU_ASSERT_EQUAL(port_called("simtap")->stats.n_reopened, 1);
	sim_stop(&s);
}

/* The name of the host's own interface is taken for a moment by that of a daemon that was killed. */
static void
uplink_tap_busy(void)
{
	struct sim s;

	if (outside_skips_kernel())
		return;
	CU_ASSERT(shell("ip tuntap add dev simtap mode tap || exit 1; (sleep 0.5; ip tuntap del dev simtap mode tap) &"));
	start(&s, UPLINK_TAP, "simtap");
	struct guest *a = sim_join(&s);
	CU_ASSERT(passes(a, "simtap", 1));
	sim_stop(&s);
}

/* The script's part: a bridge, with the TAP in it. */
static bool
place(const char *tap)
{
	char command[256];

	snprintf(command, sizeof(command), "(ip link show simbr >/dev/null 2>&1 || ip link add simbr type bridge) && ip link set simbr up &&"
		 " ip link set %s master simbr && ip link set %s up", tap, tap);
	return shell(command);
}

static void
end_dropin(struct sim *s, struct guest *g)
{
	toolstack_detach(g);
	CU_ASSERT(front_await(g, XenbusStateClosed));
	toolstack_remove(g);
	sim_stop(s);
	CU_ASSERT_EQUAL(if_nametoindex("vif5.0"), 0);
	CU_ASSERT(shell("ip link del simbr"));
}

/*
 * A drop-in vif's TAP is deleted. The vif says so, and has carrier again when the new one is where the old one was. The poller does
 * not spin meanwhile.
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
	CU_ASSERT(front_await(a, XenbusStateInitWait));
	CU_ASSERT(place("vif5.0"));
	CU_ASSERT(sim_connect(&s, a, FRONT_LINUX));
	CU_ASSERT(carrier_becomes(a, "1"));
	CU_ASSERT(passes(a, "vif5.0", 1));
	CU_ASSERT(shell("ip link del vif5.0"));
	CU_ASSERT(carrier_becomes(a, "0"));
	CU_ASSERT_EQUAL(front_backend_state(a), XenbusStateConnected);
	CU_ASSERT(exists_in_time("vif5.0"));
	usleep(200000);
	char error[256] = "";
	fake_store_get(guest_error(a).text, error, sizeof(error));
	CU_ASSERT(sim_check(strstr(error, "was deleted, and the new one is down") != NULL, "the error is \"%s\"", error));
	dp_get_poller_stats(sim_dp(), 0, &before);
	usleep(500000);
	dp_get_poller_stats(sim_dp(), 0, &after);
	CU_ASSERT(sim_check(after.n_loops - before.n_loops < 5000, "%llu rounds of an idle poller",
			    (unsigned long long)(after.n_loops - before.n_loops)));
	CU_ASSERT(place("vif5.0"));
	CU_ASSERT(carrier_becomes(a, "1"));
	CU_ASSERT(passes(a, "vif5.0", 2));
	CU_ASSERT_FALSE(fake_store_exists(guest_error(a).text));
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
	CU_ASSERT(front_await(a, XenbusStateInitWait));
	CU_ASSERT(shell("ip link set vif5.0 name simweb"));
	CU_ASSERT(place("simweb"));
	CU_ASSERT(sim_connect(&s, a, FRONT_LINUX));
	CU_ASSERT(carrier_becomes(a, "1"));
	CU_ASSERT(passes(a, "simweb", 1));
	CU_ASSERT(shell("ip link del simweb"));
	CU_ASSERT(exists_in_time("simweb")); /* by the name that the script gave it */
	CU_ASSERT(place("simweb"));
	CU_ASSERT(carrier_becomes(a, "1"));
	CU_ASSERT(passes(a, "simweb", 2));
	end_dropin(&s, a);
}

/* A daemon that was killed left both ends in 4, and its TAP died with it. Nobody is told that the new one leads anywhere before it does. */
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
	CU_ASSERT(carrier_becomes(a, "0"));
	CU_ASSERT(front_await(a, XenbusStateConnected));
	usleep(300000);
	CU_ASSERT_EQUAL(fake_store_number(guest_back(a, "carrier").text, -1), 0);
	CU_ASSERT(fake_store_exists(guest_error(a).text));
	CU_ASSERT(place("vif5.0"));
	CU_ASSERT(carrier_becomes(a, "1"));
	CU_ASSERT_FALSE(fake_store_exists(guest_error(a).text));
	CU_ASSERT(passes(a, "vif5.0", 1));
	end_dropin(&s, a);
}

/* The TAP of a daemon that was killed is still there: the new one waits for its end, and nobody is barred for that. */
static void
tap_busy_at_first(void)
{
	struct sim s;

	if (outside_skips_kernel())
		return;
	CU_ASSERT(shell("ip tuntap add dev vif5.0 mode tap"));
	sim_start_with(&s, &dom0);
	struct guest *a = sim_add_with(&s, NULL, &bridged);
	usleep(300000);
	CU_ASSERT_FALSE(fake_store_exists(guest_error(a).text));
	CU_ASSERT(shell("ip tuntap del dev vif5.0 mode tap"));
	CU_ASSERT(front_await(a, XenbusStateInitWait));
	CU_ASSERT(place("vif5.0"));
	CU_ASSERT(sim_connect(&s, a, FRONT_LINUX));
	CU_ASSERT(carrier_becomes(a, "1"));
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
