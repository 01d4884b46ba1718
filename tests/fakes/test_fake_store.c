/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of the fake store. Source of what is expected: docs/misc/xenstore.txt. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/fake_xen.h"
#include "fakes/test_fakes.h"

#define OPS (fake_xen()->store)

/* Whether the next event is this one. */
static bool
next_is(struct store *s, const char *path, const char *token)
{
	struct store_event event;

	return OPS->next_event(s, &event) == 1 && strcmp(event.path, path) == 0 &&
	       strcmp(event.token, token) == 0;
}

static bool
none_left(struct store *s)
{
	struct pollfd pfd = { .fd = OPS->fd(s), .events = POLLIN };
	struct store_event event;

	return OPS->next_event(s, &event) == 0 && poll(&pfd, 1, 0) == 0;
}

static bool
value_is(struct store *s, uint32_t tx, const char *path, const char *want)
{
	char *value = OPS->read(s, tx, path, NULL);
	bool equal = value != NULL && strcmp(value, want) == 0;

	free(value);
	return equal;
}

static void
read_write_relative(void)
{
	struct store *s = fake_store_connect(0);
	unsigned len = 0;

	CHECK_EQ(OPS->write(s, 0, "/local/domain/1/data/a/b", "x"), 0);
	CHECK(value_is(s, 0, "/local/domain/1/data/a/b", "x"));
	CHECK(value_is(s, 0, "/local/domain/1/data/a", ""));
	OPS->close(s);
	s = OPS->open();
	CHECK(value_is(s, 0, "data/a/b", "x"));
	CHECK(value_is(s, 0, "domid", "1"));
	fake_store_write_bytes("/local/domain/1/data/n", "4\0\0", 3);
	char *value = OPS->read(s, 0, "data/n", &len);
	CHECK_EQ(len, 3);
	CHECK_MEM(value, "4\0\0", 4);
	free(value);
	CHECK_NULL(OPS->read(s, 0, "data/none", NULL));
	CHECK_EQ(errno, ENOENT);
	CHECK_NULL(OPS->read(s, 0, "data//b", NULL));
	CHECK_EQ(errno, EINVAL);
	OPS->close(s);
}

static void
remove_and_list(void)
{
	struct store *s = OPS->open();
	unsigned n = 9;

	OPS->write(s, 0, "data/d/one", "1");
	OPS->write(s, 0, "data/d/two", "2");
	char **names = OPS->list(s, 0, "data/d", &n);
	CHECK_EQ(n, 2);
	CHECK_STR(names[0], "one");
	CHECK_STR(names[1], "two");
	free(names);
	names = OPS->list(s, 0, "data/d/one", &n);
	CHECK_NOT_NULL(names);
	CHECK_EQ(n, 0);
	free(names);
	CHECK_EQ(OPS->remove(s, 0, "data/d"), 0);
	CHECK_EQ(OPS->remove(s, 0, "data/d"), 0);
	CHECK_EQ(OPS->remove(s, 0, "data/no/such"), -ENOENT);
	CHECK_NULL(OPS->list(s, 0, "data/d", &n));
	CHECK_FALSE(fake_store_exists("/local/domain/1/data/d/one"));
	OPS->close(s);
}

static void
permissions(void)
{
	struct fake_perms guests = { .owner = 5, .n_others = 1, .others = { { 1, 'r' } } };
	struct store *s = OPS->open();
	struct store *guest = fake_store_connect(5);

	fake_store_write("/local/domain/5/name", "secret");
	CHECK_NULL(OPS->read(s, 0, "/local/domain/5/name", NULL));
	CHECK_EQ(errno, EACCES);
	CHECK_NULL(OPS->read(s, 0, "/local/domain/5/none", NULL));
	CHECK_EQ(errno, EACCES);
	fake_store_write("/local/domain/5/device/vif/0", "");
	CHECK_EQ(OPS->write(guest, 0, "device/vif/0/state", "1"), -EACCES);
	fake_store_set_perms("/local/domain/5/device/vif/0", &guests);
	CHECK_EQ(OPS->write(guest, 0, "device/vif/0/state", "1"), 0);
	CHECK(value_is(s, 0, "/local/domain/5/device/vif/0/state", "1"));
	CHECK_EQ(OPS->write(s, 0, "/local/domain/5/device/vif/0/state", "6"), -EACCES);
	CHECK_EQ(OPS->remove(s, 0, "/local/domain/5/device/vif/0"), -EACCES);
	CHECK_EQ(OPS->write(s, 0, "backend/x", "1"), -EACCES);
	CHECK_EQ(OPS->write(s, 0, "error/x", "1"), 0);
	OPS->close(guest);
	OPS->close(s);
}

