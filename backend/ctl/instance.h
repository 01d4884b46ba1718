/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ensures that only one daemon runs: two would compete for every vif. The lock belongs to an open
 * file, so the kernel releases it however the process ends. Threads: one.
 */
#ifndef VPE_CTL_INSTANCE_H
#define VPE_CTL_INSTANCE_H

#include <stddef.h>

#define INSTANCE_DIR "/run/vpe"

/*
 * Takes the lock in directory `dir`, which is created if needed. Waits a moment for a daemon that
 * is ending. Returns a descriptor, which the caller closes to release the lock. On error, returns
 * -EBUSY if another daemon runs, or another negative errno, with a sentence in `why`.
 */
int instance_lock(const char *dir, char *why, size_t why_size);

#endif
