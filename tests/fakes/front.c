/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /dev/xen/gntalloc, /dev/xen/evtchn and the store as a guest's program has them. Called through
 * front_xen().
 */
#include "fakes/front.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fakes/fake_internal.h"

#define PAGES_OF_HANDLE 4096
#define PORTS_OF_HANDLE 4

struct shares {
	uint32_t domid;
	struct {
		void *page; /* NULL: free */
		uint32_t ref;
	} page[PAGES_OF_HANDLE];
};

struct events {
	uint32_t domid;
	int fd;
	struct channel {
		uint32_t port; /* 0: free */
		bool fired;
		struct events *events;
	} channel[PORTS_OF_HANDLE];
};

static uint32_t acting;
static unsigned n_open;
static struct fake_fault share_fault;

unsigned
front_n_open(void)
{
	return __atomic_load_n(&n_open, __ATOMIC_RELAXED);
}

void
front_share_fail(unsigned skip, int error)
{
	share_fault = (struct fake_fault){ skip, 1, error };
}

static struct store *
front_store_open(void)
{
	return fake_store_connect(acting);
}

/* ---- shares ---------------------------------------------------------------------------------- */

static struct shares *
shares_open(void)
{
	struct shares *shares = calloc(1, sizeof(*shares));

	if (shares != NULL)
		shares->domid = acting;
	return shares;
}

static void
shares_close(struct shares *shares)
{
	free(shares);
}

static void *
shares_share(struct shares *shares, uint32_t domid, uint32_t *ref)
{
	int error = fake_fault_take(&share_fault);
	unsigned i = 0;

	if (error != 0) {
		errno = error;
		return NULL;
	}
	while (i < PAGES_OF_HANDLE && shares->page[i].page != NULL)
		i++;
	if (i == PAGES_OF_HANDLE) {
		errno = ENOSPC;
		return NULL;
	}
	shares->page[i].page = fake_page_alloc(shares->domid);
	*ref = shares->page[i].ref = fake_grant(shares->page[i].page, domid, FAKE_GRANT_READ_WRITE);
	__atomic_add_fetch(&n_open, 1, __ATOMIC_RELAXED);
	return shares->page[i].page;
}

static void
shares_unshare(struct shares *shares, void *page)
{
	unsigned i = 0;

	while (shares->page[i].page != page)
		i++;
	fake_grant_end(shares->domid, shares->page[i].ref);
	fake_page_free(page);
	shares->page[i].page = NULL;
	__atomic_sub_fetch(&n_open, 1, __ATOMIC_RELAXED);
}

/* ---- events ---------------------------------------------------------------------------------- */

static struct events *
events_open(void)
{
	struct events *events = calloc(1, sizeof(*events));

	if (events == NULL)
		return NULL;
	events->domid = acting;
	events->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return events;
}

static struct channel *
channel_of(struct events *events, uint32_t port)
{
	unsigned i = 0;

	while (i < PORTS_OF_HANDLE && events->channel[i].port != port)
		i++;
	return i < PORTS_OF_HANDLE ? &events->channel[i] : NULL;
}

static void
events_came(void *arg)
{
	struct channel *channel = arg;
	uint64_t one = 1;

	__atomic_store_n(&channel->fired, true, __ATOMIC_RELEASE);
	if (write(channel->events->fd, &one, sizeof(one)) < 0)
		abort();
}

static int
events_alloc(struct events *events, uint32_t domid)
{
	struct channel *channel = channel_of(events, 0);

	if (channel == NULL)
		return -ENOSPC;
	channel->port = fake_port_alloc(events->domid, domid);
	channel->events = events;
	fake_port_set_hook(events->domid, channel->port, events_came, channel);
	__atomic_add_fetch(&n_open, 1, __ATOMIC_RELAXED);
	return (int)channel->port;
}

static int
events_unbind(struct events *events, uint32_t port)
{
	struct channel *channel = channel_of(events, port);

	if (channel == NULL)
		return -EINVAL;
	fake_port_set_hook(events->domid, port, NULL, NULL);
	fake_port_close(events->domid, port);
	channel->port = 0;
	channel->fired = false;
	__atomic_sub_fetch(&n_open, 1, __ATOMIC_RELAXED);
	return 0;
}

static void
events_close(struct events *events)
{
	for (unsigned i = 0; i < PORTS_OF_HANDLE; i++)
		if (events->channel[i].port != 0)
			events_unbind(events, events->channel[i].port);
	close(events->fd);
	free(events);
}

static int
events_notify(struct events *events, uint32_t port)
{
	return fake_port_send(events->domid, port) ? 0 : -ENOTCONN;
}

static int
events_fd(struct events *events)
{
	return events->fd;
}

static int
events_pending(struct events *events)
{
	uint64_t count;

	for (unsigned i = 0; i < PORTS_OF_HANDLE; i++)
		if (events->channel[i].port != 0 &&
		    __atomic_exchange_n(&events->channel[i].fired, false, __ATOMIC_ACQ_REL))
			return (int)events->channel[i].port;
	if (read(events->fd, &count, sizeof(count)) < 0)
		return -EAGAIN;
	return -EAGAIN;
}

static int
events_unmask(struct events *events, uint32_t port)
{
	return channel_of(events, port) != NULL ? 0 : -EINVAL;
}

/* ---- the tables ------------------------------------------------------------------------------ */

static const struct shares_ops shares_ops = {
	.open = shares_open,
	.close = shares_close,
	.share = shares_share,
	.unshare = shares_unshare,
};

static const struct events_ops events_ops = {
	.open = events_open,
	.close = events_close,
	.alloc = events_alloc,
	.unbind = events_unbind,
	.notify = events_notify,
	.fd = events_fd,
	.pending = events_pending,
	.unmask = events_unmask,
};

const struct xen_ops *
front_xen(uint32_t domid)
{
	static struct store_ops store_ops;
	static const struct xen_ops ops = { .store = &store_ops,
					    .shares = &shares_ops,
					    .events = &events_ops };

	store_ops = *fake_xen()->store;
	store_ops.open = front_store_open;
	acting = domid;
	return &ops;
}
