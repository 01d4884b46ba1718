/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The carrier of the kernel's network devices: whether they are up, and events when that changes.
 * Threads: control thread. Source: rtnetlink(7).
 */
#ifndef VPE_CTL_CARRIER_H
#define VPE_CTL_CARRIER_H

#include <stdbool.h>

#define CARRIER_ANY (~0u)

/*
 * Returns a descriptor that is readable after any device was added, removed or changed. The caller
 * closes it. -errno.
 */
int carrier_open(void);

/*
 * Reads the next event. Returns the index of the device that changed, CARRIER_ANY if events were
 * lost, or 0 if there is none. Use carrier_get() to find out what changed.
 */
unsigned carrier_next(int fd);

struct carrier_info {
	unsigned ifindex;
	bool up;
	bool has_link;   /* up, with a cable or a peer */
	unsigned master; /* index of its bridge, bond or the like; 0: none */
};

/*
 * Queries device `name` or, if that is NULL, `ifindex`. Returns 0, -ENODEV, or another negative
 * errno if it is not known.
 */
int carrier_get(const char *name, unsigned ifindex, struct carrier_info *info);

/*
 * Returns whether device `ifindex` is up and has a link. False if the device is gone; true if its
 * state cannot be read.
 */
bool carrier_is_up(unsigned ifindex);

#endif
