/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases: one vif sends what costs its poller most, and a modest neighbour on the same poller sends
 * a frame now and then. What the attacker's frames cost in a round is bounded, and so is what the
 * neighbour's frames have to wait, whatever they are.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "sim/hostile.h"
#include "sim/source.h"
#include "sim/test_sim.h"

#define BRIDGE 210u      /* of the neighbour, and of nobody else's */
#define PERIOD_NS 20000u /* between two frames of the neighbour's */
#define WARM_US 20000u
#define MEASURE_US 100000u
#define TRIES 5u    /* windows, of which one must be good: the machine may be busy */
#define ENOUGH 100u /* frames of the neighbour's in a window, which is longer if need be */
#define STRETCHES_MAX 50u
#define P99_US (1000u * SLOWNESS)
#define N_TAKERS 6u
#define PIECES_MAX 24u

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWNESS 10u
#else
#define SLOWNESS 1u
#endif

/* ---- the neighbour --------------------------------------------------------------------------- */

struct neighbour {
	struct source from, to;
	uint64_t delayed[SOURCE_BUCKETS]; /* before */
	uint64_t n_sent, n_got;
};

static void
neighbour_join(struct neighbour *n, int poller)
{
	source_make(&n->to, "to", BRIDGE, 1);
	source_make(&n->from, "from", BRIDGE, LIMIT_BURST);
	n->to.poller = n->from.poller = poller;
	n->to.src[5] = n->from.dst[5] = 0xee;
	n->to.every = 1000; /* says where it is */
	n->from.src[5] = SOURCE_MARK;
	n->from.period_ns = PERIOD_NS;
	source_attach(&n->to);
	source_attach(&n->from);
}

static void
neighbour_leave(struct neighbour *n)
{
	source_end(&n->from, 1);
	source_end(&n->to, 1);
}

static void
neighbour_begin(struct neighbour *n)
{
	memcpy(n->delayed, n->to.n_delayed, sizeof(n->delayed));
	n->n_sent = __atomic_load_n(&n->from.n_frames, __ATOMIC_RELAXED);
	n->n_got = __atomic_load_n(&n->to.n_out_marked, __ATOMIC_RELAXED);
}

static uint64_t
neighbour_got(const struct neighbour *n)
{
	return __atomic_load_n(&n->to.n_out_marked, __ATOMIC_RELAXED) - n->n_got;
}

/* It lost nothing since then. Returns how long its frames waited, 99 of 100. */
static unsigned
neighbour_end(struct neighbour *n, const char *attack)
{
	uint64_t n_sent = __atomic_load_n(&n->from.n_frames, __ATOMIC_RELAXED) - n->n_sent;
	uint64_t n_got = neighbour_got(n);
	unsigned p99 = source_delay_us(&n->to, n->delayed, 99);

	fprintf(stderr, "\n    %-34s neighbour: %5llu of %5llu frames, p50 %4u us, p99 %4u us",
		attack, (unsigned long long)n_got, (unsigned long long)n_sent,
		source_delay_us(&n->to, n->delayed, 50), p99);
	sim_check(n_got + 2 * LIMIT_BURST >= n_sent && n_got >= ENOUGH,
		  "%s: %llu of %llu of the neighbour's frames arrive", attack,
		  (unsigned long long)n_got, (unsigned long long)n_sent);
	return p99;
}

/* It loses nothing while it is looked at, and waits no longer than it may. */
static void
neighbour_check(struct neighbour *n, const char *attack)
{
	unsigned p99 = UINT32_MAX;

	for (unsigned i = 0; i < TRIES && p99 >= P99_US; i++) {
		neighbour_begin(n);
		for (unsigned k = 0; k < STRETCHES_MAX && neighbour_got(n) < ENOUGH; k++)
			usleep(MEASURE_US);
		p99 = neighbour_end(n, attack);
	}
	sim_check(p99 < P99_US, "%s: the neighbour's frames wait for %u us", attack, p99);
}

/* ---- the attacker ---------------------------------------------------------------------------- */

enum to {
	TO_TAKER, /* who takes everything as it is */
	TO_PLAIN, /* who wants frames cut and with checksums */
	TO_IDLE,  /* who wants the same, and does not take them */
	TO_ALL,
	TO_NOBODY,
};

