/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake hypervisor as a whole: lock, waiting, violations, leaks. Called by tests; calls its
 * three parts.
 */
#include "fakes/fake_xen.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "fakes/fake_internal.h"

pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;

static pthread_cond_t changed;
static pthread_once_t changed_once = PTHREAD_ONCE_INIT;
static uint64_t seq;
static uint32_t self;
static unsigned n_violations;
static char first_violation[256];
static bool abort_on_violation;

static const struct xen_ops xen = {
	.store = &fake_store_ops,
	.grants = &fake_grants_ops,
	.events = &fake_events_ops,
};

const struct xen_ops *
fake_xen(void)
{
	return &xen;
}

static void
changed_init(void)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attr);
	pthread_condattr_destroy(&attr);
}

void
fake_changed(void)
{
	pthread_once(&changed_once, changed_init);
	seq++;
	pthread_cond_broadcast(&changed);
}

uint64_t
fake_seq(void)
{
	pthread_mutex_lock(&fake_lock);
	uint64_t now = seq;
	pthread_mutex_unlock(&fake_lock);
	return now;
}

void
fake_wait(uint64_t old, uint64_t deadline_ms)
{
	struct timespec until = {
		.tv_sec = (time_t)(deadline_ms / 1000),
		.tv_nsec = (long)(deadline_ms % 1000) * 1000000,
	};

	pthread_once(&changed_once, changed_init);
	pthread_mutex_lock(&fake_lock);
	while (seq == old)
		if (pthread_cond_timedwait(&changed, &fake_lock, &until) != 0)
			break;
	pthread_mutex_unlock(&fake_lock);
}

uint64_t
fake_now_ms(void)
{
	return util_now_ms();
}

void
fake_reset(uint32_t new_self)
{
	pthread_mutex_lock(&fake_lock);
	self = new_self;
	n_violations = 0;
	first_violation[0] = '\0';
	fake_grants_reset();
	fake_events_reset();
	fake_store_reset();
	pthread_mutex_unlock(&fake_lock);
}

uint32_t
fake_self(void)
{
	return __atomic_load_n(&self, __ATOMIC_RELAXED);
}

void
fake_violate(const char *fmt, ...)
{
	va_list args;

	if (n_violations++ != 0)
		return;
	va_start(args, fmt);
	vsnprintf(first_violation, sizeof(first_violation), fmt, args);
	va_end(args);
	if (!abort_on_violation)
		return;
	fprintf(stderr, "broken: %s\n", first_violation);
	abort();
}

void
fake_abort_on_violation(void)
{
	pthread_mutex_lock(&fake_lock);
	abort_on_violation = true;
	pthread_mutex_unlock(&fake_lock);
}

unsigned
fake_violations(char *first, size_t first_size)
{
	pthread_mutex_lock(&fake_lock);
	unsigned n = n_violations;
	if (first != NULL)
		snprintf(first, first_size, "%s", first_violation);
	pthread_mutex_unlock(&fake_lock);
	return n;
}

void
fake_busy_enter(struct fake_busy *busy, const char *what)
{
	if (__atomic_fetch_add(&busy->n_users, 1, __ATOMIC_ACQ_REL) == 0)
		return;
	pthread_mutex_lock(&fake_lock);
	fake_violate("two threads use one %s handle at once", what);
	pthread_mutex_unlock(&fake_lock);
}

void
fake_busy_leave(struct fake_busy *busy)
{
	__atomic_fetch_sub(&busy->n_users, 1, __ATOMIC_ACQ_REL);
}

int
fake_fault_take(struct fake_fault *fault)
{
	if (fault->n == 0)
		return 0;
	if (fault->skip > 0) {
		fault->skip--;
		return 0;
	}
	fault->n--;
	return fault->value;
}

void
fake_fd_set(int fd, bool readable)
{
	uint64_t one = 1;
	ssize_t n = readable ? write(fd, &one, sizeof(one)) : read(fd, &one, sizeof(one));

	(void)n; /* EAGAIN: it was not readable before either */
}

void
fake_leaks(struct fake_leaks *leaks)
{
	memset(leaks, 0, sizeof(*leaks));
	pthread_mutex_lock(&fake_lock);
	fake_store_leaks(leaks);
	fake_grants_leaks(leaks);
	fake_events_leaks(leaks);
	pthread_mutex_unlock(&fake_lock);
}

bool
fake_leak_free(char *why, size_t why_size)
{
	struct fake_leaks l;

	fake_leaks(&l);
	snprintf(why, why_size,
		 "open: %u stores, %u watches, %u transactions, %u grant handles, %u mapped pages, "
		 "%u event handles, %u bound ports",
		 l.n_store_handles, l.n_watches, l.n_transactions, l.n_grant_handles, l.n_mapped,
		 l.n_event_handles, l.n_bound);
	return l.n_store_handles + l.n_watches + l.n_transactions + l.n_grant_handles + l.n_mapped +
		       l.n_event_handles + l.n_bound ==
	       0;
}

void
fake_domain_destroy(uint32_t domid, enum fake_store_fate fate)
{
	char path[64];

	pthread_mutex_lock(&fake_lock);
	fake_events_domain_dies(domid);
	fake_grants_domain_dies(domid);
	fake_store_domain_dies(domid);
	fake_changed();
	pthread_mutex_unlock(&fake_lock);
	if (fate == FAKE_STORE_REMOVED) {
		snprintf(path, sizeof(path), "/local/domain/%u", domid);
		fake_store_remove(path);
	}
	pthread_mutex_lock(&fake_lock);
	fake_store_fire_special("@releaseDomain");
	pthread_mutex_unlock(&fake_lock);
}
