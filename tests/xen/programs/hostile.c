/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hostile PEER FIRST LAST SECONDS [CASE...]: plays the cases of tests/hostile-cases that a guest
 * can play, on the vifs FIRST to LAST, and says how each ended. A vif that was switched off is not
 * used again. Vif PEER keeps the rules. Cases that leave the vif as it was are repeated until
 * SECONDS have passed. Cases 0 and 100, which are played only if they are named, break no rule.
 * hostile --list: their numbers, and "once" where it may cost a vif.
 */
#include "hostile.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "proto/keys.h"

bool
check(struct play *p, bool ok, const char *format, ...)
{
	va_list args;

	if (ok || p->failed)
		return ok;
	p->failed = true;
	va_start(args, format);
	vsnprintf(p->why, sizeof(p->why), format, args);
	va_end(args);
	return false;
}

/* ---- vifs ------------------------------------------------------------------------------------ */

static struct vpe_fe *
open_vif(unsigned vif)
{
	const struct fe_host host = { .xen = xen_real(), .sysfs = "/sys" };
	struct vpe_fe *fe = fe_dev_open(&(struct vpe_fe_params){ .vif = vif,
								 .n_buffers = BUFFERS,
								 .take_over = true },
					&host);

	if (fe == NULL)
		errx(1, "%s", vpe_fe_error());
	fe->give_back = false; /* netfront would not know what to do with a vif that is off */
	return fe;
}

/* The frame lies in a buffer of the pool's. */
static void
prepare_frame(struct play *p)
{
	struct packet_ends ends = { .src.s_addr = 1, .dst.s_addr = 2 };

	p->q = &p->fe->queue[0];
	p->buf = vpe_fe_alloc(p->fe, 0);
	memcpy(ends.src_mac, p->fe->info.mac, 6);
	memcpy(ends.dst_mac, p->peer->info.mac, 6);
	memset(p->buf->page, 0, VPE_FE_BUF_SIZE);
	packet_put_udp(p->buf->page, VPE_FE_BUF_SIZE, &ends);
}

static void
open_play(struct play *p, unsigned vif)
{
	p->fe = open_vif(vif);
	prepare_frame(p);
}

bool
is_off(const struct play *p)
{
	return fe_store_back_number(&p->fe->store, KEY_CARRIER, -1) == 0 &&
	       fe_store_back_state(&p->fe->store) == XenbusStateConnected;
}

static bool
becomes_off(const struct play *p, unsigned ms)
{
	for (uint64_t end = util_now_ms() + ms; !is_off(p); usleep(10000))
		if (util_now_ms() >= end)
			return false;
	return true;
}

/* ---- the tx ring ----------------------------------------------------------------------------- */

netif_tx_request_t
slot_of(const struct play *p, uint16_t size, uint16_t flags)
{
	return (netif_tx_request_t){
		.gref = p->buf->ref, .id = 0x1234, .size = size, .flags = flags
	};
}

void
put_slot(struct play *p, const netif_tx_request_t *slot)
{
	fe_ring_put_request(&p->q->tx, slot, sizeof(*slot));
}

void
put_extra(struct play *p, uint8_t type, uint8_t flags, uint16_t gso_size, uint8_t gso_type)
{
	netif_extra_info_t extra = { .type = type, .flags = flags };

	extra.u.gso.size = gso_size;
	extra.u.gso.type = gso_type;
	fe_ring_put_request(&p->q->tx, &extra, sizeof(extra));
}

void
put_chain(struct play *p, unsigned n, uint16_t size, uint16_t later)
{
	for (unsigned i = 0; i < n; i++) {
		netif_tx_request_t slot =
			slot_of(p, i == 0 ? size : later, i + 1 < n ? NETTXF_more_data : 0);

		put_slot(p, &slot);
	}
}

void
publish(struct play *p)
{
	if (fe_ring_publish(&p->q->tx))
		fe_queue_notify(p->q);
}

void
set_req_prod(struct play *p, uint32_t req_prod)
{
	__atomic_store_n(&p->q->tx.shared->req_prod, req_prod, __ATOMIC_SEQ_CST);
	fe_queue_notify(p->q);
}

bool
take_answers(struct play *p, unsigned n, struct answers *a)
{
	struct fe_ring *r = &p->q->tx;
	netif_tx_response_t rsp;

	*a = (struct answers){ 0 };
	for (uint64_t end = util_now_ms() + PATIENCE_MS; fe_ring_pending(r) != n;)
		if (util_now_ms() >= end)
			return check(p, false, "%u answers, not %u", fe_ring_pending(r), n);
	for (; n > 0; n--) {
		fe_ring_copy_response(r, r->rsp_cons++, &rsp, sizeof(rsp));
		a->n_okay += rsp.status == NETIF_RSP_OKAY;
		a->n_error += rsp.status == NETIF_RSP_ERROR;
		a->n_null += rsp.status == NETIF_RSP_NULL;
		a->n_other += rsp.status < NETIF_RSP_ERROR || rsp.status > NETIF_RSP_NULL;
	}
	return true;
}

void
expect_answers(struct play *p, unsigned n_okay, unsigned n_error, unsigned n_null)
{
	struct answers a;

	publish(p);
	if (take_answers(p, n_okay + n_error + n_null, &a))
		check(p, a.n_okay == n_okay && a.n_error == n_error && a.n_null == n_null,
		      "%u okay, %u errors, %u null, not %u, %u, %u", a.n_okay, a.n_error, a.n_null,
		      n_okay, n_error, n_null);
}

void
forget_answers(struct play *p)
{
	struct fe_ring *r = &p->q->tx;

	usleep(100000);
	r->rsp_cons = r->req_prod = r->req_published =
		__atomic_load_n(&r->shared->rsp_prod, __ATOMIC_ACQUIRE);
}

