/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An in-process hypervisor behind xen/ops.h: a store, grant tables and event channels.
 *
 * Theory of operation: the code under test gets the three tables of fake_xen() and believes it runs
 * in domain fake_self(). A test plays every other domain, with the functions below or with
 * fakes/guest.h, from any thread. Whatever the code under test does that a real Xen would punish
 * later (a copy that gntdev refuses with EINVAL, a handle used by two threads at once) is counted
 * as a violation with the text of the first one.
 *
 * Threads: one lock guards all state; functions may be called from any thread. Wherever a result
 * depends on time, wait for it with fake_wait(), which returns on every change of the store and
 * every event to a guest.
 */
#ifndef VPE_FAKES_FAKE_XEN_H
#define VPE_FAKES_FAKE_XEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xen/ops.h"

#define FAKE_PAGE_SIZE 4096u

/* ---- the whole ------------------------------------------------------------------------------- */

const struct xen_ops *fake_xen(void);

/*
 * Forgets everything: domains, store, injected errors, violations. `self` is the domain of the code
 * under test, 0 for dom0. No store of fake_xen() may be open, no page mapped, no port bound, and no
 * guest may exist.
 */
void fake_reset(uint32_t self);

uint32_t fake_self(void);

/* Grows with every change of the store and every event to a guest. */
uint64_t fake_seq(void);

/* Waits until fake_seq() is not `seq` any more, or until CLOCK_MONOTONIC `deadline_ms`. */
void fake_wait(uint64_t seq, uint64_t deadline_ms);

/* CLOCK_MONOTONIC in milliseconds. */
uint64_t fake_now_ms(void);

struct fake_leaks {
	unsigned n_store_handles, n_watches, n_transactions;
	unsigned n_grant_handles, n_mapped;
	unsigned n_event_handles, n_bound;
};

/* What fake_xen()'s user holds open now. */
void fake_leaks(struct fake_leaks *leaks);

/* Whether it holds nothing; if it does, says what in `why`. */
bool fake_leak_free(char *why, size_t why_size);

/*
 * How often the code under test broke a rule of ops.h or of Xen's drivers; `first` (may be NULL)
 * gets the first one's text.
 */
unsigned fake_violations(char *first, size_t first_size);

/* From now on, whatever is reset, a violation ends the process with its text on stderr. */
void fake_abort_on_violation(void);

/*
 * The domain dies: its ports close, grants to it and by it fail, mapped pages stay until they are
 * unmapped, its store directories go if `with_store` is FAKE_STORE_REMOVED, and @releaseDomain
 * fires.
 */
enum fake_store_fate {
	FAKE_STORE_KEPT,
	FAKE_STORE_REMOVED,
};
void fake_domain_destroy(uint32_t domid, enum fake_store_fate fate);

/*
 * Pages of the domain that the code under test still has mapped: what keeps a dead domain a zombie.
 */
unsigned fake_domain_mapped(uint32_t domid);

/* ---- the store ------------------------------------------------------------------------------- */

/*
 * A connection of domain `domid` for a test's own use: works with fake_xen()->store, checks
 * permissions as domain `domid` and is not counted as a leak. Close it with
 * fake_xen()->store->close().
 */
struct store *fake_store_connect(uint32_t domid);

/*
 * Shorthands that act as dom0, outside transactions. Paths are absolute. All but the reads return 0
 * or -errno.
 */
