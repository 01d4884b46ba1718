/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring cursors: hostile indices, the notify decisions of ring.h, index wrap. */
#include "proto/ring.h"

#include "unit.h"

static uint8_t page[NETIF_PAGE_SIZE] __attribute__((aligned(4096)));
static struct ring_shared *const shared = (struct ring_shared *)page;
static struct ring ring;

static void
start(uint32_t index)
{
	memset(page, 0xa5, sizeof(page));
	shared->req_prod = index;
	shared->rsp_prod = index;
	REQUIRE_EQ(ring_attach(&ring, page, sizeof(netif_tx_request_t)), RING_ATTACHED);
}

/* ring.h RING_PUSH_REQUESTS_AND_CHECK_NOTIFY as the guest computes it. */
static bool
guest_pushes(uint32_t n)
{
	uint32_t old = shared->req_prod;
	uint32_t new = old + n;

	shared->req_prod = new;
	return (uint32_t)(new - shared->req_event) < (uint32_t)(new - old);
}

static void
put_responses(unsigned n)
{
	netif_tx_response_t rsp = { .id = 1, .status = 0 };

	for (unsigned i = 0; i < n; i++)
		ring_put_response(&ring, &rsp, sizeof(rsp));
}

static bool
publish(void)
{
	ring_publish_responses(&ring);
	return ring_check_notify(&ring);
}

static void
attach_implausible(void)
{
	static const uint32_t bad[] = { 257, 0x80000000u, 0xffffffffu };

	for (unsigned i = 0; i < 3; i++) {
		shared->rsp_prod = 100;
		shared->req_prod = 100 + bad[i];
		CHECK_EQ(ring_attach(&ring, page, 12), RING_IMPLAUSIBLE);
	}
	shared->req_prod = 100 + 256;
	CHECK_EQ(ring_attach(&ring, page, 12), RING_ATTACHED);
	CHECK_EQ(ring_pending(&ring), 256);
}

static void
pending_overflow(void)
{
	start(0);
	shared->req_prod = 257;
	CHECK_GT(ring_pending(&ring), NETIF_RING_SIZE);
	shared->req_prod = (uint32_t)-1;
	CHECK_GT(ring_pending(&ring), NETIF_RING_SIZE);
	shared->req_prod = 0x80000000u;
	CHECK_GT(ring_pending(&ring), NETIF_RING_SIZE);
}

/*
 * Only the bytes of the response are written: nothing of ours leaks into the rest of the slot
 * (XSA-216).
 */
static void
put_response_partial(void)
{
	start(0);
	put_responses(1);
	CHECK_EQ(page[64], 1);
	for (unsigned i = sizeof(netif_tx_response_t); i < 12; i++)
		CHECK_EQ(page[64 + i], 0xa5);
}

static void
publish_notify(void)
{
	for (uint32_t at = 0xfffffff8u; at != 8; at++) {
		start(at);
		shared->rsp_event = at + 3;
		put_responses(2);
		CHECK_FALSE(publish());
		CHECK_EQ(shared->rsp_prod, at + 2);
		put_responses(1);
		CHECK(publish());
		put_responses(1);
		CHECK_FALSE(publish());
	}
}

/*
 * Checked later: a guest that took the responses meanwhile, and moved rsp_event on, is left alone.
 */
static void
check_notify_late(void)
{
	for (uint32_t at = 0xfffffff8u; at != 8; at++) {
		start(at);
		shared->rsp_event = at + 1;
		put_responses(1);
		ring_publish_responses(&ring);
		put_responses(1);
		ring_publish_responses(&ring);
		CHECK(ring_is_unchecked(&ring));
		shared->rsp_event = at + 3;
		CHECK_FALSE(ring_check_notify(&ring));
		CHECK_FALSE(ring_is_unchecked(&ring));
		put_responses(1);
		ring_publish_responses(&ring);
		CHECK(ring_check_notify(&ring));
		CHECK_FALSE(ring_check_notify(&ring));
	}
}

/* Nothing new is published: never a notification, whatever the guest wrote into the page. */
static void
publish_nothing(void)
{
	start(5);
	for (uint32_t event = 0; event < 20; event++) {
		shared->rsp_event = event;
		shared->rsp_prod = event * 7;
		CHECK_FALSE(publish());
		CHECK_EQ(shared->rsp_prod, 5);
	}
}

/*
 * While we poll, no push of the guest asks it for a notification, over a full turn of the ring and
 * the index wrap.
 */
static void
disarm_silent(void)
{
	start(0xffffff00u);
	ring_disarm(&ring);
	for (unsigned i = 0; i < 1000; i++) {
		CHECK_FALSE(guest_pushes(1 + i % 3));
		ring.req_cons = shared->req_prod;
	}
}

static void
arm_notifies(void)
{
	start(0xfffffffeu);
	ring_disarm(&ring);
	CHECK(ring_arm(&ring, 1));
	CHECK(guest_pushes(1));
	CHECK_FALSE(ring_arm(&ring, 1)); /* there is work now */
	ring_disarm(&ring);
	CHECK_FALSE(guest_pushes(1));

	start(0);
	CHECK(ring_arm(&ring, 3));
	CHECK_FALSE(guest_pushes(2));
	CHECK(guest_pushes(1));
	CHECK_FALSE(ring_arm(&ring, 3));
}

void test_ring(CU_pSuite suite);
void
test_ring(CU_pSuite suite)
{
	UNIT_ADD(suite, attach_implausible);
	UNIT_ADD(suite, pending_overflow);
	UNIT_ADD(suite, put_response_partial);
	UNIT_ADD(suite, publish_notify);
	UNIT_ADD(suite, check_notify_late);
	UNIT_ADD(suite, publish_nothing);
	UNIT_ADD(suite, disarm_silent);
	UNIT_ADD(suite, arm_notifies);
}
