/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of the scriptable frontend against a backend of a few lines, that can be told to break each
 * rule.
 */
#include <stdlib.h>
#include <string.h>

#include "fakes/guest_store.h"
#include "fakes/test_fakes.h"
#include "frames/frame.h"
#include "proto/ring.h"

/* Sends each one-slot packet back into the guest's rx ring. */
struct echo {
	struct guest *g;
	struct grants *grants;
	struct events *events;
	struct ring tx, rx;
	uint32_t port;
};

static void
echo_open(struct echo *e, const struct guest_params *params)
{
	const struct xen_ops *xen = fake_xen();

	e->g = guest_create(params);
	e->grants = xen->grants->open();
	e->events = xen->events->open();
	ring_attach(&e->tx, xen->grants->map(e->grants, params->domid, e->g->tx_ref, true),
		    sizeof(netif_tx_request_t));
	ring_attach(&e->rx, xen->grants->map(e->grants, params->domid, e->g->rx_ref, true),
		    sizeof(netif_rx_request_t));
	e->port = (uint32_t)xen->events->bind(e->events, params->domid, e->g->port_tx);
}

static void
echo_close(struct echo *e)
{
	fake_xen()->grants->close(e->grants);
	fake_xen()->events->close(e->events);
	guest_destroy(e->g);
}

static void
put_rx(struct echo *e, const netif_tx_request_t *req, uint8_t *data)
{
	netif_rx_request_t slot;
	struct grant_copy copies[2];
	uint16_t domid = (uint16_t)e->g->params.domid;

	ring_copy_request(&e->rx, e->rx.req_cons++, &slot);
	memset(copies, 0, sizeof(copies));
	copies[0].source.foreign.ref = req->gref;
	copies[0].source.foreign.offset = req->offset;
	copies[0].source.foreign.domid = domid;
	copies[0].dest.virt = data;
	copies[0].flags = GRANT_COPY_SOURCE_REF;
	copies[1].source.virt = data;
	copies[1].dest.foreign.ref = slot.gref;
	copies[1].dest.foreign.domid = domid;
	copies[1].flags = GRANT_COPY_DEST_REF;
	for (unsigned i = 0; i < 2; i++) {
		copies[i].len = req->size;
		copies[i].status = GRANT_STATUS_UNTOUCHED;
	}
	fake_xen()->grants->copy(e->grants, copies, 2);
	netif_rx_response_t rsp = { .id = slot.id, .status = (int16_t)req->size };
	ring_put_response(&e->rx, &rsp, sizeof(rsp));
}

/* Handles all that waits; notifies as it should. Returns the number of packets. */
static unsigned
echo_run(struct echo *e)
{
	static uint8_t data[4096];
	unsigned n = 0;

	for (; ring_pending(&e->tx) > 0; n++) {
		netif_tx_request_t req;
		netif_tx_response_t rsp = { .status = NETIF_RSP_OKAY };

		ring_copy_request(&e->tx, e->tx.req_cons++, &req);
		put_rx(e, &req, data);
		rsp.id = req.id;
		ring_put_response(&e->tx, &rsp, sizeof(rsp));
	}
	ring_publish_responses(&e->rx);
	ring_publish_responses(&e->tx);
	bool notify = ring_check_notify(&e->rx);
	if (ring_check_notify(&e->tx) || notify)
		fake_xen()->events->notify(e->events, e->port);
	return n;
}

static const struct guest_params usual = {
	.domid = 5,
	.backend = 1,
	.first_idx = 0xfffffff0u,
	.n_rx_slots = GUEST_SLOTS,
	.flags = GUEST_ONE_CHANNEL | GUEST_STRICT_GRANTS,
};

