/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection of the fake store, shared by the files that serve its calls. Not for tests. */
#ifndef VPE_FAKES_FAKE_STORE_CONN_H
#define VPE_FAKES_FAKE_STORE_CONN_H

#include "fakes/fake_internal.h"
#include "fakes/fake_store_db.h"

#define PATH_SIZE (3072 + 1)

struct watch {
	struct watch *next;
	char *path; /* absolute, or special */
	char *token;
	size_t n_strip; /* bytes of an event's path that the client does not see */
};

struct fired {
	struct fired *next;
	char *path;
	char token[64];
};

struct held_tx {
	struct held_tx *next;
	struct tx *tx;
};

struct store {
	struct store *next;
	struct fake_busy busy;
	uint32_t domid;
	char home[32]; /* what a relative path begins with */
	size_t home_len;
	bool dead;    /* xenstored went away under it */
	bool counted; /* opened by the code under test */
	int fd;
	struct watch *watches;
	struct fired *fired;
	struct fired **fired_tail;
	struct held_tx *txs;
};

/* Opens one; `counted` for the code under test. */
struct store *conn_open(uint32_t domid, bool counted);
void conn_close(struct store *store);

/* Starts a call: takes the lock, and says with which error the call is to fail, 0 if it is not. */
int conn_enter(struct store *store, enum fake_store_op op);
/* Ends it. Returns `ret`. */
int conn_leave(struct store *store, int ret);

/*
 * The absolute path; false if it is malformed. `n_strip` (may be NULL): how much of it was implied.
 */
bool conn_resolve(const struct store *store, const char *path, char *abs, size_t *n_strip);

/* An open transaction, or NULL. */
struct held_tx *conn_find_tx(struct store *store, uint32_t id);
/* Takes a transaction off the connection, NULL if there is none. */
struct tx *conn_take_tx(struct store *store, uint32_t id);

/* fake_store_ops.c's part of fake_store_reset(). */
void fake_store_reset_ops(void);

int conn_watch(struct store *store, const char *path, const char *token);
int conn_unwatch(struct store *store, const char *path, const char *token);
int conn_fd(struct store *store);
int conn_next_event(struct store *store, struct store_event *event);

#endif
