/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tx ring that tests fill slot by slot, and what slots_parse() says of it. For one test file
 * each: all is static.
 */
#ifndef VPE_TESTS_SLOT_RING_H
#define VPE_TESTS_SLOT_RING_H

#include "dp/vif/slots.h"
#include "unit.h"

static uint8_t page[NETIF_PAGE_SIZE] __attribute__((aligned(4096)));
static struct ring ring;
static uint32_t prod;
static struct gpkt pkt;
static struct slot_rsp rsp[NETIF_RING_SIZE];
static const char *why;

/* An empty ring whose indices start at `start`. */
static inline void
ring_start(uint32_t start)
{
	memset(page, 0xa5, sizeof(page));
	struct ring_shared *shared = (void *)page;
	shared->req_prod = start;
	shared->rsp_prod = start;
	REQUIRE_EQ(ring_attach(&ring, page, sizeof(netif_tx_request_t)), RING_ATTACHED);
	prod = start;
	memset(rsp, 0x5a, sizeof(rsp));
}

static inline void *
slot_at(uint32_t idx)
{
	return page + 64 + (size_t)(idx % NETIF_RING_SIZE) * sizeof(netif_tx_request_t);
}

static inline void
put(uint32_t gref, uint16_t offset, uint16_t flags, uint16_t size)
{
	netif_tx_request_t slot = { .gref = gref,
				    .offset = offset,
				    .flags = flags,
				    .id = (uint16_t)(prod + 1000),
				    .size = size };

	memcpy(slot_at(prod++), &slot, sizeof(slot));
}

static inline void
put_extra(uint8_t type, uint8_t flags, uint16_t gso_size, uint8_t gso_type)
{
	netif_extra_info_t extra = { .type = type, .flags = flags };

	extra.u.gso.size = gso_size;
	extra.u.gso.type = gso_type;
	memcpy(slot_at(prod++), &extra, sizeof(extra));
}

static inline enum slots_result
parse(void)
{
	why = NULL;
	return slots_parse(&ring, ring.req_cons, prod, &pkt, rsp, &why);
}

static inline unsigned
count_status(int16_t status)
{
	unsigned n = 0;

	for (unsigned i = 0; i < pkt.n_ring; i++)
		n += rsp[i].status == status;
	return n;
}

/* A packet of `n` slots, the ones after the first of `size` bytes each. */
static inline void
put_chain(unsigned n, uint16_t total, uint16_t size)
{
	for (unsigned i = 0; i < n; i++)
		put(i + 1, 0, i + 1 < n ? NETTXF_more_data : 0, i == 0 ? total : size);
}

#endif
