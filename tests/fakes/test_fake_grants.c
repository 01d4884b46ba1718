/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of the fake's grant tables and event channels. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fakes/fake_xen.h"
#include "fakes/test_fakes.h"

#define GRANTS (fake_xen()->grants)
#define EVENTS (fake_xen()->events)
#define GUEST 5u

static struct grant_copy
from_guest(uint32_t ref, unsigned offset, void *to, unsigned len)
{
	return (struct grant_copy){
		.source.foreign = { .ref = ref, .offset = (uint16_t)offset, .domid = GUEST },
		.dest.virt = to,
		.len = (uint16_t)len,
		.flags = GRANT_COPY_SOURCE_REF,
		.status = GRANT_STATUS_UNTOUCHED,
	};
}

static struct grant_copy
to_guest(uint32_t ref, unsigned offset, void *from, unsigned len)
{
	return (struct grant_copy){
		.dest.foreign = { .ref = ref, .offset = (uint16_t)offset, .domid = GUEST },
		.source.virt = from,
		.len = (uint16_t)len,
		.flags = GRANT_COPY_DEST_REF,
		.status = GRANT_STATUS_UNTOUCHED,
	};
}

static void
copy_both_ways(void)
{
	struct grants *h = GRANTS->open();
	uint8_t *page = fake_page_alloc(GUEST);
	uint32_t ref = fake_grant(page, 1, FAKE_GRANT_READ_WRITE);
	char buf[16] = "";
	struct grant_copy copies[2];

	strcpy((char *)page + 4080, "end of page");
	copies[0] = from_guest(ref, 4080, buf, 16);
	copies[1] = to_guest(ref, 0, buf, 16);
	CHECK_EQ(GRANTS->copy(h, copies, 2), 0);
	CHECK_STR(buf, "end of page");
	CHECK_STR((char *)page, "end of page");
	CHECK_EQ(copies[0].status, 0);
	CHECK_EQ(copies[1].status, 0);
	fake_page_free(page);
	GRANTS->close(h);
	CHECK_EQ(fake_violations(NULL, 0), 0);
}

/* The status of one copy. */
static int
status_of(struct grants *h, struct grant_copy copy)
{
	return GRANTS->copy(h, &copy, 1) == 0 ? copy.status : 99;
}

static void
copy_statuses(void)
{
	struct grants *h = GRANTS->open();
	uint8_t *page = fake_page_alloc(GUEST);
	char buf[64] = "";
	uint32_t ro = fake_grant(page, 1, FAKE_GRANT_READ_ONLY);
	uint32_t other = fake_grant(page, 2, FAKE_GRANT_READ_WRITE);
	uint32_t sub = fake_grant_sub_page(page, 1, 100, 50);
	struct grant_copy stranger = from_guest(ro, 0, buf, 1);

	CHECK_EQ(status_of(h, from_guest(ro, 0, buf, 1)), 0);
	CHECK_EQ(status_of(h, to_guest(ro, 0, buf, 1)), -1);
	CHECK_EQ(status_of(h, from_guest(other, 0, buf, 1)), -1);
	CHECK_EQ(status_of(h, from_guest(0, 0, buf, 1)), -1);
	CHECK_EQ(status_of(h, from_guest(UINT32_MAX, 0, buf, 1)), -3);
	stranger.source.foreign.domid = 77;
	CHECK_EQ(status_of(h, stranger), -2);
	CHECK_EQ(status_of(h, from_guest(sub, 100, buf, 50)), 0);
	CHECK_EQ(status_of(h, from_guest(sub, 101, buf, 50)), -10);
	CHECK_EQ(status_of(h, from_guest(UINT32_MAX, 0, buf, 0)), 0);
	CHECK(fake_grant_end(GUEST, ro));
	CHECK_EQ(status_of(h, from_guest(ro, 0, buf, 1)), -1);
	fake_domain_destroy(GUEST, FAKE_STORE_KEPT);
	CHECK_EQ(status_of(h, from_guest(sub, 100, buf, 1)), -2);
	fake_page_free(page);
	GRANTS->close(h);
	CHECK_EQ(fake_violations(NULL, 0), 0);
}

/*
 * gntdev: statuses of a batch that was collected but never given to Xen say okay; later ones are
 * untouched.
 */
