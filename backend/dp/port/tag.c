/* SPDX-License-Identifier: BSD-3-Clause */
/* Editing of VLAN tags in frames. */
#include "dp/port/tag.h"

#include <string.h>

#include <rte_ether.h>

#include "dp/frame/worker.h"
#include "sw/frame_headers.h"

#define ADDRS_SIZE (2u * RTE_ETHER_ADDR_LEN)
#define PRIORITY_MASK 0xf000u /* of the tag's TCI: PCP and DEI */

static void
put_be16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The headers have moved by `n` bytes: adapts those of an offload request. */
static void
shift_headers(struct rte_mbuf *m, int n)
{
	frame_headers_forget(m);
	if ((m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == 0)
		return;
	if (m->outer_l3_len != 0)
		m->outer_l2_len = (uint64_t)(m->outer_l2_len + n);
	else
		m->l2_len = (uint64_t)(m->l2_len + n);
}

static bool
insert(const struct pools *pools, struct rte_mbuf *m, uint16_t vid)
{
	uint8_t *frame;

	if (!pool_prepend(pools, m, RTE_VLAN_HLEN))
		return false;
	frame = rte_pktmbuf_mtod(m, uint8_t *);
	memmove(frame, frame + RTE_VLAN_HLEN, ADDRS_SIZE);
	put_be16(frame + ADDRS_SIZE, RTE_ETHER_TYPE_VLAN);
	put_be16(frame + RTE_ETHER_HDR_LEN, vid);
	shift_headers(m, RTE_VLAN_HLEN);
	return true;
}

static void
take_off(struct rte_mbuf *m)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);

	memmove(frame + RTE_VLAN_HLEN, frame, ADDRS_SIZE);
	rte_pktmbuf_adj(m, RTE_VLAN_HLEN);
	shift_headers(m, -(int)RTE_VLAN_HLEN);
}

static void
change(struct rte_mbuf *m, uint16_t vid)
{
	uint8_t *tci = rte_pktmbuf_mtod_offset(m, uint8_t *, RTE_ETHER_HDR_LEN);

	put_be16(tci, ((unsigned)(tci[0] << 8) & PRIORITY_MASK) | vid);
}

struct rte_mbuf *
tag_edit(struct port *port, struct rte_mbuf *m, enum vlan_edit edit, uint16_t vid)
{
	if (edit == VLAN_KEEP)
		return m;
	if (edit == VLAN_DROP) {
		port_drop(port, m, DROP_VLAN);
		return NULL;
	}
	m = port_own_frame(port, m);
	if (m == NULL)
		return NULL;
	if (edit == VLAN_REMOVE) {
		take_off(m);
	} else if (edit == VLAN_RENAME) {
		change(m, vid);
	} else if (!insert(port->owner->pools, m, vid)) {
		port_drop(port, m, DROP_TOO_BIG);
		return NULL;
	}
	return m;
}
