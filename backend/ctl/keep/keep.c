/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that outlives the daemon. */
#include "ctl/keep/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"

#define LAYOUT 1u /* change it with the meaning of any record */
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define TAPS_MAX (2 * LIMIT_PORTS)

struct keep_head {
	char magic[8];
	uint32_t layout;
	uint32_t size_of_file;
	char boot[40];    /* of the host */
	uint32_t crashed; /* the last daemon did */
};

struct keep_tap {
	uint32_t ifindex; /* 0: free */
	char owner[KEEP_OWNER_SIZE];
};

struct keep_file {
	struct keep_head head __attribute__((aligned(KEEP_PAGE)));
	struct blame blame[LIMIT_POLLERS];
	struct keep_tap tap[TAPS_MAX] __attribute__((aligned(KEEP_PAGE)));
	struct keep_vif vif[LIMIT_PORTS];
};

struct keep {
	int fd; /* -1: none */
	struct keep_file *file;
};

/* ---- the file -------------------------------------------------------------------------------- */

static void
make_head(struct keep_head *head)
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);

	*head = (struct keep_head){ .magic = "vpekeep",
				    .layout = LAYOUT,
				    .size_of_file = sizeof(struct keep_file) };
	if (fd < 0)
		return;
	if (read(fd, head->boot, sizeof(head->boot) - 1) < 0)
		head->boot[0] = '\0'; /* then nothing tells boots apart but /run itself */
	close(fd);
}

/*
 * Opens the file and gives it its size. What is in a file of another size is not ours. Returns the
 * descriptor or -errno.
 */
static int
open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 &&
	    (st.st_size == sizeof(struct keep_file) || ftruncate(fd, 0) == 0) &&
	    ftruncate(fd, sizeof(struct keep_file)) == 0)
		return fd;
	int error = errno;
	close(fd);
	return -error;
}

/* Returns MAP_FAILED with errno on error. */
static struct keep_file *
map(int fd)
{
	return mmap(NULL, sizeof(struct keep_file), PROT_READ | PROT_WRITE,
		    fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED, fd, 0);
}

/* Empties a file that is not of this layout and boot. Returns whether that worked. */
static bool
check_head(const struct keep *keep)
{
	struct keep_head head;

	make_head(&head);
	head.crashed = keep->file->head.crashed;
	if (memcmp(&keep->file->head, &head, sizeof(head)) == 0)
		return true;
	head.crashed = 0;
	if (keep->fd >= 0 &&
	    (ftruncate(keep->fd, 0) < 0 || ftruncate(keep->fd, sizeof(struct keep_file)) < 0))
		return false;
	keep->file->head = head;
	return true;
}

/* ---- crashes --------------------------------------------------------------------------------- */

static uint64_t
boot_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

unsigned
keep_strikes(const struct keep_vif *record)
{
	uint64_t now_ms = boot_ms();
	unsigned n = 0;

	for (unsigned i = 0; i < KEEP_STRIKES; i++)
		n += record->strike_ms[i] != 0 && now_ms - record->strike_ms[i] < KEEP_STRIKES_MS;
	return n;
}

static void
strike(struct keep_vif *record)
{
	memmove(record->strike_ms + 1, record->strike_ms,
		sizeof(record->strike_ms) - sizeof(record->strike_ms[0]));
	record->strike_ms[0] = boot_ms();
	log_warning("the last daemon crashed while it worked for vif%u.%u", record->domid,
		    record->devid);
	if (keep_strikes(record) == KEEP_STRIKES)
		snprintf(record->fault, sizeof(record->fault),
			 "the daemon crashed %u times within a minute while it worked for this vif",
			 KEEP_STRIKES);
}

void
keep_judge(struct keep *keep)
{
	struct keep_file *file = keep->file;

	for (unsigned i = 0; i < LIMIT_POLLERS; i++) {
		struct blame *blame = &file->blame[i];
		uint32_t number = blame->to != 0 ? blame->to : blame->turn;
		if (file->head.crashed && number > 0 && number <= LIMIT_PORTS &&
		    file->vif[number - 1].used)
			strike(&file->vif[number - 1]);
		*blame = (struct blame){ 0 };
	}
	file->head.crashed = 0;
}

struct blame *
keep_blame(struct keep *keep)
{
	return keep->file->blame;
}

uint32_t
keep_blame_number(const struct keep *keep, const struct keep_vif *record)
{
	return (uint32_t)(record - keep->file->vif) + 1;
}

static uint32_t *crashed; /* of the file; written by a signal handler */

/* SA_RESETHAND: the second signal ends the process. */
static void
on_crash(int signal)
{
	__atomic_store_n(crashed, 1, __ATOMIC_RELAXED);
	raise(signal);
}

void
keep_watch_crashes(struct keep *keep)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
	struct sigaction action = { .sa_handler = on_crash,
				    .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };

	crashed = &keep->file->head.crashed;
	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

