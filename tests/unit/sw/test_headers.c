/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a frame's headers are, whatever is before them and wherever the frame ends. */
#include "sw/headers.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "unit.h"

#define MACS 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2
#define Q(vid) 0x81, 0, 0, vid
#define AD(vid) 0x88, 0xa8, 0, vid
#define LLC_SNAP(size) 0, size, 0xaa, 0xaa, 3, 0, 0, 0
/* clang-format off */
#define IPV4(total, fragment, protocol) \
	0x45, 0, 0, total, 0, 1, (fragment) >> 8, (fragment) & 0xff, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2
#define IPV6(payload, protocol) \
	0x60, 0, 0, 0, 0, payload, protocol, 64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
		0, 0, 0, 0, 0, 2
/* clang-format on */

struct row {
	const char *name;
	uint8_t frame[110];
	uint8_t len;
	struct headers h;
};

#define ROW(name, expected, ...) \
	{ \
		name, { MACS, __VA_ARGS__ }, sizeof((uint8_t[]){ MACS, __VA_ARGS__ }), expected \
	}
#define H(...) ((struct headers){ __VA_ARGS__ })
#define IN_IPV4 .l2_len = 14, .ethertype = 0x800
#define IN_IPV6 .l2_len = 14, .ethertype = 0x86dd

