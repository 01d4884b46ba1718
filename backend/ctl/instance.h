/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One daemon at a time: two of them would take each vif from one another. The lock is held by an open file, so it ends with the
 * process however that ends. Threads: one.
 */
#ifndef VPE_CTL_INSTANCE_H
#define VPE_CTL_INSTANCE_H

#include <stddef.h>

#define INSTANCE_DIR "/run/vpe"

/*
 * Takes the lock in directory `dir`, which is made if it is not there. One that is ending may hold it for a moment more, which is
 * waited for. Returns a descriptor, to be closed to give the lock back; -EBUSY if another one runs; or another negative errno. `why`
 * then has a sentence.
 */
int instance_lock(const char *dir, char *why, size_t why_size);

#endif
