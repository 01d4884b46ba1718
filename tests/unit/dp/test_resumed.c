/* SPDX-License-Identifier: BSD-3-Clause */
/* The next backend finds rings and a journal that are not what the last one left. */
#include <stdlib.h>

#include "unit.h"
#include "vif_backend.h"

static struct backend backend;

static void
spoil(void *at, size_t size)
{
	for (unsigned i = 0; i < 200; i++)
		((uint8_t *)at)[(unsigned)rand() % size] = (uint8_t)rand();
}

static void
spoil_ring(void *page)
{
	struct ring_shared *shared = page;

	spoil(shared->slots, FAKE_PAGE_SIZE - sizeof(*shared));
	shared->rsp_prod = (uint32_t)rand() % 600 - 300;
	shared->req_prod = shared->rsp_prod + (uint32_t)rand() % 280;
}

/*
 * The backend_journal is damaged as well: whatever is in it, nothing outside the guest's rings is
 * used.
 */
static void
resumed_from_spoiled_rings(void)
{
	const struct guest_params params = { .domid = BACKEND_DOMID, .n_rx_slots = 64 };
	char why[256] = "";

	backend_open_worker();
	srand(14);
	for (unsigned i = 0; i < 1000; i++) {
		fake_reset(0);
		backend_guest = guest_create(&params);
		REQUIRE_NOT_NULL(backend_guest);
		spoil_ring(backend_guest->tx_page);
		spoil_ring(backend_guest->rx_page);
		spoil(&backend_journal, sizeof(backend_journal));
		backend_journal.is_valid = i % 4 > 0;
		backend_journal.rx_copied =
			backend_guest->rx.sring->rsp_prod + (uint32_t)rand() % 300;
		backend_journal.answering =
			(uint64_t)backend_guest->tx.sring->rsp_prod << 32 | (unsigned)rand() % 300;
		if (backend_start(&backend, true, 0)) {
			backend_make_frames(1, 4);
			backend_give(&backend, 4);
			backend_take(&backend);
			backend_take(&backend);
			backend.port->ops->destroy(backend.port);
		}
		backend_bury(&backend);
		guest_destroy(backend_guest);
		CHECK_EQ(fake_violations(why, sizeof(why)), 0);
	}
	CHECK_STR(why, "");
	backend_close_worker();
}

/*
 * A guest that stopped its queue until responses come is notified before the port goes: the next
 * backend may be xen-netback, which does not doubt that.
 */
static void
left_after_notification(void)
{
	const struct guest_params params = { .domid = BACKEND_DOMID, .n_rx_slots = 64 };
	uint8_t data[100] = { 0 };

	backend_open_worker();
	fake_reset(0);
	backend_guest = guest_create(&params);
	REQUIRE_NOT_NULL(backend_guest);
	REQUIRE(backend_start(&backend, false, 0));
	CHECK_EQ(guest_send_frame(backend_guest, data, sizeof(data)), 0);
	guest_arm(backend_guest);
	CHECK_EQ(backend_take(&backend), 1);
	CHECK_EQ(guest_events(backend_guest).n_received, 0); /* due later */
	CHECK_EQ(backend_guest->tx.sring->rsp_prod, 1);
	backend_end(&backend);
	CHECK_EQ(guest_events(backend_guest).n_received, 1);
	guest_destroy(backend_guest);
	backend_close_worker();
}

void
test_resumed(CU_pSuite suite)
{
	UNIT_ADD(suite, left_after_notification);
	UNIT_ADD(suite, resumed_from_spoiled_rings);
}
