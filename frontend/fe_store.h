/* SPDX-License-Identifier: BSD-3-Clause */
/* The vif's two directories in xenstore, as the frontend sees them. Private to frontend; control thread only. */
#ifndef VPE_FRONTEND_FE_STORE_H
#define VPE_FRONTEND_FE_STORE_H

#include "proto/netif.h"
#include "xen/ops.h"

struct fe_store {
	const struct store_ops *ops;
	struct store *store;
	char front[64];  /* relative to the own domain's directory */
	char *back;      /* absolute; ours to free */
	uint32_t backend;
	char *domid;    /* ours; NULL: unknown */
	bool watched;
	bool published; /* our keys stand in the frontend's directory */
};

/* Connects and finds the backend. 0 or -errno: -ENOENT there is no such vif. */
int fe_store_open(struct fe_store *st, const struct store_ops *ops, unsigned vif);
void fe_store_close(struct fe_store *st);

/* A number in the frontend's or the backend's directory; `none` if there is none. */
long fe_store_front_number(const struct fe_store *st, const char *key, long none);
long fe_store_back_number(const struct fe_store *st, const char *key, long none);
/* A text, to be freed; NULL with errno. */
char *fe_store_front_text(const struct fe_store *st, const char *key);

/* Writes a number below the frontend's directory in transaction `tx` (0: none). 0 or -errno. */
int fe_store_write(const struct fe_store *st, uint32_t tx, const char *key, unsigned long value);
int fe_store_remove(const struct fe_store *st, const char *key);
int fe_store_set_state(const struct fe_store *st, int state);

/*
 * Whether the vif is another one than was opened: the guest was restored or migrated, so its grants and event channels are
 * void, and both directories are new.
 */
bool fe_store_is_moved(const struct fe_store *st);

/* The backend's state: XenbusState*; XenbusStateUnknown if its directory is gone. */
int fe_store_back_state(const struct fe_store *st);
/* Waits until that is in the set `states` (1 << XenbusState*). The state, or -ETIMEDOUT, or what the store said. */
int fe_store_await(const struct fe_store *st, unsigned states, unsigned timeout_ms);
/* Forgets watch events that came. Whether there were any; negative if the connection is lost. */
int fe_store_drain(const struct fe_store *st);

#endif
