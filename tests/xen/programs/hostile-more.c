/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hostile cases of the rx ring, of events, of the store and of the control ring. Called by
 * hostile.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "fe_connect.h"
#include "hostile.h"
#include "proto/keys.h"

#define STORM_MS 2000u

/* Takes what came to the vif and counts what was whole. */
static unsigned
take_all(struct play *p)
{
	struct vpe_fe_buf *frame[32];
	unsigned n_all = 0, n;

	while ((n = vpe_fe_rx_burst(p->fe, 0, frame, 32)) > 0) {
		for (unsigned i = 0; i < n; i++)
			vpe_fe_free(p->fe, frame[i]);
		n_all += n;
	}
	return n_all;
}

/* ---- the rx ring ----------------------------------------------------------------------------- */

/*
 * What is posted from now on has these grants, one for each buffer; the array gets those that it
 * had.
 */
static void
exchange_grants(struct play *p, uint32_t ref[BUFFERS])
{
	for (unsigned i = 0; i < p->q->n_buf; i++) {
		uint32_t was = p->q->buf[i].ref;

		p->q->buf[i].ref = ref[i];
		ref[i] = was;
	}
}

/* What is received goes over the rings' indices at last: no vif can go on then. */
static void
one_page_for_all(struct play *p)
{
	netif_tx_request_t slot = slot_of(p, 60, 0);
	uint64_t end = util_now_ms() + PATIENCE_MS;
	uint32_t ref[BUFFERS];

	for (unsigned i = 0; i < BUFFERS; i++)
		ref[i] = i % 2 ? p->q->tx_ref : p->q->rx_ref;
	for (unsigned i = 0; i < 20; i++) {
		slot.gref = ref[i];
		put_slot(p, &slot);
	}
	publish(p);
	forget_answers(p);
	exchange_grants(p, ref);
	while (!is_off(p) && check(p, util_now_ms() < end, "no frame is received into a ring")) {
		shower(p, 20, 300);
		take_all(p);
	}
	exchange_grants(p, ref);
}

static void
rx_takes_nothing(struct play *p)
{
	shower(p, 3000, 1000);
	check(p, take_all(p) >= 64, "what waited does not come");
}

static void
rx_prod_above(struct play *p)
{
	__atomic_store_n(&p->q->rx.shared->req_prod, p->q->rx.req_prod + 2 * NETIF_RING_SIZE,
			 __ATOMIC_SEQ_CST);
	fe_queue_notify(p->q);
	shower(p, 4, 60);
}

static void
rx_bad_grants(struct play *p)
{
	uint64_t n_dropped = p->q->stats.n_rx_dropped, end = util_now_ms() + PATIENCE_MS;
	uint32_t ref[BUFFERS];

	for (unsigned i = 0; i < BUFFERS; i++)
		ref[i] = 2 + i % 6; /* nobody's; 0 and 1 are the console's and xenstore's */
	exchange_grants(p, ref);
	while (p->q->stats.n_rx_dropped < n_dropped + 20 &&
	       check(p, util_now_ms() < end, "no errors")) {
		shower(p, 20, 200);
		take_all(p);
	}
	exchange_grants(p, ref);
	uint32_t last = p->q->rx.req_prod;
	while ((int32_t)(p->q->rx.rsp_cons - last) < 0 &&
	       check(p, util_now_ms() < end, "no answers to all that was posted")) {
		shower(p, 20, 60);
		take_all(p);
	}
}

static void
rx_starves_and_refills(struct play *p)
{
	for (unsigned i = 0; i < 200 && !p->failed; i++) {
		shower(p, 100, 60);
		take_all(p);
		check(p, i % 20 != 0 || fe_store_back_number(&p->fe->store, KEY_CARRIER, -1) == 1,
		      "the carrier went down");
	}
}

/* ---- what takes others' time ----------------------------------------------------------------- */

