/* SPDX-License-Identifier: BSD-3-Clause */
/* Cases: signals, xenstored and quotas. Whatever fails around the daemon, its guests go on, and it finds its way back. */
#include <errno.h>
#include <signal.h>
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
		CU_ASSERT(flow_exchange(a, b, 20));
	}
	CU_ASSERT_EQUAL(front_backend_state(a), XenbusStateConnected);
	sim_stop(&s); /* which checks that ctl_run() ends well, and only now */
}

/* The store's quota of watches is used up: the next guest is looked at now and then, if not at once. */
static void
watch_quota(void)
{
	struct sim s;

	sim_start(&s);
	struct guest *a = sim_join(&s);
	fake_store_fail(FAKE_STORE_WATCH, 0, 100000, ENOSPC);
	struct guest *b = sim_add(&s);
	CU_ASSERT(sim_connect(&s, b, FRONT_LINUX));
	CU_ASSERT(flow_exchange(a, b, 20));
	CU_ASSERT(front_close(b)); /* this is seen as well */
	fake_store_fail(FAKE_STORE_WATCH, 0, 0, 0);
	sim_stop(&s);
}

CU_TestInfo outage_cases[] = {
	{ "hangup_signal", hangup_signal },
	{ "watch_quota", watch_quota },
	CU_TEST_INFO_NULL,
};
