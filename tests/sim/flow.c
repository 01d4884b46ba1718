/* SPDX-License-Identifier: BSD-3-Clause */
/* Traffic between guests of a simulation. Called by the cases. */
#include "sim/flow.h"

#include <errno.h>
#include <string.h>

/* frames under way: fewer than the rings' slots, so that an honest flow loses none */
#define WINDOW 128u

struct frame
flow_frame(const struct guest *from, const struct guest *to, enum frame_kind kind, uint32_t len,
	   uint32_t seed)
{
	struct frame f = { .kind = kind, .len = len, .seed = seed };

	frame_mac(from->params.domid, f.src);
	frame_mac(to->params.domid, f.dst);
	f.src[5] = (uint8_t)from->params.devid; /* as toolstack_add() has it */
	f.dst[5] = (uint8_t)to->params.devid;
	return f;
}

struct pair {
	struct guest *from, *to;
};

struct frame
flow_any(void *arg, unsigned i)
{
	const struct pair *pair = arg;
	struct frame f = flow_frame(pair->from, pair->to, i % FRAME_N_KINDS, 60 + i * 7 % 1455, i);

	if (f.len < frame_header_len(&f))
		f.len = frame_header_len(&f);
	return f;
}

/* Waits for an event to one of the guests, if both have nothing to do. */
static void
rest(struct guest *a, struct guest *b, uint64_t seq, uint64_t deadline)
{
	if (guest_arm(a) && (a == b || guest_arm(b)))
		fake_wait(seq, deadline);
}

struct run {
	struct guest *from, *to;
	flow_make_fn *make;
	void *arg;
	unsigned n, n_sent, n_got;
	bool intact;
};

static bool
run_send(struct run *r)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	bool any = guest_reap(r->from) > 0;

	while (r->n_sent < r->n && r->n_sent - r->n_got < WINDOW) {
		struct frame f = r->make(r->arg, r->n_sent);

		frame_build(&f, data);
		int ret = guest_send_frame(r->from, data, f.len);
		if (ret == -EAGAIN)
			break;
		r->n_sent++;
		any = true;
	}
	return any;
}

static bool
run_receive(struct run *r)
{
	static struct guest_frame got;
	bool any = guest_reap(r->to) > 0;

	while (r->intact && guest_receive(r->to, &got)) {
		struct frame f = r->make(r->arg, r->n_got);

		any = true;
		if (got.len < 12 || memcmp(got.data, f.dst, 12) != 0)
			continue; /* not of this flow */
		if (r->n_got < r->n && frame_equal(&f, FRAME_COMPLETE, got.data, got.len))
			r->n_got++;
		else
			r->intact = sim_check(false, "frame %u: %u bytes of %u, or other ones",
					      r->n_got, got.len, f.len);
	}
	return any;
}

bool
flow_run(struct guest *from, struct guest *to, flow_make_fn *make, void *arg, unsigned n)
{
	struct run r = { .from = from, .to = to, .make = make, .arg = arg, .n = n, .intact = true };
	uint64_t deadline = sim_deadline();

	while ((r.n_got < n || r.n_sent < n) && r.intact && from->broken[0] == '\0' &&
	       to->broken[0] == '\0') {
		uint64_t seq = fake_seq();
		unsigned n_before = r.n_sent + r.n_got;
		bool any = run_send(&r);

		any = run_receive(&r) || any;
		if (r.n_sent + r.n_got != n_before) /* what others send is no progress */
			deadline = sim_deadline();
		else if (fake_now_ms() >= deadline)
			break;
		if (!any)
			rest(from, to, seq, deadline);
	}
	if (r.n_got == n && r.intact)
		return true;
	char drops[2][256];
	sim_fail("vif%u to vif%u: %u sent, %u of %u arrived %s%s; dropped:%s;%s",
		 from->params.domid, to->params.domid, r.n_sent, r.n_got, n, from->broken,
		 to->broken, sim_drops(from, drops[0], sizeof(drops[0])),
		 sim_drops(to, drops[1], sizeof(drops[1])));
	return false;
}

bool
flow_exchange(struct guest *a, struct guest *b, unsigned n)
{
	struct pair there = { a, b }, back = { b, a };

	return flow_run(a, b, flow_any, &there, n) && flow_run(b, a, flow_any, &back, n);
}

bool
flow_send(struct guest *g, const struct guest_packet *packet)
{
	uint64_t deadline = sim_deadline();

	for (;;) {
		uint64_t seq = fake_seq();
		int ret = guest_send(g, packet);

		if (ret == 0)
			return true;
		if (ret != -EAGAIN || fake_now_ms() >= deadline)
			return sim_check(false, "vif%u cannot send: %d", g->params.domid, ret);
		if (guest_reap(g) == 0)
			rest(g, g, seq, deadline);
	}
}

bool
flow_drain(struct guest *g)
{
	static struct guest_frame frame;
	bool any = guest_reap(g) > 0;

	while (guest_receive(g, &frame))
		any = true;
	return any;
}

bool
flow_receive(struct guest *g, struct guest_frame *frame)
{
	uint64_t deadline = sim_deadline();

	for (;;) {
		uint64_t seq = fake_seq();

		guest_reap(g);
		if (guest_receive(g, frame))
			return true;
		if (fake_now_ms() >= deadline || g->broken[0] != '\0')
			return false;
		rest(g, g, seq, deadline);
	}
}

bool
flow_await_responses(struct guest *g, unsigned n)
{
	uint64_t deadline = sim_deadline();

	for (;;) {
		uint64_t seq = fake_seq();

		guest_reap(g);
		if (g->n_tx_log >= n)
			return true;
		if (fake_now_ms() >= deadline)
			return sim_check(false, "%u of %u responses", g->n_tx_log, n);
		rest(g, g, seq, deadline);
	}
}

bool
flow_expect(struct guest *g, const struct frame *f, enum frame_csum csum)
{
	static struct guest_frame got;

	while (flow_receive(g, &got)) {
		if (got.len < 12 || memcmp(got.data, f->dst, 12) != 0)
			continue;
		bool blank = got.flags & NETRXF_csum_blank;
		return sim_check(blank == (csum == FRAME_BLANK), "flags are %x", got.flags) &&
		       sim_check(frame_equal(f, csum, got.data, got.len),
				 "frame of %u bytes differs (%u bytes)", f->len, got.len);
	}
	return sim_check(false, "frame of %u bytes does not arrive", f->len);
}

bool
flow_until(bool (*condition)(void *arg), void *arg)
{
	uint64_t deadline = sim_deadline();

	for (;;) {
		uint64_t seq = fake_seq();
		uint64_t now = fake_now_ms();

		if (condition(arg))
			return true;
		if (now >= deadline)
			return false;
		fake_wait(seq, now + 1);
	}
}
