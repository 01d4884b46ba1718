/* SPDX-License-Identifier: BSD-3-Clause */
/* The headers of a frame in an mbuf: parsed once, kept with it, forgotten when they change. */
#include "sw/frame_headers.h"

#include <string.h>

#include <netinet/in.h>

#include "mbuf.h"
#include "unit.h"

/* IPv4 with a UDP header behind it. */
#define FRAME_SIZE 42u

static uint8_t bytes[FRAME_SIZE + 4];

static struct rte_mbuf
make(void)
{
	static const uint8_t ip[] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, IPPROTO_UDP };

	memset(bytes, 0, sizeof(bytes));
	bytes[12] = 0x08;
	memcpy(bytes + 14, ip, sizeof(ip));
	return mbuf_of(bytes, FRAME_SIZE);
}

/* Whether the result is that of make()'s frame. */
static bool
is_udp(const struct headers *h)
{
	return h->l2_len == 14 && h->l3_len == 20 && h->end == FRAME_SIZE &&
	       h->protocol == IPPROTO_UDP && h->flags == 0;
}

static void
frame_headers_init_twice(void)
{
	CHECK_EQ(frame_headers_init(), 0);
	uint64_t mark = frame_headers_mark;
	CHECK_EQ(frame_headers_init(), 0);
	CHECK_EQ(frame_headers_mark, mark);
	CHECK_EQ(__builtin_popcountll(mark), 1);
}

static void
frame_headers_once(void)
{
	struct rte_mbuf m = make();

	m.ol_flags = RTE_MBUF_F_EXTERNAL;
	struct headers h = frame_headers(&m);
	CHECK(is_udp(&h));
	CHECK_EQ(m.ol_flags, RTE_MBUF_F_EXTERNAL | frame_headers_mark);
	bytes[23] = IPPROTO_TCP; /* not seen: it is not parsed again */
	h = frame_headers(&m);
	CHECK(is_udp(&h));
	frame_headers_forget(&m);
	CHECK_EQ(m.ol_flags, RTE_MBUF_F_EXTERNAL);
	h = frame_headers(&m);
	CHECK_EQ(h.protocol, IPPROTO_TCP);
}

/* Others may read a shared frame: nothing is stored in it, but what was stored before is used. */
static void
frame_headers_shared(void)
{
	struct rte_mbuf m = make();

	m.refcnt = 2;
	struct rte_mbuf before = m;
	struct headers h = frame_headers(&m);
	CHECK(is_udp(&h));
	CHECK_MEM(&before, &m, sizeof(m));
	m.refcnt = 1;
	h = frame_headers(&m);
	CHECK(is_udp(&h));
	m.refcnt = 2;
	bytes[23] = IPPROTO_TCP;
	h = frame_headers(&m);
	CHECK(is_udp(&h));
}

static void
frame_headers_inherit_one(void)
{
	struct rte_mbuf from = make(), to = make();

	frame_headers_inherit(&to, &from); /* nothing is known */
	CHECK_EQ(to.ol_flags, 0);
	struct headers h = frame_headers(&from);
	from.refcnt = 2;
	frame_headers_inherit(&to, &from);
	bytes[23] = IPPROTO_TCP;
	h = frame_headers(&to);
	CHECK(is_udp(&h));
}

/* A frame in the place of another one, as when a buffer is used again, has none. */
static void
frame_headers_reused(void)
{
	struct rte_mbuf m = make();

	frame_headers(&m);
	rte_pktmbuf_reset(&m);
	CHECK_EQ(m.ol_flags & frame_headers_mark, 0);
}

void test_frame_headers(CU_pSuite suite);

void
test_frame_headers(CU_pSuite suite)
{
	UNIT_ADD(suite, frame_headers_init_twice);
	UNIT_ADD(suite, frame_headers_once);
	UNIT_ADD(suite, frame_headers_shared);
	UNIT_ADD(suite, frame_headers_inherit_one);
	UNIT_ADD(suite, frame_headers_reused);
}
