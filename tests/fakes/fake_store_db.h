/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake store's database: the tree, the log of its changes, transactions over it, and who is
 * told. The caller holds the lock. Source of the transaction rule: a commit fails if a node that
 * the transaction used was changed by somebody else since it began.
 */
#ifndef VPE_FAKES_FAKE_STORE_DB_H
#define VPE_FAKES_FAKE_STORE_DB_H

#include "fakes/fake_tree.h"

struct tx;

/*
 * Told for each change of the real tree. `exact`: only who watches this very path, not those above.
 */
enum db_scope {
	DB_AND_ABOVE,
	DB_EXACT,
};
typedef void db_fire_fn(const char *path, enum db_scope scope);

/* Forgets everything. */
void db_reset(db_fire_fn *fire);

/* The real tree. */
struct node *db_root(void);

int db_write(uint32_t domid, const char *path, const void *value, unsigned len);
int db_remove(uint32_t domid, const char *path);
int db_set_perms(const char *path, const struct fake_perms *perms);

struct tx *db_tx_begin(uint32_t id);
uint32_t db_tx_id(const struct tx *tx);
/*
 * The tree as the transaction sees it; notes that it used `path`, or with `list` the names of its
 * children.
 */
struct node *db_tx_read(struct tx *tx, const char *path);
struct node *db_tx_list(struct tx *tx, const char *path);
int db_tx_write(struct tx *tx, uint32_t domid, const char *path, const void *value, unsigned len);
int db_tx_remove(struct tx *tx, uint32_t domid, const char *path);
int db_tx_set_perms(struct tx *tx, const char *path, const struct fake_perms *perms);
/* Both free the transaction. Commit: 0, or -EAGAIN and nothing was changed. */
int db_tx_commit(struct tx *tx, uint32_t domid);
void db_tx_abort(struct tx *tx);

#endif
