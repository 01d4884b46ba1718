/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes as an mbuf, for tests that need no pool. */
#ifndef VPE_TESTS_MBUF_H
#define VPE_TESTS_MBUF_H

#include <stdint.h>

#include <rte_mbuf.h>

/* The linear frame of `len` bytes at `bytes`, with one reference. Do not free it. */
static inline struct rte_mbuf
mbuf_of(void *bytes, uint32_t len)
{
	return (struct rte_mbuf){
		.buf_addr = bytes,
		.buf_len = (uint16_t)len,
		.data_len = (uint16_t)len,
		.pkt_len = len,
		.refcnt = 1,
		.nb_segs = 1,
	};
}

#endif