static void
copy_call_fails(void)
{
	struct grants *h = GRANTS->open();
	uint8_t *page = fake_page_alloc(GUEST);
	uint32_t ref = fake_grant(page, 1, FAKE_GRANT_READ_ONLY);
	char buf[20][4];
	struct grant_copy copies[20];
	char text[128];

	memset(page, 'x', 4096);
	memset(buf, 0, sizeof(buf));
	for (unsigned i = 0; i < 20; i++)
		copies[i] = from_guest(ref, i == 18 ? 4095 : 0, buf[i], 2);
	CHECK_EQ(GRANTS->copy(h, copies, 20), -EINVAL);
	CHECK_EQ(buf[15][0], 'x');
	CHECK_EQ(copies[16].status, 0);
	CHECK_EQ(buf[16][0], 0);
	CHECK_EQ(copies[18].status, GRANT_STATUS_UNTOUCHED);
	CHECK_EQ(copies[19].status, GRANT_STATUS_UNTOUCHED);
	CHECK_EQ(fake_violations(text, sizeof(text)), 1);
	CHECK_HAS(text, "copy 18 of 20");
	fake_page_free(page);
	GRANTS->close(h);
}

static void
copy_injected(void)
{
	struct grants *h = GRANTS->open();
	uint8_t *page = fake_page_alloc(GUEST);
	uint32_t ref = fake_grant(page, 1, FAKE_GRANT_READ_ONLY);
	char buf[4];

	fake_copy_fail(1, 1, -9);
	CHECK_EQ(status_of(h, from_guest(ref, 0, buf, 1)), 0);
	CHECK_EQ(status_of(h, from_guest(ref, 0, buf, 1)), -9);
	CHECK_EQ(status_of(h, from_guest(ref, 0, buf, 1)), 0);
	struct grant_copy copies[2] = { from_guest(ref, 0, buf, 1), from_guest(ref, 0, buf, 1) };
	fake_copy_fail_call(0, 1, 1, EFAULT);
	CHECK_EQ(GRANTS->copy(h, copies, 2), -EFAULT);
	CHECK_EQ(copies[0].status, 0);
	CHECK_EQ(copies[1].status, GRANT_STATUS_UNTOUCHED);
	uint64_t n_ops, n_calls;
	fake_copy_counts(&n_ops, &n_calls);
	CHECK_EQ(n_ops, 4);
	CHECK_EQ(n_calls, 4);
	fake_page_free(page);
	GRANTS->close(h);
	CHECK_EQ(fake_violations(NULL, 0), 0);
}

/* The second of a call, if its status is still untouched. */
static int16_t
fail_second(const struct grant_copy *copy, unsigned i)
{
	return copy->status == GRANT_STATUS_UNTOUCHED && i == 1 ? -9 : GRANT_STATUS_OKAY;
}

static void
copy_hooked(void)
{
	struct grants *h = GRANTS->open();
	uint8_t *page = fake_page_alloc(GUEST);
	uint32_t ref = fake_grant(page, 1, FAKE_GRANT_READ_ONLY);
	char buf[3] = "";
	struct grant_copy copies[3];

	memset(page, 'x', 3);
	for (unsigned i = 0; i < 3; i++)
		copies[i] = from_guest(ref, 0, &buf[i], 1);
	fake_copy_set_hook(fail_second);
	CHECK_EQ(GRANTS->copy(h, copies, 3), 0);
	CHECK_EQ(copies[0].status, 0);
	CHECK_EQ(copies[1].status, -9);
	CHECK_EQ(copies[2].status, 0);
	CHECK(buf[0] == 'x' && buf[1] == '\0' && buf[2] == 'x');
	fake_copy_set_hook(NULL);
	fake_page_free(page);
	GRANTS->close(h);
	CHECK_EQ(fake_violations(NULL, 0), 0);
}

