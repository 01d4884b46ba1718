/* SPDX-License-Identifier: BSD-3-Clause */
#include "fakes/mortal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fakes/fake_pages.h"
#include "fakes/fake_xen.h"

#define HANDLES_MAX 256u

static struct mortal *watched;

/* ---- dying ----------------------------------------------------------------------------------- */

static void
take_verdict(struct mortal *mortal, int status, const char *said)
{
	mortal->n_deaths++;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (mortal->n_failed++ == 0)
		snprintf(mortal->why, sizeof(mortal->why), "death %u: %s", mortal->n_deaths,
			 WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : said);
}

void
mortal_try(struct mortal *mortal)
{
	size_t size = pages_size();
	void *pages = malloc(size);
	char *said = mmap(NULL, sizeof(mortal->why), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;

	if (pages == NULL || said == MAP_FAILED)
		abort();
	pages_save(pages, size);
	pid_t child = fork();
	if (child < 0)
		abort();
	if (child == 0) {
		watched = NULL;
		_exit(mortal->die(mortal->arg, said, sizeof(mortal->why)) ? 0 : 1);
	}
	if (waitpid(child, &status, 0) != child)
		abort();
	pages_restore(pages, size);
	take_verdict(mortal, status, said);
	munmap(said, sizeof(mortal->why));
	free(pages);
}

void
mortal_watch(struct mortal *mortal)
{
	watched = mortal;
}

static void
point(void)
{
	if (watched != NULL)
		mortal_try(watched);
}

/* ---- handles --------------------------------------------------------------------------------- */

static struct store *stores[HANDLES_MAX];
static struct grants *grants_open[HANDLES_MAX];
static struct events *events_open[HANDLES_MAX];

static void
swap_handle(void **handles, const void *old, void *new)
{
	for (unsigned i = 0; i < HANDLES_MAX; i++) {
		if (handles[i] == old) {
			handles[i] = new;
			return;
		}
	}
	abort();
}

void
mortal_bury(void)
{
	const struct xen_ops *xen = fake_xen();

	for (unsigned i = 0; i < HANDLES_MAX; i++) {
		if (events_open[i] != NULL)
			xen->events->close(events_open[i]);
		if (grants_open[i] != NULL)
			xen->grants->close(grants_open[i]);
		if (stores[i] != NULL)
			xen->store->close(stores[i]);
		events_open[i] = NULL;
		grants_open[i] = NULL;
		stores[i] = NULL;
	}
}

/* ---- the tables ------------------------------------------------------------------------------ */

/* The result of `call`, with a death before and after it. */
#define MORTAL(call) \
	({ \
		point(); \
		__typeof__(call) result = (call); \
		point(); \
		result; \
	})

static struct store *
mortal_store_open(void)
{
	struct store *store = fake_xen()->store->open();

	swap_handle((void **)stores, NULL, store);
	point();
	return store;
}

static void
mortal_store_close(struct store *store)
{
	point();
	swap_handle((void **)stores, store, NULL);
	fake_xen()->store->close(store);
	point();
}

static int
mortal_write(struct store *store, uint32_t tx, const char *path, const char *value)
{
	return MORTAL(fake_xen()->store->write(store, tx, path, value));
}

static int
mortal_remove(struct store *store, uint32_t tx, const char *path)
{
	return MORTAL(fake_xen()->store->remove(store, tx, path));
}

static int
mortal_commit(struct store *store, uint32_t tx)
{
	return MORTAL(fake_xen()->store->commit(store, tx));
}

static int
mortal_store_watch(struct store *store, const char *path, const char *token)
{
	return MORTAL(fake_xen()->store->watch(store, path, token));
}

static int
mortal_unwatch(struct store *store, const char *path, const char *token)
{
	return MORTAL(fake_xen()->store->unwatch(store, path, token));
}

static struct grants *
mortal_grants_open(void)
{
	struct grants *grants = fake_xen()->grants->open();

	swap_handle((void **)grants_open, NULL, grants);
	point();
	return grants;
}

static void
mortal_grants_close(struct grants *grants)
{
	point();
	swap_handle((void **)grants_open, grants, NULL);
	fake_xen()->grants->close(grants);
	point();
}

static void *
mortal_map(struct grants *grants, uint32_t domid, uint32_t ref, bool writable)
{
	return MORTAL(fake_xen()->grants->map(grants, domid, ref, writable));
}

static int
mortal_unmap(struct grants *grants, void *page)
{
	return MORTAL(fake_xen()->grants->unmap(grants, page));
}

static int
mortal_copy(struct grants *grants, struct grant_copy *copies, unsigned n)
{
	return MORTAL(fake_xen()->grants->copy(grants, copies, n));
}

static struct events *
mortal_events_open(void)
{
	struct events *events = fake_xen()->events->open();

	swap_handle((void **)events_open, NULL, events);
	point();
	return events;
}

static void
mortal_events_close(struct events *events)
{
	point();
	swap_handle((void **)events_open, events, NULL);
	fake_xen()->events->close(events);
	point();
}

static int
mortal_bind(struct events *events, uint32_t domid, uint32_t port)
{
	return MORTAL(fake_xen()->events->bind(events, domid, port));
}

static int
mortal_unbind(struct events *events, uint32_t port)
{
	return MORTAL(fake_xen()->events->unbind(events, port));
}

static int
mortal_notify(struct events *events, uint32_t port)
{
	return MORTAL(fake_xen()->events->notify(events, port));
}

const struct xen_ops *
mortal_xen(void)
{
	static struct store_ops store;
	static struct grants_ops grants;
	static struct events_ops events;
	static struct xen_ops xen;

	xen = *fake_xen();
	store = *xen.store;
	grants = *xen.grants;
	events = *xen.events;
	store.open = mortal_store_open;
	store.close = mortal_store_close;
	store.write = mortal_write;
	store.remove = mortal_remove;
	store.commit = mortal_commit;
	store.watch = mortal_store_watch;
	store.unwatch = mortal_unwatch;
	grants.open = mortal_grants_open;
	grants.close = mortal_grants_close;
	grants.map = mortal_map;
	grants.unmap = mortal_unmap;
	grants.copy = mortal_copy;
	events.open = mortal_events_open;
	events.close = mortal_events_close;
	events.bind = mortal_bind;
	events.unbind = mortal_unbind;
	events.notify = mortal_notify;
	xen.store = &store;
	xen.grants = &grants;
	xen.events = &events;
	return &xen;
}
