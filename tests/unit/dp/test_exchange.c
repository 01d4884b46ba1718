/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The exchange table: what is in a frame x its marks and size x whom it comes from x what the far
 * end can do. In each cell the frame is marked as its sender marks it, goes through port_send(),
 * and is looked at as the far end sees it. It comes out whole, with a mark that the far end takes,
 * or as the frames that the sender's own stack would have sent, byte for byte.
 */
#include "dp/port/port.h"

#include <stdlib.h>
#include <string.h>

#include <linux/virtio_net.h>

#include <rte_mempool.h>

#include "base/util.h"
#include "dp/frame/offload.h"
#include "dp/frame/worker.h"
#include "frames/layers.h"
#include "packet_mbuf.h"
#include "unit.h"

#define N_SMALL 1023u
#define N_LARGE 31u
#define MTU 1500u
#define MAX_FRAME (MTU + 22) /* with two tags */
#define TAKES_CSUM (PORT_TAKES_CSUM4 | PORT_TAKES_CSUM6)
/* tagged frames are to be complete for it */
#define TAKES_GUEST (TAKES_CSUM | PORT_TAKES_TSO4 | PORT_TAKES_TSO6)

/* clang-format off */
static const char *const stacks[] = {
	"4t", "4u", "6t", "6u", "ot", "ou", "ht", "hu", "Rt", "Ru", "xu", "4i", "6i", "a", /* no tag */
	"T4t", "T4u", "T6t", "T6u", "Tot", "Tht", "TRt", "A4t", "A6u", "Ta", "AT4t", "AT4u", "AT6t", "AT6u", "TT4t", "ATht", "ATxu",
	"ATT4t", "TTT6u", "TTTa", /* beyond two tags there is no offload */
	"44t", "46t", "64t", "66t", "T44t", "o6t", "h6t", "44u", "46u", "AT46t", /* IPIP, 6in4 and so on */
	"4G4t", "4G6t", "4g4t", "6G6t", "6g4t", "4GE4t", "4GET6t", "T4g6t", "4G4u", "hG4t", /* GRE */
	"4VE4t", "4VE6t", "4vE4t", "6vE6t", "6vE4u", "4VET4t", "T4vE4t", "4NE4t", "4N4t", "6N6t", "4F4t", "4F6t", "ovE4t", /* in UDP */
};
/* clang-format on */

enum mark {
	MARK_NONE,
	MARK_VALID,
	MARK_BLANK,
	MARK_GSO,
};

enum from {
	FROM_VIF,
	FROM_KERNEL, /* a TAP or a packet socket */
	FROM_ETH,
	FROM_N,
};

/* clang-format off */
static const struct far_end {
	uint32_t takes;
	uint32_t max_gso;
} far_ends[] = {
	{ PORT_TAKES_ALL, 0 },                             /* kernel devices, NICs */
	{ PORT_TAKES_ALL, 16384 },
	{ TAKES_CSUM | PORT_TAKES_TAGGED, 0 },             /* no TSO */
	{ TAKES_GUEST, 0 },                                /* Linux's netfront */
	{ TAKES_GUEST, 4096 },                             /* with an XDP program */
	{ TAKES_CSUM, 0 },
	{ PORT_TAKES_CSUM4 | PORT_TAKES_TSO4, 0 },         /* an old netfront */
	{ PORT_TAKES_CSUM6, 0 },
	{ 0, 0 },
};
/* clang-format on */

/* One cell, with what was sent in it. */
struct cell {
	const char *stack;
	enum mark mark;
	enum from from;
	const struct far_end *far;
	size_t payload_size;
	uint16_t mss;
	struct layers sent;
	bool goes; /* to be sent at all: not too long */
};

static struct pools pools;
static struct worker worker;
static struct port port;
static uint8_t payload[65536], sent[65536], want[65536];
static struct rte_mbuf *got[512];
static unsigned n_got, n_cells, n_wrong;

static void
capture(struct port *to, struct rte_mbuf **frames, unsigned n)
{
	(void)to;
	for (unsigned i = 0; i < n; i++)
		got[n_got++] = frames[i];
}

static const struct port_ops ops = { .kind = "fake", .tx_burst = capture };

static void
wrong(const struct cell *c, const char *what)
{
	n_wrong++;
	if (n_wrong <= 20)
		printf("    \"%s\" mark %d from %d to takes %#x gso %u, %zu bytes at %u: %s\n",
		       c->stack, c->mark, c->from, c->far->takes, c->far->max_gso, c->payload_size,
		       c->mss, what);
}