static void
answers_never_taken(struct play *p)
{
	for (unsigned round = 0; round < 20 && !p->failed; round++) {
		for (unsigned i = 0; i < NETIF_RING_SIZE; i++)
			put_chain(p, 1, 60, 0);
		publish(p);
		for (uint64_t end = util_now_ms() + PATIENCE_MS;
		     p->q->tx.shared->rsp_prod != p->q->tx.req_prod && !p->failed;)
			check(p, util_now_ms() < end, "round %u is not answered", round);
	}
	p->q->tx.rsp_cons = p->q->tx.req_prod;
}

static void
one_slot_floods(struct play *p)
{
	for (uint64_t end = util_now_ms() + STORM_MS; util_now_ms() < end && !p->failed;) {
		put_chain(p, 1, 60, 0);
		expect_answers(p, 1, 0, 0);
	}
}

static void
event_storm(struct play *p)
{
	for (uint64_t end = util_now_ms() + STORM_MS; util_now_ms() < end;)
		fe_queue_notify(p->q);
}

static void
channel_closed(struct play *p)
{
	p->q->events_ops->unbind(p->q->events, (uint32_t)p->q->port);
	p->q->port = -1;
	shower(p, 200, 60);
	take_all(p);
}

/* ---- the store ------------------------------------------------------------------------------- */

static void
write_text(struct play *p, const char *key, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", p->fe->store.front, key);
	p->fe->store.ops->write(p->fe->store.store, 0, path, value);
}

/* With this value for a key, NULL for none, the backend must refuse; all else is as it was. */
static void
refused(struct play *p, const char *key, const char *value)
{
	const struct fe_store *st = &p->fe->store;
	char *before = fe_store_front_text(st, key);

	if (p->failed ||
	    !check(p, fe_connect_prepare(p->fe) == 0, "with %s, the backend is not ready", key))
		return free(before);
	if (value == NULL)
		fe_store_remove(st, key);
	else
		write_text(p, key, value);
	fe_store_set_state(st, XenbusStateConnected);
	int state = fe_store_await(st, 1u << XenbusStateClosing | 1u << XenbusStateConnected,
				   PATIENCE_MS);
	check(p, state == XenbusStateClosing, "with %s %.20s, the backend's state is %d", key,
	      value == NULL ? "missing" : value, state);
	if (before != NULL)
		write_text(p, key, before);
	else
		fe_store_remove(st, key);
	free(before);
}

static void
bad_channels(struct play *p)
{
	refused(p, KEY_EVTCHN, "0");
	refused(p, KEY_EVTCHN, "4294967295");
	refused(p, KEY_EVTCHN, "777");
}

static void
bad_rings(struct play *p)
{
	char rx[16];

	snprintf(rx, sizeof(rx), "%u", p->q->rx_ref);
	refused(p, KEY_TX_RING_REF, "7");
	refused(p, KEY_TX_RING_REF, "4294967295");
	refused(p, KEY_TX_RING_REF, rx);
	refused(p, KEY_RX_RING_REF, "30000");
}

static void
bad_queues(struct play *p)
{
	static char nines[2001];

	memset(nines, '9', sizeof(nines) - 1);
	refused(p, KEY_NUM_QUEUES, "0");
	refused(p, KEY_NUM_QUEUES, "-1");
	refused(p, KEY_NUM_QUEUES, "4294967297");
	refused(p, KEY_NUM_QUEUES, "\x1b[2J");
	refused(p, KEY_NUM_QUEUES, nines);
}

static void
keys_missing(struct play *p)
{
	refused(p, KEY_TX_RING_REF, NULL);
	refused(p, KEY_EVTCHN, NULL);
	refused(p, KEY_REQUEST_RX_COPY, NULL);
}

static void
state_storm(struct play *p)
{
	static const char *const value[] = { "4", "9", "4x", "-1", "" };
	unsigned n = 0;

	for (uint64_t end = util_now_ms() + STORM_MS; util_now_ms() < end; n++)
		write_text(p, n % 50 == 0 ? "state/child" : KEY_STATE, value[n % 5]);
	write_text(p, KEY_STATE, "4");
	sleep(2); /* it is looked at once a second */
}

