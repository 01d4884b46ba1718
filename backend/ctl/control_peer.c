/* SPDX-License-Identifier: BSD-3-Clause */
/* Credentials of clients. Source: socket(7) and unix(7), SO_PEERCRED and SO_PEERGROUPS. */
#include "ctl/control_peer.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Returns 1 if `group` is a supplementary group of the peer, 0 if not, or -errno. */
static int
is_supplementary(int fd, gid_t group)
{
	socklen_t size = 0;

	/* With no room, the kernel reports the size. A process has at most 65536 groups. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0)
		return 0;
	if (errno != ERANGE)
		return -errno;
	gid_t *groups = malloc(size);
	if (groups == NULL)
		return -ENOMEM;
	int ret = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0 ? -errno : 0;
	for (size_t i = 0; ret == 0 && i < size / sizeof(*groups); i++)
		ret = groups[i] == group;
	free(groups);
	return ret;
}

int
control_peer_get(int fd, gid_t group, struct control_peer *peer)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	peer->uid = cred.uid;
	peer->pid = cred.pid;
	peer->is_member = group != CONTROL_NO_GROUP && cred.gid == group;
	if (group == CONTROL_NO_GROUP || peer->is_member)
		return 0;
	int ret = is_supplementary(fd, group);
	peer->is_member = ret == 1;
	return ret < 0 ? ret : 0;
}

int
control_group_find(const char *name, gid_t *group)
{
	errno = 0; /* getgrnam() does not set it if there is no such group */
	const struct group *entry = getgrnam(name);

	if (entry == NULL)
		return errno == 0 ? -ENOENT : -errno;
	*group = entry->gr_gid;
	return 0;
}
