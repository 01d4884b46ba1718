/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames as mbufs without a pool. */
#include "packet_mbuf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void
packet_mbuf(struct rte_mbuf *m, const uint8_t *bytes, size_t size)
{
	memset(m, 0, sizeof(*m));
	m->buf_addr = malloc(size);
	assert(size == 0 || m->buf_addr != NULL);
	if (size != 0)
		memcpy(m->buf_addr, bytes, size);
	m->buf_len = (uint16_t)size;
	m->data_len = (uint16_t)size;
	m->pkt_len = (uint32_t)size;
	m->nb_segs = 1;
	rte_mbuf_refcnt_set(m, 2);
}

void
packet_mbuf_free(struct rte_mbuf *m)
{
	free(m->buf_addr);
	m->buf_addr = NULL;
}