/* ---- the peer -------------------------------------------------------------------------------- */

/* Takes what came to a vif; how many were for it. */
static unsigned
take_frames(struct vpe_fe *fe)
{
	struct vpe_fe_buf *frame[32];
	unsigned n_own = 0, n;

	while ((n = vpe_fe_rx_burst(fe, 0, frame, 32)) > 0) {
		for (unsigned i = 0; i < n; i++) {
			n_own += memcmp(frame[i]->data, fe->info.mac, 6) == 0;
			vpe_fe_free(fe, frame[i]);
		}
	}
	return n_own;
}

void
expect_served(struct play *p)
{
	netif_tx_request_t slot = slot_of(p, FRAME_SIZE, 0);

	take_frames(p->peer);
	put_slot(p, &slot);
	expect_answers(p, 1, 0, 0);
	for (uint64_t end = util_now_ms() + PATIENCE_MS; !p->failed && take_frames(p->peer) == 0;)
		check(p, util_now_ms() < end, "an ordinary frame does not arrive");
}

void
shower(struct play *p, unsigned n, uint16_t len)
{
	struct packet_ends ends = { .src.s_addr = 2, .dst.s_addr = 1 };
	uint64_t end = util_now_ms() + PATIENCE_MS;

	memcpy(ends.src_mac, p->peer->info.mac, 6);
	memcpy(ends.dst_mac, p->fe->info.mac, 6);
	while (n > 0 && check(p, util_now_ms() < end, "the peer cannot send")) {
		struct vpe_fe_buf *frame = vpe_fe_alloc(p->peer, 0);
		if (frame == NULL) {
			take_frames(p->peer);
			continue;
		}
		packet_put_udp(frame->data, len, &ends);
		frame->len = len;
		if (vpe_fe_tx_burst(p->peer, 0, &frame, 1) == 1)
			n--;
		else
			vpe_fe_free(p->peer, frame);
	}
}

/* ---- the cases ------------------------------------------------------------------------------- */

static bool
may_end_vif(const struct hostile_case *c)
{
	return c->outcome == OFF || c->outcome == EITHER;
}

/* Whether the vif can still be used. */
static bool
play_one(struct play *p, const struct hostile_case *c, unsigned vif)
{
	uint64_t since = util_now_ms();

	p->failed = false;
	expect_served(p);
	c->play(p);
	if (c->outcome == REOPENED || c->outcome == SERVED)
		check(p, !is_off(p), "it is switched off");
	if (c->outcome == REOPENED) {
		vpe_fe_close(p->fe);
		open_play(p, vif);
	}
	if (c->outcome == OFF)
		check(p, becomes_off(p, PATIENCE_MS), "it is not switched off");
	bool off = c->outcome == OFF || (c->outcome == EITHER && becomes_off(p, PATIENCE_MS));
	if (!off)
		expect_served(p);
	printf("case %u: %s: %s%s, %u ms\n", c->number, c->name, p->failed ? "FAILED: " : "passed",
	       p->failed ? p->why : "", (unsigned)(util_now_ms() - since));
	if (off)
		printf("off %u\n", vif);
	fflush(stdout);
	return !off && !p->failed;
}

struct options {
	unsigned first, last;
	uint64_t end_ms;
	unsigned n_cases;
	char **cases;
};

static bool
is_wanted(const struct options *o, unsigned number)
{
	for (unsigned i = 0; i < o->n_cases; i++)
		if ((unsigned)atoi(o->cases[i]) == number)
			return true;
	return o->n_cases == 0 && number != 0 && number != 100;
}

/* Plays a list once; `again` leaves out what may switch a vif off. Whether all passed. */
static bool
play_all(struct play *p, const struct options *o, unsigned *vif, const struct hostile_case *list,
	 bool again)
{
	bool ok = true;

	for (const struct hostile_case *c = list; c->name != NULL; c++) {
		if (!is_wanted(o, c->number) ||
		    (again && (util_now_ms() >= o->end_ms || may_end_vif(c))))
			continue;
		if (play_one(p, c, *vif))
			continue;
		ok = ok && !p->failed;
		vpe_fe_close(p->fe);
		if (++*vif > o->last)
			errx(1, "no vif is left");
		open_play(p, *vif);
	}
	return ok;
}

int
main(int argc, char **argv)
{
	static const struct hostile_case *const lists[] = { hostile_tx, hostile_more };
	struct play p = { .fe = NULL };
	bool ok = true;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (unsigned i = 0; i < 2; i++)
			for (const struct hostile_case *c = lists[i]; c->name != NULL; c++)
				printf("%u %s %s\n", c->number, may_end_vif(c) ? "once" : "again",
				       c->name);
		return 0;
	}
	if (argc < 5)
		errx(1, "hostile PEER FIRST LAST SECONDS [CASE...]");
	struct options o = { .first = (unsigned)atoi(argv[2]),
			     .last = (unsigned)atoi(argv[3]),
			     .n_cases = (unsigned)argc - 5,
			     .cases = argv + 5,
			     .end_ms = util_now_ms() + strtoul(argv[4], NULL, 10) * 1000 };
	unsigned vif = o.first;
	p.peer = open_vif((unsigned)atoi(argv[1]));
	open_play(&p, vif);
	for (unsigned i = 0; i < 2; i++)
		ok = play_all(&p, &o, &vif, lists[i], false) && ok;
	while (util_now_ms() < o.end_ms)
		for (unsigned i = 0; i < 2; i++)
			ok = play_all(&p, &o, &vif, lists[i], true) && ok;
	vpe_fe_close(p.fe);
	vpe_fe_close(p.peer);
	return ok ? 0 : 1;
}
