/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection to the store that may break and come back. While there is none, every operation fails with ENOTCONN, which means "not
 * known" to everybody and never "gone". Threads: control thread.
 */
#ifndef VPE_CTL_STORE_LOST_H
#define VPE_CTL_STORE_LOST_H

#include "ctl/node.h"
#include "ctl/watch.h"

#define STORE_DOMID_SIZE 16

/* Closes what is left of the connection. */
void store_lose(struct xstore *xs);

/*
 * Connects again by `ops` and sets all watches, which fire at once, so that everybody looks at everything. `domid` is what our own domain
 * was called ("": not known): a store that does not know it is not filled yet. 0; or -errno, and the connection stays lost.
 */
int store_regain(struct xstore *xs, const struct store_ops *ops, struct watches *watches, const char *domid);

/* Reads the own domain's number as text, "" if it cannot be read. */
void store_own_domid(const struct xstore *xs, char *domid, size_t size);

#endif
