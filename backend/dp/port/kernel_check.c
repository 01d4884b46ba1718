/* SPDX-License-Identifier: BSD-3-Clause */
/* Check of the kernel features that pollers and kernel devices need. */
#include "dp/port/kernel_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "dp/port/kern_io.h"

static int
check_uring(char *why, size_t why_size)
{
	struct io_uring ring;
	int ret = io_uring_queue_init(2, &ring, KERN_IO_RING_FLAGS);

	if (ret == 0)
		io_uring_queue_exit(&ring);
	else if (ret == -EINVAL || ret == -ENOSYS)
		snprintf(
			why, why_size,
			"this kernel is too old, or built without io_uring: vpe-backend needs Linux 5.19 or later");
	else if (ret == -EPERM)
		snprintf(why, why_size,
			 "the kernel does not let vpe-backend use io_uring: allow it with"
			 " \"sysctl kernel.io_uring_disabled=0\"");
	else
		snprintf(why, why_size, "the kernel cannot set up io_uring: %s", strerror(-ret));
	return ret;
}

/* Descriptor -1 is always invalid: this only tests whether epoll_pwait2() exists. */
static int
check_epoll(char *why, size_t why_size)
{
	struct timespec at_once = { 0 };
	struct epoll_event event;

	if (epoll_pwait2(-1, &event, 1, &at_once, NULL) < 0 && errno == ENOSYS) {
		snprintf(
			why, why_size,
			"this kernel is too old, it has no epoll_pwait2(): vpe-backend needs Linux 5.19 or later");
		return -ENOSYS;
	}
	return 0;
}

int
kernel_check(char *why, size_t why_size)
{
	int ret = check_uring(why, why_size);

	return ret < 0 ? ret : check_epoll(why, why_size);
}
