/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path of a vif on the fake hypervisor, for tests of what becomes of a guest when its
 * backend is killed and the next one takes its rings over. Threads: one.
 */
#ifndef VPE_TESTS_BACKEND_H
#define VPE_TESTS_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "dp/vif/port_vif.h"
#include "fakes/guest.h"

#define BACKEND_DOMID 5u /* the guest */
#define BACKEND_MARKS (4096 / sizeof(struct foreign_grant))

/* What outlives a backend: the guest, which the test creates, and the journal. */
extern struct guest *backend_guest;
extern struct vif_journal backend_journal;
extern struct foreign_grant backend_marks[BACKEND_MARKS]; /* the guest's grant table */

struct backend {
	struct grants *grants;
	struct events *events;
	struct grants *copies;
	struct port *port;
};

/* Makes and frees what all backends use. */
void backend_open_worker(void);
void backend_close_worker(void);

/*
 * Connects to the guest; `in_use`: after another backend, which the journal is of. Whether that
 * worked; call backend_bury() also if not.
 */
bool backend_start(struct backend *b, bool in_use, uint16_t headroom);

/* What the kernel takes from a dead process. */
void backend_bury(struct backend *b);

/* Destroys the port and closes all. */
void backend_end(struct backend *b);

/* Takes a burst of frames from the guest, and frees them. Returns their number. */
unsigned backend_take(struct backend *b);

/*
 * Makes `n` frames for the guest; the last byte of each is its number. Every second one is large.
 * They are made beforehand, so that backend_give() is nothing but the data path.
 */
void backend_make_frames(unsigned first_number, unsigned n);
void backend_give(struct backend *b, unsigned n);

#endif
