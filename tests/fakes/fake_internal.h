/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the fake hypervisor share. Not for tests. */
#ifndef VPE_FAKES_FAKE_INTERNAL_H
#define VPE_FAKES_FAKE_INTERNAL_H

#include <pthread.h>

#include "fakes/fake_xen.h"
#include "fakes/fake_tree.h"

/* guards everything; no call back into vpe is made under it but port hooks */
extern pthread_mutex_t fake_lock;

/* Something happened that a fake_wait() may wait for. Lock held. */
void fake_changed(void);

/* The code under test broke a rule. Lock held. */
void fake_violate(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Notes that a handle's user is inside a call; two at once are a violation. Lock not needed. */
struct fake_busy {
	int n_users; /* atomic */
};
void fake_busy_enter(struct fake_busy *busy, const char *what);
void fake_busy_leave(struct fake_busy *busy);

/* One shot or a run of injected errors. Lock held. */
struct fake_fault {
	unsigned skip;
	unsigned n;
	int value;
};
/* Counts one call; the value if it is to fail, else 0. */
int fake_fault_take(struct fake_fault *fault);

/* An eventfd that is readable while `readable`. */
void fake_fd_set(int fd, bool readable);

extern const struct store_ops fake_store_ops;
extern const struct grants_ops fake_grants_ops;
extern const struct events_ops fake_events_ops;

/* The parts' share of fake_reset(), fake_leaks() and fake_domain_destroy(). Lock held. */
void fake_store_reset(void);
void fake_grants_reset(void);
void fake_events_reset(void);
void fake_store_leaks(struct fake_leaks *leaks);
void fake_grants_leaks(struct fake_leaks *leaks);
void fake_events_leaks(struct fake_leaks *leaks);
void fake_store_fire_special(const char *name);
void fake_store_domain_dies(uint32_t domid);
void fake_grants_domain_dies(uint32_t domid);
void fake_events_domain_dies(uint32_t domid);

#endif
