/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of the daemon's control socket. If a function cannot do its work, it prints a sentence
 * and ends the program with EXIT_FAILURE. Threads: one.
 */
#ifndef VPE_CTL_CLIENT_H
#define VPE_CTL_CLIENT_H

#include <jansson.h>

#define CTL_CLIENT_PATH "/run/vpe/control"

/* Connects to the daemon. Returns a descriptor. */
int ctl_client_connect(const char *path);

/* Sends a request, which is consumed, and returns the answer, which may be an error. */
json_t *ctl_client_ask(int fd, json_t *request);

/*
 * Returns what the daemon shows of `what`, with all pages of a list joined. `name` is NULL for a
 * list. An error ends the program.
 */
json_t *ctl_client_show(int fd, const char *what, const char *name);

#endif
