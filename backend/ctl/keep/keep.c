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
	char boot[40]; /* of the host */
	/* written by a daemon that crashes: the rest tells whether the file is ours */
	uint32_t crashed; /* KEEP_CRASHED, KEEP_ABORTED; 0: it did not */
	uint32_t culprit; /* for struct blame: the guest that the thread worked for; 0: none */
};

#define KEEP_CRASHED 1u
#define KEEP_ABORTED 2u /* by another process */

struct keep_tap {
	uint32_t ifindex; /* 0: free */
	char owner[KEEP_OWNER_SIZE];
};

struct keep_file {
	struct keep_head head __attribute__((aligned(KEEP_PAGE)));
	struct blame blame[LIMIT_POLLERS + 1]; /* the last one is control's */
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

/* Returns whether the file has the size, layout and boot of ours. */
static bool
is_ours(int fd)
{
	struct keep_head ours, head;
	struct stat st;

	make_head(&ours);
	return fstat(fd, &st) == 0 && st.st_size == sizeof(struct keep_file) &&
	       pread(fd, &head, sizeof(head), 0) == sizeof(head) &&
	       memcmp(&head, &ours, offsetof(struct keep_head, crashed)) == 0;
}

/*
 * Gives the file its size. Pages that are written to for the first time while memory is short
 * would kill the process, so those that all daemons need are there from the beginning, as are those
 * of a vif from keep_add_vif() on. Returns 0 or -errno.
 */
static int
make_room(int fd)
{
	int ret = ftruncate(fd, sizeof(struct keep_file)) < 0
			  ? -errno
			  : -posix_fallocate(fd, 0, offsetof(struct keep_file, vif));

	for (unsigned i = 0; ret == 0 && i < LIMIT_PORTS; i++)
		ret = -posix_fallocate(fd, (off_t)offsetof(struct keep_file, vif[i]), KEEP_PAGE);
	return ret;
}

/*
 * Creates the file anew. One of that name may be mapped by a daemon of another version, so it must
 * not change. Returns the descriptor or -errno.
 */
static int
create_file(const char *path)
{
	struct keep_head head;

	make_head(&head);
	unlink(path);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int ret = make_room(fd);
	if (ret == 0 && pwrite(fd, &head, sizeof(head), 0) != sizeof(head))
		ret = -EIO;
	if (ret == 0)
		return fd;
	close(fd);
	unlink(path);
	return ret;
}

/* Returns the descriptor or -errno. */
static int
open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? create_file(path) : -errno;
	if (is_ours(fd))
		return fd;
	close(fd);
	return create_file(path);
}

/* Returns MAP_FAILED with errno on error. */
static struct keep_file *
map(int fd)
{
	return mmap(NULL, sizeof(struct keep_file), PROT_READ | PROT_WRITE,
		    fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED, fd, 0);
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
strike(struct keep_file *file, uint32_t number)
{
	if (number == 0 || number > LIMIT_PORTS || !file->vif[number - 1].used)
		return;
	struct keep_vif *record = &file->vif[number - 1];
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

static uint32_t
number_of(const struct blame *blame)
{
	return blame->to != 0 ? blame->to : blame->turn;
}

void
keep_judge(struct keep *keep)
{
	struct keep_file *file = keep->file;

	if (file->head.crashed == KEEP_CRASHED)
		strike(file, file->head.culprit);
	for (unsigned i = 0; i < ARRAY_SIZE(file->blame); i++) {
		if (file->head.crashed == KEEP_ABORTED)
			strike(file, number_of(&file->blame[i]));
		file->blame[i] = (struct blame){ 0 };
	}
	file->head.crashed = file->head.culprit = 0;
}

struct blame *
keep_blame(struct keep *keep)
{
	return keep->file->blame;
}

struct blame *
keep_control_blame(struct keep *keep)
{
	return &keep->file->blame[LIMIT_POLLERS];
}

uint32_t
keep_blame_number(const struct keep *keep, const struct keep_vif *record)
{
	return (uint32_t)(record - keep->file->vif) + 1;
}

static struct keep_head *crash_head; /* of the file; written by a signal handler */

/*
 * A signal of another process (the watchdog of systemd) tells nothing of the thread that gets it.
 * SA_RESETHAND: the second signal ends the process.
 */
static void
on_crash(int signal, siginfo_t *info, void *context)
{
	bool is_own = info->si_code > 0 || info->si_pid == getpid();

	(void)context;
	crash_head->culprit = is_own && blame_own != NULL ? number_of(blame_own) : 0;
	__atomic_store_n(&crash_head->crashed, is_own ? KEEP_CRASHED : KEEP_ABORTED,
			 __ATOMIC_RELEASE);
	raise(signal);
}

void
keep_watch_crashes(struct keep *keep)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
	struct sigaction action = { .sa_sigaction = on_crash,
				    .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_SIGINFO) };

	crash_head = &keep->file->head;
	blame_own = keep_control_blame(keep);
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
	if (error == 0 && keep->file == MAP_FAILED)
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

struct keep_vif *
keep_find_vif(const struct keep *keep, uint32_t domid, uint32_t devid)
{
	for (unsigned i = 0; i < LIMIT_PORTS; i++) {
		struct keep_vif *record = &keep->file->vif[i];
		if (record->used && record->domid == domid && record->devid == devid)
			return record;
	}
	return NULL;
}

/* Returns a free record, the vif's own former one if there is that, or NULL. */
static struct keep_vif *
find_free(const struct keep *keep, uint32_t domid, uint32_t devid)
{
	struct keep_vif *found = NULL;

	for (unsigned i = 0; i < LIMIT_PORTS; i++) {
		struct keep_vif *record = &keep->file->vif[i];
		if (record->used)
			continue;
		if (record->domid == domid && record->devid == devid)
			return record;
		found = found == NULL ? record : found;
	}
	return found;
}

/* Takes the record out of use and empties it. Strikes stay with the vif. */
static void
renew(struct keep_vif *record, uint32_t domid, uint32_t devid, unsigned n_queues)
{
	bool is_same = record->domid == domid && record->devid == devid;

	keep_drop_vif(record);
	record->domid = domid;
	record->devid = devid;
	record->fault[0] = '\0';
	if (!is_same)
		memset(record->strike_ms, 0, sizeof(record->strike_ms));
	memset(&record->mcast, 0, sizeof(record->mcast));
	record->ctrl.current = 0;
	memset(record->ctrl.state, 0, sizeof(record->ctrl.state));
	for (unsigned i = 0; i < n_queues; i++)
		record->queue[i].journal.is_valid = false;
}

struct keep_vif *
keep_add_vif(struct keep *keep, uint32_t domid, uint32_t devid, uint64_t connection,
	     unsigned n_queues)
{
	struct keep_vif *record = keep_find_vif(keep, domid, devid);

	if (record == NULL)
		record = find_free(keep, domid, devid);
	if (record == NULL)
		return NULL;
	off_t at = (uint8_t *)record - (uint8_t *)keep->file;
	off_t end = (uint8_t *)&record->queue[n_queues] - (uint8_t *)keep->file;
	if (keep->fd >= 0 && posix_fallocate(keep->fd, at, end - at) != 0)
		return NULL;
	renew(record, domid, devid, n_queues);
	record->connection = connection;
	/* Release: a record in use is complete. */
	__atomic_store_n(&record->used, 1, __ATOMIC_RELEASE);
	return record;
}

void
keep_drop_vif(struct keep_vif *record)
{
	if (record == NULL)
		return;
	__atomic_store_n(&record->used, 0, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST); /* before what is written to it next */
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
