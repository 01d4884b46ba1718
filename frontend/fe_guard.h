/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process beside the application that cleans up after it, however it ends. Private to frontend;
 * control thread only.
 *
 * A killed application cannot close its vif: the backend would keep the granted pages mapped, and
 * the next frontend would find stale keys. The guard waits until its socket is closed, then closes
 * the vif in order and gives it back to the kernel's netfront if it was taken from there. It also
 * holds the vif's lock, so that nobody else opens the vif meanwhile.
 */
#ifndef VPE_FRONTEND_FE_GUARD_H
#define VPE_FRONTEND_FE_GUARD_H

#include <stdbool.h>

#define FE_GUARD_LOCK "/run/vpe-vif-%u.lock"
#define FE_GUARD_LOCK_WAIT_MS 3000 /* another guard may still be cleaning up */

/* One-byte messages: from the guard when it starts, and to the guard at an orderly end. */
#define FE_GUARD_READY 'r'
#define FE_GUARD_BUSY 'b'
#define FE_GUARD_DONE 'd'

/* Option: give the vif back to the kernel. */
#define FE_GUARD_GIVE_BACK "-k"

/*
 * Starts `program`. Returns a descriptor; closing it without fe_guard_end() makes the guard clean
 * up. -EBUSY if another program has the vif, or -errno.
 */
int fe_guard_start(const char *program, unsigned vif, bool give_back);

/* Argument for fe_guard_keep(). */
#define FE_GUARD_KEEP "keep"

/*
 * Has `program` hold the event channels of `fd` for as long as the guest runs; if `program` is NULL
 * or fails, this process keeps them open. The channels are void since the guest was restored or
 * migrated, and Linux (drivers/xen/evtchn.c, evtchn_unbind_from_user()) hits a BUG() when one is
 * unbound or its last descriptor is closed. `fd` may be closed afterwards.
 */
void fe_guard_keep(const char *program, int fd);

/* Tells the guard that the vif is closed: it exits and releases the lock. */
void fe_guard_end(int fd);

#endif
