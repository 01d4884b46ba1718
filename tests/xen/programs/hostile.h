/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frontend that breaks rules, made of libvpefront's parts: it connects as the library does and
 * then writes to the rings and to the store what it likes. The peer is another vif of the same
 * guest that keeps all rules.
 */
#ifndef VPE_TESTS_HOSTILE_H
#define VPE_TESTS_HOSTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "fe_dev.h"
#include "packet.h"

#define BUFFERS 256u
#define FRAME_SIZE 60u
#define PATIENCE_MS 10000u

struct play {
	struct vpe_fe *fe;  /* the vif that breaks rules */
	struct fe_queue *q; /* its queue */
	struct vpe_fe *peer;
	struct vpe_fe_buf *buf; /* holds a frame from `fe` to `peer`, of any length */
	bool failed;
	char why[200];
};

/* What must be true of the vif after a case. */
enum outcome {
	SERVED,   /* it works as before */
	OFF,      /* it is switched off: state 4, carrier 0 */
	EITHER,   /* one of both */
	REOPENED, /* it works after it was closed and opened again */
};

struct hostile_case {
	unsigned number; /* in tests/hostile-cases */
	const char *name;
	enum outcome outcome;
	void (*play)(struct play *p);
};

extern const struct hostile_case hostile_tx[], hostile_more[]; /* end with a NULL name */

/* Notes what is wrong, unless `ok` or something was wrong before. Returns `ok`. */
bool check(struct play *p, bool ok, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Whether the backend has switched the vif off. */
bool is_off(const struct play *p);

/* ---- the tx ring ----------------------------------------------------------------------------- */

/* A slot over the frame; `id` is any number. */
netif_tx_request_t slot_of(const struct play *p, uint16_t size, uint16_t flags);
void put_slot(struct play *p, const netif_tx_request_t *slot);
void put_extra(struct play *p, uint8_t type, uint8_t flags, uint16_t gso_size, uint8_t gso_type);
/* `n` slots, the first with total `size`, the later ones of `later` bytes. */
void put_chain(struct play *p, unsigned n, uint16_t size, uint16_t later);
void publish(struct play *p);
void set_req_prod(struct play *p, uint32_t req_prod);

/* Waits for `n` responses and takes them. Whether they came. */
struct answers {
	unsigned n_okay, n_error, n_null, n_other;
};
bool take_answers(struct play *p, unsigned n, struct answers *a);
/* Publishes, and expects just these. */
void expect_answers(struct play *p, unsigned n_okay, unsigned n_error, unsigned n_null);

/* Takes what answers there are, whatever they are, and goes on from there. */
void forget_answers(struct play *p);

/* An ordinary frame goes out and arrives at the peer. */
void expect_served(struct play *p);

/* The peer sends `n` frames of `len` bytes to the vif; both take what comes. */
void shower(struct play *p, unsigned n, uint16_t len);

#endif