static void
watch_fires(void)
{
	struct store *s = OPS->open();

	OPS->write(s, 0, "data/w/k", "0");
	CHECK_EQ(OPS->watch(s, "data/w", "t"), 0);
	CHECK_EQ(OPS->watch(s, "data/w", "t"), -EEXIST);
	CHECK(next_is(s, "data/w", "t"));
	CHECK(none_left(s));
	fake_store_write("/local/domain/1/data/w/k", "1");
	CHECK(next_is(s, "data/w/k", "t"));
	fake_store_write("/local/domain/1/data/ww", "1");
	CHECK(none_left(s));
	CHECK_EQ(OPS->watch(s, "/local/domain/1/data/w/k", "abs"), 0);
	CHECK(next_is(s, "/local/domain/1/data/w/k", "abs"));
	fake_store_remove("/local/domain/1/data");
	CHECK(next_is(s, "/local/domain/1/data/w/k", "abs"));
	CHECK(next_is(s, "data/w", "t"));
	CHECK(none_left(s));
	CHECK_EQ(OPS->unwatch(s, "data/w", "t"), 0);
	CHECK_EQ(OPS->unwatch(s, "data/w", "t"), -ENOENT);
	OPS->close(s);
}

static void
watch_unreadable(void)
{
	struct fake_perms hidden = { .owner = 0 };
	struct store *s = OPS->open();

	fake_store_write("/local/domain/1/data/h", "1");
	OPS->watch(s, "data/h", "t");
	CHECK(next_is(s, "data/h", "t"));
	fake_store_set_perms("/local/domain/1/data/h", &hidden);
	CHECK(next_is(s, "data/h", "t"));
	CHECK_NULL(OPS->read(s, 0, "data/h", NULL));
	CHECK_EQ(errno, EACCES);
	fake_store_write("/local/domain/1/data/h", "2");
	CHECK(none_left(s));
	OPS->close(s);
}

static void
watch_special(void)
{
	struct store *s = OPS->open();
	struct store *dom0 = fake_store_connect(0);

	OPS->watch(s, "@releaseDomain", "r");
	OPS->watch(dom0, "@releaseDomain", "r");
	CHECK(next_is(s, "@releaseDomain", "r"));
	CHECK(next_is(dom0, "@releaseDomain", "r"));
	fake_domain_destroy(5, FAKE_STORE_REMOVED);
	CHECK(none_left(s));
	CHECK(next_is(dom0, "@releaseDomain", "r"));
	OPS->close(dom0);
	OPS->close(s);
}

static void
transaction_isolated(void)
{
	struct store *s = OPS->open();

	OPS->write(s, 0, "data/t", "old");
	OPS->watch(s, "data/t", "t");
	CHECK(next_is(s, "data/t", "t"));
	uint32_t tx = OPS->begin(s);
	CHECK_NE(tx, 0);
	OPS->write(s, tx, "data/t", "new");
	CHECK(value_is(s, tx, "data/t", "new"));
	CHECK(value_is(s, 0, "data/t", "old"));
	CHECK(none_left(s));
	CHECK_EQ(OPS->commit(s, tx), 0);
	CHECK(value_is(s, 0, "data/t", "new"));
	CHECK(next_is(s, "data/t", "t"));
	tx = OPS->begin(s);
	OPS->write(s, tx, "data/t", "never");
	OPS->abort(s, tx);
	CHECK(value_is(s, 0, "data/t", "new"));
	CHECK_EQ(OPS->commit(s, tx), -ENOENT);
	OPS->close(s);
}

/* A transaction that reads `use` (a node, or with list a directory) while `changed` changes. */
static int
commit_after(struct store *s, const char *use, bool list, const char *changed)
{
	unsigned n;
	uint32_t tx = OPS->begin(s);

	if (list)
		free(OPS->list(s, tx, use, &n));
	else
		free(OPS->read(s, tx, use, NULL));
	fake_store_write(changed, "changed");
	OPS->write(s, tx, "data/out", "1");
	return OPS->commit(s, tx);
}