static void
echo_frames(void)
{
	static struct guest_frame got;
	struct frame f = { .kind = FRAME_UDP4, .len = 60 };
	struct echo e;
	uint8_t data[1514];
	unsigned n_good = 0;

	echo_open(&e, &usual);
	for (f.seed = 0; f.seed < 600; f.seed++) {
		f.len = 60 + f.seed * 7 % 1454;
		frame_build(&f, data);
		CHECK_EQ(guest_send_frame(e.g, data, f.len), 0);
		CHECK_EQ(echo_run(&e), 1);
		CHECK_EQ(guest_reap(e.g), 1);
		n_good += guest_receive(e.g, &got) &&
			  frame_equal(&f, FRAME_COMPLETE, got.data, got.len);
		CHECK(guest_arm(e.g));
	}
	CHECK_EQ(n_good, 600);
	CHECK_FALSE(guest_receive(e.g, &got));
	CHECK_STR(e.g->broken, "");
	CHECK_EQ(e.g->stats.n_tx_okay, 600);
	CHECK_EQ(guest_events(e.g).n_received, 600);
	CHECK_EQ(guest_events(e.g).n_spurious, 0);
	fake_xen()->events->notify(e.events, e.port);
	CHECK_EQ(guest_events(e.g).n_spurious, 1);
	echo_close(&e);
	CHECK_EQ(fake_violations(NULL, 0), 0);
}

static void
honours_req_event(void)
{
	struct echo e;
	uint8_t data[60] = { 0 };

	echo_open(&e, &usual);
	ring_disarm(&e.tx);
	for (unsigned i = 0; i < 200; i++)
		guest_send_frame(e.g, data, sizeof(data));
	CHECK_EQ(e.g->stats.n_sent_tx, 0);
	echo_run(&e);
	guest_reap(e.g);
	CHECK(ring_arm(&e.tx, 1));
	guest_send_frame(e.g, data, sizeof(data));
	guest_send_frame(e.g, data, sizeof(data));
	CHECK_EQ(e.g->stats.n_sent_tx, 1);
	echo_close(&e);
}

#define SLOT(g, idx) RING_GET_REQUEST(&(g)->tx, idx)

static void
layouts(void)
{
	static uint8_t data[65535];
	const uint16_t sizes[] = { 10, 0, 20, 30 };
	struct guest_packet packet = { .data = data, .len = 60, .sizes = sizes, .n_sizes = 4 };
	struct guest *g = guest_create(&usual);
	netif_tx_sring_t *ring = g->tx_page;
	const uint32_t at = usual.first_idx;

	CHECK_EQ(guest_send(g, &packet), 0);
	CHECK_EQ(ring->req_prod, usual.first_idx + 4);
	CHECK_EQ(SLOT(g, at)->size, 60);
	CHECK_EQ(SLOT(g, at)->flags, NETTXF_more_data);
	CHECK_EQ(SLOT(g, at + 1)->size, 0);
	CHECK_EQ(SLOT(g, at + 3)->size, 30);
	CHECK_EQ(SLOT(g, at + 3)->flags, 0);
	packet = (struct guest_packet){ .data = data,
					.len = 65535,
					.flags = NETTXF_csum_blank,
					.gso_type = XEN_NETIF_GSO_TYPE_TCPV4,
					.gso_size = 1448 };
	CHECK_EQ(guest_send(g, &packet), 0);
	CHECK_EQ(ring->req_prod, usual.first_idx + 4 + 17);
	CHECK_EQ(SLOT(g, at + 4)->size, 65535);
	CHECK_EQ(SLOT(g, at + 4)->flags, NETTXF_csum_blank | NETTXF_extra_info | NETTXF_more_data);
	CHECK_EQ(((netif_extra_info_t *)SLOT(g, at + 5))->u.gso.size, 1448);
	CHECK_EQ(SLOT(g, at + 20)->size, 65535 - 15 * 4096);
	while (guest_send(g, &packet) == 0)
		;
	CHECK_LE(ring->req_prod - usual.first_idx, 256);
	guest_destroy(g);
}