/* What is granted itself comes first. */
static void
grant_others(void)
{
	struct grants *h = GRANTS->open();
	char *page = fake_page_alloc(GUEST), *rest = fake_page_alloc(GUEST);
	uint32_t own = fake_grant(page, 1, FAKE_GRANT_READ_WRITE);
	char buf;

	*page = 'p', *rest = 'r';
	fake_grant_others(rest, 1, 100000);
	CHECK_EQ(status_of(h, from_guest(own, 0, &buf, 1)), 0);
	CHECK_EQ(buf, 'p');
	CHECK_EQ(status_of(h, from_guest(own + 1, 0, &buf, 1)), 0);
	CHECK_EQ(buf, 'r');
	CHECK_EQ(status_of(h, from_guest(100001, 0, &buf, 1)), -3);
	char *first = GRANTS->map(h, GUEST, 0, true), *last = GRANTS->map(h, GUEST, 100000, false);
	CHECK(first != NULL && last != NULL && first != last);
	strcpy(first, "hello");
	CHECK_STR(last, "hello");
	CHECK_EQ(GRANTS->unmap(h, last), 0);
	CHECK_EQ(GRANTS->unmap(h, first), 0);
	fake_page_free(rest);
	CHECK_EQ(status_of(h, from_guest(own + 1, 0, &buf, 1)), -1);
	fake_page_free(page);
	GRANTS->close(h);
	CHECK_EQ(fake_violations(NULL, 0), 0);
}

static void
copy_duties(void)
{
	struct grants *h = GRANTS->open();
	uint8_t *page = fake_page_alloc(GUEST), *page2 = fake_page_alloc(6);
	uint32_t ref = fake_grant(page, 1, FAKE_GRANT_READ_ONLY);
	uint32_t ref2 = fake_grant(page2, 1, FAKE_GRANT_READ_ONLY);
	char buf[4];
	struct grant_copy copies[2] = { from_guest(ref, 0, buf, 1), from_guest(ref2, 0, buf, 1) };

	copies[1].source.foreign.domid = 6;
	CHECK_EQ(GRANTS->copy(h, copies, 2), 0);
	CHECK_EQ(fake_violations(NULL, 0), 1);
	CHECK_EQ(GRANTS->copy(h, copies, 1), 0); /* its status was left at okay */
	CHECK_EQ(fake_violations(NULL, 0), 2);
	fake_page_free(page);
	fake_page_free(page2);
	GRANTS->close(h);
}

static void
map_shares_page(void)
{
	struct grants *h = GRANTS->open();
	char *page = fake_page_alloc(GUEST);
	uint32_t ref = fake_grant(page, 1, FAKE_GRANT_READ_WRITE);
	uint32_t ro = fake_grant(page, 1, FAKE_GRANT_READ_ONLY);
	char why[256];

	char *mapped = GRANTS->map(h, GUEST, ref, true);
	REQUIRE_NOT_NULL(mapped);
	strcpy(mapped, "hello");
	CHECK_STR(page, "hello");
	CHECK_EQ(fake_domain_mapped(GUEST), 1);
	CHECK_FALSE(fake_grant_end(GUEST, ref));
	CHECK_FALSE(fake_leak_free(why, sizeof(why)));
	CHECK_NULL(GRANTS->map(h, GUEST, ro, true));
	CHECK_NULL(GRANTS->map(h, GUEST, UINT32_MAX, true));
	fake_map_fail(0, 1, ENOMEM);
	CHECK_NULL(GRANTS->map(h, GUEST, ref, true));
	CHECK_EQ(errno, ENOMEM);
	fake_page_free(page);
	CHECK_STR(mapped, "hello"); /* still there for who mapped it */
	CHECK_EQ(GRANTS->unmap(h, mapped), 0);
	CHECK_EQ(GRANTS->unmap(h, mapped), -EINVAL);
	CHECK_EQ(fake_violations(NULL, 0), 1);
	GRANTS->close(h);
	CHECK(fake_leak_free(why, sizeof(why)));
}

/* Whether reading `at` kills a process. */
static bool
faults(const volatile char *at)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		close(2); /* no report from a sanitizer */
		_exit(*at == 'z' ? 42 : 43);
	}
	waitpid(pid, &status, 0);
	return !WIFEXITED(status) || (WEXITSTATUS(status) != 42 && WEXITSTATUS(status) != 43);
}

