/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket: programs on this machine ask the running daemon, in the language of
 * control_request.h.
 *
 * It is a socket of the type SOCK_SEQPACKET, so each request and each answer is one packet. The
 * event loop serves it and never waits for a client:
 *  - There are at most CONTROL_CLIENTS connections. For a new one, the one that has been silent for
 *    longest is closed.
 *  - Each round of the loop answers a few requests, at most one of each client. The cost of each is
 *    bounded.
 *  - An answer is sent at once or not at all. A client that does not read its answers is closed
 *    when the kernel holds 128 KiB of them, so nothing waits in the daemon.
 *
 * Root, the daemon's own user and the members of one group may ask. Only root may change anything.
 * The mode of the socket says so to the kernel, and the daemon checks the client's credentials
 * again.
 *
 * Threads: control thread.
 */
#ifndef VPE_CTL_CONTROL_H
#define VPE_CTL_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "ctl/control_peer.h"
#include "ctl/control_show.h"

#define CONTROL_CLIENTS 16u

struct control_params {
	const char *path;
	const char *group; /* its members may ask; NULL or "": only root may */
	/* Finds the credentials of a client. NULL: control_peer_get(). */
	int (*peer)(int fd, gid_t group, struct control_peer *peer);
};

struct control;

/*
 * Listens at params->path. Replaces the socket that an earlier daemon has left there, so the caller
 * must hold the instance's lock. If the group does not exist, a warning is logged and only root may
 * ask. `view` must outlive the result. Returns NULL with errno on error.
 */
struct control *control_open(const struct control_params *params, const struct control_view *view);

/* Closes all connections and removes the socket. NULL is allowed. */
void control_close(struct control *control);

/* Returns a descriptor that is readable when control_serve() has something to do. */
int control_fd(const struct control *control);

/* Accepts clients and answers requests: a bounded number of each. */
void control_serve(struct control *control, uint64_t now_ms);

/*
 * Returns when control_serve() is due even if control_fd() is not readable. CLOCK_NEVER: not. NULL
 * is allowed.
 */
uint64_t control_due(const struct control *control);

#endif
