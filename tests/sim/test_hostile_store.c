/* SPDX-License-Identifier: BSD-3-Clause */
/* Hostile cases: what a guest writes into the store. XSA-349, CVE-2026-45890. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/hostile.h"
#include "sim/test_sim.h"

/* A bad guest that is to be spoilt before it goes to state 4. */
static void
unconnected(struct hostile *h)
{
	hostile_start_unconnected(h, NULL);
	CHECK(front_await(h->bad, XenbusStateInitWait));
	front_publish(h->bad, FRONT_LINUX);
}

/* It is refused, nothing of it is held, and an honest second try succeeds. */
static void
refused(struct hostile *h, const char *what)
{
	bool ok;

	front_set_state(h->bad, XenbusStateConnected);
	ok = sim_expect_refused(h->bad);
	sim_check(ok, "with %s", what);
	sim_check(fake_domain_mapped(h->bad->params.domid) == 0 &&
			  !fake_port_bound(h->bad->params.domid, h->bad->port_tx) &&
			  !fake_port_bound(h->bad->params.domid, h->bad->port_rx),
		  "with %s something is held", what);
	front_set_state(h->bad, XenbusStateClosed);
	CHECK(front_await(h->bad, XenbusStateClosed));
	front_set_state(h->bad, XenbusStateInitialising);
	CHECK(front_await(h->bad, XenbusStateInitWait));
	front_publish(h->bad, FRONT_LINUX);
}

/* After all attempts. */
static void
served_at_last(struct hostile *h)
{
	CHECK(sim_connect(&h->s, h->bad, FRONT_LINUX));
	CHECK(flow_exchange(h->bad, h->n1, 50));
	hostile_stop(h);
}

static void
front_remove(const struct guest *g, const char *key)
{
	struct store *store = fake_store_connect(g->params.domid);

	fake_xen()->store->remove(store, 0, guest_front(g, key).text);
	fake_xen()->store->close(store);
}

static const char *const not_numbers[] = {
	"",     "-1",       "0x10", " 1", "1 ", "1e3", "4294967296", "18446744073709551617",
	"junk", "\xff\xfe", "%s%n",
};

/*
 * Each key that must be a number gets each value that is none, an absurdly long one, and one with a
 * NUL inside.
 */
static void
key_is_no_number(const char *key)
{
	struct hostile h;
	char *text = malloc(2049);
	char what[64];

	memset(text, '9', 2048);
	text[2048] = '\0';
	unconnected(&h);
	for (unsigned i = 0; i < 13; i++) {
		snprintf(what, sizeof(what), "%s, value %u", key, i);
		if (i < 11)
			front_printf(h.bad, key, "%s", not_numbers[i]);
		else if (i == 11)
			front_printf(h.bad, key, "%s", text);
		else
			fake_store_write_bytes(guest_front(h.bad, key).text, "1\0junk", 6);
		refused(&h, what);
		front_remove(h.bad, key);
		front_publish(h.bad, FRONT_LINUX);
	}
	free(text);
	served_at_last(&h);
}

static void
num_queues_no_number(void)
{
	key_is_no_number("multi-queue-num-queues");
}

static void
tx_ring_ref_no_number(void)
{
	key_is_no_number("tx-ring-ref");
}

static void
event_channel_no_number(void)
{
	key_is_no_number("event-channel-tx");
}

/* CVE-2026-45890, and more queues than we offered. */
static void
num_queues_out_of_range(void)
{
	static const char *const values[] = { "0", "00", "2", "9", "4294967295", "4294967297" };
	struct hostile h;

	unconnected(&h);
	for (unsigned i = 0; i < 6; i++) {
		front_printf(h.bad, "multi-queue-num-queues", "%s", values[i]);
		refused(&h, values[i]);
	}
	front_printf(h.bad, "multi-queue-num-queues", "1");
	served_at_last(&h);
}

