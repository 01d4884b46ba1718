/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: signals, xenstored and quotas. Whatever fails around the daemon, its guests go on, and it
 * finds its way back.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/flow.h"
#include "sim/test_sim.h"

/* What logrotate, `systemctl reload` and a terminal that closes send harms nobody. */
static void
hangup_signal(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	for (unsigned i = 0; i < 10; i++) {
		kill(getpid(), SIGHUP);
		CHECK(flow_exchange(a, b, 20));
	}
	CHECK_EQ(front_backend_state(a), XenbusStateConnected);
	sim_stop(&s); /* which checks that ctl_run() ends well, and only now */
}

/*
 * The store's quota of watches is used up: the next guest is looked at now and then, if not at
 * once.
 */
static void
watch_quota(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_join(&s);
	fake_store_fail(FAKE_STORE_WATCH, 0, 100000, ENOSPC);
	struct guest *b = sim_add(&s);
	CHECK(sim_connect(&s, b, FRONT_LINUX));
	CHECK(flow_exchange(a, b, 20));
	CHECK(front_close(b)); /* this is seen as well */
	fake_store_fail(FAKE_STORE_WATCH, 0, 0, 0);
	sim_stop(&s);
}

/*
 * xenstored goes away and comes back: guests see nothing of it, and what happened meanwhile is done
 * then.
 */
static void
store_lost(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *c = sim_add(&s);
	CHECK(sim_connect(&s, a, FRONT_LINUX));
	CHECK(sim_connect(&s, b, FRONT_LINUX));
	CHECK(front_await(c, XenbusStateInitWait));
	for (unsigned i = 0; i < 3; i++) {
		fake_store_hang_up();
		CHECK(flow_exchange(a, b, 100));
		usleep(300000);
		CHECK(flow_exchange(a, b, 100));
		CHECK_EQ(front_backend_state(a), XenbusStateConnected);
		fake_store_come_back();
		CHECK(flow_exchange(a, b, 100));
	}
	fake_store_hang_up();
	front_publish(c, FRONT_LINUX);
	front_set_state(c, XenbusStateConnected);
	toolstack_detach(b);
	usleep(200000);
	CHECK_EQ(front_backend_state(c), XenbusStateInitWait);
	fake_store_come_back();
	CHECK(front_await(c, XenbusStateConnected));
	CHECK(fake_store_await(guest_back(b, "").text, NULL, sim_deadline()));
	CHECK(flow_exchange(a, c, 100));
	CHECK_EQ(front_backend_state(a), XenbusStateConnected);
	sim_stop(&s);
}

/*
 * The store is back and refuses the first watch, that of the backend's directory: it is set later,
 * and new guests are found then.
 */
static void
store_back_refuses(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_join(&s);
	fake_store_hang_up();
	usleep(100000);
	fake_store_fail(FAKE_STORE_WATCH, 0, 1, ENOSPC);
	fake_store_come_back();
	struct guest *b = sim_join(&s);
	CHECK(flow_exchange(a, b, 50));
	sim_stop(&s);
}

/* The daemon is stopped while there is no xenstored: it ends, and holds nothing any more. */
static void
store_lost_at_the_end(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	fake_store_hang_up();
	usleep(100000);
	CHECK(flow_exchange(a, b, 50));
	sim_stop(&s);
}

/*
 * A guest breaks the protocol while there is no xenstored: its neighbours go on, and its error is
 * told when that is there again.
 */
static void
store_lost_fault(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s), *bad = sim_add(&s);
	sim_connect_all(&s);
	fake_store_hang_up();
	usleep(100000);
	bad->raw = true;
	guest_tx_set_req_prod(bad, bad->tx.rsp_cons + 1000);
	CHECK(flow_exchange(a, b, 50));
	usleep(100000);
	fake_store_come_back();
	CHECK(sim_expect_fault(bad, "impossible number of requests"));
	CHECK(flow_exchange(a, b, 50));
	sim_stop(&s);
}

/* A store that has lost its content, or is not filled yet, is not believed: the vifs stay. */
static void
store_comes_back_empty(void)
{
	char domid[64];
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_add(&s), *b = sim_add(&s);
	sim_connect_all(&s);
	fake_store_hang_up();
	snprintf(domid, sizeof(domid), "/local/domain/%u/domid", SIM_SELF);
	fake_store_remove(domid);
	fake_store_come_back();
	usleep(500000);
	CHECK(flow_exchange(a, b, 50));
	fake_store_write(domid, "1");
	front_set_state(b, XenbusStateClosing);
	CHECK(front_await(b, XenbusStateClosing));
	sim_stop(&s);
}

CU_TestInfo outage_cases[] = {
	{ "hangup_signal", hangup_signal },
	{ "watch_quota", watch_quota },
	{ "store_lost", store_lost },
	{ "store_back_refuses", store_back_refuses },
	{ "store_lost_at_the_end", store_lost_at_the_end },
	{ "store_lost_fault", store_lost_fault },
	{ "store_comes_back_empty", store_comes_back_empty },
	CU_TEST_INFO_NULL,
};