static void
reconnects(struct play *p)
{
	for (unsigned i = 0; i < 5 && !p->failed; i++) {
		int ret = fe_connect_prepare(p->fe);

		if (ret == 0)
			ret = fe_queue_renew(p->q, p->fe->info.backend);
		if (ret == 0)
			ret = fe_connect_finish(p->fe);
		check(p, ret == 0, "round %u: %s", i, strerror(-ret));
		put_chain(p, 1, 60, 0);
		expect_answers(p, 1, 0, 0);
	}
}

static void
odd_states(struct play *p)
{
	fe_store_set_state(&p->fe->store, XenbusStateConnected);
	fe_store_set_state(&p->fe->store, XenbusStateReconfiguring);
	fe_store_set_state(&p->fe->store, XenbusStateInitialised);
	fe_store_set_state(&p->fe->store, 99);
	fe_store_set_state(&p->fe->store, XenbusStateConnected);
	usleep(500000);
}

static void
state_removed(struct play *p)
{
	fe_store_remove(&p->fe->store, KEY_STATE);
	int state = fe_store_await(&p->fe->store,
				   1u << XenbusStateClosed | 1u << XenbusStateUnknown, PATIENCE_MS);
	check(p, state >= 0, "the backend does not let go");
	fe_store_set_state(&p->fe->store, XenbusStateClosed);
}

static void
junk(struct play *p)
{
	char key[32];

	for (unsigned i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "junk/%u", i);
		write_text(p, key, "junk");
	}
	fe_store_remove(&p->fe->store, "junk");
}

static void
keys_change(struct play *p)
{
	for (unsigned i = 0; i < 20; i++) {
		fe_store_write(&p->fe->store, 0, KEY_FEATURE_SG, i);
		fe_store_write(&p->fe->store, 0, KEY_TX_RING_REF, i);
		fe_store_write(&p->fe->store, 0, KEY_EVTCHN, i);
	}
	put_chain(p, 1, 60, 0);
	expect_answers(p, 1, 0, 0);
}

/* ---- the control ring ------------------------------------------------------------------------ */

/* Puts a request, and has the answer's status. */
static uint32_t
ask(struct play *p, uint16_t type, uint32_t a, uint32_t b, uint32_t c)
{
	struct xen_netif_ctrl_request req = { .id = type, .type = type, .data = { a, b, c } };
	struct xen_netif_ctrl_response rsp = { .status = UINT32_MAX };
	struct fe_ctrl *ctrl = &p->fe->ctrl;

	fe_ring_put_request(&ctrl->ring, &req, sizeof(req));
	if (fe_ring_publish(&ctrl->ring))
		p->fe->xen->events->notify(ctrl->events, (uint32_t)ctrl->port);
	for (uint64_t end = util_now_ms() + PATIENCE_MS; fe_ring_pending(&ctrl->ring) == 0;)
		if (!check(p, util_now_ms() < end, "request %u is not answered", type))
			return UINT32_MAX;
	fe_ring_copy_response(&ctrl->ring, ctrl->ring.rsp_cons++, &rsp, sizeof(rsp));
	check(p, rsp.id == type, "request %u has the answer of %u", type, rsp.id);
	return rsp.status;
}

static void
control_ring(struct play *p)
{
	static const uint32_t bad[][4] = { { 0, 0, 0, 0 },          { 11, 0, 0, 0 },
					   { 255, 0, 0, 0 },        { 6, 8, 2, UINT32_MAX },
					   { 6, 8, 0x40000001, 0 }, { 3, 8, 41, 0 },
					   { 3, 8, UINT32_MAX, 0 }, { 5, 129, 0, 0 },
					   { 9, 0, 1, 16 },         { 9, 0, 8, 513 },
					   { 9, 7, 8, 1 },          { 10, 0, UINT32_MAX, 1 } };

	if (!check(p, p->fe->use_ctrl, "there is no control ring"))
		return;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check(p,
		      ask(p, (uint16_t)bad[i][0], bad[i][1], bad[i][2], bad[i][3]) !=
			      XEN_NETIF_CTRL_STATUS_SUCCESS,
		      "request %u, the %u. one, succeeds", bad[i][0], i);
	__atomic_store_n(&p->fe->ctrl.ring.shared->req_prod, p->fe->ctrl.ring.req_prod + 1000,
			 __ATOMIC_SEQ_CST);
	p->fe->xen->events->notify(p->fe->ctrl.events, (uint32_t)p->fe->ctrl.port);
}

