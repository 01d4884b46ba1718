/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A backend that is killed at any instruction of its data path, and the next one, which takes the
 * rings over: dp/vif/journal.h. The guest must lose no slot, get no answer twice, be woken, and see
 * none of its other pages used.
 */
#include <stdio.h>
#include <string.h>

#include <rte_mbuf.h>

#include "dp/frame/worker.h"
#include "dp/vif/port_vif.h"
#include "dp/vif/vif_scratch.h"
#include "fakes/guest.h"
#include "frames/frame.h"
#include "stepper.h"
#include "unit.h"

#define DOMID 5u
#define MARK_REF 40u
#define N_SMALL 255u
#define N_LARGE 31u
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif
#define WRAPS 0xfffffff8u /* the indices wrap in the middle */

/* What outlives a backend, and the guest. */
static struct guest *g;
static struct vif_journal journal;
static struct mcast_filter mcast;
static struct guest_shared shared = { .mcast = &mcast };
static struct foreign_grant marks[4096 / sizeof(struct foreign_grant)];
static uint8_t marked_page[FAKE_PAGE_SIZE];

static struct pools pools;
static struct worker worker;
static struct vif_scratch scratch;

/* ---- a backend ------------------------------------------------------------------------------- */

struct backend {
	struct grants *grants;
	struct events *events;
	struct grants *copies;
	struct port *port;
};

static struct backend first;

/* A killed process is in no hypercall: Xen ends what has begun. */
static int
copy_whole(struct grants *grants, struct grant_copy *copies, unsigned n)
{
	stepper_enter();
	int ret = fake_xen()->grants->copy(grants, copies, n);
	stepper_leave();
	return ret;
}

static int
notify_whole(struct events *events, uint32_t port)
{
	stepper_enter();
	int ret = fake_xen()->events->notify(events, port);
	stepper_leave();
	return ret;
}

static struct foreign_grant *
map_marks(struct foreign *memory, unsigned frame)
{
	(void)memory;
	return frame == 0 ? marks : NULL;
}

static void
unmap_marks(struct foreign *memory, struct foreign_grant *table)
{
	(void)memory;
	(void)table;
}

static const void *
map_page(struct foreign *memory, uint64_t frame)
{
	(void)memory;
	(void)frame;
	return marked_page;
}

static void
unmap_page(struct foreign *memory, const void *page)
{
	(void)memory;
	(void)page;
}

static const struct foreign_ops foreign_ops = {
	.map_table = map_marks,
	.unmap_table = unmap_marks,
	.map_page = map_page,
	.unmap_page = unmap_page,
};

static bool
backend_start(struct backend *b, bool in_use, uint16_t headroom)
{
	static struct grants_ops grants_ops;
	static struct events_ops events_ops;
	static struct xen_ops xen;

	xen = *fake_xen();
	grants_ops = *xen.grants;
	events_ops = *xen.events;
	grants_ops.copy = copy_whole;
	events_ops.notify = notify_whole;
	xen.grants = &grants_ops;
	xen.events = &events_ops;
	b->grants = xen.grants->open();
	b->copies = xen.grants->open();
	b->events = xen.events->open();
	struct port_vif_queue queue = {
		.tx_page = xen.grants->map(b->grants, DOMID, g->tx_ref, true),
		.rx_page = xen.grants->map(b->grants, DOMID, g->rx_ref, true),
		.foreign = (struct foreign *)marks,
		.events = b->events,
		.evtchn_tx = (uint32_t)xen.events->bind(b->events, DOMID, g->port_tx),
		.evtchn_rx = (uint32_t)xen.events->bind(b->events, DOMID, g->port_rx),
		.journal = &journal,
		.in_use = in_use,
		.journaled = in_use,
	};
	const struct port_vif_params params = {
		.name = "vif5.0",
		.domid = DOMID,
		.guest = VIF_GUEST_SG | VIF_GUEST_GSO4 | VIF_GUEST_CSUM4 | VIF_GUEST_RX_NOTIFY,
		.headroom = headroom,
		.foreign_ops = &foreign_ops,
		.n_queues = 1,
		.queue = &queue,
		.shared = &shared,
	};
	scratch.copy = (struct copy_batch){ .ops = &grants_ops, .grants = b->copies };
	b->port = port_vif_create(&xen, &params);
	if (b->port == NULL)
		return false;
	b->port->owner = &worker;
	return true;
}

/* What the kernel takes from a dead process. */
static void
backend_bury(struct backend *b)
{
	fake_xen()->events->close(b->events);
	fake_xen()->grants->close(b->copies);
	fake_xen()->grants->close(b->grants);
}

static void
backend_end(struct backend *b)
{
	b->port->ops->destroy(b->port);
	backend_bury(b);
}

