/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/control_peer.c. */
#include "ctl/control_peer.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* A group that does not exist, and one that does. */
static void
control_group_find_names(void)
{
	gid_t group = 0;

	CHECK_EQ(control_group_find("nobody-has-this-group", &group), -ENOENT);
	CHECK_EQ(control_group_find("", &group), -ENOENT);
	setgrent();
	const struct group *some = getgrent();
	if (some == NULL)
		return;
	gid_t wanted = some->gr_gid;
	CHECK_EQ(control_group_find(some->gr_name, &group), 0);
	CHECK_EQ(group, wanted);
	endgrent();
}

/* The effective group and supplementary groups. Only root can choose its groups. */
static void
control_peer_get_groups(void)
{
	struct control_peer peer;
	int pair[2], status = -1;

	REQUIRE_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	CHECK_EQ(control_peer_get(pair[0], getegid(), &peer), 0);
	CHECK_EQ(peer.uid, geteuid());
	CHECK(peer.is_member);
	CHECK_EQ(control_peer_get(pair[0], 4243, &peer), 0);
	CHECK(!peer.is_member);
	CHECK_EQ(control_peer_get(pair[0], CONTROL_NO_GROUP, &peer), 0);
	CHECK(!peer.is_member);
	close(pair[0]);
	close(pair[1]);
	CHECK_EQ(control_peer_get(-1, 0, &peer), -EBADF);
	if (geteuid() != 0)
		return;
	pid_t child = fork();
	if (child == 0) {
		gid_t groups[] = { 4241, 4242, 4243 };
		bool ok = setgroups(3, groups) == 0 && setresgid(4240, 4240, 4240) == 0 &&
			  setresuid(4240, 4240, 4240) == 0 &&
			  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0;
		ok = ok && control_peer_get(pair[0], 4243, &peer) == 0 && peer.is_member &&
		     peer.uid == 4240;
		ok = ok && control_peer_get(pair[0], 4240, &peer) == 0 && peer.is_member;
		ok = ok && control_peer_get(pair[0], 0, &peer) == 0 && !peer.is_member;
		_exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	waitpid(child, &status, 0);
	CHECK_EQ(status, 0);
}

void test_control_peer(CU_pSuite suite);

void
test_control_peer(CU_pSuite suite)
{
	UNIT_ADD(suite, control_group_find_names);
	UNIT_ADD(suite, control_peer_get_groups);
}
