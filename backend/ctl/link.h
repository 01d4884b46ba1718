/* SPDX-License-Identifier: BSD-3-Clause */
/* Network devices of the kernel: what they are like, and when that changes. Threads: control thread. Source: rtnetlink(7). */
#ifndef VPE_CTL_LINK_H
#define VPE_CTL_LINK_H

#include <stdbool.h>

#define LINK_ANY (~0u)

/* A descriptor that is readable after any device has come, gone or changed. To be closed by the caller. -errno. */
int link_open(void);

/*
 * Takes the next message off it. Returns the index of the device that changed, LINK_ANY if messages were lost, 0 if there is none. What
 * changed is not told: ask.
 */
unsigned link_next(int fd);

struct link_info {
	unsigned ifindex;
	bool up;
	bool has_link;   /* up, and a cable or a peer is there */
	unsigned master; /* index of the bridge, bond or the like that it is a member of; 0: none */
};

/* Asks for device `name` or, if that is NULL, `ifindex`. 0; -ENODEV; or another negative errno: not known. */
int link_get(const char *name, unsigned ifindex, struct link_info *info);

/* Whether device `ifindex` is up and has a link; false as well if it is gone. */
bool link_is_up(unsigned ifindex);

#endif
