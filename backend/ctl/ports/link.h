/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network devices of the kernel: their state, and events when it changes. Threads: control thread.
 * Source: rtnetlink(7).
 */
#ifndef VPE_CTL_LINK_H
#define VPE_CTL_LINK_H

#include <stdbool.h>

#define LINK_ANY (~0u)

/*
 * Returns a descriptor that is readable after any device was added, removed or changed. The caller
 * closes it. -errno.
 */
int link_open(void);

/*
 * Reads the next event. Returns the index of the device that changed, LINK_ANY if events were lost,
 * or 0 if there is none. Use link_get() to find out what changed.
 */
unsigned link_next(int fd);

struct link_info {
	unsigned ifindex;
	bool up;
	bool has_link;   /* up, with a cable or a peer */
	unsigned master; /* index of its bridge, bond or the like; 0: none */
};

/*
 * Queries device `name` or, if that is NULL, `ifindex`. Returns 0, -ENODEV, or another negative
 * errno if it is not known.
 */
int link_get(const char *name, unsigned ifindex, struct link_info *info);

/*
 * Returns whether device `ifindex` is up and has a link. False if the device is gone; true if its
 * state cannot be read.
 */
bool link_is_up(unsigned ifindex);

#endif
