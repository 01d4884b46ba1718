/* SPDX-License-Identifier: BSD-3-Clause */
/* The lock that prevents a second daemon. */
#include "ctl/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"

#define PATIENCE_MS 1000u /* a killed process keeps its files until its memory is freed */
#define RETRY_US 20000u

/*
 * Returns whether `path` still names the file behind `fd`: the lock's last holder may have removed
 * it.
 */
static bool
is_file(int fd, const char *path)
{
	struct stat by_fd, by_path;

	return fstat(fd, &by_fd) == 0 && stat(path, &by_path) == 0 &&
	       by_fd.st_ino == by_path.st_ino && by_fd.st_dev == by_path.st_dev;
}

/*
 * Returns the locked file; -EWOULDBLOCK if another process holds the lock, with its process id in
 * *holder (0: not known).
 */
static int
try_lock(const char *path, int *holder)
{
	char text[16] = "";
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	int error = flock(fd, LOCK_EX | LOCK_NB) < 0 ? errno : is_file(fd, path) ? 0 : EWOULDBLOCK;
	if (error == 0)
		return fd;
	*holder = 0;
	if (read(fd, text, sizeof(text) - 1) > 0)
		sscanf(text, "%d", holder);
	close(fd);
	return -error;
}

/* Writes our process id into the lock file, for the error message of a second daemon. */
static void
write_pid(int fd)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) < 0)
		return; /* the lock holds without the id */
}

int
instance_lock(const char *dir, char *why, size_t why_size)
{
	char path[128];
	int holder = 0;
	uint64_t end_ms = util_now_ms() + PATIENCE_MS;

	if (snprintf(path, sizeof(path), "%s/lock", dir) >= (int)sizeof(path)) {
		snprintf(why, why_size, "%s: %s", dir, strerror(ENAMETOOLONG));
		return -ENAMETOOLONG;
	}
	int fd = mkdir(dir, 0755) < 0 && errno != EEXIST ? -errno : try_lock(path, &holder);
	while (fd == -EWOULDBLOCK && util_now_ms() < end_ms) {
		usleep(RETRY_US);
		fd = try_lock(path, &holder);
	}
	if (fd == -EWOULDBLOCK) {
		snprintf(why, why_size,
			 "another vpe-backend already serves the vifs of this domain: process %d "
			 "holds %s",
			 holder, path);
		return -EBUSY;
	}
	if (fd < 0)
		snprintf(why, why_size, "%s cannot be locked: %s", path, strerror(-fd));
	else
		write_pid(fd);
	return fd;
}
