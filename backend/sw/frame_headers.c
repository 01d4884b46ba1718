/* SPDX-License-Identifier: BSD-3-Clause */
/* The headers of a frame in an mbuf, parsed at most once. */
#include "sw/frame_headers.h"

#include <rte_errno.h>
#include <rte_mbuf_dyn.h>

uint64_t frame_headers_mark;

/* Offset of the stored result in the mbuf. */
static int field_at;

static struct headers *
stored(struct rte_mbuf *m)
{
	return RTE_MBUF_DYNFIELD(m, field_at, struct headers *);
}

int
frame_headers_init(void)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "vpe_headers",
		.size = sizeof(struct headers),
		.align = _Alignof(struct headers),
	};
	static const struct rte_mbuf_dynflag flag = { .name = "vpe_headers" };

	field_at = rte_mbuf_dynfield_register(&field);
	if (field_at < 0)
		return -rte_errno;
	int bit = rte_mbuf_dynflag_register(&flag);
	if (bit < 0)
		return -rte_errno;
	frame_headers_mark = 1ull << bit;
	return 0;
}

struct headers
frame_headers(struct rte_mbuf *m)
{
	struct headers h;

	if ((m->ol_flags & frame_headers_mark) != 0)
		return *stored(m);
	headers_walk(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, &h);
	/*
	 * Acquire: pairs with the release that drops another holder's reference; until then it may
	 * have read the flags.
	 */
	if (frame_headers_mark != 0 && __atomic_load_n(&m->refcnt, __ATOMIC_ACQUIRE) == 1) {
		*stored(m) = h;
		m->ol_flags |= frame_headers_mark;
	}
	return h;
}

void
frame_headers_inherit(struct rte_mbuf *to, const struct rte_mbuf *from)
{
	const struct headers *known = RTE_MBUF_DYNFIELD(from, field_at, const struct headers *);

	if ((from->ol_flags & frame_headers_mark) == 0)
		return;
	*stored(to) = *known;
	to->ol_flags |= frame_headers_mark;
}
