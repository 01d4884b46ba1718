/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames as mbufs without a pool. */
#ifndef VPE_TESTS_PACKET_MBUF_H
#define VPE_TESTS_PACKET_MBUF_H

#include <rte_mbuf.h>

#include "frames/packet.h"

/*
 * A buffer of exactly `size` bytes on the heap, so that the address sanitizer sees any access
 * beyond, as the linear frame `m`. `bytes` are copied in. packet_mbuf_free() frees it. It has two
 * references, so its headers are not remembered, and a test may change the bytes.
 */
void packet_mbuf(struct rte_mbuf *m, const uint8_t *bytes, size_t size);
void packet_mbuf_free(struct rte_mbuf *m);

#endif
