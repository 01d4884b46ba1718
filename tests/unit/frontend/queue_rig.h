/* SPDX-License-Identifier: BSD-3-Clause */
/* A frontend queue, and the backend's side of its rings, which a test plays. */
#ifndef VPE_TESTS_QUEUE_RIG_H
#define VPE_TESTS_QUEUE_RIG_H

#include "fe_queue.h"

#define N_BUFFERS 600u
#define RX_USED NETIF_RING_SIZE

extern struct fe_queue rig_queue;

/* Opens the queue, with all features, and checks at the end that nothing is lost. */
void rig_start(void);
void rig_end(void);

/* Buffers in the pool and on the rings. */
unsigned rig_n_held(void);

/* A frame of `n_bufs` buffers with `len` bytes each. */
struct vpe_fe_buf *rig_frame(unsigned n_bufs, uint16_t len);

/*
 * What the backend writes at `idx` of the rx ring. Nothing is seen until it publishes `n` more
 * slots.
 */
void peer_rx_put(uint32_t idx, uint16_t offset, uint16_t flags, int16_t status);
void peer_rx_put_extra(uint32_t idx, uint8_t type, uint8_t flags, uint16_t size, uint8_t gso_type);
void peer_rx_publish(uint32_t n);

/* A response on the tx ring, published; and what stands there. */
void peer_tx_answer(uint16_t id, int16_t status);
netif_tx_request_t peer_tx_request(uint32_t idx);

#endif
