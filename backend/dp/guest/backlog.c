/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that wait until a guest takes them. */
#include "dp/guest/backlog.h"

void
backlog_pop(struct backlog *backlog, struct port *port, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = backlog_peek(backlog, i);
		backlog->bytes -= m->pkt_len;
		waiting_count(port, m, -1);
		rte_pktmbuf_free(m);
	}
	backlog->head += n;
	backlog->n -= n;
}

void
backlog_drop(struct backlog *backlog, struct port *port, unsigned n)
{
	port->stats.n_dropped[DROP_QUEUE_FULL] += n;
	backlog_pop(backlog, port, n);
}

void
backlog_free(struct backlog *backlog)
{
	for (; backlog->n > 0; backlog->n--)
		rte_pktmbuf_free(backlog->frame[backlog->head++ % LIMIT_BACKLOG_FRAMES]);
}
