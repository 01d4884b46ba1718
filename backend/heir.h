/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hand-over from a daemon that serves to another one, its heir, which is ready to serve.
 *
 * Theory of operation: each daemon listens on a socket that only its own user may use. The heir
 * connects when all that can be prepared is done, and asks. The daemon parks its vifs and says that
 * they are the heir's. The heir resumes them and says that it serves. If it does not, the daemon
 * takes them back. So a configuration or a binary that is no good costs the guests a moment at
 * most. Threads: one.
 */
#ifndef VPE_HEIR_H
#define VPE_HEIR_H

#include <stdbool.h>
#include <stddef.h>

/* Listens at `path`. Returns a descriptor, or -errno. */
int heir_listen(const char *path);

/* Takes a connection from the listening socket. Returns it if an heir asks, else -errno. */
int heir_accept(int listen_fd);

/*
 * The daemon holds nothing of the guests' any more: tells the heir, with what it needs to report to
 * the service manager, and waits up to HEIR_PATIENCE_MS. Returns whether the heir serves. Closes
 * `fd`.
 */
#define HEIR_PATIENCE_MS 5000
bool heir_let_go(int fd);

/*
 * As the heir: asks the daemon at `path` to let go, and waits until it has. Returns a descriptor
 * for heir_serve(); -ENOENT if no daemon runs; or another negative errno. `why` says more.
 */
int heir_ask(const char *path, char *why, size_t why_size);

/*
 * As the heir: it serves. Returns 0, or -errno if the other daemon has not waited for that. Closes
 * `fd`.
 */
int heir_serve(int fd);

#endif