static void
transaction_conflicts(void)
{
	struct store *s = OPS->open();

	fake_store_write("/local/domain/1/data/c/k", "1");
	CHECK_EQ(commit_after(s, "data/c/k", false, "/local/domain/1/data/c/k"), -EAGAIN);
	CHECK_FALSE(fake_store_exists("/local/domain/1/data/out"));
	CHECK_EQ(commit_after(s, "data/c/k", false, "/local/domain/1/data/c/other"), 0);
	CHECK_EQ(commit_after(s, "data/c", true, "/local/domain/1/data/c/made"), -EAGAIN);
	CHECK_EQ(commit_after(s, "data/c", true, "/local/domain/1/data/c/made"), 0);
	CHECK_EQ(commit_after(s, "data/c/later", false, "/local/domain/1/data/c/later"), -EAGAIN);
	uint32_t tx = OPS->begin(s);
	free(OPS->read(s, tx, "data/c/k", NULL));
	fake_store_remove("/local/domain/1/data/c");
	CHECK_EQ(OPS->commit(s, tx), -EAGAIN);
	OPS->close(s);
}

static void
write_other(void *arg)
{
	fake_store_write(arg, "other");
}

/* What somebody else does as a transaction begins is in it. */
static void
transaction_meets_others(void)
{
	static char path[] = "/local/domain/1/data/m";
	struct store *s = OPS->open();

	OPS->write(s, 0, "data/m", "mine");
	fake_store_on_begin(1, write_other, path);
	uint32_t tx = OPS->begin(s);
	CHECK(value_is(s, tx, "data/m", "mine"));
	OPS->abort(s, tx);
	tx = OPS->begin(s);
	CHECK(value_is(s, tx, "data/m", "other"));
	CHECK_EQ(OPS->commit(s, tx), 0);
	OPS->write(s, 0, "data/m", "mine");
	tx = OPS->begin(s);
	CHECK(value_is(s, tx, "data/m", "mine"));
	OPS->abort(s, tx);
	OPS->close(s);
}

static void
faults_and_leaks(void)
{
	struct store *s = OPS->open();
	struct fake_leaks leaks;
	struct store_event event;
	char why[256];

	OPS->write(s, 0, "data/f", "1");
	fake_store_fail(FAKE_STORE_READ, 1, 1, EIO);
	CHECK(value_is(s, 0, "data/f", "1"));
	CHECK_NULL(OPS->read(s, 0, "data/f", NULL));
	CHECK_EQ(errno, EIO);
	CHECK(value_is(s, 0, "data/f", "1"));
	fake_store_fail(FAKE_STORE_COMMIT, 0, 1, EAGAIN);
	uint32_t tx = OPS->begin(s);
	CHECK_EQ(OPS->commit(s, tx), -EAGAIN);
	fake_store_fail(FAKE_STORE_BEGIN, 0, 1, FAKE_STORE_NO_ERRNO);
	CHECK_EQ(OPS->begin(s), 0);
	CHECK_EQ(errno, 0);
	OPS->watch(s, "data/f", "t");
	tx = OPS->begin(s);
	fake_leaks(&leaks);
	CHECK_EQ(leaks.n_store_handles, 1);
	CHECK_EQ(leaks.n_watches, 1);
	CHECK_EQ(leaks.n_transactions, 1);
	CHECK_FALSE(fake_leak_free(why, sizeof(why)));
	fake_store_hang_up();
	CHECK_LT(OPS->next_event(s, &event), 0);
	CHECK_LT(OPS->write(s, 0, "data/f", "2"), 0);
	OPS->close(s);
	CHECK(fake_leak_free(why, sizeof(why)));
	CHECK_EQ(fake_violations(NULL, 0), 0);
}

CU_TestInfo fake_store_cases[] = {
	{ "read_write_relative", read_write_relative },
	{ "remove_and_list", remove_and_list },
	{ "permissions", permissions },
	{ "watch_fires", watch_fires },
	{ "watch_unreadable", watch_unreadable },
	{ "watch_special", watch_special },
	{ "transaction_isolated", transaction_isolated },
	{ "transaction_conflicts", transaction_conflicts },
	{ "transaction_meets_others", transaction_meets_others },
	{ "faults_and_leaks", faults_and_leaks },
	CU_TEST_INFO_NULL,
};
