/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Choice of the vif queue that a frame leaves by, and the hash that is reported to the guest.
 *
 * By default we choose: all packets of a flow use one queue. A guest may choose hash, key and
 * mapping table over its control ring. The functions depend on their arguments only; a steering is
 * immutable, so all pollers may share it. The flow is taken from the frame's headers
 * (sw/frame_headers.h).
 * Source: netif.h, "Hash types", "Hash algorithms", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING.
 */
#ifndef VPE_DP_STEERING_H
#define VPE_DP_STEERING_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#define STEERING_KEY_SIZE 40u  /* the longest input has 36 bytes, and the hash reads 4 more */
#define STEERING_MAP_SIZE 128u /* as in xen-netback */

struct steering {
	uint32_t algorithm;                         /* XEN_NETIF_CTRL_HASH_ALGORITHM_* */
	uint32_t types;                             /* XEN_NETIF_CTRL_HASH_TYPE_* that are hashed */
	unsigned n_map;                             /* 0: the hash modulo the number of queues */
	uint8_t map[STEERING_MAP_SIZE];             /* each below the number of queues */
	_Alignas(4) uint8_t key[STEERING_KEY_SIZE]; /* zeroes behind the part that was set */
};

/* Whether the guest has chosen a hash. A NULL steering has none. */
bool steering_is_chosen(const struct steering *steering);

/*
 * Index of the queue for the whole Ethernet frame `m`, in a vif with `n_queues` (at least 1).
 * `steering` may be NULL.
 */
unsigned steering_queue(const struct steering *steering, struct rte_mbuf *m, unsigned n_queues);

/* Whether steering_hash() would return a hash for the frame; cheaper than that. */
bool steering_has_hash(const struct steering *steering, struct rte_mbuf *m);

/*
 * Computes the hash that the guest chose. `type` gets one of _XEN_NETIF_CTRL_HASH_TYPE_*. Returns
 * false if the frame has none of the chosen types.
 */
bool steering_hash(const struct steering *steering, struct rte_mbuf *m, uint8_t *type,
		   uint32_t *hash);

#endif