static void
key_missing(void)
{
	static const char *const keys[] = {
		"tx-ring-ref",      "rx-ring-ref",     "event-channel-tx",
		"event-channel-rx", "request-rx-copy",
	};
	struct hostile h;

	unconnected(&h);
	for (unsigned i = 0; i < 5; i++) {
		front_remove(h.bad, keys[i]);
		refused(&h, keys[i]);
	}
	front_printf(h.bad, "request-rx-copy", "0");
	refused(&h, "request-rx-copy 0");
	served_at_last(&h);
}

static void
ring_refs_bad(void)
{
	struct hostile h;

	unconnected(&h);
	uint8_t *page = fake_page_alloc(h.bad->params.domid);
	const uint32_t refs[] = {
		0,
		7,
		UINT32_MAX,
		20000,
		fake_grant(page, SIM_SELF, FAKE_GRANT_READ_ONLY),
		fake_grant(page, 99, FAKE_GRANT_READ_WRITE),
		fake_grant_sub_page(page, SIM_SELF, 0, 4096),
	};
	for (unsigned i = 0; i < 7; i++) {
		for (unsigned rx = 0; rx < 2; rx++) {
			char what[64];

			snprintf(what, sizeof(what), "reference %u as %s ring", refs[i],
				 rx ? "rx" : "tx");
			front_printf(h.bad, rx ? "rx-ring-ref" : "tx-ring-ref", "%u", refs[i]);
			refused(&h, what);
		}
	}
	front_printf(h.bad, "rx-ring-ref", "%u", h.bad->tx_ref);
	refused(&h, "one page for both rings");
	fake_page_free(page);
	served_at_last(&h);
}

static void
event_channels_bad(void)
{
	struct hostile h;

	unconnected(&h);
	const uint32_t ports[] = {
		0, UINT32_MAX, 0x7fffffff, h.n1->port_tx, fake_port_alloc(h.bad->params.domid, 99),
	};
	for (unsigned i = 0; i < 5; i++) {
		for (unsigned rx = 0; rx < 2; rx++) {
			char what[64];

			snprintf(what, sizeof(what), "port %u for %s", ports[i], rx ? "rx" : "tx");
			front_printf(h.bad, rx ? "event-channel-rx" : "event-channel-tx", "%u",
				     ports[i]);
			refused(&h, what);
		}
	}
	front_printf(h.bad, "event-channel-rx", "%u", h.bad->port_tx);
	refused(&h, "one port twice");
	served_at_last(&h);
}

/* Features that are neither 0 nor 1, and keys that change after the connect. */
static void
feature_keys_odd(void)
{
	struct hostile h;

	unconnected(&h);
	front_printf(h.bad, "feature-sg", "yes");
	refused(&h, "feature-sg yes");
	front_publish(h.bad, FRONT_LINUX);
	front_set_state(h.bad, XenbusStateConnected);
	CHECK(front_await(h.bad, XenbusStateConnected));
	for (unsigned i = 0; i < 20; i++) {
		front_printf(h.bad, "feature-sg", "%u", i);
		front_printf(h.bad, "tx-ring-ref", "%u", i);
		front_printf(h.bad, "event-channel-tx", "%u", i);
		front_printf(h.bad, "multi-queue-num-queues", "%u", i);
		CHECK(flow_exchange(h.bad, h.n1, 5));
	}
	hostile_stop(&h);
}

/* The rings were in use and are impossible now. */
static void
indices_implausible(void)
{
	struct hostile h;

	unconnected(&h);
	h.bad->tx.sring->req_prod = h.bad->tx.sring->rsp_prod + NETIF_RING_SIZE + 1;
	refused(&h, "tx index");
	h.bad->tx.sring->req_prod = h.bad->tx.sring->rsp_prod;
	h.bad->rx.sring->req_prod = h.bad->rx.sring->rsp_prod - 1;
	refused(&h, "rx index");
	guest_renew(h.bad);
	front_publish(h.bad, FRONT_LINUX);
	served_at_last(&h);
}