/* ---- what a stack is ------------------------------------------------------------------------- */

static unsigned
n_tags(const char *stack)
{
	return (unsigned)strspn(stack, "TA");
}

static bool
is_tunnel(const char *stack)
{
	return strlen(stack + n_tags(stack)) > 2;
}

static char
transport(const char *stack)
{
	return stack[strlen(stack) - 1];
}

/* Of the innermost IP header, which the transport is in. */
static bool
is_ipv4(const char *stack)
{
	return strchr("4ox", stack[strlen(stack) - 2]) != NULL;
}

static bool
has_transport(const char *stack)
{
	return strchr("tu", transport(stack)) != NULL && strchr(stack, 'x') == NULL;
}

/* Whether the transport is the frame's own, and anybody can be told of it. */
static bool
is_plain(const char *stack)
{
	return has_transport(stack) && !is_tunnel(stack) && strchr(stack, 'R') == NULL &&
	       n_tags(stack) <= 2;
}

/* Whether a sender of that kind can have such a frame. */
static bool
is_possible(const char *stack, enum mark mark, enum from from)
{
	if (mark <= MARK_VALID)
		return true;
	if (!has_transport(stack) || (mark == MARK_GSO && n_tags(stack) > 2))
		return false;
	if (from == FROM_KERNEL)
		return true;
	if (is_tunnel(stack) || n_tags(stack) > 2 ||
	    (from == FROM_ETH && strchr(stack, 'R') != NULL))
		return false; /* neither a guest nor a NIC speaks of what is inside */
	return mark == MARK_BLANK || transport(stack) == 't';
}

/* ---- sending --------------------------------------------------------------------------------- */

static int
mark_as_vif(const struct cell *c, struct rte_mbuf *m)
{
	if (c->mark == MARK_VALID)
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	if (c->mark < MARK_BLANK)
		return 0;
	enum offload_gso gso = is_ipv4(c->stack) ? OFFLOAD_GSO_TCPV4 : OFFLOAD_GSO_TCPV6;
	return offload_request(m, c->mark == MARK_GSO ? gso : OFFLOAD_GSO_NONE, c->mss);
}

static int
mark_as_kernel(const struct cell *c, struct rte_mbuf *m)
{
	struct virtio_net_hdr hdr = { .flags = c->mark == MARK_VALID ? VIRTIO_NET_HDR_F_DATA_VALID
								     : 0 };

	if (c->mark >= MARK_BLANK) {
		hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr.csum_start = (uint16_t)c->sent.l4_at;
		hdr.csum_offset = (uint16_t)(c->sent.csum_at - c->sent.l4_at);
	}
	if (c->mark == MARK_GSO) {
		hdr.gso_type = transport(c->stack) == 'u' ? 5
			       : is_ipv4(c->stack)        ? VIRTIO_NET_HDR_GSO_TCPV4
							  : VIRTIO_NET_HDR_GSO_TCPV6;
		hdr.gso_size = c->mss;
	}
	return offload_from_virtio(m, &hdr);
}

static int
mark_as_eth(const struct cell *c, struct rte_mbuf *m)
{
	static const uint64_t flags[] = { RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN,
					  RTE_MBUF_F_RX_L4_CKSUM_GOOD, RTE_MBUF_F_RX_L4_CKSUM_NONE,
					  RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_NONE };

	m->ol_flags |= flags[c->mark];
	m->tso_segsz = c->mark == MARK_GSO ? c->mss : 0;
	offload_from_ethdev(m);
	return 0;
}

/*
 * The frame as its sender has it: the checksum of its transport blank, if so marked. Whether it was
 * accepted.
 */
static bool
send_cell(struct cell *c)
{
	c->sent = (struct layers){ .stack = c->stack,
				   .payload = payload,
				   .payload_size = c->payload_size,
				   .seq = 0xfffffff0,
				   .id = 0xfffe,
				   .tcp_flags = 0x18 };
	size_t size = layers_build(&c->sent, sent);
	if (c->mark >= MARK_BLANK)
		wire_put_be16(sent + c->sent.csum_at, c->sent.pseudo_sum);
	struct rte_mbuf *m = pool_alloc(&pools, (uint32_t)size);
	REQUIRE_NOT_NULL(m);
	memcpy(rte_pktmbuf_mtod(m, void *), sent, size);
	int ret = c->from == FROM_VIF      ? mark_as_vif(c, m)
		  : c->from == FROM_KERNEL ? mark_as_kernel(c, m)
					   : mark_as_eth(c, m);
	if (ret != 0) {
		rte_pktmbuf_free(m);
		return false;
	}
	port.takes = c->far->takes;
	port.max_gso = c->far->max_gso;
	c->goes = c->mark == MARK_GSO || size <= MAX_FRAME;
	port_send(&port, m);
	port_flush(&port);
	return true;
}