static unsigned
take(struct backend *b)
{
	struct rte_mbuf *frames[LIMIT_BURST];

	worker.now++;
	worker.work = LIMIT_WORK;
	unsigned n = b->port->ops->rx_burst(b->port, frames, LIMIT_BURST);
	rte_pktmbuf_free_bulk(frames, n);
	return n;
}

static struct rte_mbuf *frames_to_give[LIMIT_BURST];

/* Makes frames for the guest; the last byte of each is its number. Every second one is large. */
static void
make_frames(unsigned first_number, unsigned n)
{
	struct rte_mbuf **frames = frames_to_give;
	struct frame frame = { .kind = FRAME_TCP4, .dst = { 2 }, .src = { 2, 1 } };

	for (unsigned i = 0; i < n; i++) {
		bool gso = i % 2 == 1;
		frame.len = gso ? 6000 : 100;
		frames[i] = pool_alloc(&pools, frame.len);
		uint8_t *data = rte_pktmbuf_mtod(frames[i], uint8_t *);
		frame_build_blank(&frame, data);
		data[frame.len - 1] = (uint8_t)(first_number + i);
		if (!gso)
			continue;
		frames[i]->ol_flags |=
			RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_CKSUM;
		frames[i]->tso_segsz = 1448;
	}
}

static void
give(struct backend *b, unsigned n)
{
	worker.work = LIMIT_WORK;
	b->port->ops->tx_burst(b->port, frames_to_give, n);
}

/* ---- scenes ---------------------------------------------------------------------------------- */

struct scene {
	const char *name;
	void (*post)(void); /* by the guest, before */
	unsigned n_errors;  /* responses that tell of one */
	unsigned n_given;   /* frames to the guest */
	unsigned n_slots;   /* rx requests of the guest; 0: 64 */
	uint32_t first_idx;
	uint16_t headroom;
	bool has_marks;
	bool twice; /* the second backend is killed as well; not with sanitizers: it takes long */
};

static void
send(enum frame_kind kind, uint32_t len, uint16_t gso_size)
{
	static uint8_t data[GUEST_FRAME_SIZE];
	struct frame frame = { .kind = kind, .dst = { 2 }, .src = { 2, 1 }, .len = len };
	struct guest_packet packet = { .data = data, .len = len, .gso_size = gso_size };

	frame_build_blank(&frame, data);
	if (gso_size > 0) {
		packet.gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
		packet.flags = NETTXF_csum_blank | NETTXF_data_validated;
	}
	REQUIRE_EQ(guest_queue(g, &packet), 0);
}

static void
post_small(void)
{
	for (unsigned i = 0; i < 6; i++)
		send(FRAME_RAW, 60 + i, 0);
}

static void
post_gso(void)
{
	for (unsigned i = 0; i < 3; i++) {
		send(FRAME_RAW, 100, 0);
		send(FRAME_TCP4, 9000, 1448);
	}
}

/* Requests of the multicast filter, and a frame that is too short to be one. */
static void
post_others(void)
{
	static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };

	send(FRAME_RAW, 60, 0);
	REQUIRE_EQ(guest_mcast(g, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, group), 0);
	struct guest_packet runt = { .data = group, .len = 6 };
	REQUIRE_EQ(guest_queue(g, &runt), 0);
	REQUIRE_EQ(guest_mcast(g, XEN_NETIF_EXTRA_TYPE_MCAST_DEL, group), 0);
	send(FRAME_RAW, 60, 0);
}

static const struct scene scenes[] = {
	{ "small frames from the guest", .post = post_small },
	{ "the same, killed twice", .post = post_small, .twice = true },
	{ "GSO frames from the guest", .post = post_gso, .first_idx = WRAPS },
	{ "multicast and a runt", .post = post_others, .n_errors = 1, .first_idx = WRAPS },
	{ "marked grants", .post = post_small, .has_marks = true },
	{ "frames to the guest", .n_given = 6 },
	{ "the same, killed twice", .n_given = 2, .n_slots = 16, .twice = true },
	{ "the same, indices wrap", .n_given = 6, .first_idx = WRAPS },
	{ "the same, with headroom", .n_given = 6, .headroom = 256 },
};

static const struct scene *scene;

/* Two rounds, so that the notification, which comes late, is among the instructions. */
static void
work(void *arg)
{
	struct backend *b = arg;

	if (scene->n_given > 0)
		give(b, scene->n_given);
	take(b);
	take(b);
}

#define SAY(...) (snprintf(why, why_size, __VA_ARGS__), false)

/* Frames of the first backend may be lost, but none comes twice, out of order or damaged. */
static bool
check_received(char *why, size_t why_size)
{
	static struct guest_frame frame;
	unsigned last = 0, n_second = 0;

	while (guest_receive(g, &frame)) {
		unsigned number = frame.data[frame.len - 1];
		if (frame.n_failed > 0)
			return SAY("a slot with an error");
		if (number <= last || frame.len != (number % 2 == 1 ? 100u : 6000u))
			return SAY("frame %u of %u bytes after %u", number, frame.len, last);
		n_second += number > 100;
		last = number;
	}
	return n_second == scene->n_given ? true : SAY("%u frames came later", n_second);
}

