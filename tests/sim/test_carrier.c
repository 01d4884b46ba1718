/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: a vif's carrier follows the links of its bridge's uplinks. */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/flow.h"
#include "sim/outside.h"
#include "sim/test_sim.h"

static void
start(struct sim *s, const struct uplink_params *uplinks, unsigned n)
{
	sim_start_with(s, &(struct sim_options){ .self = SIM_SELF,
						 .hotplug = HOTPLUG_SELF,
						 .uplinks = uplinks,
						 .n_uplinks = n });
}

static bool
carrier_becomes(const struct guest *g, const char *value)
{
	return fake_store_await(guest_back(g, "carrier").text, value, sim_deadline());
}

/*
 * The host's own interface is set down and up; frames between guests and the state of the vif do
 * not care.
 */
static void
tap(void)
{
	static const struct uplink_params uplinks[] = { { UPLINK_TAP, "simtap", "xenbr0", 0, -1,
							  false } };
	static const struct toolstack_vif other = { .bridge = "other" };
	struct sim s;

	if (outside_skips_kernel())
		return;
	start(&s, uplinks, 1);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add_with(&s, NULL, &other);
	CHECK(outside_kernel_set_link("simtap", true));
	sim_connect_all(&s);
	CHECK(carrier_becomes(a, "1"));
	CHECK(carrier_becomes(c, "1"));
	CHECK(outside_kernel_set_link("simtap", false));
	CHECK(carrier_becomes(a, "0"));
	CHECK(carrier_becomes(b, "0"));
	/* its bridge has no uplink */
	CHECK_EQ(fake_store_number(guest_back(c, "carrier").text, -1), 1);
	CHECK_EQ(front_backend_state(a), 4);
	CHECK(flow_exchange(a, b, 20));
	CHECK(outside_kernel_set_link("simtap", true));
	CHECK(carrier_becomes(a, "1"));
	CHECK(carrier_becomes(b, "1"));
	sim_stop(&s);
}

/* One cable of two is enough; a far end that goes down is no link. */
static void
two_uplinks(void)
{
	static const struct uplink_params uplinks[] = {
		{ UPLINK_PACKET, "simveth0", "xenbr0", 0, -1, false },
		{ UPLINK_PACKET, "simveth2", "xenbr0", 0, -1, false }
	};
	struct sim s;

	if (outside_skips_kernel())
		return;
	if (!outside_kernel_make_pair("simveth0", "simveth1") ||
	    !outside_kernel_make_pair("simveth2", "simveth3")) {
		sim_skip("no veth devices");
		return;
	}
	start(&s, uplinks, 2);
	struct guest *a = sim_join(&s);
	CHECK(carrier_becomes(a, "1"));
	CHECK(outside_kernel_set_link("simveth1", false));
	usleep(100000);
	CHECK_EQ(fake_store_number(guest_back(a, "carrier").text, -1), 1);
	CHECK(outside_kernel_set_link("simveth3", false));
	CHECK(carrier_becomes(a, "0"));
	CHECK(outside_kernel_set_link("simveth1", true));
	CHECK(carrier_becomes(a, "1"));
	CHECK(outside_kernel_set_link("simveth3", true));
	sim_stop(&s);
}

/* A link that flaps as fast as it can: one write a second. */
static void
flaps(void)
{
	static const struct uplink_params uplinks[] = { { UPLINK_TAP, "simtap", "xenbr0", 0, -1,
							  false } };
	struct sim s;

	if (outside_skips_kernel())
		return;
	start(&s, uplinks, 1);
	CHECK(outside_kernel_set_link("simtap", true));
	struct guest *a = sim_join(&s);
	CHECK(carrier_becomes(a, "1"));
	uint64_t start_ms = fake_now_ms(), writes = fake_store_calls(FAKE_STORE_WRITE);
	for (unsigned i = 0; i < 2000; i++)
		REQUIRE(outside_kernel_set_link("simtap", i % 2));
	CHECK(outside_kernel_set_link("simtap", false));
	CHECK(carrier_becomes(a, "0"));
	writes = fake_store_calls(FAKE_STORE_WRITE) - writes;
	CHECK(sim_check(writes <= 2 + (fake_now_ms() - start_ms) / 1000, "%llu writes in %llu ms",
			(unsigned long long)writes,
			(unsigned long long)(fake_now_ms() - start_ms)));
	sim_stop(&s);
}

/* An ethdev is asked once a second, and one that is always up changes nothing. */
static void
ethdev(void)
{
	static const struct uplink_params uplinks[] = { { UPLINK_ETHDEV, OUTSIDE_RING_DEVICE,
							  "xenbr0", 0, -1, false } };
	struct sim s;

#ifdef __SANITIZE_THREAD__
	sim_skip("ThreadSanitizer does not see what net_ring's driver does");
	return;
#endif
	if (!sim_check(outside_ring_open(), "no net_ring device"))
		return;
	start(&s, uplinks, 1);
	struct guest *a = sim_join(&s);
	CHECK(carrier_becomes(a, "1"));
	CHECK(outside_ring_set_link(false));
	CHECK(carrier_becomes(a, "0"));
	CHECK(outside_ring_set_link(true));
	CHECK(carrier_becomes(a, "1"));
	sim_end(&s);
	outside_ring_close();
	sim_stop(&s);
}

CU_TestInfo carrier_cases[] = {
	{ "tap", tap },    { "two_uplinks", two_uplinks }, { "flaps", flaps }, { "ethdev", ethdev },
	CU_TEST_INFO_NULL,
};