/* ---- what comes out -------------------------------------------------------------------------- */

static bool
takes_blank(const struct cell *c)
{
	uint32_t need = is_ipv4(c->stack) ? PORT_TAKES_CSUM4 : PORT_TAKES_CSUM6;

	if (n_tags(c->stack) > 0)
		need |= PORT_TAKES_TAGGED;
	return is_plain(c->stack) && (c->far->takes & need) == need;
}

static bool
takes_whole(const struct cell *c)
{
	uint32_t need = is_ipv4(c->stack) ? PORT_TAKES_TSO4 : PORT_TAKES_TSO6;
	size_t size = layers_headers(c->stack) + c->payload_size;

	return takes_blank(c) && transport(c->stack) == 't' && (c->far->takes & need) != 0 &&
	       (c->far->max_gso == 0 || size <= c->far->max_gso);
}

/* As a kernel device, a guest, or a NIC is told of it. */
static bool
is_told_right(const struct cell *c, struct rte_mbuf *m, bool whole)
{
	struct virtio_net_hdr hdr;
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	unsigned type = is_ipv4(c->stack) ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	bool right = offload_needs(m) != 0 && (offload_needs(m) & ~c->far->takes) == 0;

	offload_to_virtio(m, &hdr);
	right = right && hdr.flags == VIRTIO_NET_HDR_F_NEEDS_CSUM &&
		hdr.csum_start == c->sent.l4_at &&
		(size_t)hdr.csum_start + hdr.csum_offset == c->sent.csum_at &&
		hdr.gso_type == (whole ? type : 0u) && hdr.gso_size == (whole ? c->mss : 0) &&
		(size_t)(m->l2_len + m->l3_len) == c->sent.l4_at;
	offload_to_ethdev(m);
	return right && rte_validate_tx_offload(m) == 0 &&
	       wire_be16(data + c->sent.csum_at) ==
		       (whole ? c->sent.pseudo_sum_no_length : c->sent.pseudo_sum);
}

/* The frame as it was sent, but with the mark that the far end takes. */
static void
check_marked(const struct cell *c, bool whole)
{
	size_t size = layers_headers(c->stack) + c->payload_size;

	if (n_got != 1 || got[0]->pkt_len != size ||
	    memcmp(rte_pktmbuf_mtod(got[0], void *), sent, size) != 0)
		wrong(c, "it does not come out as it was");
	else if (!is_told_right(c, got[0], whole))
		wrong(c, "the far end is told something else");
}

/* Complete frames: the segments, or the only one. */
static void
check_complete(const struct cell *c)
{
	size_t at = 0;
	unsigned n = 0;

	do {
		size_t step = c->mark == MARK_GSO ? c->mss : c->payload_size;
		size_t size = c->payload_size - at < step ? c->payload_size - at : step;
		bool last = at + size == c->payload_size;
		struct layers l = c->sent;

		l.payload = payload + at;
		l.payload_size = size;
		l.seq += (uint32_t)at;
		l.id = (uint16_t)(l.id + n);
		l.tcp_flags = last ? 0x18 : 0x10;
		size = layers_build(&l, want);
		if (n >= n_got)
			return wrong(c, "a frame is lost");
		struct rte_mbuf *m = got[n++];
		if (offload_needs(m) != 0)
			return wrong(c, "it is not complete");
		if (m->pkt_len != size || memcmp(rte_pktmbuf_mtod(m, void *), want, size) != 0)
			return wrong(c, "another frame comes out");
		if (c->mark == MARK_VALID &&
		    (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) != RTE_MBUF_F_RX_L4_CKSUM_GOOD)
			return wrong(c, "its mark is lost");
		at += step;
	} while (at < c->payload_size);
	if (n != n_got)
		wrong(c, "there are too many frames");
}

static void
play(struct cell *c)
{
	memset(&port.stats, 0, sizeof(port.stats));
	n_got = 0;
	n_cells++;
	if (!send_cell(c))
		wrong(c, "it is refused");
	else if (!c->goes)
		n_got != 0 || port.stats.n_dropped[DROP_TOO_BIG] != 1
			? wrong(c, "it is not counted as too long")
			: (void)0;
	else if (c->mark == MARK_GSO && takes_whole(c))
		check_marked(c, true);
	else if (c->mark == MARK_BLANK && takes_blank(c))
		check_marked(c, false);
	else
		check_complete(c);
	rte_pktmbuf_free_bulk(got, n_got);
}