/* Each rule that the frontend checks is broken once. */
static void
notices_broken_rules(void)
{
	static struct guest_frame got;
	struct echo e;
	uint8_t data[60] = { 0 };

	echo_open(&e, &usual); /* a response that nobody asked for */
	netif_tx_response_t tx = { .id = 3 };
	ring_put_response(&e.tx, &tx, sizeof(tx));
	ring_publish_responses(&e.tx);
	guest_reap(e.g);
	CHECK_STR_NE(e.g->broken, "");
	echo_close(&e);

	echo_open(&e, &usual); /* an id that is not in use */
	guest_send_frame(e.g, data, sizeof(data));
	tx.id = 200;
	ring_put_response(&e.tx, &tx, sizeof(tx));
	ring_publish_responses(&e.tx);
	guest_reap(e.g);
	CHECK_STR_NE(e.g->broken, "");
	echo_close(&e);

	echo_open(&e, &usual); /* a chain that is not complete */
	netif_rx_response_t rx = { .id = e.g->rx_posted[0xf0],
				   .status = 100,
				   .flags = NETRXF_more_data };
	ring_put_response(&e.rx, &rx, sizeof(rx));
	ring_publish_responses(&e.rx);
	guest_receive(e.g, &got);
	CHECK_STR(e.g->broken, "rx frame ends without its last slot");
	echo_close(&e);

	echo_open(&e, &usual); /* more than a page */
	rx = (netif_rx_response_t){ .id = e.g->rx_posted[0xf0], .status = 100, .offset = 4000 };
	ring_put_response(&e.rx, &rx, sizeof(rx));
	ring_publish_responses(&e.rx);
	guest_receive(e.g, &got);
	CHECK_STR(e.g->broken, "rx response: offset 4000, size 100");
	echo_close(&e);
	CHECK_EQ(fake_violations(NULL, 0), 0);
}

static void
store_side(void)
{
	struct guest *g = guest_create(&usual);
	struct store *backend = fake_xen()->store->open();
	char value[128];

	toolstack_add(g, NULL);
	CHECK_EQ(front_backend_state(g), XenbusStateInitialising);
	CHECK_STR(fake_store_get(guest_back(g, "mac").text, value, sizeof(value)),
		  "00:16:3e:00:05:00");
	CHECK_EQ(fake_xen()->store->write(backend, 0, "backend/vif/5/0/state", "2"), 0);
	CHECK(front_await(g, XenbusStateInitWait));
	front_publish(g, FRONT_LINUX);
	front_set_state(g, XenbusStateConnected);
	CHECK_EQ(fake_store_number(guest_front(g, "tx-ring-ref").text, -1), g->tx_ref);
	CHECK_EQ(fake_store_number(guest_front(g, "feature-gso-tcpv6").text, -1), 1);
	CHECK_EQ(fake_store_number(guest_front(g, "state").text, -1), 4);
	char *seen =
		fake_xen()->store->read(backend, 0, guest_front(g, "event-channel").text, NULL);
	CHECK_NOT_NULL(seen);
	free(seen);
	CHECK_LT(fake_xen()->store->write(backend, 0, guest_front(g, "state").text, "6"), 0);
	toolstack_detach(g);
	CHECK_EQ(front_backend_state(g), XenbusStateClosing);
	toolstack_remove(g);
	CHECK_EQ(front_backend_state(g), -1);
	fake_xen()->store->close(backend);
	guest_destroy(g);
}

/* The tests' own frames are checked here against checksums that are known. */
static void
frames_checksums(void)
{
	static uint8_t data[65535], other[65535];

	for (enum frame_kind kind = FRAME_UDP4; kind < FRAME_N_KINDS; kind++) {
		struct frame f = {
			.kind = kind, .len = 777, .seed = kind * 1000 + 7, .vlan = kind % 2
		};

		frame_build(&f, data);
		CHECK(frame_checksums_right(data, f.len));
		CHECK(frame_equal(&f, FRAME_COMPLETE, data, f.len));
		data[500] ^= 1;
		CHECK_FALSE(frame_checksums_right(data, f.len));
		CHECK_FALSE(frame_equal(&f, FRAME_COMPLETE, data, f.len));
		frame_build_blank(&f, other);
		CHECK_FALSE(frame_checksums_right(other, f.len));
		CHECK(frame_equal(&f, FRAME_BLANK, other, f.len));
	}
}

CU_TestInfo guest_cases[] = {
	{ "echo_frames", echo_frames },
	{ "honours_req_event", honours_req_event },
	{ "layouts", layouts },
	{ "notices_broken_rules", notices_broken_rules },
	{ "store_side", store_side },
	{ "frames_checksums", frames_checksums },
	CU_TEST_INFO_NULL,
};
