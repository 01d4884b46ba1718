/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/keep/keep.c. */
#include "ctl/keep/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static char path[] = "/tmp/vpe-keep-XXXXXX";

static struct keep *
open_new(void)
{
	strcpy(path + strlen(path) - 6, "XXXXXX");
	int fd = mkstemp(path);

	REQUIRE_GE(fd, 0);
	close(fd);
	return keep_open(path);
}

static struct keep *
reopen(struct keep *keep)
{
	keep_close(keep);
	keep = keep_open(path);
	REQUIRE_NOT_NULL(keep);
	keep_judge(keep);
	return keep;
}

static void
keep_open_again(void)
{
	struct keep *keep = open_new();
	struct stat st;

	REQUIRE_NOT_NULL(keep);
	struct keep_vif *record = keep_add_vif(keep, 3, 1, 77, LIMIT_QUEUES);
	REQUIRE_NOT_NULL(record);
	record->queue[LIMIT_QUEUES - 1].journal.rx_copied = 9;
	CHECK(keep_set_tap(keep, "vif3.1", 12));
	keep = reopen(keep);
	record = keep_find_vif(keep, 3, 1);
	REQUIRE_NOT_NULL(record);
	CHECK_EQ(record->connection, 77);
	CHECK_EQ(record->queue[LIMIT_QUEUES - 1].journal.rx_copied, 9);
	CHECK_EQ(keep_find_tap(keep, "vif3.1"), 12);
	CHECK_NULL(keep_find_vif(keep, 3, 0));
	CHECK_EQ(keep_find_tap(keep, "vif3.10"), 0);
	keep_close(keep);
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	unlink(path);
}

/* A file of another layout, another boot or another size is empty. */
static void
keep_open_foreign(void)
{
	static const off_t at[] = { 0, 8, 16 };

	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct keep *keep = open_new();
		keep_add_vif(keep, 3, 1, 77, LIMIT_QUEUES);
		keep_set_tap(keep, "vif3.1", 12);
		keep_close(keep);
		int fd = open(path, O_WRONLY);
		CHECK_EQ(pwrite(fd, "?", 1, at[i]), 1);
		close(fd);
		keep = keep_open(path);
		REQUIRE_NOT_NULL(keep);
		CHECK_NULL(keep_find_vif(keep, 3, 1));
		CHECK_EQ(keep_find_tap(keep, "vif3.1"), 0);
		keep_close(keep);
		CHECK_EQ(truncate(path, 5000), 0);
		keep = keep_open(path);
		REQUIRE_NOT_NULL(keep);
		CHECK_NULL(keep_find_vif(keep, 3, 1));
		keep_close(keep);
		unlink(path);
	}
}

static void
keep_open_refuses(void)
{
	CHECK_NULL(keep_open("/nonexistent/keep"));
	CHECK_EQ(errno, ENOENT);
	struct keep *keep = open_new();
	char link[64];
	snprintf(link, sizeof(link), "%s.link", path);
	CHECK_EQ(symlink(path, link), 0);
	CHECK_NULL(keep_open(link));
	CHECK_EQ(errno, ELOOP);
	keep_close(keep);
	unlink(link);
	unlink(path);
}

/* A new connection begins with an empty record, and a full file has no room. */
static void
keep_add_vif_limits(void)
{
	struct keep *keep = keep_open(NULL);
	static const uint8_t group[6] = { 1 };

	struct keep_vif *record = keep_add_vif(keep, 1, 0, 5, LIMIT_QUEUES);
	strcpy(record->fault, "broke a rule");
	mcast_add(&record->mcast, group);
	CHECK_SAME(keep_add_vif(keep, 1, 0, 6, LIMIT_QUEUES), record);
	CHECK_STR(record->fault, "");
	CHECK_FALSE(mcast_holds(&record->mcast, group));
	for (unsigned i = 1; i < LIMIT_PORTS; i++)
		CHECK_NOT_NULL(keep_add_vif(keep, 1, i, 5, LIMIT_QUEUES));
	CHECK_NULL(keep_add_vif(keep, 2, 0, 5, LIMIT_QUEUES));
	keep_drop_vif(keep_find_vif(keep, 1, 7));
	CHECK_NOT_NULL(keep_add_vif(keep, 2, 0, 5, LIMIT_QUEUES));
	CHECK_NULL(keep_find_vif(keep, 1, 7));
	keep_close(keep);
}

/*
 * A process of its own, which crashes or is killed while its pollers work for those numbers. The
 * thread that crashes is that of the first one; `alien`: the signal is of another process.
 */
