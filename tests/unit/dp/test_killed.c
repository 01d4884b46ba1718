/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A backend that is killed at any instruction of its data path, and the next one, which takes the
 * rings over: dp/vif/journal.h. The guest must lose no slot, get no answer twice, be woken, and see
 * none of its other pages used.
 */
#include <stdio.h>
#include <string.h>

#include "frames/frame.h"
#include "stepper.h"
#include "unit.h"
#include "vif_backend.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif
#define WRAPS 0xfffffff8u /* the indices wrap in the middle */

static struct backend first;

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
	REQUIRE_EQ(guest_queue(backend_guest, &packet), 0);
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
	REQUIRE_EQ(guest_mcast(backend_guest, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, group), 0);
	struct guest_packet runt = { .data = group, .len = 6 };
	REQUIRE_EQ(guest_queue(backend_guest, &runt), 0);
	REQUIRE_EQ(guest_mcast(backend_guest, XEN_NETIF_EXTRA_TYPE_MCAST_DEL, group), 0);
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
		backend_give(b, scene->n_given);
	backend_take(b);
	backend_take(b);
}

#define SAY(...) (snprintf(why, why_size, __VA_ARGS__), false)

/* Frames of the first backend may be lost, but none comes twice, out of order or damaged. */
static bool
check_received(char *why, size_t why_size)
{
	static struct guest_frame frame;
	unsigned last = 0, n_second = 0;

	while (guest_receive(backend_guest, &frame)) {
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
	uint32_t n = backend_guest->tx.req_prod_pvt - backend_guest->tx.rsp_cons;

	guest_reap(backend_guest);
	if (backend_guest->tx.req_prod_pvt != backend_guest->tx.rsp_cons)
		return SAY("%u of %u slots have no answer",
			   backend_guest->tx.req_prod_pvt - backend_guest->tx.rsp_cons, n);
	if (backend_guest->stats.n_tx_error != scene->n_errors)
		return SAY("%lu slots failed", (unsigned long)backend_guest->stats.n_tx_error);
	for (unsigned i = 0; i < ARRAY_SIZE(backend_marks); i++) {
		if (backend_marks[i].use.flags & FOREIGN_GRANT_READING)
			return SAY("grant %u stays marked", i);
	}
	return true;
}

static bool next_backend(void *arg, char *why, size_t why_size);

static bool
kill_again(struct backend *b, char *why, size_t why_size)
{
	struct stepper again = {
		.memory = { { backend_guest->tx_page, FAKE_PAGE_SIZE },
			    { backend_guest->rx_page, FAKE_PAGE_SIZE },
			    { &backend_journal, sizeof(backend_journal) } },
		.mortal = { .die = next_backend, .arg = b },
	};

	backend_make_frames(51, scene->n_given);
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
		backend_make_frames(101, scene->n_given);
		backend_give(&second, scene->n_given);
	}
	for (unsigned i = 0; i < 3; i++)
		backend_take(&second);
	if (second.port->fault != NULL)
		return SAY("switched off: %s", second.port->fault);
	bool good = check_sent(why, why_size) && check_received(why, why_size);
	if (good && guest_events(backend_guest).n_received == 0)
		return SAY("the guest was not woken");
	if (good && backend_guest->broken[0] != '\0')
		return SAY("%s", backend_guest->broken);
	backend_end(&second);
	if (good && fake_violations(why, why_size) > 0)
		return false;
	return good;
}

static void
run_scene(const struct scene *s)
{
	const struct guest_params params = { .domid = BACKEND_DOMID,
					     .n_rx_slots = s->n_slots > 0 ? s->n_slots : 64,
					     .first_idx = s->first_idx,
					     .flags = GUEST_STRICT_GRANTS };

	scene = s;
	fake_reset(0);
	backend_journal = (struct vif_journal){ 0 };
	memset(backend_marks, 0, sizeof(backend_marks));
	backend_guest = guest_create(&params);
	REQUIRE_NOT_NULL(backend_guest);
	REQUIRE(backend_start(&first, false, s->headroom));
	if (s->post != NULL) {
		s->post();
		guest_tx_publish(backend_guest);
	}
	for (unsigned i = 0; s->has_marks && i < GUEST_SLOTS; i++) {
		if (backend_guest->tx_buffers[i].ref < ARRAY_SIZE(backend_marks))
			backend_marks[backend_guest->tx_buffers[i].ref].use.flags =
				FOREIGN_GRANT_PERMIT;
	}
	struct stepper stepper = {
		.memory = { { backend_guest->tx_page, FAKE_PAGE_SIZE },
			    { backend_guest->rx_page, FAKE_PAGE_SIZE },
			    { &backend_journal, sizeof(backend_journal) },
			    { backend_marks, sizeof(backend_marks) } },
		.mortal = { .die = next_backend, .arg = &first },
	};
	backend_make_frames(1, s->n_given);
	stepper_run(&stepper, work, &first);
	printf("%s: %lu instructions, %u deaths\n", s->name, stepper.n_steps,
	       stepper.mortal.n_deaths);
	CHECK_GT(stepper.mortal.n_deaths, 20);
	CHECK_EQ(stepper.mortal.n_failed, 0);
	if (stepper.mortal.n_failed > 0)
		fprintf(stderr, "%s\n", stepper.mortal.why);
	backend_end(&first);
	guest_destroy(backend_guest);
}

static void
killed_at_each_instruction(void)
{
	backend_open_worker();
	for (unsigned i = 0; i < ARRAY_SIZE(scenes); i++) {
		if (!scenes[i].twice || !IS_SANITIZED)
			run_scene(&scenes[i]);
	}
	backend_close_worker();
}

void
test_killed(CU_pSuite suite)
{
	UNIT_ADD(suite, killed_at_each_instruction);
}
