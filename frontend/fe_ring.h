/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frontend cursors over a ring page that a hostile backend may write at any time. Private to
 * frontend.
 *
 * Indices are kept outside of the page; a response is copied out once, and only the copy is used.
 * Threads: one owner at a time. Source: ring.h, "Macros for manipulating rings"; the peer's side is
 * proto/ring.h.
 */
#ifndef VPE_FRONTEND_FE_RING_H
#define VPE_FRONTEND_FE_RING_H

#include "proto/ring.h"

struct fe_ring {
	struct ring_shared *shared;
	uint32_t slot_size;
	uint32_t mask;          /* number of slots - 1 */
	uint32_t req_prod;      /* requests written */
	uint32_t req_published; /* requests visible to the backend */
	uint32_t rsp_cons;      /* responses taken */
};

/*
 * Initialises a ring in a zeroed page. rsp_event stays behind the producer, so no events arrive
 * while polling.
 */
static inline void
fe_ring_init(struct fe_ring *r, void *page, uint32_t slot_size)
{
	*r = (struct fe_ring){ .shared = page,
			       .slot_size = slot_size,
			       .mask = ring_slots(slot_size) - 1 };
	r->shared->req_event = 1;
}

static inline uint32_t
fe_ring_room(const struct fe_ring *r)
{
	return r->mask + 1 - (r->req_prod - r->rsp_cons);
}

/*
 * Returns the number of pending responses; more than are outstanding if the backend's index is
 * impossible. Acquire: pairs with the backend's release of rsp_prod.
 */
static inline uint32_t
fe_ring_pending(const struct fe_ring *r)
{
	return __atomic_load_n(&r->shared->rsp_prod, __ATOMIC_ACQUIRE) - r->rsp_cons;
}

static inline bool
fe_ring_is_possible(const struct fe_ring *r, uint32_t pending)
{
	return pending <= r->req_published - r->rsp_cons;
}

static inline void *
fe_ring_slot(const struct fe_ring *r, uint32_t idx)
{
	return r->shared->slots + (size_t)(idx & r->mask) * r->slot_size;
}

/*
 * Copies `size` bytes of response `idx`, reading each byte of the page once. `size` is a multiple
 * of 4.
 */
static inline void
fe_ring_copy_response(const struct fe_ring *r, uint32_t idx, void *out, size_t size)
{
	const volatile uint32_t *slot = fe_ring_slot(r, idx);

	for (size_t i = 0; i < size / sizeof(uint32_t); i++) {
		uint32_t word = slot[i];
		memcpy((char *)out + i * sizeof(word), &word, sizeof(word));
	}
}

static inline void
fe_ring_put_request(struct fe_ring *r, const void *req, size_t size)
{
	memcpy(fe_ring_slot(r, r->req_prod++), req, size);
}

/*
 * Makes all requests visible to the backend. Returns whether it wants a notification. The full
 * fence orders the store of req_prod before the load of req_event; it pairs with the backend's
 * fence before its final check. Source: ring.h RING_PUSH_REQUESTS_AND_CHECK_NOTIFY.
 */
static inline bool
fe_ring_publish(struct fe_ring *r)
{
	uint32_t old = r->req_published;

	r->req_published = r->req_prod;
	__atomic_store_n(&r->shared->req_prod, r->req_prod, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	uint32_t event = __atomic_load_n(&r->shared->req_event, __ATOMIC_RELAXED);
	return (uint32_t)(r->req_prod - event) < (uint32_t)(r->req_prod - old);
}

/*
 * Asks for an event with the next response. Returns whether none is pending, so that waiting is
 * safe.
 */
static inline bool
fe_ring_arm(struct fe_ring *r)
{
	__atomic_store_n(&r->shared->rsp_event, r->rsp_cons + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return fe_ring_pending(r) == 0;
}

/* Sets rsp_event to a value that the backend's producer does not pass, so no event is sent. */
static inline void
fe_ring_disarm(struct fe_ring *r)
{
	__atomic_store_n(&r->shared->rsp_event, r->rsp_cons, __ATOMIC_RELAXED);
}

#endif