/* ---- nothing, and anything ------------------------------------------------------------------- */

/*
 * What an honest guest does that has as much to send and to receive: one frame at a time, then as
 * many as there are.
 */
static void
keeps_rules(struct play *p)
{
	for (uint64_t end = util_now_ms() + STORM_MS / 2; util_now_ms() < end && !p->failed;) {
		put_chain(p, 1, 60, 0);
		put_chain(p, 2, 200, 100);
		expect_answers(p, 3, 0, 0);
	}
	for (uint64_t end = util_now_ms() + STORM_MS / 2; util_now_ms() < end && !p->failed;) {
		shower(p, 100, 1000);
		take_all(p);
	}
}

/* And one that makes as much use of the store, and is opened as often. */
static void
uses_store(struct play *p)
{
	for (uint64_t end = util_now_ms() + STORM_MS; util_now_ms() < end;)
		write_text(p, "busy", "4");
	fe_store_remove(&p->fe->store, "busy");
	reconnects(p);
}

static void
anything(struct play *p)
{
	uint32_t random = 4711;

	for (unsigned i = 0; i < 5000; i++) {
		random = random * 1664525u + 1013904223u;
		netif_tx_request_t slot = {
			.gref = random & 0x100 ? p->buf->ref : random >> 8,
			.offset = random & 0xf000 ? 0 : (uint16_t)(random >> 16),
			.size = (uint16_t)(random & 0x200 ? 60 : random >> 16),
			.flags = (uint16_t)(random >> 20 & 0xf),
		};
		fe_ring_put_request(&p->q->tx, &slot, sizeof(slot));
		if (random >> 28 == 0)
			publish(p);
	}
	publish(p);
	forget_answers(p);
}

const struct hostile_case hostile_more[] = {
	{ 0, "keeps the rules", SERVED, keeps_rules },
	{ 100, "uses the store", REOPENED, uses_store },
	{ 31, "takes no frames", SERVED, rx_takes_nothing },
	{ 34, "bad grants to receive into", SERVED, rx_bad_grants },
	{ 35, "starves and refills", SERVED, rx_starves_and_refills },
	{ 36, "answers never taken", SERVED, answers_never_taken },
	{ 37, "one slot at a time, as fast as it goes", SERVED, one_slot_floods },
	{ 38, "events as fast as it goes", SERVED, event_storm },
	{ 39, "event channel closed", REOPENED, channel_closed },
	{ 40, "bad event channels", REOPENED, bad_channels },
	{ 41, "bad ring references", REOPENED, bad_rings },
	{ 43, "bad numbers of queues", REOPENED, bad_queues },
	{ 44, "keys missing", REOPENED, keys_missing },
	{ 45, "state rewritten all the time", SERVED, state_storm },
	{ 46, "reconnects", SERVED, reconnects },
	{ 47, "states in any order", SERVED, odd_states },
	{ 48, "state removed", REOPENED, state_removed },
	{ 49, "nodes that nobody asked for", SERVED, junk },
	{ 51, "keys change after the connect", REOPENED, keys_change },
	{ 33, "rx producer above the ring", OFF, rx_prod_above },
	{ 52, "control ring", OFF, control_ring },
	{ 30, "one page for all", OFF, one_page_for_all },
	{ 62, "anything", EITHER, anything },
	{ 0, NULL, SERVED, NULL },
};