struct attack {
	const char *name;
	enum frame_kind kind;
	uint32_t len;
	enum to to;
	uint16_t gso_size; /* 0: no GSO */
	uint16_t slot;     /* bytes in each slot; 0: a page */
	bool mcast;        /* no frames, but requests for multicast addresses */
};

static const struct attack attacks[] = {
	{ "short frames", FRAME_RAW, 60, TO_TAKER, 0, 0, false },
	{ "short frames to one who takes none", FRAME_RAW, 60, TO_IDLE, 0, 0, false },
	{ "short broadcasts", FRAME_RAW, 60, TO_ALL, 0, 0, false },
	{ "short frames to an unknown address", FRAME_RAW, 60, TO_NOBODY, 0, 0, false },
	{ "1514 bytes without a checksum", FRAME_UDP4, 1514, TO_PLAIN, 0, 0, false },
	{ "64 KiB frames", FRAME_TCP4, 65000, TO_TAKER, 1448, 0, false },
	{ "64 KiB frames to be cut", FRAME_TCP4, 65000, TO_PLAIN, 1448, 0, false },
	{ "64 KiB broadcasts", FRAME_TCP4, 65000, TO_ALL, 1448, 0, false },
	{ "GSO, MSS 1", FRAME_TCP4, 54 + 256, TO_TAKER, 1, 0, false },
	{ "GSO, MSS 8", FRAME_TCP4, 54 + 256 * 8, TO_TAKER, 8, 0, false },
	{ "GSO, MSS 8, to one who takes none", FRAME_TCP4, 54 + 256 * 8, TO_IDLE, 8, 0, false },
	{ "GSO, MSS 8, broadcast", FRAME_TCP4, 54 + 256 * 8, TO_ALL, 8, 0, false },
	{ "60 bytes in 15 slots", FRAME_RAW, 60, TO_TAKER, 0, 4, false },
	{ "multicast requests", FRAME_RAW, 60, TO_TAKER, 0, 0, true },
};

/* What stands in a ring slot. */
struct piece {
	netif_tx_request_t slot;
	netif_extra_info_t extra;
	bool is_extra;
};

struct attacker {
	struct hostile *h;
	struct guest *taker[N_TAKERS]; /* the last one takes nothing */
	struct piece piece[PIECES_MAX];
	unsigned n_pieces;
	bool stop;
};

static void
put_extra(struct attacker *a, uint8_t type, uint16_t gso_size)
{
	struct piece *p = &a->piece[a->n_pieces++];

	*p = (struct piece){ .is_extra = true, .extra.type = type };
	if (type == XEN_NETIF_EXTRA_TYPE_GSO) {
		p->extra.u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4;
		p->extra.u.gso.size = gso_size;
	} else {
		p->extra.u.mcast.addr[0] = 1;
	}
}

/* Spreads the frame over slots, in pages of the attacker's. */
static void
put_frame(struct attacker *a, const struct attack *attack, const uint8_t *data)
{
	uint32_t step = attack->slot > 0 ? attack->slot : NETIF_PAGE_SIZE;
	uint16_t flags = attack->kind == FRAME_RAW ? 0 : NETTXF_csum_blank | NETTXF_data_validated;
	uint16_t id = 0;

	for (uint32_t at = 0; at < attack->len; at += step, id++) {
		uint32_t n = util_min(step, attack->len - at);
		struct piece *p = &a->piece[a->n_pieces++];

		p->slot = hostile_slot(a->h, id, (uint16_t)(at == 0 ? attack->len : n),
				       at + n < attack->len ? NETTXF_more_data : 0);
		p->is_extra = false;
		memcpy(a->h->bad->tx_buffers[id].page, data + at, n);
		if (at > 0)
			continue;
		p->slot.flags |= flags;
		if (attack->gso_size == 0)
			continue;
		p->slot.flags |= NETTXF_extra_info;
		put_extra(a, XEN_NETIF_EXTRA_TYPE_GSO, attack->gso_size);
	}
}

