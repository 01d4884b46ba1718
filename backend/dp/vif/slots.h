/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parsing of tx ring slots into packets, the first step of the path from a guest.
 *
 * Pure: reads each slot once, through ring_copy_request(), and writes only to its out parameters,
 * so all decisions are made on a private copy.
 * Source: netif.h, "extra info", "NETTXF_more_data"; limits as in xen-netback.
 */
#ifndef VPE_DP_SLOTS_H
#define VPE_DP_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/limits.h"
#include "proto/netif.h"
#include "proto/ring.h"

/* The response to one ring slot. */
struct slot_rsp {
	uint16_t id;
	int16_t status; /* NETIF_RSP_* */
};

struct gpkt_slot {
	uint32_t gref;
	uint16_t offset;
	uint16_t size; /* bytes in this slot; 0 is allowed */
};

struct gpkt {
	uint32_t size;    /* bytes of the frame */
	uint16_t flags;   /* NETTXF_* of the first slot */
	uint8_t gso_type; /* XEN_NETIF_GSO_TYPE_* */
	uint16_t gso_size;
	uint16_t n_slots; /* data slots, in slot[] */
	uint16_t n_extra; /* extra-info slots, right after the first data slot */
	/* ring slots that were read: n_extra and n_slots, or more if the packet is dropped */
	uint16_t n_ring;
	uint8_t mcast[6];
	struct gpkt_slot slot[LIMIT_SLOTS_ACCEPTED];
};

enum slots_result {
	SLOTS_PACKET, /* pkt is complete, and all its slots lie within their pages */
	/* not a packet, but no violation: respond with rsp[] and continue; pkt->n_ring is valid */
	SLOTS_DROP,
	SLOTS_SHORT, /* the same: shorter than an Ethernet header */
	/* a request to add the multicast address pkt->mcast; pkt->n_ring is valid */
	SLOTS_MCAST_ADD,
	SLOTS_MCAST_DEL, /* the same, to delete it */
	SLOTS_FATAL,     /* the frontend violated the protocol: disable the vif */
};

/*
 * Parses the packet that starts at ring index `idx`. At least one and at most NETIF_RING_SIZE slots
 * are published before `end`. rsp[] has room for NETIF_RING_SIZE and gets the response to each slot
 * that was read, on the assumption that every copy succeeds. On SLOTS_FATAL, `why` is set to a
 * literal.
 */
enum slots_result slots_parse(const struct ring *ring, uint32_t idx, uint32_t end, struct gpkt *pkt,
			      struct slot_rsp *rsp, const char **why);

/* Index in rsp[] of the response to data slot `slot`. */
static inline unsigned
slots_rsp_index(const struct gpkt *pkt, unsigned slot)
{
	return slot == 0 ? 0 : pkt->n_extra + slot;
}

#endif
