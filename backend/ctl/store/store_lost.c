/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection to the store that may be lost and regained. */
#include "ctl/store/store_lost.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/keys.h"

static void
lost_close(struct store *store)
{
	(void)store;
}

static char *
lost_read(struct store *store, uint32_t tx, const char *path, unsigned *len)
{
	(void)store;
	(void)tx;
	(void)path;
	(void)len;
	errno = ENOTCONN;
	return NULL;
}

static int
lost_write(struct store *store, uint32_t tx, const char *path, const char *value)
{
	(void)store;
	(void)tx;
	(void)path;
	(void)value;
	return -ENOTCONN;
}

static int
lost_remove(struct store *store, uint32_t tx, const char *path)
{
	return lost_write(store, tx, path, NULL);
}

static char **
lost_list(struct store *store, uint32_t tx, const char *path, unsigned *n)
{
	return (char **)lost_read(store, tx, path, n);
}

static uint32_t
lost_begin(struct store *store)
{
	(void)store;
	errno = ENOTCONN;
	return 0;
}

static int
lost_commit(struct store *store, uint32_t tx)
{
	return lost_write(store, tx, NULL, NULL);
}

static void
lost_abort(struct store *store, uint32_t tx)
{
	(void)store;
	(void)tx;
}

static int
lost_watch(struct store *store, const char *path, const char *token)
{
	return lost_write(store, 0, path, token);
}

static int
lost_fd(struct store *store)
{
	(void)store;
	return -1;
}

static int
lost_next_event(struct store *store, struct store_event *event)
{
	(void)store;
	(void)event;
	return 0;
}

static int
lost_domain_lives(struct store *store, uint32_t domid)
{
	return lost_write(store, domid, NULL, NULL);
}

static const struct store_ops lost_ops = {
	.close = lost_close,
	.read = lost_read,
	.write = lost_write,
	.remove = lost_remove,
	.list = lost_list,
	.begin = lost_begin,
	.commit = lost_commit,
	.abort = lost_abort,
	.watch = lost_watch,
	.unwatch = lost_watch,
	.fd = lost_fd,
	.next_event = lost_next_event,
	.domain_lives = lost_domain_lives,
};

void
store_lose(struct xstore *xs)
{
	xs->ops->close(xs->conn);
	*xs = (struct xstore){ .ops = &lost_ops };
}

int
store_regain(struct xstore *xs, const struct store_ops *ops, struct watches *watches,
	     const char *domid)
{
	char now[STORE_DOMID_SIZE];
	struct store *conn = ops->open();

	if (conn == NULL)
		return errno == 0 ? -EIO : -errno;
	*xs = (struct xstore){ .ops = ops, .conn = conn };
	store_own_domid(xs, now, sizeof(now));
	int ret = strcmp(now, domid) == 0 ? watches_renew(watches) : -ENOENT;
	if (ret < 0)
		store_lose(xs);
	return ret;
}

void
store_own_domid(const struct xstore *xs, char *domid, size_t size)
{
	char *text = xs->ops->read(xs->conn, 0, KEY_OWN_DOMID, NULL);

	snprintf(domid, size, "%s", text == NULL ? "" : text);
	free(text);
}