/*
 * All sizes of such a frame: to the byte of the MTU, and of what two tags add to it; segments of
 * all kinds of a last one.
 */
static void
play_sizes(const struct cell *kind)
{
	size_t headers = layers_headers(kind->stack);
	size_t full = MTU + 14 + 4 * n_tags(kind->stack) - headers;
	size_t sizes[] = {
		0, 1, 100, full - 1, full, MAX_FRAME - headers, MAX_FRAME - headers + 1
	};
	size_t gso_sizes[] = { full + 1, 2 * full, 3 * full + 7, 12 * full - 1, 40 * full };
	bool is_gso = kind->mark == MARK_GSO;

	for (unsigned i = 0; i < (is_gso ? ARRAY_SIZE(gso_sizes) : ARRAY_SIZE(sizes)); i++) {
		struct cell c = *kind;

		c.payload_size = is_gso ? gso_sizes[i] : sizes[i];
		c.mss = is_gso ? (uint16_t)full : 0;
		play(&c);
	}
}

static void
exchange_all(void)
{
	REQUIRE_EQ(pools_create(&pools, N_SMALL, N_LARGE), 0);
	worker.pools = &pools;
	port = (struct port){
		.ops = &ops, .owner = &worker, .max_frame = MAX_FRAME, .frame_limit = UINT32_MAX
	};
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = packet_payload(0, i);
	for (unsigned i = 0; i < ARRAY_SIZE(stacks) * 4 * FROM_N * ARRAY_SIZE(far_ends); i++) {
		struct cell c = { .far = &far_ends[i % ARRAY_SIZE(far_ends)] };
		unsigned rest = i / ARRAY_SIZE(far_ends);

		c.from = rest % FROM_N;
		c.mark = rest / FROM_N % 4;
		c.stack = stacks[rest / FROM_N / 4];
		if (is_possible(c.stack, c.mark, c.from))
			play_sizes(&c);
	}
	printf("\n    %u cells, %u wrong\n", n_cells, n_wrong);
	CHECK_EQ(n_wrong, 0);
	CHECK_GT(n_cells, 20000);
	CHECK_EQ(rte_mempool_avail_count(pools.small), N_SMALL);
	CHECK_EQ(rte_mempool_avail_count(pools.large), N_LARGE);
	pools_destroy(&pools);
}

/*
 * Any start of a checksum in any tunnel's headers, cut off and changed anywhere: nothing outside
 * the frame is touched.
 */
static void
exchange_tunnel_hostile(void)
{
	static const char *const tunnels[] = { "44t",  "4G6t", "4gE4t", "6vE4t",
					       "4N4t", "4F6t", "hG4t",  "6u" };
	unsigned n_taken = 0;

	REQUIRE_EQ(pools_create(&pools, N_SMALL, N_LARGE), 0);
	srand(1);
	for (unsigned i = 0; i < 200000; i++) {
		struct layers l = { .stack = tunnels[i % ARRAY_SIZE(tunnels)],
				    .payload = payload,
				    .payload_size = 300 };
		size_t size = layers_build(&l, sent);
		struct virtio_net_hdr hdr = {
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.gso_size = (uint16_t)(1 + rand() % 400),
			.csum_start = (uint16_t)(l.l4_at + (rand() % 8 == 0 ? rand() % 9 - 4 : 0))
		};
		struct rte_mbuf m;

		hdr.gso_type = (const uint8_t[]){ 1, 4, 5 }[rand() % 3];
		for (int n = rand() % 3; n > 0; n--)
			sent[12 + rand() % (int)(l.l4_at + 20)] = (uint8_t)rand();
		if (rand() % 4 == 0)
			size = (size_t)rand() % size;
		packet_mbuf(&m, sent, size);
		if (offload_from_virtio(&m, &hdr) == 0 && offload_is_gso(&m)) {
			int n = offload_segment(&pools, &m, got, ARRAY_SIZE(got));
			n_taken++;
			if (n > 0)
				rte_pktmbuf_free_bulk(got, (unsigned)n);
		}
		packet_mbuf_free(&m);
	}
	CHECK_GT(n_taken, 10000);
	CHECK_EQ(rte_mempool_avail_count(pools.small), N_SMALL);
	pools_destroy(&pools);
}

void test_exchange(CU_pSuite suite);

void
test_exchange(CU_pSuite suite)
{
	UNIT_ADD(suite, exchange_all);
	UNIT_ADD(suite, exchange_tunnel_hostile);
}