static void
prepare(struct attacker *a, const struct attack *attack)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	const struct guest *to = a->taker[attack->to == TO_PLAIN  ? 1
					  : attack->to == TO_IDLE ? N_TAKERS - 1
								  : 0];
	struct frame f = flow_frame(a->h->bad, to, attack->kind, attack->len, 1);

	a->n_pieces = 0;
	if (attack->to == TO_ALL)
		memset(f.dst, 0xff, sizeof(f.dst));
	else if (attack->to == TO_NOBODY)
		frame_mac(0x4444, f.dst);
	frame_build_blank(&f, data);
	for (unsigned i = 0; attack->mcast && i < 2; i++) {
		a->piece[a->n_pieces++] = (struct piece){ .slot.flags = NETTXF_extra_info };
		put_extra(a,
			  i == 0 ? XEN_NETIF_EXTRA_TYPE_MCAST_ADD : XEN_NETIF_EXTRA_TYPE_MCAST_DEL,
			  0);
	}
	if (!attack->mcast)
		put_frame(a, attack, data);
}

/* Keeps the ring full, and the takers' rings empty. */
static void *
attack_run(void *arg)
{
	struct attacker *a = arg;
	struct guest *g = a->h->bad;

	while (!__atomic_load_n(&a->stop, __ATOMIC_RELAXED)) {
		uint32_t answered = __atomic_load_n(&g->tx.sring->rsp_prod, __ATOMIC_ACQUIRE);

		while (NETIF_RING_SIZE - (g->tx.req_prod_pvt - answered) >= a->n_pieces) {
			for (unsigned i = 0; i < a->n_pieces; i++) {
				if (a->piece[i].is_extra)
					guest_tx_extra(g, &a->piece[i].extra);
				else
					guest_tx_slot(g, &a->piece[i].slot);
			}
		}
		__atomic_store_n(&g->tx.sring->req_prod, g->tx.req_prod_pvt, __ATOMIC_RELEASE);
		for (unsigned i = 0; i + 1 < N_TAKERS; i++)
			flow_drain(a->taker[i]);
		usleep(20);
	}
	return NULL;
}

/* What the attacker's port did, and in how many rounds. */
struct spent {
	uint64_t work, n_rounds;
};

static struct spent
spent_by(const struct guest *g)
{
	struct dp_poller_stats stats;

	dp_get_poller_stats(sim_dp(), 0, &stats);
	return (struct spent){ __atomic_load_n(&sim_port(g)->stats.work, __ATOMIC_RELAXED),
			       stats.n_loops };
}

