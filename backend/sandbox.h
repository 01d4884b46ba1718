/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system calls that the daemon's threads may make: seccomp filters, made by libseccomp. See
 * docs/design/sandbox.md, which has the lists with the reason for each call.
 *
 * Whoever takes over a thread by a fault in its code cannot start programs, become somebody else,
 * trace processes or load code with it. A call that is not listed ends the daemon, as a fault of
 * the guest for which the thread worked.
 */
#ifndef VPE_SANDBOX_H
#define VPE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_mode {
	SANDBOX_ENFORCE, /* other calls end the daemon */
	SANDBOX_LOG,     /* the kernel logs other calls and lets them through */
	SANDBOX_OFF,
};

/* True if vpe-backend is built with filters; else every mode is SANDBOX_OFF. */
bool sandbox_is_built(void);

/* Sets the mode of the filters that are loaded from now on; SANDBOX_OFF before. */
void sandbox_set_mode(enum sandbox_mode mode);

/*
 * Confines the calling thread and all threads that it makes from now on, for good. Also sets
 * "no new privileges". Call it once, before the first of them. Returns 0, or -errno with a sentence
 * in `why`.
 */
int sandbox_confine(char *why, size_t why_size);

/*
 * Confines the calling thread, a poller, to the few calls of the packet path. Aborts the process if
 * that fails.
 */
void sandbox_confine_poller(void);

#endif
