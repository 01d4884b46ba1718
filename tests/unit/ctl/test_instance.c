/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/instance.c. */
#include "ctl/instance.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static char parent[32], dir[64], path[80];
static char why[512];

static void
make_place(void)
{
	strcpy(parent, "/tmp/vpe-instance-XXXXXX");
	REQUIRE_NOT_NULL(mkdtemp(parent));
	snprintf(dir, sizeof(dir), "%s/vpe", parent);
	snprintf(path, sizeof(path), "%s/lock", dir);
	why[0] = '\0';
}

static void
remove_place(void)
{
	unlink(path);
	rmdir(dir);
	rmdir(parent);
}

/*
 * The second one is refused with the number of the first; when that has gone, the next one is not.
 */
static void
instance_lock_twice(void)
{
	char pid[16];

	make_place();
	int first = instance_lock(dir, why, sizeof(why));
	REQUIRE_GE(first, 0);
	CHECK_EQ(instance_lock(dir, why, sizeof(why)), -EBUSY);
	snprintf(pid, sizeof(pid), "process %d", (int)getpid());
	CHECK_HAS(why, pid);
	CHECK_NULL(strchr(why, '\n'));
	close(first);
	int next = instance_lock(dir, why, sizeof(why));
	CHECK_GE(next, 0);
	close(next);
	remove_place();
}

/* One that is being killed lets go a little later. */
static void
instance_lock_waits(void)
{
	int started[2];
	char byte;

	make_place();
	REQUIRE_EQ(pipe(started), 0);
	pid_t child = fork();
	if (child == 0) {
		bool done =
			instance_lock(dir, why, sizeof(why)) >= 0 && write(started[1], "", 1) == 1;
		usleep(200000);
		_exit(done ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	REQUIRE_EQ(read(started[0], &byte, 1), 1);
	int fd = instance_lock(dir, why, sizeof(why));
	CHECK_GE(fd, 0);
	close(fd);
	waitpid(child, NULL, 0);
	close(started[0]);
	close(started[1]);
	remove_place();
}

/* A file that somebody has removed is no lock: the next one makes a new file and locks that. */
static void
instance_lock_new_file(void)
{
	make_place();
	int first = instance_lock(dir, why, sizeof(why));
	REQUIRE_GE(first, 0);
	CHECK_EQ(unlink(path), 0);
	int second = instance_lock(dir, why, sizeof(why));
	REQUIRE_GE(second, 0);
	CHECK_EQ(access(path, F_OK), 0);
	CHECK_EQ(instance_lock(dir, why, sizeof(why)), -EBUSY);
	close(first);
	close(second);
	remove_place();
}

static void
instance_lock_no_place(void)
{
	CHECK_EQ(instance_lock("/proc/vpe", why, sizeof(why)), -ENOENT);
	CHECK_HAS(why, "/proc/vpe/lock cannot be locked: No such file");
}

void test_instance(CU_pSuite suite);

void
test_instance(CU_pSuite suite)
{
	UNIT_ADD(suite, instance_lock_twice);
	UNIT_ADD(suite, instance_lock_waits);
	UNIT_ADD(suite, instance_lock_new_file);
	UNIT_ADD(suite, instance_lock_no_place);
}
