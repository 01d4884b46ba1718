/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the transmit ring of an ethdev may keep of the large buffers. Private to port_eth.c.
 *
 * Theory of operation: a driver gives a sent frame back when it likes, often only when it needs the descriptor again, so a
 * ring could keep more large buffers than there are. Therefore the port holds a reference of its own to each large buffer
 * that went in; when that is the last one, the driver has let go of it. At most a share of the pool goes in. A driver that can
 * be asked to give back what it has sent (rte_eth_tx_done_cleanup()) is asked once a millisecond until nothing new was sent,
 * and when the share is used up.
 *
 * Everything else goes as a copy in a chain of small buffers: what is above the share, and from drivers that cannot be asked
 * all frames that need but a few of these. Of small buffers a ring keeps as many as it has descriptors; virtio puts up to
 * TX_KEEP_SHORT_CHAIN of them behind one. A chain always uses descriptors, so a driver that waits for a full ring gets there.
 * A frame longer than a short chain may stay in an idle ring of a driver that cannot be asked, within the share.
 * Threads: the port's owner.
 */
#ifndef VPE_DP_TX_KEEP_H
#define VPE_DP_TX_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include "dp/pool.h"
#include "dp/port.h"

#define TX_KEEP_MAX 256u /* large buffers in one ring; a power of two */
#define TX_KEEP_SHORT_CHAIN 7u /* buffers; virtio needs one descriptor for a packet of so many, if indirect ones are agreed on */

struct tx_keep {
	uint16_t id;    /* ethdev's */
	bool can_ask;   /* the driver gives sent frames back when it is asked */
	bool is_sent;   /* something, since it was last asked about all */
	unsigned max;   /* large buffers that may be in the ring: 1 to TX_KEEP_MAX */
	unsigned n_segs_max;     /* buffers of a GSO frame that the device takes; 1: no chains */
	unsigned n_segs_max_mtu; /* of any other */
	uint64_t asked;   /* clock */
	uint64_t ask_age; /* a millisecond of it */
	unsigned head;    /* counts on; index modulo TX_KEEP_MAX */
	unsigned n;
	struct rte_mbuf *frame[TX_KEEP_MAX]; /* in the ring, in the order in which they went in */
};

/* Before the queue is set up. `chains`: the device has RTE_ETH_TX_OFFLOAD_MULTI_SEGS on. */
void tx_keep_init(struct tx_keep *keep, uint16_t id, const struct pools *pools, const struct rte_eth_dev_info *info, bool chains);

/* When the device is started: finds out whether its driver can be asked. */
void tx_keep_start(struct tx_keep *keep);

/*
 * Descriptors that the ring should have: as many as its share of the small buffers allows, at most 1024. A power of two. `large`:
 * frames in large buffers will be sent.
 */
uint16_t tx_keep_descriptors(const struct tx_keep *keep, const struct pools *pools, const char *driver, bool large);

/*
 * The form in which a frame in a large buffer goes into the ring: itself, or a copy in small ones. Consumes `m`. NULL: dropped
 * and counted. What is returned must be given to the driver or freed before the next look.
 */
struct rte_mbuf *tx_keep_frame(struct tx_keep *keep, struct port *port, struct rte_mbuf *m);

/* Frees what the driver has let go of; in each round of the poller. */
void tx_keep_look(struct tx_keep *keep, uint64_t now);

/* Gives up all references. The device is closed. */
void tx_keep_fini(struct tx_keep *keep);

#endif
