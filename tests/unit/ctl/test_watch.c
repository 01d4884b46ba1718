/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/store/watch.c. */
#include "ctl/store/watch.h"

#include <errno.h>
#include <string.h>

#include "ctl/store/clock.h"
#include "proto/limits.h"
#include "store_helper.h"

#define NODE "data/n"
#define NODE_ABS "/local/domain/1/data/n"

struct seen {
	unsigned n;
	char path[64];
};

static void
note(void *owner, const char *path)
{
	struct seen *seen = owner;

	seen->n++;
	snprintf(seen->path, sizeof(seen->path), "%s", path);
}

static void
watches_dispatch_owner(void)
{
	struct xstore xs = helper_open();
	struct watches *watches = watches_create(&xs);
	struct seen a = { 0 }, b = { 0 };

	CHECK_NOT_NULL(watch_add(watches, NODE, note, &a));
	CHECK_NOT_NULL(watch_add(watches, "data/m", note, &b));
	CHECK_EQ(watches_dispatch(watches, 100), 2); /* each fires when it is set */
	fake_store_write(NODE_ABS "/below", "x");
	CHECK_GE(watches_dispatch(watches, 100), 1);
	CHECK_GE(a.n, 2);
	CHECK_EQ(b.n, 1);
	CHECK_STR(a.path, NODE "/below");
	watches_destroy(watches);
	helper_close(&xs);
}

/* Events that are under way when the watch ends reach nobody, not even the slot's next user. */
static void
watch_remove_late_event(void)
{
	struct xstore xs = helper_open();
	struct watches *watches = watches_create(&xs);
	struct seen a = { 0 }, b = { 0 };
	struct watch *watch = watch_add(watches, NODE, note, &a);

	fake_store_write(NODE_ABS, "x");
	watch_remove(watches, watch);
	watch_remove(watches, NULL);
	CHECK_NOT_NULL(watch_add(watches, "data/m", note, &b));
	CHECK_GT(watches_dispatch(watches, 100), 0);
	CHECK_EQ(a.n, 0);
	CHECK_EQ(b.n, 1);
	watches_destroy(watches);
	helper_close(&xs);
}

static void
watch_add_full(void)
{
	struct xstore xs = helper_open();
	struct watches *watches = watches_create(&xs);
	struct seen seen = { 0 };
	unsigned n = 0;

	while (n < 10 * LIMIT_PORTS && watch_add(watches, NODE, note, &seen) != NULL)
		n++;
	CHECK_GE(n, 2 * LIMIT_PORTS + 2);
	CHECK_LT(n, 3 * LIMIT_PORTS);
	CHECK_EQ(errno, ENOSPC);
	watches_destroy(watches);
	helper_close(&xs);
}

static void
watches_dispatch_errors(void)
{
	struct xstore xs = helper_open();
	struct watches *watches = watches_create(&xs);
	struct seen seen = { 0 };

	fake_store_fail(FAKE_STORE_WATCH, 0, 1, ENOMEM);
	CHECK_NULL(watch_add(watches, NODE, note, &seen));
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(watches_dispatch(watches, 100), 0);
	fake_store_hang_up();
	CHECK_LT(watches_dispatch(watches, 100), 0);
	watches_destroy(watches);
	helper_close(&xs);
}

static void
watches_dispatch_bounded(void)
{
	struct xstore xs = helper_open();
	struct watches *watches = watches_create(&xs);
	struct seen seen = { 0 };

	watch_add(watches, NODE, note, &seen);
	for (unsigned i = 0; i < 50; i++)
		fake_store_write(NODE_ABS, "x");
	CHECK_EQ(watches_dispatch(watches, 10), 10);
	CHECK_EQ(seen.n, 10);
	watches_destroy(watches);
	helper_close(&xs);
}

/*
 * A watch that is kept although the store refuses it is tried again each second, until it is set or
 * removed.
 */
static void
watch_keep_refused(void)
{
	struct xstore xs = helper_open();
	struct watches *watches = watches_create(&xs);
	struct seen a = { 0 }, b = { 0 };

	CHECK_EQ(watches_due(watches), CLOCK_NEVER);
	fake_store_fail(FAKE_STORE_WATCH, 0, 3, ENOSPC);
	struct watch *watch = watch_keep(watches, NODE, note, &a);
	struct watch *other = watch_keep(watches, "data/m", note, &b);
	CHECK_NOT_NULL(watch);
	CHECK_NOT_NULL(other);
	uint64_t due_ms = watches_due(watches);
	CHECK_EQ(due_ms, clock_ms() + 1000);
	watches_retry(watches, due_ms - 1);
	CHECK_EQ(watches_due(watches), due_ms);
	watches_retry(watches, due_ms); /* fails for the first */
	CHECK_EQ(watches_due(watches), due_ms + 1000);
	CHECK_EQ(watches_dispatch(watches, 100), 1);
	CHECK_EQ(b.n, 1);
	watches_retry(watches, due_ms + 1000);
	CHECK_EQ(watches_due(watches), CLOCK_NEVER);
	CHECK_EQ(watches_dispatch(watches, 100), 1);
	CHECK_EQ(a.n, 1);
	fake_store_fail(FAKE_STORE_WATCH, 0, 1, ENOSPC);
	watch_remove(watches, watch_keep(watches, NODE, note, &a));
	CHECK_EQ(watches_due(watches), CLOCK_NEVER);
	watches_destroy(watches);
	helper_close(&xs);
}

/*
 * On a new connection one watch that is refused does not cost the others; if all are, the
 * connection is no good.
 */
static void
watches_renew_refused(void)
{
	struct xstore xs = helper_open();
	struct watches *watches = watches_create(&xs);
	struct seen a = { 0 }, b = { 0 };

	CHECK_EQ(watches_renew(watches), 0);
	watch_add(watches, NODE, note, &a);
	watch_add(watches, "data/m", note, &b);
	xs.ops->close(xs.conn);
	xs.conn = xs.ops->open();
	fake_store_fail(FAKE_STORE_WATCH, 0, 2, EACCES);
	CHECK_EQ(watches_renew(watches), -EACCES);
	fake_store_fail(FAKE_STORE_WATCH, 0, 1, ENOMEM);
	CHECK_EQ(watches_renew(watches), 0);
	CHECK_EQ(watches_dispatch(watches, 100), 1);
	CHECK_EQ(a.n, 0);
	CHECK_EQ(b.n, 1);
	CHECK_NE(watches_due(watches), CLOCK_NEVER);
	watches_retry(watches, watches_due(watches));
	CHECK_EQ(watches_due(watches), CLOCK_NEVER);
	CHECK_EQ(watches_dispatch(watches, 100), 1);
	CHECK_EQ(a.n, 1);
	CHECK_EQ(b.n, 1);
	watches_destroy(watches);
	helper_close(&xs);
}

void test_watch(CU_pSuite suite);

void
test_watch(CU_pSuite suite)
{
	UNIT_ADD(suite, watches_dispatch_owner);
	UNIT_ADD(suite, watch_remove_late_event);
	UNIT_ADD(suite, watch_add_full);
	UNIT_ADD(suite, watches_dispatch_errors);
	UNIT_ADD(suite, watches_dispatch_bounded);
	UNIT_ADD(suite, watch_keep_refused);
	UNIT_ADD(suite, watches_renew_refused);
}
