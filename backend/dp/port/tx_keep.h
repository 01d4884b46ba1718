/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limits the large buffers that the transmit ring of an ethdev may keep. Private to port_eth.c.
 *
 * Theory of operation: a driver frees a sent frame when it likes, often only when it needs the
 * descriptor again, so a ring could keep more large buffers than exist. Therefore the port holds a
 * reference of its own to each large buffer that went in. When that is the last reference, the
 * driver is done with the buffer. The ring may hold at most a share of the pool. A driver that
 * supports rte_eth_tx_done_cleanup() is asked to free sent frames when the share is used up, and
 * once a millisecond until no new ones were sent.
 *
 * All other frames go as copies in chains of small buffers: those beyond the share and, if the
 * driver cannot be asked, all that need no more than a short chain. The ring keeps as many small
 * buffers as it has descriptors; virtio puts up to TX_KEEP_SHORT_CHAIN of them behind one. A chain
 * always uses descriptors, so a driver that frees only when the ring is full gets there. With a
 * driver that cannot be asked, a frame longer than a short chain may stay in an idle ring, within
 * the share.
 * Threads: the port's owner.
 */
#ifndef VPE_DP_TX_KEEP_H
#define VPE_DP_TX_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include "dp/frame/pool.h"
#include "dp/port/port.h"

#define TX_KEEP_MAX 256u /* large buffers in one ring; a power of two */
/* buffers; virtio needs one descriptor for a packet of so many, with indirect descriptors */
#define TX_KEEP_SHORT_CHAIN 7u

struct tx_keep {
	uint16_t id;  /* the ethdev's */
	bool can_ask; /* the driver frees sent frames when asked */
	bool is_sent; /* something was sent since the driver was last asked to free everything */
	unsigned max; /* large buffers that may be in the ring: 1 to TX_KEEP_MAX */
	/* most buffers that the device takes for a GSO frame; 1: no chains */
	unsigned n_segs_max;
	unsigned n_segs_max_mtu; /* the same for any other frame */
	uint64_t asked;          /* clock when the driver was last asked */
	uint64_t ask_age;        /* a millisecond in ticks */
	unsigned head;           /* free-running; index modulo TX_KEEP_MAX */
	unsigned n;
	struct rte_mbuf *frame[TX_KEEP_MAX]; /* in the ring, oldest first */
};

/* Call it before the queue is set up. `chains`: RTE_ETH_TX_OFFLOAD_MULTI_SEGS is enabled. */
void tx_keep_init(struct tx_keep *keep, uint16_t id, const struct pools *pools,
		  const struct rte_eth_dev_info *info, bool chains);

/* Call it when the device is started: finds out whether the driver can be asked. */
void tx_keep_start(struct tx_keep *keep);

/*
 * Number of descriptors that the ring should have: as many as its share of the small buffers
 * allows, at most 1024, a power of two. `large`: frames in large buffers will be sent.
 */
uint16_t tx_keep_descriptors(const struct tx_keep *keep, const struct pools *pools,
			     const char *driver, bool large);

/*
 * Prepares a frame in a large buffer for the ring: returns it, or a copy in small ones. Consumes
 * `m`. Returns NULL if it was dropped and counted. Pass the result to the driver, or free it,
 * before the next tx_keep_look().
 */
struct rte_mbuf *tx_keep_frame(struct tx_keep *keep, struct port *port, struct rte_mbuf *m);

/* Frees the buffers that the driver is done with. Call it in each round. */
void tx_keep_look(struct tx_keep *keep, uint64_t now);

/* Drops all references. The device must be closed. */
void tx_keep_fini(struct tx_keep *keep);

#endif