static bool
check_sent(char *why, size_t why_size)
{
	uint32_t n = g->tx.req_prod_pvt - g->tx.rsp_cons;

	guest_reap(g);
	if (g->tx.req_prod_pvt != g->tx.rsp_cons)
		return SAY("%u of %u slots have no answer", g->tx.req_prod_pvt - g->tx.rsp_cons, n);
	if (g->stats.n_tx_error != scene->n_errors)
		return SAY("%lu slots failed", (unsigned long)g->stats.n_tx_error);
	for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
		if (marks[i].use.flags & FOREIGN_GRANT_READING)
			return SAY("grant %u stays marked", i);
	}
	return true;
}

static bool next_backend(void *arg, char *why, size_t why_size);

static bool
kill_again(struct backend *b, char *why, size_t why_size)
{
	struct stepper again = {
		.memory = { { g->tx_page, FAKE_PAGE_SIZE },
			    { g->rx_page, FAKE_PAGE_SIZE },
			    { &journal, sizeof(journal) } },
		.mortal = { .die = next_backend, .arg = b },
	};

	make_frames(51, scene->n_given);
	stepper_run(&again, work, b);
	backend_end(b);
	return again.mortal.n_failed == 0 ? true : SAY("again %.150s", again.mortal.why);
}

/* In the place of the killed one: takes its rings over and ends its work. */
static bool
next_backend(void *arg, char *why, size_t why_size)
{
	static bool twice;
	struct backend second;

	backend_bury(arg);
	if (!backend_start(&second, true, scene->headroom))
		return SAY("the next backend does not start");
	if (scene->twice && !twice) {
		twice = true;
		return kill_again(&second, why, why_size);
	}
	if (scene->n_given > 0) {
		make_frames(101, scene->n_given);
		give(&second, scene->n_given);
	}
	for (unsigned i = 0; i < 3; i++)
		take(&second);
	if (second.port->fault != NULL)
		return SAY("switched off: %s", second.port->fault);
	bool good = check_sent(why, why_size) && check_received(why, why_size);
	if (good && guest_events(g).n_received == 0)
		return SAY("the guest was not woken");
	if (good && g->broken[0] != '\0')
		return SAY("%s", g->broken);
	backend_end(&second);
	if (good && fake_violations(why, why_size) > 0)
		return false;
	return good;
}

static void
run_scene(const struct scene *s)
{
	const struct guest_params params = { .domid = DOMID,
					     .n_rx_slots = s->n_slots > 0 ? s->n_slots : 64,
					     .first_idx = s->first_idx,
					     .flags = GUEST_STRICT_GRANTS };

	scene = s;
	fake_reset(0);
	journal = (struct vif_journal){ 0 };
	memset(marks, 0, sizeof(marks));
	g = guest_create(&params);
	REQUIRE_NOT_NULL(g);
	REQUIRE(backend_start(&first, false, s->headroom));
	if (s->post != NULL) {
		s->post();
		guest_tx_publish(g);
	}
	for (unsigned i = 0; s->has_marks && i < GUEST_SLOTS; i++) {
		if (g->tx_buffers[i].ref < ARRAY_SIZE(marks))
			marks[g->tx_buffers[i].ref].use.flags = FOREIGN_GRANT_PERMIT;
	}
	struct stepper stepper = {
		.memory = { { g->tx_page, FAKE_PAGE_SIZE },
			    { g->rx_page, FAKE_PAGE_SIZE },
			    { &journal, sizeof(journal) },
			    { marks, sizeof(marks) } },
		.mortal = { .die = next_backend, .arg = &first },
	};
	make_frames(1, s->n_given);
	stepper_run(&stepper, work, &first);
	printf("%s: %lu instructions, %u deaths\n", s->name, stepper.n_steps,
	       stepper.mortal.n_deaths);
	CHECK_GT(stepper.mortal.n_deaths, 20);
	CHECK_EQ(stepper.mortal.n_failed, 0);
	if (stepper.mortal.n_failed > 0)
		fprintf(stderr, "%s\n", stepper.mortal.why);
	backend_end(&first);
	guest_destroy(g);
}

static void
killed_at_each_instruction(void)
{
	static struct blame blame;

	worker = (struct worker){ .pools = &pools,
				  .blame = &blame,
				  .n_waiting_max = { N_SMALL, N_LARGE },
				  .vif = &scratch,
				  .signal_fd = -1 };
	REQUIRE_EQ(pools_create(&pools, N_SMALL, N_LARGE), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(scenes); i++) {
		if (!scenes[i].twice || !IS_SANITIZED)
			run_scene(&scenes[i]);
	}
	pools_destroy(&pools);
}

void
test_killed(CU_pSuite suite)
{
	UNIT_ADD(suite, killed_at_each_instruction);
}
