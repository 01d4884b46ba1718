/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deaths of the code under test, as by SIGKILL, in the middle of its work.
 *
 * Theory of operation: the process forks. In the child whatever was going on is as good as gone:
 * `die` does what the kernel does with a dead process (mortal_bury()), starts what comes after it
 * on the same fake world, and says whether all is well. The parent goes on, and dies again later.
 * The pages of the fake domains, which both processes share, are put back. Threads: one.
 */
#ifndef VPE_FAKES_MORTAL_H
#define VPE_FAKES_MORTAL_H

#include <stdbool.h>
#include <stddef.h>

#include "xen/ops.h"

struct mortal {
	/* In the child. Returns whether all is well; what is wrong is in `why`. */
	bool (*die)(void *arg, char *why, size_t why_size);
	void *arg;
	/* What came out; zero-initialise it. */
	unsigned n_deaths;
	unsigned n_failed;
	char why[256]; /* of the first that failed */
};

/* Dies once. */
void mortal_try(struct mortal *mortal);

/*
 * The tables of fake_xen(). From now on `mortal` dies before and after each call of theirs that
 * others can see or that depends on others; NULL: not any more.
 */
const struct xen_ops *mortal_xen(void);
void mortal_watch(struct mortal *mortal);

/* Closes all handles that were opened by mortal_xen(). */
void mortal_bury(void);

#endif
