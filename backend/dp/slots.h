/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From tx ring slots to one described packet: the first step of the way from a guest.
 *
 * Pure: reads the ring through ring_copy_request(), each slot once, and writes only to its out parameters, so
 * that all decisions are made on a private copy. Source: netif.h "extra info", "NETTXF_more_data"; limits as
 * xen-netback's.
 */
#ifndef VPE_DP_SLOTS_H
#define VPE_DP_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/limits.h"
#include "proto/netif.h"
#include "proto/ring.h"

/* The response that one ring slot gets. */
struct slot_rsp {
	uint16_t id;
	int16_t status; /* NETIF_RSP_* */
};

struct gpkt_slot {
	uint32_t gref;
	uint16_t offset;
	uint16_t size; /* own bytes of this slot; 0 is allowed */
};

struct gpkt {
	uint32_t size;    /* bytes of the frame */
	uint16_t flags;   /* NETTXF_* of the first slot */
	uint8_t gso_type; /* XEN_NETIF_GSO_TYPE_* */
	uint16_t gso_size;
	bool has_hash;          /* the three below are set; what the guest says of the frame, so never an index as it is */
	uint8_t hash_type;      /* _XEN_NETIF_CTRL_HASH_TYPE_* */
	uint8_t hash_algorithm; /* any */
	uint32_t hash_value;
	uint16_t n_slots; /* data slots, in slot[] */
	uint16_t n_extra; /* extra-info slots, right after the first data slot */
	uint16_t n_ring;  /* ring slots that were read: n_slots (or, if dropped, more) + n_extra */
	uint8_t mcast[6];
	struct gpkt_slot slot[LIMIT_SLOTS_ACCEPTED];
};

enum slots_result {
	SLOTS_PACKET,    /* pkt is complete and all its slots stay inside their pages */
	SLOTS_DROP,      /* no packet, but nothing to punish: answer rsp[] and go on; pkt->n_ring is valid */
	SLOTS_SHORT,     /* the same: shorter than an Ethernet header */
	SLOTS_MCAST_ADD, /* no packet, but a request for the multicast address pkt->mcast; pkt->n_ring is valid */
	SLOTS_MCAST_DEL, /* the same */
	SLOTS_FATAL,     /* the frontend broke the protocol: disable the vif */
};

/*
 * Parses the packet that starts at ring index `idx`; at least one and at most NETIF_RING_SIZE slots are
 * published before `end`. rsp[] gets one answer for each ring slot read (room for NETIF_RING_SIZE), as it
 * is if every copy succeeds. On SLOTS_FATAL `why` is set to a literal.
 */
enum slots_result slots_parse(const struct ring *ring, uint32_t idx, uint32_t end, struct gpkt *pkt,
			      struct slot_rsp *rsp, const char **why);

/* Which rsp[] of the packet belongs to data slot `slot`. */
static inline unsigned
slots_rsp_index(const struct gpkt *pkt, unsigned slot)
{
	return slot == 0 ? 0 : pkt->n_extra + slot;
}

#endif