/* Values of `state` that mean nothing are ignored, quickly or slowly. */
static void
state_values(void)
{
	static const char *const values[] = { "-1",          "9",  "4x",  "",         "0",
					      "99999999999", "4 ", "0x4", "connected" };
	struct hostile h;

	hostile_start(&h);
	for (unsigned i = 0; i < 9; i++)
		front_printf(h.bad, "state", "%s", values[i]);
	fake_store_write_bytes(guest_front(h.bad, "state").text, "4\0\0", 3);
	CHECK(flow_exchange(h.bad, h.n1, 50));
	CHECK_EQ(front_backend_state(h.bad), XenbusStateConnected);
	front_set_state(h.bad, 7); /* Reconfiguring, which is for ports and XDP we do not have */
	front_set_state(h.bad, 8);
	CHECK(flow_exchange(h.bad, h.n1, 50));
	CHECK(front_close(h.bad));
	hostile_stop(&h);
}

/* XSA-349: `state` is rewritten as fast as it goes, with children below it. */
static void
state_storm(void)
{
	struct hostile h;

	hostile_start(&h);
	for (unsigned i = 0; i < 3000; i++) {
		front_printf(h.bad, "state", "%u", i % 5 == 0 ? 9 : 4);
		if (i % 10 == 0)
			front_printf(h.bad, "state/child", "%u", i);
		if (i % 500 == 0)
			CHECK(flow_exchange(h.n1, h.n2, 20));
	}
	CHECK(flow_exchange(h.bad, h.n1, 50));
	/* What is still read once a second is enough to close. */
	CHECK(front_close(h.bad));
	hostile_stop(&h);
}

static bool
let_go(void *arg)
{
	const struct guest *g = arg;

	return fake_domain_mapped(g->params.domid) == 0;
}

/* A storm must not hide the end of a device from us. */
static void
state_storm_then_detach(void)
{
	struct hostile h;

	hostile_start(&h);
	for (unsigned i = 0; i < 1000; i++)
		front_set_state(h.bad, XenbusStateConnected);
	toolstack_detach(h.bad);
	CHECK(fake_store_await(guest_back(h.bad, "").text, NULL, sim_deadline()));
	CHECK(let_go(h.bad));
	hostile_stop(&h);
}

/* xenbus.h: 4 before the backend offered anything, 3, 7 while it waits. */
static void
states_out_of_order(void)
{
	struct sim s = { .n_guests = 0 };

	fake_reset(SIM_SELF);
	struct guest *early = sim_add(&s), *prepared = sim_add(&s), *odd = sim_add(&s),
		     *closed = sim_add(&s);
	front_publish(early, FRONT_LINUX);
	front_set_state(early, XenbusStateConnected);
	front_publish(prepared, FRONT_LINUX);
	front_set_state(prepared, XenbusStateInitialised);
	front_set_state(odd, XenbusStateReconfiguring);
	front_set_state(closed, XenbusStateClosed);
	sim_restart(&s, &(struct sim_options){ .self = SIM_SELF, .hotplug = HOTPLUG_SELF });
	CHECK(front_await(early, XenbusStateConnected));
	CHECK(front_await(prepared, XenbusStateInitWait));
	front_set_state(prepared, XenbusStateConnected);
	CHECK(front_await(prepared, XenbusStateConnected));
	front_set_state(odd, XenbusStateInitialising);
	CHECK(sim_connect(&s, odd, FRONT_LINUX));
	CHECK(front_await(closed, XenbusStateClosed));
	front_set_state(closed, XenbusStateInitialising);
	CHECK(sim_connect(&s, closed, FRONT_LINUX));
	CHECK(flow_exchange(early, prepared, 20));
	CHECK(flow_exchange(odd, closed, 20));
	sim_stop(&s);
}

/* The guest takes its own nodes away while it is connected: everything of it is let go. */
static void
node_deleted(const char *key)
{
	struct hostile h;

	hostile_start(&h);
	front_remove(h.bad, key);
	CHECK(flow_until(let_go, h.bad));
	hostile_stop(&h);
}

static void
state_deleted(void)
{
	node_deleted("state");
}

static void
directory_deleted(void)
{
	node_deleted("");
}

/* What is there of no interest may come and go. */
static void
backend_key_deleted(void)
{
	struct hostile h;

	hostile_start(&h);
	front_remove(h.bad, "backend");
	front_remove(h.bad, "backend-id");
	front_remove(h.bad, "tx-ring-ref");
	CHECK(flow_exchange(h.bad, h.n1, 50));
	hostile_stop(&h);
}

