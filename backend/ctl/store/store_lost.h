/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection to the store that may be lost and regained. While it is lost, reads and writes fail
 * with ENOTCONN, which callers treat as "not known", never as "gone". Threads: control thread.
 */
#ifndef VPE_CTL_STORE_LOST_H
#define VPE_CTL_STORE_LOST_H

#include "ctl/store/node.h"
#include "ctl/store/watch.h"

#define STORE_DOMID_SIZE 16

/* Closes the broken connection. */
void store_lose(struct xstore *xs);

/*
 * Connects again with `ops` and sets all watches, which fire at once, so that everything is read
 * again. `domid` is the domain's id as it was before ("": not known). A store that does not return
 * it is not populated yet. Returns 0, or -errno if the connection stays lost.
 */
int store_regain(struct xstore *xs, const struct store_ops *ops, struct watches *watches,
		 const char *domid);

/* Reads the own domid as text; "" if it cannot be read. */
void store_own_domid(const struct xstore *xs, char *domid, size_t size);

#endif
