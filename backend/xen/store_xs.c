/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store through libxenstore. Control thread only.
 *
 * Theory of operation: with the first watch, libxenstore starts a thread that reads xenstored's
 * socket into an unbounded list; next_event() takes events from that list. The descriptor is the
 * read end of a pipe that holds one byte while the list is not empty. xs_check_watch() removes the
 * byte with the last event, so level-triggered epoll works. The pipe does not report that xenstored
 * is gone. Only next_event() does, so it must be called from time to time even if the descriptor is
 * not readable. That call sends nothing to xenstored.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

#include "xen/real.h"

static struct xs_handle *
handle_of(struct store *store)
{
	return (struct xs_handle *)store;
}

/*
 * Translates libxenstore's errno. Some paths leave it unset. EINVAL means either that the
 * connection broke during a request or that xenstored got an impossible path. Callers would take it
 * for an invalid value, which neither is.
 */
static int
error_of_errno(void)
{
	return errno == 0 || errno == EINVAL ? -EIO : -errno;
}

/* The same for calls that return a pointer, NULL on error. */
static void *
pointer_of(void *value)
{
	if (value == NULL)
		errno = -error_of_errno();
	return value;
}

static int
result_of(bool done)
{
	return done ? 0 : error_of_errno();
}

static struct store *
xs_store_open(void)
{
	return pointer_of(xs_open(0));
}

static void
xs_store_close(struct store *store)
{
	xs_close(handle_of(store));
}

static char *
xs_store_read(struct store *store, uint32_t tx, const char *path, unsigned *len)
{
	errno = 0;
	return pointer_of(xs_read(handle_of(store), tx, path, len));
}

static int
xs_store_write(struct store *store, uint32_t tx, const char *path, const char *value)
{
	return result_of(xs_write(handle_of(store), tx, path, value, (unsigned)strlen(value)));
}

static int
xs_store_remove(struct store *store, uint32_t tx, const char *path)
{
	return result_of(xs_rm(handle_of(store), tx, path));
}

static char **
xs_store_list(struct store *store, uint32_t tx, const char *path, unsigned *n)
{
	errno = 0;
	return pointer_of(xs_directory(handle_of(store), tx, path, n));
}

static uint32_t
xs_store_begin(struct store *store)
{
	return xs_transaction_start(handle_of(store));
}

static int
xs_store_commit(struct store *store, uint32_t tx)
{
	return result_of(xs_transaction_end(handle_of(store), tx, false));
}

static void
xs_store_abort(struct store *store, uint32_t tx)
{
	xs_transaction_end(handle_of(store), tx, true);
}

static int
xs_store_watch(struct store *store, const char *path, const char *token)
{
	return result_of(xs_watch(handle_of(store), path, token));
}

static int
xs_store_unwatch(struct store *store, const char *path, const char *token)
{
	return result_of(xs_unwatch(handle_of(store), path, token));
}

static int
xs_store_fd(struct store *store)
{
	return xs_fileno(handle_of(store));
}

/*
 * Copies path and token of `fired` to `event`. Returns false if they do not fit; our own tokens and
 * xenstored's paths always do.
 */
static bool
event_fill(struct store_event *event, char **fired)
{
	size_t path_len = strlen(fired[XS_WATCH_PATH]);
	size_t token_len = strlen(fired[XS_WATCH_TOKEN]);

	if (path_len >= sizeof(event->path) || token_len >= sizeof(event->token))
		return false;
	memcpy(event->path, fired[XS_WATCH_PATH], path_len + 1);
	memcpy(event->token, fired[XS_WATCH_TOKEN], token_len + 1);
	return true;
}

static int
xs_store_next_event(struct store *store, struct store_event *event)
{
	for (;;) {
		char **fired = xs_check_watch(handle_of(store));

		if (fired == NULL)
			return errno == EAGAIN ? 0 : error_of_errno();
		bool fits = event_fill(event, fired);
		free(fired);
		if (fits)
			return 1;
	}
}

/*
 * xenstored drops the connection of a domain that is dying. The library returns false on errors
 * too.
 */
static int
xs_store_domain_lives(struct store *store, uint32_t domid)
{
	errno = 0;
	if (xs_is_domain_introduced(handle_of(store), domid))
		return 1;
	return errno == 0 ? 0 : -errno;
}

const struct store_ops store_xs_ops = {
	.open = xs_store_open,
	.close = xs_store_close,
	.read = xs_store_read,
	.write = xs_store_write,
	.remove = xs_store_remove,
	.list = xs_store_list,
	.begin = xs_store_begin,
	.commit = xs_store_commit,
	.abort = xs_store_abort,
	.watch = xs_store_watch,
	.unwatch = xs_store_unwatch,
	.fd = xs_store_fd,
	.next_event = xs_store_next_event,
	.domain_lives = xs_store_domain_lives,
};