/* UDP is 17, TCP 6. */
/* clang-format off */
static const struct row rows[] = {
	ROW("EtherType", H(.l2_len = 14, .ethertype = 0x88b5), 0x88, 0xb5),
	ROW("one tag", H(.l2_len = 18, .ethertype = 0x88b5, .n_tags = 1), Q(5), 0x88, 0xb5),
	ROW("provider's tag", H(.l2_len = 22, .ethertype = 0x88b5, .n_tags = 2, .flags = HEADERS_PROVIDER),
	    AD(5), Q(6), 0x88, 0xb5),
	ROW("provider's tag inside", H(.l2_len = 22, .ethertype = 0x88b5, .n_tags = 2), Q(5), AD(6), 0x88, 0xb5),
	ROW("three tags", H(.l2_len = 22, .ethertype = 0x8100, .n_tags = 2, .flags = HEADERS_BAD_ETHER),
	    Q(1), Q(2), Q(3), 8, 0),
	ROW("half a tag", H(.l2_len = 14, .ethertype = 0x8100, .flags = HEADERS_BAD_ETHER), 0x81, 0, 0, 5, 8),
	ROW("LLC", H(.l2_len = 14, .flags = HEADERS_LLC), 0, 3, 0xfe, 0xfe, 3),
	ROW("LLC behind a tag", H(.l2_len = 18, .n_tags = 1, .flags = HEADERS_LLC), Q(5), 0, 3, 0xfe, 0xfe, 3),
	ROW("LLC of no bytes", H(.l2_len = 14, .flags = HEADERS_LLC | HEADERS_BAD_ETHER), 0, 2, 0xfe, 0xfe, 3),
	ROW("LLC beyond the frame", H(.l2_len = 14, .flags = HEADERS_LLC | HEADERS_BAD_ETHER), 0, 4, 0xfe, 0xfe, 3),
	ROW("longest 802.3", H(.l2_len = 14, .flags = HEADERS_LLC | HEADERS_BAD_ETHER), 5, 0xff, 0xfe, 0xfe, 3),
	ROW("first EtherType", H(.l2_len = 14, .ethertype = 0x600), 6, 0, 0xfe, 0xfe, 3),
	ROW("SNAP", H(.l2_len = 22, .ethertype = 0x806, .flags = HEADERS_LLC | HEADERS_SNAP), LLC_SNAP(8), 8, 6),
	ROW("SNAP of 802.1H", H(.l2_len = 22, .ethertype = 0x806, .flags = HEADERS_LLC | HEADERS_SNAP),
	    0, 8, 0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 6),
	ROW("SNAP of others", H(.l2_len = 14, .flags = HEADERS_LLC), 0, 8, 0xaa, 0xaa, 3, 8, 0, 7, 8, 6),
	ROW("SNAP without a type", H(.l2_len = 14, .flags = HEADERS_LLC), LLC_SNAP(7), 8, 6),
	ROW("tag behind SNAP", H(.l2_len = 22, .ethertype = 0x8100, .flags = HEADERS_LLC | HEADERS_SNAP),
	    LLC_SNAP(8), Q(5), 8, 0),
	ROW("IPv4 behind SNAP", H(.l2_len = 22, .l3_len = 20, .end = 46, .ethertype = 0x800, .protocol = 17,
	    .flags = HEADERS_LLC | HEADERS_SNAP), LLC_SNAP(32), 8, 0, IPV4(24, 0, 17), 1, 2, 3, 4),
	ROW("IPv4", H(IN_IPV4, .l3_len = 20, .end = 38, .protocol = 6), 8, 0, IPV4(24, 0, 6), 1, 2, 3, 4, 0, 0),
	ROW("IPv4 that may not be cut", H(IN_IPV4, .l3_len = 20, .end = 34, .protocol = 6), 8, 0, IPV4(20, 0x4000, 6)),
	ROW("IPv4 with options", H(.l2_len = 18, .l3_len = 24, .end = 43, .ethertype = 0x800, .n_tags = 1, .protocol = 6),
	    Q(5), 8, 0, 0x46, 0, 0, 25, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 1, 1, 1, 1, 9),
	ROW("IPv4 first fragment", H(IN_IPV4, .l3_len = 20, .end = 34, .flags = HEADERS_FRAGMENT, .protocol = 6),
	    8, 0, IPV4(20, 0x2000, 6)),
	ROW("IPv4 later fragment", H(IN_IPV4, .l3_len = 20, .end = 34, .flags = HEADERS_FRAGMENT | HEADERS_LATER, .protocol = 6),
	    8, 0, IPV4(20, 1, 6)),
	ROW("IPv4 beyond the frame", H(IN_IPV4, .l3_len = 20, .flags = HEADERS_BAD_IP, .protocol = 6), 8, 0, IPV4(21, 0, 6)),
	ROW("IPv4 shorter than its header", H(IN_IPV4, .l3_len = 20, .flags = HEADERS_BAD_IP, .protocol = 6),
	    8, 0, IPV4(19, 0, 6)),
	ROW("IPv4 of another version", H(IN_IPV4, .flags = HEADERS_BAD_IP), 8, 0, IPV6(0, 6)),
	ROW("IPv6", H(IN_IPV6, .l3_len = 40, .end = 58, .protocol = 17), 0x86, 0xdd, IPV6(4, 17), 1, 2, 3, 4, 0),
	ROW("IPv6 of another version", H(IN_IPV6, .flags = HEADERS_BAD_IP), 0x86, 0xdd, IPV4(20, 0, 6), IPV4(20, 0, 6)),
	ROW("IPv6 beyond the frame", H(IN_IPV6, .l3_len = 40, .flags = HEADERS_BAD_IP, .protocol = 17),
	    0x86, 0xdd, IPV6(1, 17)),
	ROW("options", H(IN_IPV6, .l3_len = 56, .end = 71, .protocol = 6),
	    0x86, 0xdd, IPV6(17, 0), 60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0, 7),
	ROW("last hop", H(IN_IPV6, .l3_len = 48, .end = 62, .protocol = 6), 0x86, 0xdd, IPV6(8, 43), 6, 0, 4, 0, 0, 0, 0, 0),
	ROW("hop before", H(IN_IPV6, .l3_len = 48, .end = 62, .flags = HEADERS_ROUTED, .protocol = 6),
	    0x86, 0xdd, IPV6(8, 43), 6, 0, 4, 1, 0, 0, 0, 0),
	ROW("AH", H(IN_IPV6, .l3_len = 52, .end = 66, .flags = HEADERS_RARE_EXT, .protocol = 6),
	    0x86, 0xdd, IPV6(12, 51), 6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1),
	ROW("ESP is the end", H(IN_IPV6, .l3_len = 40, .end = 62, .protocol = 50),
	    0x86, 0xdd, IPV6(8, 50), 6, 0, 0, 0, 0, 0, 0, 0),
	ROW("first fragment", H(IN_IPV6, .l3_len = 56, .end = 70, .flags = HEADERS_FRAGMENT, .protocol = 6),
	    0x86, 0xdd, IPV6(16, 44), 60, 0, 0, 1, 0, 0, 0, 1, 6, 0, 1, 4, 0, 0, 0, 0),
	ROW("later fragment", H(IN_IPV6, .l3_len = 48, .end = 70, .flags = HEADERS_FRAGMENT | HEADERS_LATER, .protocol = 60),
	    0x86, 0xdd, IPV6(16, 44), 60, 0, 0, 8, 0, 0, 0, 1, 6, 0, 1, 4, 0, 0, 0, 0),
	ROW("fragment of a fragment", H(IN_IPV6, .l3_len = 48, .end = 70, .flags = HEADERS_FRAGMENT | HEADERS_BAD_IP, .protocol = 44),
	    0x86, 0xdd, IPV6(16, 44), 44, 0, 0, 1, 0, 0, 0, 1, 6, 0, 0, 1, 0, 0, 0, 1),
	ROW("options beyond the packet", H(IN_IPV6, .l3_len = 40, .end = 62, .flags = HEADERS_BAD_IP),
	    0x86, 0xdd, IPV6(8, 0), 6, 1, 1, 4, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0),
	ROW("half an option", H(IN_IPV6, .l3_len = 40, .end = 61, .flags = HEADERS_BAD_IP),
	    0x86, 0xdd, IPV6(7, 0), 6, 0, 1, 4, 0, 0, 0),
};
/* clang-format on */

