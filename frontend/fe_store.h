/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vif's two directories in xenstore, as the frontend sees them. Private to frontend; control
 * thread only.
 */
#ifndef VPE_FRONTEND_FE_STORE_H
#define VPE_FRONTEND_FE_STORE_H

#include "proto/netif.h"
#include "xen/ops.h"

struct fe_store {
	const struct store_ops *ops;
	struct store *store;
	char front[64]; /* relative to the own domain's directory */
	char *back;     /* absolute; owned */
	uint32_t backend;
	char *domid; /* owned; NULL: unknown */
	bool watched;
	bool published; /* our keys are in the frontend's directory */
};

/*
 * Connects to xenstore and finds the backend. Returns 0 or -errno; -ENOENT: there is no such vif.
 */
int fe_store_open(struct fe_store *st, const struct store_ops *ops, unsigned vif);
void fe_store_close(struct fe_store *st);

/*
 * Return a number from the frontend's or the backend's directory; `none` if it is missing or
 * invalid.
 */
long fe_store_front_number(const struct fe_store *st, const char *key, long none);
long fe_store_back_number(const struct fe_store *st, const char *key, long none);
/* Returns a text, which the caller frees; NULL with errno. */
char *fe_store_front_text(const struct fe_store *st, const char *key);

/*
 * Writes a number below the frontend's directory in transaction `tx` (0: none). Returns 0 or
 * -errno.
 */
int fe_store_write(const struct fe_store *st, uint32_t tx, const char *key, unsigned long value);
int fe_store_remove(const struct fe_store *st, const char *key);
int fe_store_set_state(const struct fe_store *st, int state);

/*
 * Returns whether the vif is not the one that was opened: the guest was restored or migrated, so
 * its grants and event channels are void and both directories are new.
 */
bool fe_store_is_moved(const struct fe_store *st);

/* Returns the backend's state, XenbusState*; XenbusStateUnknown if its directory is gone. */
int fe_store_back_state(const struct fe_store *st);
/*
 * Waits until the backend's state is in the set `states` (1 << XenbusState*). Returns the state,
 * -ETIMEDOUT or the store's error.
 */
int fe_store_await(const struct fe_store *st, unsigned states, unsigned timeout_ms);
/*
 * Discards pending watch events. Returns whether there were any; negative if the connection is
 * lost.
 */
int fe_store_drain(const struct fe_store *st);

#endif