int fake_store_write(const char *path, const char *value);
int fake_store_printf(const char *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int fake_store_write_bytes(const char *path, const void *value, unsigned len);
int fake_store_remove(const char *path);
bool fake_store_exists(const char *path);
/* The value of `path` in `value` (always terminated), "" if there is none. Returns `value`. */
const char *fake_store_get(const char *path, char *value, size_t value_size);
/* The value as a number, `none` if the node is missing or is no number. */
long fake_store_number(const char *path, long none);
/* Waits for `value` (NULL: for the node to vanish). Whether it came before the deadline. */
bool fake_store_await(const char *path, const char *value, uint64_t deadline_ms);

/*
 * Who may use a node, as in xs_set_permissions(): the owner all, `n_others` domains as listed, the
 * rest nothing.
 */
struct fake_perms {
	uint32_t owner;
	unsigned n_others;
	struct {
		uint32_t domid;
		char access; /* 'n', 'r', 'w' or 'b' */
	} others[3];
};
/* Nodes that are made later below `path` start with the same. */
int fake_store_set_perms(const char *path, const struct fake_perms *perms);
/* The same in a transaction of a test's own connection. */
int fake_store_set_perms_in(struct store *store, uint32_t tx, const char *path,
			    const struct fake_perms *perms);

enum fake_store_op {
	FAKE_STORE_READ,
	FAKE_STORE_WRITE,
	FAKE_STORE_REMOVE,
	FAKE_STORE_LIST,
	FAKE_STORE_BEGIN,
	FAKE_STORE_COMMIT,
	FAKE_STORE_WATCH,
	FAKE_STORE_LIVES,
	FAKE_STORE_N_OPS,
};
/*
 * After `skip` more calls of `op` by the code under test, the next `n` fail with `error` (a
 * positive errno; FAKE_STORE_NO_ERRNO: a failure that leaves errno at 0, of what sets errno).
 */
#define FAKE_STORE_NO_ERRNO (-1)
void fake_store_fail(enum fake_store_op op, unsigned skip, unsigned n, int error);
/* Calls of `op` by the code under test so far. */
uint64_t fake_store_calls(enum fake_store_op op);
/*
 * After `skip` more transactions of the code under test, `fn` is called once as the next one is
 * about to begin: on its thread, without the fake's lock. For what somebody else does in the
 * meantime.
 */
void fake_store_on_begin(unsigned skip, void (*fn)(void *arg), void *arg);
/*
 * xenstored goes away: every later call on connections of the code under test fails, next_event()
 * is negative; none can be opened.
 */
void fake_store_hang_up(void);
/* It is there again, with all that was in it. Old connections stay dead. */
void fake_store_come_back(void);

/* ---- grants ---------------------------------------------------------------------------------- */

/* A page of `domid` with an inaccessible page on either side. NULL if memory is short. Zeroed. */
void *fake_page_alloc(uint32_t domid);
/* Ends its grants. If the code under test has it mapped, that mapping stays. NULL is allowed. */
void fake_page_free(void *page);

enum fake_grant_access {
	FAKE_GRANT_READ_WRITE,
	FAKE_GRANT_READ_ONLY,
};
#define FAKE_GRANT_REF_FIRST 8u /* grant_table.h: the first ones are reserved */
#define FAKE_GRANT_REF_NONE UINT32_MAX

/*
 * Grants `page` (of fake_page_alloc()) to `to`. Returns the reference; FAKE_GRANT_REF_NONE if the
 * table is full.
 */
uint32_t fake_grant(void *page, uint32_t to, enum fake_grant_access access);
/* Version 2: only `len` bytes from `offset`, and only for copies. */
uint32_t fake_grant_sub_page(void *page, uint32_t to, uint16_t offset, uint16_t len);
/*
 * Takes the grant back. False: it is mapped now and stays (gnttab_end_foreign_access would have to
 * wait).
 */
bool fake_grant_end(uint32_t domid, uint32_t ref);

/*
 * From now on each reference of the page's owner that is not granted, up to `last`, stands for
 * `page`, as if it were granted to `to`: for guests whose references are arbitrary.
 */
void fake_grant_others(void *page, uint32_t to, uint32_t last);

/*
 * After `skip` more copy operations the next `n` end with `status` (GNTST_*, negative) without
 * copying.
 */
void fake_copy_fail(unsigned skip, unsigned n, int16_t status);
/*
 * After `skip` more calls of copy() the next `n` return -`error`, having done the first `n_done`
 * operations.
 */
void fake_copy_fail_call(unsigned skip, unsigned n, unsigned n_done, int error);
/*
 * Calls `hook` for each operation as the caller made it, number `i` of its call, under the fake's
 * lock, on the caller's thread. An operation for which it does not return GRANT_STATUS_OKAY ends
 * with that status without copying. NULL: no hook.
 */
typedef int16_t fake_copy_hook(const struct grant_copy *copy, unsigned i);
void fake_copy_set_hook(fake_copy_hook *hook);
/* After `skip` more calls of map() the next `n` fail with `error`. */
void fake_map_fail(unsigned skip, unsigned n, int error);
/* Each call of copy() takes at least this long, without the lock. */
void fake_copy_set_delay_us(unsigned delay_us);
/* Operations and calls so far. */
void fake_copy_counts(uint64_t *n_ops, uint64_t *n_calls);

/* ---- events ---------------------------------------------------------------------------------- */

/* A new port of `domid` that domain `remote` may bind to. */
uint32_t fake_port_alloc(uint32_t domid, uint32_t remote);
/* Closes it. A backend that was bound to it sends into the void from now on. */
void fake_port_close(uint32_t domid, uint32_t port);
/* EVTCHNOP_reset: closes all ports of the domain. */
void fake_port_reset(uint32_t domid);
/* EVTCHNOP_send by `domid`. Whether somebody is bound at the other end. */
bool fake_port_send(uint32_t domid, uint32_t port);
/* Events that came in on the port so far. */
uint64_t fake_port_received(uint32_t domid, uint32_t port);
bool fake_port_bound(uint32_t domid, uint32_t port);
/* Calls `hook` for each event that comes in, under the fake's lock, on the sender's thread. */
void fake_port_set_hook(uint32_t domid, uint32_t port, void (*hook)(void *arg), void *arg);

/*
 * The next `n` ports that are unmasked fire again at once: guests that do nothing but send events.
 */
void fake_ports_refire(unsigned n);

/* After `skip` more calls of notify() by the code under test the next `n` return -`error`. */
void fake_notify_fail(unsigned skip, unsigned n, int error);
/*
 * Events sent by guests that a backend's port was bound to, how many of them fired, and calls of
 * unmask().
 */
void fake_event_counts(uint64_t *n_sent, uint64_t *n_fired, uint64_t *n_unmasked);

#endif
