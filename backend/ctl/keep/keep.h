/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that outlives the daemon: what the next one needs to go on with the same guests.
 *
 * Theory of operation: a file in /run is mapped, and its records are worked on in place. Nothing is
 * saved when the daemon ends, so nothing is missing when it is killed. There is a record for each
 * connected vif, and one for each TAP that the daemon created: TAPs are persistent, and keep their
 * place in a bridge, their addresses and their filters. A record that is being written is not in
 * use; one store puts it into use. A file of another layout, or from before the host's last boot,
 * counts as empty. Then guests are served again all the same, but a slot may be lost if the last
 * daemon was killed.
 *
 * Threads: control thread; the journals belong to the pollers of their queues.
 */
#ifndef VPE_CTL_KEEP_H
#define VPE_CTL_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dp/frame/blame.h"
#include "dp/frame/mcast.h"
#include "dp/frame/steering.h"
#include "dp/vif/journal.h"
#include "proto/limits.h"
#include "proto/netif.h"

#define KEEP_PAGE 4096u
#define KEEP_STRIKES 3u /* crashes within KEEP_STRIKES_MS that switch a vif off */
#define KEEP_STRIKES_MS 60000u
#define KEEP_OWNER_SIZE 28 /* "vif3.0", or the name of an uplink's device */

/* A static grant. */
struct keep_grant {
	uint32_t ref;
	uint32_t writable;
};

/* A control ring after the request at index `answered`. */
struct keep_ctrl_state {
	bool has_answered;
	uint32_t answered;
	struct xen_netif_ctrl_response rsp; /* to that request */
	bool is_steered;
	struct steering steering; /* the guest's choice */
	uint32_t list;            /* index of the list of grants */
	uint32_t n_grants;
};

/*
 * A control ring. A request changes the state that is not current, and the list that is not in use;
 * one store makes them current. So a request has taken effect and has its response, or neither.
 */
struct keep_ctrl {
	uint32_t current;
	struct keep_ctrl_state state[2];
	struct keep_grant grant[2][LIMIT_STATIC_GRANTS];
} __attribute__((aligned(KEEP_PAGE)));

struct keep_queue {
	struct vif_journal journal;
} __attribute__((aligned(KEEP_PAGE)));

/* A connected vif. */
struct keep_vif {
	uint32_t used; /* 0: free */
	uint32_t domid, devid;
	uint64_t connection; /* vif_keys_sum(): another connection has another one */
	char fault[160];     /* why the vif was switched off; "": it was not */
	/* when the daemon last crashed while it worked for the vif (CLOCK_BOOTTIME); 0: never */
	uint64_t strike_ms[KEEP_STRIKES];
	struct mcast_filter mcast;
	struct keep_ctrl ctrl;
	struct keep_queue queue[LIMIT_QUEUES];
} __attribute__((aligned(KEEP_PAGE)));

struct keep;

/*
 * Opens the file, or creates it. Returns NULL with errno on error. `path` NULL: the memory ends
 * with the process.
 */
struct keep *keep_open(const char *path);

/* Leaves all records as they are. NULL is allowed. */
void keep_close(struct keep *keep);

/* ---- crashes --------------------------------------------------------------------------------- */

/* One for each poller, and that of the control thread: see dp_use_blame(). */
struct blame *keep_blame(struct keep *keep);
struct blame *keep_control_blame(struct keep *keep);

/*
 * If a thread of the last daemon crashed, gives a strike to the vif that it worked for; if that
 * daemon was aborted by another process, which systemd's watchdog does, to those of all threads.
 * The third within a minute switches a vif off, so a guest whose ring crashes the daemon cannot do
 * so for ever. Call it when the last daemon has ended.
 */
void keep_judge(struct keep *keep);

/*
 * From now on the next keep_judge() learns that this process crashed (SIGSEGV, SIGABRT, ...;
 * SIGKILL is no crash). Call it on the control thread.
 */
void keep_watch_crashes(struct keep *keep);

/* The number of a vif for struct blame, not 0. */
uint32_t keep_blame_number(const struct keep *keep, const struct keep_vif *record);

/* How often the vif has crashed the daemon within KEEP_STRIKES_MS. */
unsigned keep_strikes(const struct keep_vif *record);

/* ---- vifs ------------------------------------------------------------------------------------ */

/* Returns the record of the vif's last connection, or NULL. */
struct keep_vif *keep_find_vif(const struct keep *keep, uint32_t domid, uint32_t devid);

/*
 * Returns an empty record for a new connection of the vif; its last one is forgotten, but for its
 * strikes. NULL if LIMIT_PORTS others are in use, or there is no memory for it.
 */
struct keep_vif *keep_add_vif(struct keep *keep, uint32_t domid, uint32_t devid,
			      uint64_t connection, unsigned n_queues);

/* Forgets it. NULL is allowed. */
void keep_drop_vif(struct keep_vif *record);

/* Forgets all vifs for which `exists` returns false. */
void keep_sweep_vifs(struct keep *keep, bool (*exists)(void *arg, uint32_t domid, uint32_t devid),
		     void *arg);

/* ---- TAPs ------------------------------------------------------------------------------------ */

/* Returns the index of the TAP that was created for `owner`; 0 if there is none. */
unsigned keep_find_tap(const struct keep *keep, const char *owner);

/* Remembers it, or with `ifindex` 0 forgets it. Returns false if too many are known. */
bool keep_set_tap(struct keep *keep, const char *owner, unsigned ifindex);

/*
 * Calls fn(arg, owner, ifindex) for each TAP and forgets those for which it returns false.
 */
void keep_sweep_taps(struct keep *keep, bool (*fn)(void *arg, const char *owner, unsigned ifindex),
		     void *arg);

#endif
