/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which queue of a vif a frame leaves by, and the hash that is told to the guest.
 *
 * By default we choose ourselves: packets of one flow have one queue. A guest that has chosen hash, key and mapping table
 * over its control ring gets what it asked for. Pure functions; a steering is immutable and may be shared by all pollers.
 * Source: netif.h, "Hash types", "Hash algorithms", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING.
 */
#ifndef VPE_DP_STEERING_H
#define VPE_DP_STEERING_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#define STEERING_KEY_SIZE 40u /* the longest input has 36 bytes, and the hash looks 4 further */
#define STEERING_MAP_SIZE 128u /* as xen-netback's */

struct steering {
	uint32_t algorithm; /* XEN_NETIF_CTRL_HASH_ALGORITHM_* */
	uint32_t types;     /* XEN_NETIF_CTRL_HASH_TYPE_* that are hashed */
	unsigned n_map;     /* 0: the hash modulo the number of queues */
	uint8_t map[STEERING_MAP_SIZE]; /* each below the number of queues */
	_Alignas(4) uint8_t key[STEERING_KEY_SIZE]; /* zeroes behind what was set */
};

/* Whether the guest has chosen. NULL: it has not. */
bool steering_is_chosen(const struct steering *steering);

/* The queue of a vif with `n_queues` (at least 1) for the whole Ethernet frame `m`. `steering` may be NULL. */
unsigned steering_queue(const struct steering *steering, const struct rte_mbuf *m, unsigned n_queues);

/* Whether steering_hash() has an answer for the frame; cheaper than that. */
bool steering_has_hash(const struct steering *steering, const struct rte_mbuf *m);

/*
 * The hash of a frame as its guest has chosen it: `type` gets one of _XEN_NETIF_CTRL_HASH_TYPE_*. False: the frame has none of
 * the chosen types.
 */
bool steering_hash(const struct steering *steering, const struct rte_mbuf *m, uint8_t *type, uint32_t *hash);

#endif