static void
page_guards(void)
{
	struct grants *h = GRANTS->open();
	char *page = fake_page_alloc(GUEST);
	char *mapped = GRANTS->map(h, GUEST, fake_grant(page, 1, FAKE_GRANT_READ_WRITE), true);

	CHECK_FALSE(faults(page));
	CHECK_FALSE(faults(mapped + 4095));
	CHECK(faults(page - 1));
	CHECK(faults(page + 4096));
	CHECK(faults(mapped - 1));
	CHECK(faults(mapped + 4096));
	GRANTS->unmap(h, mapped);
#ifndef __SANITIZE_THREAD__
	CHECK(faults(mapped));
#endif
	fake_page_free(page);
	CHECK(faults(page));
	GRANTS->close(h);
}

CU_TestInfo fake_grants_cases[] = {
	{ "copy_both_ways", copy_both_ways },   { "copy_statuses", copy_statuses },
	{ "copy_call_fails", copy_call_fails }, { "copy_injected", copy_injected },
	{ "copy_hooked", copy_hooked },         { "grant_others", grant_others },
	{ "copy_duties", copy_duties },         { "map_shares_page", map_shares_page },
	{ "page_guards", page_guards },         CU_TEST_INFO_NULL,
};

/* ---- events ---------------------------------------------------------------------------------- */

static bool
readable(struct events *h)
{
	struct pollfd pfd = { .fd = EVENTS->fd(h), .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

static void
event_masks(void)
{
	struct events *h = EVENTS->open();
	uint32_t remote = fake_port_alloc(GUEST, 1);
	int port = EVENTS->bind(h, GUEST, remote);

	REQUIRE_GT(port, 0);
	CHECK(readable(h)); /* binding fires */
	CHECK_EQ(EVENTS->pending(h), port);
	CHECK_FALSE(readable(h));
	CHECK(fake_port_send(GUEST, remote));
	CHECK(fake_port_send(GUEST, remote));
	CHECK_FALSE(readable(h)); /* masked until we unmask */
	CHECK_EQ(EVENTS->pending(h), -EAGAIN);
	CHECK_EQ(EVENTS->unmask(h, (uint32_t)port), 0);
	CHECK(readable(h));
	CHECK_EQ(EVENTS->pending(h), port);
	CHECK_EQ(EVENTS->unmask(h, (uint32_t)port), 0);
	CHECK_FALSE(readable(h));
	CHECK_EQ(EVENTS->notify(h, (uint32_t)port), 0);
	CHECK_EQ(fake_port_received(GUEST, remote), 1);
	EVENTS->close(h);
	CHECK_FALSE(fake_port_bound(GUEST, remote));
	fake_port_close(GUEST, remote);
}

static void
event_binding(void)
{
	struct events *h = EVENTS->open();
	uint32_t remote = fake_port_alloc(GUEST, 1), stranger = fake_port_alloc(GUEST, 2);

	CHECK_EQ(EVENTS->bind(h, GUEST, 0), -EINVAL);
	CHECK_EQ(EVENTS->bind(h, GUEST, stranger), -EINVAL);
	CHECK_EQ(EVENTS->bind(h, 6, remote), -EINVAL);
	int port = EVENTS->bind(h, GUEST, remote);
	REQUIRE_GT(port, 0);
	CHECK_EQ(EVENTS->bind(h, GUEST, remote), -EINVAL);
	CHECK_EQ(EVENTS->unbind(h, (uint32_t)port), 0);
	CHECK_FALSE(readable(h));
	CHECK_FALSE(fake_port_send(GUEST, remote));
	port = EVENTS->bind(h, GUEST, remote); /* a new backend finds it unbound */
	REQUIRE_GT(port, 0);
	fake_port_reset(GUEST);
	CHECK_EQ(EVENTS->notify(h, (uint32_t)port), 0); /* into the void */
	CHECK_EQ(EVENTS->unbind(h, (uint32_t)port), 0);
	CHECK_EQ(fake_violations(NULL, 0), 0);
	CHECK_EQ(EVENTS->unbind(h, (uint32_t)port), -ENOTCONN);
	CHECK_EQ(EVENTS->notify(h, (uint32_t)port), -ENOTCONN);
	CHECK_EQ(EVENTS->unmask(h, (uint32_t)port), -ENOTCONN);
	CHECK_EQ(fake_violations(NULL, 0), 3);
	EVENTS->close(h);
}

CU_TestInfo fake_events_cases[] = {
	{ "event_masks", event_masks },
	{ "event_binding", event_binding },
	CU_TEST_INFO_NULL,
};