/* In a buffer of just its size, so that the address sanitizer sees any look beyond. */
static struct headers
walk(const uint8_t *frame, uint32_t len)
{
	uint8_t *copy = malloc(len);
	struct headers h;

	memcpy(copy, frame, len);
	headers_walk(copy, len, &h);
	free(copy);
	return h;
}

static bool
is_same(const struct headers *a, const struct headers *b)
{
	return a->l2_len == b->l2_len && a->l3_len == b->l3_len && a->end == b->end &&
	       a->ethertype == b->ethertype && a->flags == b->flags && a->n_tags == b->n_tags &&
	       a->protocol == b->protocol;
}

/* What the callers rely on. */
static void
expect_within(const struct headers *h, uint32_t len)
{
	CHECK_LE(h->l2_len, len);
	CHECK_LE(h->n_tags, 2);
	CHECK_LE(h->l3_len, len - h->l2_len);
	CHECK_LE(h->end, len);
	if (h->l3_len != 0 && (h->flags & HEADERS_BAD_IP) == 0) {
		CHECK_GE(h->end, h->l2_len + h->l3_len);
		CHECK_LE(headers_l4_room(h), len);
	}
}

static void
headers_walk_rows(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct headers h = walk(rows[i].frame, rows[i].len);

		CHECK(is_same(&h, &rows[i].h));
		if (!is_same(&h, &rows[i].h))
			printf("%s: l2 %u l3 %u end %u type %x flags %x tags %u protocol %u\n",
			       rows[i].name, h.l2_len, h.l3_len, h.end, h.ethertype, h.flags,
			       h.n_tags, h.protocol);
		expect_within(&h, rows[i].len);
	}
}

/* A frame that ends early is never taken for a whole one. */
static void
headers_walk_cut(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t whole = rows[i].h.end != 0 ? rows[i].h.end : rows[i].h.l2_len;

		for (uint32_t len = 0; len < rows[i].len; len++) {
			struct headers h = walk(rows[i].frame, len);

			expect_within(&h, len);
			if (len < whole && rows[i].h.flags == 0)
				CHECK_NE(h.flags & (HEADERS_BAD_ETHER | HEADERS_BAD_IP), 0);
		}
	}
}

static void
headers_walk_chain(void)
{
	uint8_t frame[200] = { MACS, 0x86, 0xdd, IPV6(0, 60) };

	for (unsigned n = 1; n < 16; n++) {
		frame[19] = (uint8_t)(8 * n);
		memcpy(frame + 54 + 8 * (n - 1), (uint8_t[]){ 6, 0, 1, 4, 0, 0, 0, 0, 60 }, 8);
		struct headers h = walk(frame, sizeof(frame));
		CHECK_EQ((h.flags & HEADERS_BAD_IP) == 0, n <= HEADERS_EXT_MAX);
		frame[54 + 8 * (n - 1)] = 60;
	}
}

static void
headers_walk_random(void)
{
	srandom(1);
	for (unsigned i = 0; i < 200000; i++) {
		const struct row *row = &rows[i % ARRAY_SIZE(rows)];
		uint8_t frame[sizeof(row->frame)];
		uint32_t len = (uint32_t)random() % (row->len + 1u);

		memcpy(frame, row->frame, sizeof(frame));
		for (unsigned n = (unsigned)random() % 4; n > 0; n--)
			frame[12 + (unsigned)random() % (row->len - 12u)] = (uint8_t)random();
		struct headers h = walk(frame, len);
		expect_within(&h, len);
	}
}

void test_headers(CU_pSuite suite);

void
test_headers(CU_pSuite suite)
{
	UNIT_ADD(suite, headers_walk_rows);
	UNIT_ADD(suite, headers_walk_cut);
	UNIT_ADD(suite, headers_walk_chain);
	UNIT_ADD(suite, headers_walk_random);
}
