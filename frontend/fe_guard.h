/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process beside the application that cleans up after it, however it ends. Private to frontend; control thread only.
 *
 * An application that is killed cannot close its vif: the backend would go on holding the granted pages, and the next
 * frontend would find keys of the last one. The guard waits for the end of a socket, closes the vif in good order and gives
 * it back to the kernel's netfront if that had it. It also holds the vif's lock, so that nobody else opens it meanwhile.
 */
#ifndef VPE_FRONTEND_FE_GUARD_H
#define VPE_FRONTEND_FE_GUARD_H

#include <stdbool.h>

#define FE_GUARD_LOCK "/run/vpe-vif-%u.lock"
#define FE_GUARD_LOCK_WAIT_MS 3000 /* another one may still be cleaning */

/* What the guard says when it starts, and what it is told at an orderly end: one byte. */
#define FE_GUARD_READY 'r'
#define FE_GUARD_BUSY 'b'
#define FE_GUARD_DONE 'd'

/* The option that has it give the vif back. */
#define FE_GUARD_GIVE_BACK "-k"

/*
 * Starts `program`. A descriptor, whose close without fe_guard_end() is what the guard waits for; -EBUSY: somebody else
 * has the vif; or -errno.
 */
int fe_guard_start(const char *program, unsigned vif, bool give_back);

/* The other thing it does: see fe_guard_keep(). */
#define FE_GUARD_KEEP "keep"

/*
 * Has `program` hold the event channels of `fd` for as long as the guest runs, or if that is NULL, this process. They are void
 * since the guest was restored or migrated, and Linux (drivers/xen/evtchn.c, evtchn_unbind_from_user()) has a BUG() for
 * whoever unbinds or closes the last descriptor of one. `fd` itself may be closed then.
 */
void fe_guard_keep(const char *program, int fd);

/* The vif is closed: the guard goes, and with it the lock. */
void fe_guard_end(int fd);

#endif