/* ---- open and close -------------------------------------------------------------------------- */

struct keep *
keep_open(const char *path)
{
	struct keep *keep = calloc(1, sizeof(*keep));

	if (keep == NULL)
		return NULL;
	keep->fd = path == NULL ? -1 : open_file(path);
	int error = path != NULL && keep->fd < 0 ? -keep->fd : 0;
	keep->file = error != 0 ? MAP_FAILED : map(keep->fd);
	if (error == 0 && (keep->file == MAP_FAILED || !check_head(keep)))
		error = errno;
	if (error == 0)
		return keep;
	keep_close(keep);
	errno = error;
	return NULL;
}

void
keep_close(struct keep *keep)
{
	if (keep == NULL)
		return;
	if (keep->file != MAP_FAILED)
		munmap(keep->file, sizeof(*keep->file));
	if (keep->fd >= 0)
		close(keep->fd);
	free(keep);
}

/* ---- vifs ------------------------------------------------------------------------------------ */

static struct keep_vif *
find_vif(const struct keep *keep, uint32_t domid, uint32_t devid)
{
	for (unsigned i = 0; i < LIMIT_PORTS; i++) {
		struct keep_vif *record = &keep->file->vif[i];
		if (record->used && record->domid == domid && record->devid == devid)
			return record;
	}
	return NULL;
}

struct keep_vif *
keep_find_vif(const struct keep *keep, uint32_t domid, uint32_t devid)
{
	return find_vif(keep, domid, devid);
}

struct keep_vif *
keep_add_vif(struct keep *keep, uint32_t domid, uint32_t devid, uint64_t connection)
{
	struct keep_vif *record = find_vif(keep, domid, devid);

	for (unsigned i = 0; record == NULL && i < LIMIT_PORTS; i++) {
		if (!keep->file->vif[i].used)
			record = &keep->file->vif[i];
	}
	if (record == NULL)
		return NULL;
	keep_drop_vif(record);
	record->domid = domid;
	record->devid = devid;
	record->connection = connection;
	record->fault[0] = '\0';
	memset(record->strike_ms, 0, sizeof(record->strike_ms));
	memset(&record->mcast, 0, sizeof(record->mcast));
	record->ctrl.current = 0;
	memset(record->ctrl.state, 0, sizeof(record->ctrl.state));
	/* Release: a record in use is complete. The port initialises the journals. */
	__atomic_store_n(&record->used, 1, __ATOMIC_RELEASE);
	return record;
}

void
keep_drop_vif(struct keep_vif *record)
{
	if (record != NULL)
		__atomic_store_n(&record->used, 0, __ATOMIC_RELEASE);
}

void
keep_sweep_vifs(struct keep *keep, bool (*exists)(void *arg, uint32_t domid, uint32_t devid),
		void *arg)
{
	for (unsigned i = 0; i < LIMIT_PORTS; i++) {
		struct keep_vif *record = &keep->file->vif[i];
		if (record->used && !exists(arg, record->domid, record->devid))
			keep_drop_vif(record);
	}
}

/* ---- TAPs ------------------------------------------------------------------------------------ */

static struct keep_tap *
find_tap(const struct keep *keep, const char *owner)
{
	for (unsigned i = 0; i < TAPS_MAX; i++) {
		struct keep_tap *tap = &keep->file->tap[i];
		if (tap->ifindex != 0 && strncmp(tap->owner, owner, sizeof(tap->owner)) == 0)
			return tap;
	}
	return NULL;
}

unsigned
keep_find_tap(const struct keep *keep, const char *owner)
{
	const struct keep_tap *tap = find_tap(keep, owner);

	return tap == NULL ? 0 : tap->ifindex;
}

static void
put_tap(struct keep_tap *tap, unsigned ifindex)
{
	__atomic_store_n(&tap->ifindex, ifindex, __ATOMIC_RELEASE);
}

bool
keep_set_tap(struct keep *keep, const char *owner, unsigned ifindex)
{
	struct keep_tap *tap = find_tap(keep, owner);

	if (tap == NULL && ifindex == 0)
		return true;
	for (unsigned i = 0; tap == NULL && i < TAPS_MAX; i++) {
		if (keep->file->tap[i].ifindex == 0)
			tap = &keep->file->tap[i];
	}
	if (tap == NULL)
		return false;
	if (tap->ifindex == 0)
		snprintf(tap->owner, sizeof(tap->owner), "%s", owner);
	put_tap(tap, ifindex);
	return true;
}

void
keep_sweep_taps(struct keep *keep, bool (*fn)(void *arg, const char *owner, unsigned ifindex),
		void *arg)
{
	for (unsigned i = 0; i < TAPS_MAX; i++) {
		struct keep_tap *tap = &keep->file->tap[i];
		if (tap->ifindex != 0 && !fn(arg, tap->owner, tap->ifindex))
			put_tap(tap, 0);
	}
}