static void
attack(struct attacker *a, struct neighbour *n, const struct attack *attack)
{
	pthread_t thread;

	prepare(a, attack);
	a->stop = false;
	pthread_create(&thread, NULL, attack_run, a);
	usleep(WARM_US);
	struct spent before = spent_by(a->h->bad);
	neighbour_check(n, attack->name);
	struct spent after = spent_by(a->h->bad);
	__atomic_store_n(&a->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	uint64_t work = (after.work - before.work) / (after.n_rounds - before.n_rounds + 1);
	fprintf(stderr, ", attacker: work %6llu a round", (unsigned long long)work);
	sim_check(after.work > before.work, "%s: nothing came of it", attack->name);
	sim_check(work <= LIMIT_WORK + LIMIT_WORK / 10,
		  "%s: it makes its poller work for %llu in a round", attack->name,
		  (unsigned long long)work);
	CHECK_EQ(front_backend_state(a->h->bad), XenbusStateConnected);
}

static void
connect_all(struct attacker *a, struct hostile *h)
{
	struct guest_params params = sim_guest_params();

	params.flags &= ~GUEST_STRICT_GRANTS;
	sim_start(&h->s);
	h->n1 = sim_join(&h->s); /* for whom hostile_slot() makes its frames */
	h->bad = sim_add_with(&h->s, &params, NULL);
	CHECK(sim_connect(&h->s, h->bad, FRONT_LINUX));
	a->h = h;
	for (unsigned i = 0; i < N_TAKERS; i++) {
		a->taker[i] = sim_add(&h->s);
		CHECK(sim_connect(&h->s, a->taker[i], i == 0 ? FRONT_LINUX : FRONT_NO_CSUM));
		CHECK(flow_exchange(h->bad, a->taker[i], 10));
		a->taker[i]->raw = true;
	}
	h->bad->raw = h->n1->raw = true;
}

static void
one_poller(void)
{
	static struct neighbour n;
	static struct attacker a;
	struct hostile h = { 0 };

	neighbour_join(&n, 0); /* before control asks for the data plane's events */
	connect_all(&a, &h);
	neighbour_check(&n, "nobody else sends");
	for (unsigned i = 0; i < ARRAY_SIZE(attacks); i++)
		attack(&a, &n, &attacks[i]);
	fprintf(stderr, "\n");
	sim_end(&h.s);
	neighbour_leave(&n);
	sim_stop(&h.s);
}

/* ---- across pollers -------------------------------------------------------------------------- */

/* Senders on poller 0, a slow way out on poller 1. */
struct crossing {
	struct source out, flood, modest;
};

static void
crossing_join(struct crossing *c)
{
	source_make(&c->out, "out", BRIDGE + 1, 1);
	source_make(&c->flood, "flood", BRIDGE + 1, 1000);
	source_make(&c->modest, "modest", BRIDGE + 1, 1);
	c->out.poller = 1;
	c->out.src[5] = c->flood.dst[5] = c->modest.dst[5] = 0xee;
	c->out.every = 1000;
	c->out.slow_ns = 300;
	c->flood.src[5] = 0xa;
	c->modest.src[5] = SOURCE_MARK;
	c->modest.every = 20;
	source_attach(&c->out);
	usleep(WARM_US);
	source_attach(&c->modest);
	source_attach(&c->flood);
	usleep(WARM_US);
}

static void
crossing_leave(struct crossing *c)
{
	source_end(&c->flood, 1);
	source_end(&c->modest, 1);
	source_end(&c->out, 1);
}

static bool
modest_arrived(void *arg)
{
	const struct crossing *c = arg;

	return __atomic_load_n(&c->out.n_out_marked, __ATOMIC_RELAXED) ==
	       __atomic_load_n(&c->modest.n_frames, __ATOMIC_RELAXED);
}

/*
 * One floods a port of another poller; who sends it a frame now and then loses nothing, and neither
 * does the flood.
 */
static void
across_is_fair(void)
{
	static struct crossing c;

	crossing_join(&c);
	usleep(2 * MEASURE_US);
	__atomic_store_n(&c.modest.supply, 0, __ATOMIC_RELAXED);
	flow_until(modest_arrived, &c);
	uint64_t n_sent = c.modest.n_frames, n_got = c.out.n_out_marked,
		 n_flooded = __atomic_load_n(&c.out.n_out, __ATOMIC_RELAXED);
	fprintf(stderr,
		"\n    one frame in 20 rounds: %llu of %llu arrive, beside %llu of a flood\n",
		(unsigned long long)n_got, (unsigned long long)n_sent,
		(unsigned long long)n_flooded);
	sim_check(n_got == n_sent && n_got > 10, "%llu of %llu of a modest sender's frames cross",
		  (unsigned long long)n_got, (unsigned long long)n_sent);
	CHECK_GT(n_flooded, 2 * n_got);
	CHECK_EQ(c.modest.port.stats.n_dropped[DROP_QUEUE_FULL], 0);
	crossing_leave(&c);
}

/* And neighbours on both pollers keep what they have. */
static void
across_neighbours(void)
{
	static struct neighbour n[2];
	static struct crossing c;

	neighbour_join(&n[0], 0);
	crossing_join(&c);
	neighbour_check(&n[0], "a flood to another poller");
	neighbour_leave(&n[0]);
	neighbour_join(&n[1], 1);
	usleep(WARM_US);
	neighbour_check(&n[1], "a flood from another poller");
	fprintf(stderr, "\n");
	neighbour_leave(&n[1]);
	crossing_leave(&c);
}

CU_TestInfo attackers_cases[] = {
	{ "one_poller", one_poller },
	CU_TEST_INFO_NULL,
};

CU_TestInfo attackers_two_cases[] = {
	{ "across_is_fair", across_is_fair },
	{ "across_neighbours", across_neighbours },
	CU_TEST_INFO_NULL,
};
