/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backend cursors over a ring page that a hostile guest may write to at any time.
 *
 * The private indices are here, outside the shared page. Nothing that the guest writes is trusted
 * before it is checked. A slot is copied out once and never read again in place (XSA-155).
 * Threads: one owner at a time.
 * Source: ring.h, "Macros for manipulating rings".
 */
#ifndef VPE_PROTO_RING_H
#define VPE_PROTO_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cache.h"
#include "proto/netif.h"

/* ring.h: the header of every sring. */
struct ring_shared {
	uint32_t req_prod;  /* written by the guest */
	uint32_t req_event; /* written by us: the guest notifies us when req_prod passes it */
	uint32_t rsp_prod;  /* written by us */
	uint32_t rsp_event; /* written by the guest: we notify it when rsp_prod reaches it */
	uint8_t pad[48];
	uint8_t slots[];
};

static_assert(offsetof(struct ring_shared, slots) == offsetof(netif_tx_sring_t, ring),
	      "ring.h: slots");
static_assert(offsetof(struct ring_shared, rsp_event) == offsetof(netif_tx_sring_t, rsp_event),
	      "ring.h: events");

struct ring {
	struct ring_shared *shared;
	uint32_t slot_size;     /* size in bytes of the request/response union */
	uint32_t mask;          /* number of slots - 1 */
	uint32_t req_cons;      /* requests consumed */
	uint32_t rsp_prod;      /* responses written */
	uint32_t rsp_published; /* responses visible to the guest */
	uint32_t rsp_checked;   /* responses for which ring_check_notify() was called */
};

/*
 * Number of slots of a one-page ring: the largest power of two that fits. Source: ring.h
 * __CONST_RING_SIZE.
 */
static inline uint32_t
ring_slots(uint32_t slot_size)
{
	uint32_t n = 1;

	while (2 * n * slot_size <= NETIF_PAGE_SIZE - offsetof(struct ring_shared, slots))
		n *= 2;
	return n;
}

static inline uint32_t
ring_size(const struct ring *r)
{
	return r->mask + 1;
}

enum ring_attach {
	RING_ATTACHED,
	RING_IMPLAUSIBLE, /* more requests outstanding than the ring has slots */
};

/*
 * Attaches to a mapped ring page where its last backend stopped: both cursors start at rsp_prod,
 * which is 0 in a fresh ring. Source: ring.h BACK_RING_ATTACH.
 */
static inline enum ring_attach
ring_attach(struct ring *r, void *page, uint32_t slot_size)
{
	r->shared = page;
	r->slot_size = slot_size;
	r->mask = ring_slots(slot_size) - 1;
	r->rsp_prod = __atomic_load_n(&r->shared->rsp_prod, __ATOMIC_RELAXED);
	r->req_cons = r->rsp_prod;
	r->rsp_published = r->rsp_prod;
	r->rsp_checked = r->rsp_prod;
	uint32_t req_prod = __atomic_load_n(&r->shared->req_prod, __ATOMIC_RELAXED);
	return req_prod - r->rsp_prod > ring_size(r) ? RING_IMPLAUSIBLE : RING_ATTACHED;
}

static inline uint8_t *
ring_slot(const struct ring *r, uint32_t idx)
{
	return r->shared->slots + (size_t)(idx & r->mask) * r->slot_size;
}

/*
 * Prefetches the cache line of the next request while polling. It then comes from the guest's CPU
 * in parallel with the line of req_prod instead of after it.
 */
static inline void
ring_fetch_request(const struct ring *r)
{
	cache_fetch(ring_slot(r, r->req_cons));
}

/*
 * Number of waiting requests, or a number above ring_size() if the guest's index is impossible.
 * Acquire: pairs with the guest's write barrier before it advances req_prod, so the slots are
 * complete.
 */
static inline uint32_t
ring_pending(const struct ring *r)
{
	return __atomic_load_n(&r->shared->req_prod, __ATOMIC_ACQUIRE) - r->req_cons;
}

/*
 * Copies request `idx` (any index; it wraps) to `out`, reading each byte of the shared page once.
 */
static inline void
ring_copy_request(const struct ring *r, uint32_t idx, void *out)
{
	const volatile uint32_t *slot = (const volatile void *)ring_slot(r, idx);

	for (uint32_t i = 0; i < r->slot_size / sizeof(uint32_t); i++) {
		uint32_t word = slot[i];
		memcpy((char *)out + i * sizeof(word), &word, sizeof(word));
	}
}

/* Writes the first `size` bytes of the next response. The rest of the slot is unchanged. */
static inline void
ring_put_response(struct ring *r, const void *rsp, size_t size)
{
	memcpy(ring_slot(r, r->rsp_prod), rsp, size);
	r->rsp_prod++;
}

/*
 * Publishes all written responses. Release: pairs with the guest's read barrier after it reads
 * rsp_prod.
 */
static inline void
ring_publish_responses(struct ring *r)
{
	r->rsp_published = r->rsp_prod;
	__atomic_store_n(&r->shared->rsp_prod, r->rsp_prod, __ATOMIC_RELEASE);
}

/*
 * Whether the guest wants a notification of responses published since the last call. It does not if
 * it has taken them meanwhile, which advances rsp_event. The call may be delayed after publishing,
 * but must not be omitted. The full fence orders our store of rsp_prod before the load of
 * rsp_event. It pairs with the guest's fence between its store of rsp_event and its final check.
 * Source: ring.h RING_PUSH_RESPONSES_AND_CHECK_NOTIFY.
 */
static inline bool
ring_check_notify(struct ring *r)
{
	uint32_t old = r->rsp_checked;

	r->rsp_checked = r->rsp_published;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	uint32_t event = __atomic_load_n(&r->shared->rsp_event, __ATOMIC_RELAXED);
	return (uint32_t)(r->rsp_published - event) < (uint32_t)(r->rsp_published - old);
}

/*
 * The last backend of the ring may have been killed before it notified the guest: the next
 * ring_check_notify() asks about all responses that the ring can hold.
 */
static inline void
ring_doubt(struct ring *r)
{
	r->rsp_checked = r->rsp_published - ring_size(r);
}

/* Whether there are published responses that ring_check_notify() has not seen. */
static inline bool
ring_is_unchecked(const struct ring *r)
{
	return r->rsp_checked != r->rsp_published;
}

/*
 * Asks the guest to notify us once `n_ahead` requests are waiting (1: the next one), then checks
 * again. Returns true if fewer are waiting now, so it is safe to sleep. Source: ring.h
 * RING_FINAL_CHECK_FOR_REQUESTS.
 */
static inline bool
ring_arm(struct ring *r, uint32_t n_ahead)
{
	__atomic_store_n(&r->shared->req_event, r->req_cons + n_ahead, __ATOMIC_RELAXED);
	/* pairs with the guest's fence before it reads req_event */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return ring_pending(r) < n_ahead;
}

/*
 * Sets req_event where the guest's producer will not pass it, so that it does not notify us while
 * we poll. The test in ring.h is (new - event) < (new - old), which an event just behind the
 * consumer never satisfies.
 */
static inline void
ring_disarm(struct ring *r)
{
	__atomic_store_n(&r->shared->req_event, r->req_cons - 1, __ATOMIC_RELAXED);
}

#endif