static void
die_at(int signal, const uint32_t *turn, const uint32_t *to, bool alien)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		const struct rlimit none = { 0 };
		struct keep *keep = keep_open(path);
		struct blame *blame = keep_blame(keep);

		setrlimit(RLIMIT_CORE, &none);
		keep_watch_crashes(keep);
		for (unsigned i = 0; i < 2; i++)
			blame[i] = (struct blame){ .turn = turn[i], .to = to[i] };
		blame_own = &blame[0];
		if (alien)
			raise(SIGSTOP);
		else
			raise(signal);
		_exit(1);
	}
	if (alien) {
		CHECK_EQ(waitpid(child, &status, WUNTRACED), child);
		kill(child, signal);
		kill(child, SIGCONT);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == signal);
}

/* A crash counts for the innermost guest of the thread that crashed; being killed does not. */
static void
keep_watch_crashes_strikes(void)
{
	static const int signals[] = { SIGSEGV, SIGABRT, SIGBUS };
	static const uint32_t none[2];
	struct keep *keep = open_new();
	struct keep_vif *a = keep_add_vif(keep, 1, 0, 5, LIMIT_QUEUES);
	struct keep_vif *b = keep_add_vif(keep, 2, 0, 5, LIMIT_QUEUES);
	const uint32_t at_a[2] = { keep_blame_number(keep, a), 0 };
	const uint32_t at_b[2] = { keep_blame_number(keep, b), 0 };
	const uint32_t both[2] = { at_a[0], at_b[0] };
	const uint32_t to_b[2] = { at_b[0], at_a[0] }; /* A's neighbour has its turn elsewhere */

	die_at(SIGKILL, at_a, none, false);
	keep = reopen(keep);
	CHECK_EQ(keep_strikes(keep_find_vif(keep, 1, 0)), 0);
	for (unsigned i = 0; i < KEEP_STRIKES; i++) {
		CHECK_STR(keep_find_vif(keep, 2, 0)->fault, "");
		die_at(signals[i], at_a, to_b, false);
		keep = reopen(keep);
		CHECK_EQ(keep_strikes(keep_find_vif(keep, 1, 0)), 0);
		CHECK_EQ(keep_strikes(keep_find_vif(keep, 2, 0)), i + 1);
	}
	CHECK_STR(keep_find_vif(keep, 2, 0)->fault,
		  "the daemon crashed 3 times within a minute while it worked for this vif");
	die_at(SIGSEGV, at_a, none, false);
	keep = reopen(keep);
	CHECK_EQ(keep_strikes(keep_find_vif(keep, 1, 0)), 1);
	keep_find_vif(keep, 1, 0)->strike_ms[0] -= KEEP_STRIKES_MS;
	CHECK_EQ(keep_strikes(keep_find_vif(keep, 1, 0)), 0); /* long ago */
	/* the watchdog's signal comes to any thread */
	die_at(SIGABRT, both, none, true);
	keep = reopen(keep);
	CHECK_EQ(keep_strikes(keep_find_vif(keep, 1, 0)), 1);
	CHECK_EQ(keep_find_vif(keep, 2, 0)->strike_ms[KEEP_STRIKES - 1] != 0, true);
	die_at(SIGSEGV, (const uint32_t[2]){ LIMIT_PORTS + 1, UINT32_MAX }, none, false);
	keep = reopen(keep);
	keep_close(keep);
	unlink(path);
}

static bool
is_odd(void *arg, uint32_t domid, uint32_t devid)
{
	(void)arg;
	(void)domid;
	return devid % 2 == 1;
}

static bool
forgets_b(void *arg, const char *owner, unsigned ifindex)
{
	*(unsigned *)arg += ifindex;
	return strcmp(owner, "b") != 0;
}

static void
keep_sweep_both(void)
{
	struct keep *keep = keep_open(NULL);
	unsigned sum = 0;

	for (unsigned i = 0; i < 4; i++)
		keep_add_vif(keep, 9, i, 5, LIMIT_QUEUES);
	keep_sweep_vifs(keep, is_odd, NULL);
	CHECK_NULL(keep_find_vif(keep, 9, 0));
	CHECK_NOT_NULL(keep_find_vif(keep, 9, 3));
	keep_set_tap(keep, "a", 1);
	keep_set_tap(keep, "b", 20);
	keep_set_tap(keep, "b", 30);
	keep_sweep_taps(keep, forgets_b, &sum);
	CHECK_EQ(sum, 31);
	CHECK_EQ(keep_find_tap(keep, "a"), 1);
	CHECK_EQ(keep_find_tap(keep, "b"), 0);
	CHECK(keep_set_tap(keep, "a", 0));
	CHECK_EQ(keep_find_tap(keep, "a"), 0);
	keep_close(keep);
}

void
test_keep(CU_pSuite suite)
{
	UNIT_ADD(suite, keep_open_again);
	UNIT_ADD(suite, keep_open_foreign);
	UNIT_ADD(suite, keep_open_refuses);
	UNIT_ADD(suite, keep_add_vif_limits);
	UNIT_ADD(suite, keep_sweep_both);
	UNIT_ADD(suite, keep_watch_crashes_strikes);
}
