/* SPDX-License-Identifier: BSD-3-Clause */
/* What the slots of a ring are, beside what dp/vif/slots.c says of them. */
#include "fuzz/slots_check.h"

#include "fuzz/fuzz.h"

static netif_tx_request_t
raw(const uint8_t *page, uint32_t idx)
{
	netif_tx_request_t slot;

	memcpy(&slot, page + 64 + (idx % NETIF_RING_SIZE) * sizeof(slot), sizeof(slot));
	return slot;
}

/* Whatever is to be answered names the slot that it answers. */
void
slots_check_answers(const uint8_t *page, uint32_t idx, enum slots_result result,
		    const struct gpkt *pkt, const struct slot_rsp *rsp)
{
	int16_t status =
		result == SLOTS_DROP || result == SLOTS_SHORT ? NETIF_RSP_ERROR : NETIF_RSP_OKAY;
	unsigned n_null = 0;

	for (unsigned i = 0; i < pkt->n_ring; i++) {
		n_null += rsp[i].status == NETIF_RSP_NULL;
		if (rsp[i].status == NETIF_RSP_NULL)
			MUST(i >= 1 && i <= pkt->n_extra);
		else
			MUST(rsp[i].id == raw(page, idx + i).id && rsp[i].status == status);
	}
	MUST(n_null == pkt->n_extra);
}

/* A packet's slots are those of the ring, within their pages, and add up. */
void
slots_check_packet(const uint8_t *page, uint32_t idx, const struct gpkt *pkt)
{
	uint32_t sum = 0;

	MUST(pkt->n_slots >= 1 && pkt->n_slots <= LIMIT_SLOTS_ACCEPTED &&
	     pkt->n_ring == pkt->n_slots + pkt->n_extra);
	MUST(pkt->size >= 14 && pkt->size == raw(page, idx).size &&
	     pkt->flags == raw(page, idx).flags);
	MUST(pkt->gso_type == XEN_NETIF_GSO_TYPE_NONE ||
	     (pkt->gso_type <= XEN_NETIF_GSO_TYPE_TCPV6 && pkt->gso_size > 0));
	for (unsigned i = 0; i < pkt->n_slots; i++) {
		netif_tx_request_t slot = raw(page, idx + slots_rsp_index(pkt, i));

		MUST(pkt->slot[i].gref == slot.gref && pkt->slot[i].offset == slot.offset);
		MUST(i == 0 || pkt->slot[i].size == slot.size);
		MUST((uint32_t)pkt->slot[i].offset + pkt->slot[i].size <= NETIF_PAGE_SIZE);
		sum += pkt->slot[i].size;
	}
	MUST(sum == pkt->size);
}
