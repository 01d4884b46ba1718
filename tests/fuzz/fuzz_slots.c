/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dp/vif/slots.c over any ring page. The input: the first index (4 bytes), the number of published
 * slots less one (1), then the slots from that index on.
 */
#include "dp/vif/slots.h"

#include "fuzz/fuzz.h"
#include "fuzz/slots_check.h"

static uint8_t page[NETIF_PAGE_SIZE] __attribute__((aligned(NETIF_PAGE_SIZE)));
static struct ring ring;

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
		take_bytes(&in, page + 64 + (i % NETIF_RING_SIZE) * sizeof(netif_tx_request_t),
			   sizeof(netif_tx_request_t));
	ring_attach(&ring, page, sizeof(netif_tx_request_t));
	while (idx != end && result != SLOTS_FATAL) {
		memset(rsp, 0x5a, sizeof(rsp));
		result = slots_parse(&ring, idx, end, &pkt, rsp, &why);
		MUST((why != NULL) == (result == SLOTS_FATAL) && pkt.n_ring <= end - idx);
		MUST(rsp[pkt.n_ring].id == 0x5a5a && rsp[pkt.n_ring].status == 0x5a5a);
		if (result == SLOTS_FATAL)
			break;
		MUST(pkt.n_ring >= 1);
		MUST((result != SLOTS_MCAST_ADD && result != SLOTS_MCAST_DEL) ||
		     pkt.n_ring == pkt.n_extra + 1);
		slots_check_answers(page, idx, result, &pkt, rsp);
		if (result == SLOTS_PACKET)
			slots_check_packet(page, idx, &pkt);
		idx += pkt.n_ring;
	}
	return 0;
}
