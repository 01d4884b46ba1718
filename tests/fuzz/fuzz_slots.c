/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dp/slots.c over any ring page. The input: the first index (4 bytes), the number of published slots less one (1),
 * then the slots from that index on.
 */
#include "dp/slots.h"

#include "fuzz/fuzz.h"

static uint8_t page[NETIF_PAGE_SIZE] __attribute__((aligned(NETIF_PAGE_SIZE)));
static struct ring ring;

static netif_tx_request_t
raw(uint32_t idx)
{
	netif_tx_request_t slot;

	memcpy(&slot, page + 64 + (idx % NETIF_RING_SIZE) * sizeof(slot), sizeof(slot));
	return slot;
}

/* Whatever is to be answered names the slot that it answers. */
static void
check_answers(uint32_t idx, enum slots_result result, const struct gpkt *pkt, const struct slot_rsp *rsp)
{
	int16_t status = result == SLOTS_DROP || result == SLOTS_SHORT ? NETIF_RSP_ERROR : NETIF_RSP_OKAY;
	unsigned n_null = 0;

	for (unsigned i = 0; i < pkt->n_ring; i++) {
		n_null += rsp[i].status == NETIF_RSP_NULL;
		if (rsp[i].status == NETIF_RSP_NULL)
			MUST(i >= 1 && i <= pkt->n_extra);
		else
			MUST(rsp[i].id == raw(idx + i).id && rsp[i].status == status);
	}
	MUST(n_null == pkt->n_extra);
}

/* A packet's slots are those of the ring, within their pages, and add up. */
static void
check_packet(uint32_t idx, const struct gpkt *pkt)
{
	uint32_t sum = 0;

	MUST(pkt->n_slots >= 1 && pkt->n_slots <= LIMIT_SLOTS_ACCEPTED && pkt->n_ring == pkt->n_slots + pkt->n_extra);
	MUST(pkt->size >= 14 && pkt->size == raw(idx).size && pkt->flags == raw(idx).flags);
	MUST(pkt->gso_type == XEN_NETIF_GSO_TYPE_NONE || (pkt->gso_type <= XEN_NETIF_GSO_TYPE_TCPV6 && pkt->gso_size > 0));
	for (unsigned i = 0; i < pkt->n_slots; i++) {
		netif_tx_request_t slot = raw(idx + slots_rsp_index(pkt, i));

		MUST(pkt->slot[i].gref == slot.gref && pkt->slot[i].offset == slot.offset);
		MUST(i == 0 || pkt->slot[i].size == slot.size);
		MUST((uint32_t)pkt->slot[i].offset + pkt->slot[i].size <= NETIF_PAGE_SIZE);
		sum += pkt->slot[i].size;
	}
	MUST(sum == pkt->size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct gpkt pkt;
	struct slot_rsp rsp[NETIF_RING_SIZE + 1];
	uint32_t idx = take(&in, 4), end = idx + take(&in, 1) + 1;
	const char *why = NULL;
	enum slots_result result = SLOTS_PACKET;

	memset(page, 0, sizeof(page));
	for (uint32_t i = idx; in.left > 0 && i != idx + NETIF_RING_SIZE; i++)
		take_bytes(&in, page + 64 + (i % NETIF_RING_SIZE) * sizeof(netif_tx_request_t), sizeof(netif_tx_request_t));
	ring_attach(&ring, page, sizeof(netif_tx_request_t));
	while (idx != end && result != SLOTS_FATAL) {
		memset(rsp, 0x5a, sizeof(rsp));
		result = slots_parse(&ring, idx, end, &pkt, rsp, &why);
		MUST((why != NULL) == (result == SLOTS_FATAL) && pkt.n_ring <= end - idx);
		MUST(rsp[pkt.n_ring].id == 0x5a5a && rsp[pkt.n_ring].status == 0x5a5a);
		if (result == SLOTS_FATAL)
			break;
		MUST(pkt.n_ring >= 1 && (!pkt.has_hash || pkt.hash_type <= 3));
		MUST((result != SLOTS_MCAST_ADD && result != SLOTS_MCAST_DEL) || pkt.n_ring == pkt.n_extra + 1);
		check_answers(idx, result, &pkt, rsp);
		if (result == SLOTS_PACKET)
			check_packet(idx, &pkt);
		idx += pkt.n_ring;
	}
	return 0;
}
