/* SPDX-License-Identifier: BSD-3-Clause */
/* The credentials of a client of one of our sockets. Threads: control thread. */
#ifndef VPE_CTL_CONTROL_PEER_H
#define VPE_CTL_CONTROL_PEER_H

#include <stdbool.h>
#include <sys/types.h>

struct control_peer {
	uid_t uid;
	pid_t pid;
	bool is_member; /* of the group that was asked for */
};

#define CONTROL_NO_GROUP ((gid_t)-1)

/*
 * Asks the kernel for the credentials that the peer of `fd` had when it connected, and whether it
 * was a member of `group` (CONTROL_NO_GROUP: of none). Returns 0 or -errno.
 */
int control_peer_get(int fd, gid_t group, struct control_peer *peer);

/*
 * Finds the number of the group `name`. Returns 0, -ENOENT if there is no such group, or another
 * negative errno. It may wait for files or a name service, so it must not be called in the loop.
 */
int control_group_find(const char *name, gid_t *group);

#endif
