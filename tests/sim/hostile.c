/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest that breaks rules between two that do not. Called by the hostile cases. */
#include "sim/hostile.h"

#include <string.h>

#define BASELINE_LEN 60u

void
hostile_start_unconnected(struct hostile *h, const struct guest_params *params)
{
	sim_start(&h->s);
	h->n1 = sim_add(&h->s);
	h->n2 = sim_add(&h->s);
	sim_connect_all(&h->s);
	h->bad = sim_add_with(&h->s, params, NULL);
	CHECK(flow_exchange(h->n1, h->n2, 60));
}

void
hostile_start(struct hostile *h)
{
	struct guest_params params = sim_guest_params();

	params.flags &= ~GUEST_STRICT_GRANTS; /* raw slots use the buffers' standing grants */
	sim_start(&h->s);
	h->n1 = sim_add(&h->s);
	h->n2 = sim_add(&h->s);
	h->bad = sim_add_with(&h->s, &params, NULL);
	sim_connect_all(&h->s);
	CHECK(flow_exchange(h->n1, h->n2, 60));
	CHECK(flow_exchange(h->bad, h->n1, 30));
	guest_log_clear(h->bad);
}

void
hostile_stop(struct hostile *h)
{
	h->bad->raw = true; /* what it saw is of no interest */
	sim_check(flow_exchange(h->n1, h->n2, 200), "the neighbours suffer");
	sim_stop(&h->s);
}

static struct frame
baseline(const struct hostile *h)
{
	return flow_frame(h->bad, h->n1, FRAME_UDP4, BASELINE_LEN, 0xbad);
}

netif_tx_request_t
hostile_slot(struct hostile *h, uint16_t id, uint16_t size, uint16_t flags)
{
	struct guest_buffer *buffer = &h->bad->tx_buffers[id % GUEST_SLOTS];
	struct frame f = baseline(h);

	frame_build(&f, buffer->page);
	return (netif_tx_request_t){
		.gref = guest_buffer_ref(h->bad, buffer, FAKE_GRANT_READ_ONLY),
		.id = id,
		.size = size,
		.flags = flags,
	};
}

void
hostile_fill_idle(struct hostile *h, uint16_t id, enum frame_kind kind, uint32_t len)
{
	struct frame f = flow_frame(h->bad, h->bad, kind, len, id);

	hostile_slot(h, id, 60, 0); /* grants it */
	frame_build_blank(&f, h->bad->tx_buffers[id].page);
}

void
hostile_chain(struct hostile *h, unsigned n, uint16_t size, uint16_t later)
{
	for (unsigned i = 0; i < n; i++) {
		netif_tx_request_t slot = hostile_slot(h, (uint16_t)i, i == 0 ? size : later,
						       i + 1 < n ? NETTXF_more_data : 0);

		guest_tx_slot(h->bad, &slot);
	}
}

bool
hostile_still_served(struct hostile *h)
{
	static struct guest_frame got;
	struct frame f = flow_frame(h->bad, h->n1, FRAME_UDP4, 99, 0x600d);
	netif_tx_request_t slot = hostile_slot(h, 300, 99, 0);

	frame_build(&f, h->bad->tx_buffers[300 % GUEST_SLOTS].page);
	guest_tx_slot(h->bad, &slot);
	guest_tx_publish(h->bad);
	do {
		if (!sim_check(flow_receive(h->n1, &got), "the guest is not served any more"))
			return false;
	} while (!frame_equal(&f, FRAME_COMPLETE, got.data, got.len));
	flow_drain(h->bad); /* responses are published before the frame goes on */
	return sim_check(front_backend_state(h->bad) == XenbusStateConnected, "state is %d",
			 front_backend_state(h->bad));
}

void
hostile_publish_fatal(struct hostile *h, const char *text)
{
	guest_tx_publish(h->bad);
	sim_expect_fault(h->bad, text);
}

void
hostile_publish(struct hostile *h, unsigned n_okay, unsigned n_error, unsigned n_null)
{
	guest_log_clear(h->bad);
	guest_tx_publish(h->bad);
	flow_await_responses(h->bad, n_okay + n_error + n_null);
	sim_check(guest_log_count(h->bad, NETIF_RSP_OKAY) == n_okay &&
			  guest_log_count(h->bad, NETIF_RSP_ERROR) == n_error &&
			  guest_log_count(h->bad, NETIF_RSP_NULL) == n_null,
		  "%u okay, %u errors, %u null, not %u, %u, %u",
		  guest_log_count(h->bad, NETIF_RSP_OKAY), guest_log_count(h->bad, NETIF_RSP_ERROR),
		  guest_log_count(h->bad, NETIF_RSP_NULL), n_okay, n_error, n_null);
	hostile_still_served(h);
}

struct mutator {
	struct guest *g;
	void (*step)(struct guest *g, uint32_t random);
	bool stop;
};

static void *
mutate(void *arg)
{
	struct mutator *m = arg;
	uint32_t random = 12345;

	while (!__atomic_load_n(&m->stop, __ATOMIC_RELAXED)) {
		random = random * 1664525u + 1013904223u;
		m->step(m->g, random >> 8);
	}
	return NULL;
}

void
hostile_mutate(struct hostile *h, void (*step)(struct guest *g, uint32_t random), unsigned ms)
{
	struct mutator m = { .g = h->bad, .step = step };
	uint64_t end = fake_now_ms() + ms;
	pthread_t thread;

	pthread_create(&thread, NULL, mutate, &m);
	while (fake_now_ms() < end)
		if (!sim_check(flow_exchange(h->n1, h->n2, 20), "the neighbours suffer"))
			break;
	__atomic_store_n(&m.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

uint64_t
hostile_drops(const struct hostile *h, enum drop_reason reason)
{
	const struct port *port = sim_port(h->bad);

	return port == NULL ? 0 : port->stats.n_dropped[reason];
}
