/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole daemon on the fake hypervisor: data plane and control plane as main.c starts them, with
 * scripted guests around them.
 *
 * Theory of operation: a suite has one data plane (sim_dp_start()); each case has its own control
 * plane, which runs in a thread, and its own guests. sim_stop() ends the case and checks what must
 * hold after any case: the control plane ended well, nothing of Xen is held, no rule of ops.h was
 * broken, all packet buffers are back, and no honest guest saw a rule of netif.h broken.
 *
 * Threads: a case runs on CUnit's thread and owns the guests. Nothing sleeps: waits end with what
 * they wait for, or fail after GUEST_PATIENCE_MS.
 */
#ifndef VPE_SIM_SIM_H
#define VPE_SIM_SIM_H

#include <pthread.h>
#include <stdbool.h>

#include "check.h"
#include "ctl/ctl.h"
#include "dp/engine/dp.h"
#include "fakes/guest_store.h"

#define SIM_GUESTS 12u
#define SIM_SELF 1u /* the driver domain; dom0 is 0 */

/* ---- the data plane -------------------------------------------------------------------------- */

/* Starts it; a CUnit suite's init function returns this. 0 or not. */
int sim_dp_start(enum dp_poll_mode mode, unsigned n_pollers);
/* The same, but a guest may send only so many broadcasts a second. */
int sim_dp_start_calm(enum dp_poll_mode mode, unsigned n_pollers, unsigned broadcast_rate);
int sim_dp_stop(void);
struct dp *sim_dp(void);

/* ---- a case ---------------------------------------------------------------------------------- */

struct sim {
	struct ctl *ctl;
	pthread_t thread;
	int ret; /* of ctl_run() */
	enum hotplug_mode hotplug;
	struct guest *guest[SIM_GUESTS];
	unsigned n_guests;
};

struct sim_options {
	uint32_t self;
	enum hotplug_mode hotplug;
	const struct uplink_params *uplinks;
	unsigned n_uplinks;
	struct balance_params balance; /* zeroes: queues stay */
	const char *control_path;      /* NULL: no control socket */
};

/* A driver domain without uplinks whose hypervisor is fresh. */
void sim_start(struct sim *s);
/* `options` may be NULL. */
void sim_start_with(struct sim *s, const struct sim_options *options);
/* The control plane alone again, after sim_end(). */
void sim_restart(struct sim *s, const struct sim_options *options);
/* Stops and frees the control plane as main.c does. */
void sim_end(struct sim *s);
/* sim_end() if that was not done, then all checks. Frees the guests. */
void sim_stop(struct sim *s);

/* A failure with a text, that goes on. */
void sim_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Fails unless `ok`; returns it. */
bool sim_check(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

uint64_t sim_deadline(void);

/* ---- guests ---------------------------------------------------------------------------------- */

/* A domain with one vif in the store, not connected. Domids count from 5. Owned by `s`. */
struct guest *sim_add(struct sim *s);
/* The same with other rings and another vif; NULLs for the usual. params->domid is filled in. */
struct guest *sim_add_with(struct sim *s, const struct guest_params *params,
			   const struct toolstack_vif *vif);
struct guest_params sim_guest_params(void);

/* Connects it, with the toolstack's part. Whether that worked. */
bool sim_connect(struct sim *s, struct guest *g, unsigned features);
/* Connects all guests there are, at the same time, with all that stock Linux offers. */
bool sim_connect_all(struct sim *s);
/* Adds and connects one, as stock Linux does. */
struct guest *sim_join(struct sim *s);

/* ---- what the daemon is to say of a vif ------------------------------------------------------ */

/* The vif is switched off for good: carrier 0, still 4, and an error that contains `text`. */
bool sim_expect_fault(const struct guest *g, const char *text);
/* The frontend was refused: state 5 and an error. */
bool sim_expect_refused(const struct guest *g);
/* Its port, or NULL. Counters of it may be read. */
const struct port *sim_port(const struct guest *g);
/* Its drop counters that are not 0, as text. Returns `text`. */
const char *sim_drops(const struct guest *g, char *text, size_t text_size);

#endif
