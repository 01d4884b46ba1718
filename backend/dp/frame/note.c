/* SPDX-License-Identifier: BSD-3-Clause */
/* Notes about refused frames. */
#include "dp/frame/note.h"

#include <string.h>

#include <rte_arp.h>
#include <rte_ip.h>

#include "sw/ether.h"
#include "sw/frame_headers.h"

#define VID_MASK 0x0fffu

bool
note_is_wanted(enum drop_reason reason)
{
	return reason == DROP_MAC_SPOOF || reason == DROP_NOT_OWNER || reason == DROP_IP_SPOOF ||
	       reason == DROP_VLAN || reason == DROP_STORM;
}

/* Takes the sender's IP address from the frame. */
static void
note_ip(struct port_note *note, const uint8_t *frame, uint32_t len, const struct headers *h)
{
	const uint8_t *l3 = frame + h->l2_len;

	if (h->ethertype == RTE_ETHER_TYPE_ARP && len - h->l2_len >= sizeof(struct rte_arp_hdr))
		memcpy(note->ip, l3 + offsetof(struct rte_arp_hdr, arp_data.arp_sip), 4);
	else if (h->ethertype == RTE_ETHER_TYPE_IPV4 && h->l3_len != 0)
		memcpy(note->ip, l3 + offsetof(struct rte_ipv4_hdr, src_addr), 4);
	else if (h->ethertype == RTE_ETHER_TYPE_IPV6 && h->l3_len != 0)
		memcpy(note->ip, l3 + offsetof(struct rte_ipv6_hdr, src_addr), 16);
	else
		return;
	note->has_ip = true;
}

void
note_take(struct port_note *note, struct rte_mbuf *m, enum drop_reason reason)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	/* Acquire: pairs with control's release after it read the last note. */
	if (__atomic_load_n(&note->full, __ATOMIC_ACQUIRE) || !note_is_wanted(reason))
		return;
	struct headers h = frame_headers(m);
	note->reason = reason;
	note->has_ip = false;
	note->ethertype = h.ethertype;
	note->vid = 0;
	memset(note->mac, 0, sizeof(note->mac));
	if (h.l2_len >= RTE_ETHER_HDR_LEN)
		memcpy(note->mac, frame + RTE_ETHER_ADDR_LEN, sizeof(note->mac));
	if (h.n_tags > 0)
		note->vid = ether_be16(frame + RTE_ETHER_HDR_LEN) & VID_MASK;
	if ((h.flags & HEADERS_BAD_ETHER) == 0)
		note_ip(note, frame, m->data_len, &h);
	__atomic_store_n(&note->full, true, __ATOMIC_RELEASE);
}