static void
state_made_unreadable(void)
{
	struct fake_perms own = { .owner = 0 };
	struct hostile h;

	hostile_start(&h);
	own.owner = h.bad->params.domid;
	fake_store_set_perms(guest_front(h.bad, "state").text, &own);
	front_set_state(h.bad, XenbusStateConnected);
	CHECK(flow_until(let_go, h.bad));
	hostile_stop(&h);
}

static void
keys_made_unreadable(void)
{
	struct fake_perms own = { .owner = 0 },
			  again = { .n_others = 1, .others = { { SIM_SELF, 'r' } } };
	struct hostile h;

	unconnected(&h);
	own.owner = again.owner = h.bad->params.domid;
	fake_store_set_perms(guest_front(h.bad, "tx-ring-ref").text, &own);
	refused(&h, "unreadable key");
	fake_store_set_perms(guest_front(h.bad, "tx-ring-ref").text, &again);
	served_at_last(&h);
}

/* A thousand nodes that nobody asked for cost nothing that grows with them. */
static void
junk_nodes(void)
{
	struct hostile h;
	char key[64];

	hostile_start(&h);
	uint64_t before = fake_store_calls(FAKE_STORE_READ) + fake_store_calls(FAKE_STORE_LIST);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "junk%u", i);
		front_printf(h.bad, key, "%u", i);
	}
	for (unsigned i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "state/junk%u", i);
		front_printf(h.bad, key, "%u", i);
	}
	CHECK(flow_exchange(h.bad, h.n1, 50));
	uint64_t after = fake_store_calls(FAKE_STORE_READ) + fake_store_calls(FAKE_STORE_LIST);
	sim_check(after - before < 400, "%u calls to the store", (unsigned)(after - before));
	CHECK(front_close(h.bad));
	hostile_stop(&h);
}

/* The frontend's keys change all the time while they are read. */
static void
keys_change_while_read(void)
{
	struct hostile h;

	unconnected(&h);
	for (unsigned i = 0; i < 10; i++) {
		front_set_state(h.bad, XenbusStateConnected);
		for (unsigned k = 0; k < 400; k++) {
			front_printf(h.bad, "tx-ring-ref", "%u", k % 2 ? h.bad->tx_ref : 5);
			front_printf(h.bad, "rx-ring-ref", "%u", k % 2 ? h.bad->rx_ref : 5);
		}
		front_set_state(h.bad, XenbusStateClosing);
		front_set_state(h.bad, XenbusStateClosed);
		CHECK(front_await(h.bad, XenbusStateClosed));
		front_set_state(h.bad, XenbusStateInitialising);
		CHECK(front_await(h.bad, XenbusStateInitWait));
	}
	guest_renew(h.bad);
	served_at_last(&h);
}

CU_TestInfo hostile_store_cases[] = {
	{ "num_queues_no_number", num_queues_no_number },
	{ "tx_ring_ref_no_number", tx_ring_ref_no_number },
	{ "event_channel_no_number", event_channel_no_number },
	{ "num_queues_out_of_range", num_queues_out_of_range },
	{ "key_missing", key_missing },
	{ "ring_refs_bad", ring_refs_bad },
	{ "event_channels_bad", event_channels_bad },
	{ "feature_keys_odd", feature_keys_odd },
	{ "indices_implausible", indices_implausible },
	{ "state_values", state_values },
	{ "state_storm", state_storm },
	{ "state_storm_then_detach", state_storm_then_detach },
	{ "states_out_of_order", states_out_of_order },
	{ "state_deleted", state_deleted },
	{ "directory_deleted", directory_deleted },
	{ "backend_key_deleted", backend_key_deleted },
	{ "state_made_unreadable", state_made_unreadable },
	{ "keys_made_unreadable", keys_made_unreadable },
	{ "junk_nodes", junk_nodes },
	{ "keys_change_while_read", keys_change_while_read },
	CU_TEST_INFO_NULL,
};
