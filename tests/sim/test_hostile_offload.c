/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hostile cases: extra infos, and offload requests over headers that do not deserve them.
 * CVE-2024-11614, XSA-423.
 */
#include <string.h>

#include "sim/hostile.h"
#include "sim/test_sim.h"

#define MORE XEN_NETIF_EXTRA_FLAG_MORE

static netif_extra_info_t
extra(uint8_t type, uint8_t flags)
{
	netif_extra_info_t e = { .type = type, .flags = flags };

	if (type == XEN_NETIF_EXTRA_TYPE_GSO) {
		e.u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4;
		e.u.gso.size = 1000;
	}
	return e;
}

/* A slot with `size` bytes and the extras behind it. */
static void
put_with_extras(struct hostile *h, uint16_t size, uint16_t flags, const netif_extra_info_t *extras,
		unsigned n)
{
	netif_tx_request_t slot = hostile_slot(h, 3, size, flags | NETTXF_extra_info);

	guest_tx_slot(h->bad, &slot);
	for (unsigned i = 0; i < n; i++)
		guest_tx_extra(h->bad, &extras[i]);
}

static void
extra_is_fatal(netif_extra_info_t e, const char *text)
{
	struct hostile h;

	hostile_start(&h);
	put_with_extras(&h, 60, 0, &e, 1);
	hostile_publish_fatal(&h, text);
	hostile_stop(&h);
}

static void
extra_missing(void)
{
	struct hostile h;

	hostile_start(&h);
	put_with_extras(&h, 60, 0, NULL, 0);
	hostile_publish_fatal(&h, "missing");
	hostile_stop(&h);
}

static void
extra_missing_after_more(void)
{
	extra_is_fatal(extra(XEN_NETIF_EXTRA_TYPE_HASH, MORE), "missing");
}

static void
extra_type_0(void)
{
	extra_is_fatal(extra(XEN_NETIF_EXTRA_TYPE_NONE, 0), "extra info");
}

static void
extra_type_6(void)
{
	extra_is_fatal(extra(6, 0), "extra info");
}

static void
extra_type_255(void)
{
	extra_is_fatal(extra(255, 0), "extra info");
}

/* Linux has a fifth type, for XDP. */
static void
extra_type_5(void)
{
	struct hostile h;
	netif_extra_info_t e = extra(5, 0);

	hostile_start(&h);
	put_with_extras(&h, 60, 0, &e, 1);
	hostile_publish(&h, 1, 0, 1);
	hostile_stop(&h);
}

static void
gso_size_0(void)
{
	netif_extra_info_t e = extra(XEN_NETIF_EXTRA_TYPE_GSO, 0);

	e.u.gso.size = 0;
	extra_is_fatal(e, "GSO");
}

static void
gso_type_0(void)
{
	netif_extra_info_t e = extra(XEN_NETIF_EXTRA_TYPE_GSO, 0);

	e.u.gso.type = 0;
	extra_is_fatal(e, "GSO");
}

static void
gso_type_3(void)
{
	netif_extra_info_t e = extra(XEN_NETIF_EXTRA_TYPE_GSO, 0);

	e.u.gso.type = 3;
	extra_is_fatal(e, "GSO");
}

/* A ring full of chained extras: bounded by the ring; each is answered. */
static void
extra_chain_fills_ring(void)
{
	struct hostile h;
	netif_extra_info_t e[NETIF_RING_SIZE - 1];

	hostile_start(&h);
	for (unsigned i = 0; i < NETIF_RING_SIZE - 1; i++)
		e[i] = extra(XEN_NETIF_EXTRA_TYPE_HASH, i + 2 < NETIF_RING_SIZE ? MORE : 0);
	put_with_extras(&h, 60, 0, e, NETIF_RING_SIZE - 1);
	hostile_publish(&h, 1, 0, NETIF_RING_SIZE - 1);
	hostile_stop(&h);
}

static void
extra_chain_without_end(void)
{
	struct hostile h;
	netif_extra_info_t e[NETIF_RING_SIZE - 1];

	hostile_start(&h);
	for (unsigned i = 0; i < NETIF_RING_SIZE - 1; i++)
		e[i] = extra(XEN_NETIF_EXTRA_TYPE_HASH, MORE);
	put_with_extras(&h, 60, 0, e, NETIF_RING_SIZE - 1);
	hostile_publish_fatal(&h, "missing");
	hostile_stop(&h);
}

/* Windows chains GSO and hash, and Linux knows XDP; of two of a kind the last one counts. */
static void
extra_chain_of_kinds(void)
{
	static struct guest_frame got;
	struct hostile h;
	netif_extra_info_t e[4] = {
		extra(XEN_NETIF_EXTRA_TYPE_GSO, MORE),
		extra(XEN_NETIF_EXTRA_TYPE_HASH, MORE),
		extra(XEN_NETIF_EXTRA_TYPE_GSO, MORE),
		extra(NETIF_EXTRA_TYPE_XDP, 0),
	};

	hostile_start(&h);
	struct frame f = flow_frame(h.bad, h.n1, FRAME_TCP4, 3000, 1);
	e[2].u.gso.size = 700;
	put_with_extras(&h, 3000, NETTXF_csum_blank, e, 4);
	frame_build_blank(&f, h.bad->tx_buffers[3].page);
	guest_log_clear(h.bad);
	guest_tx_publish(h.bad);
	CHECK(flow_receive(h.n1, &got));
	CHECK(frame_equal(&f, FRAME_BLANK, got.data, got.len));
	CHECK_EQ(got.gso_size, 700);
	CHECK(flow_await_responses(h.bad, 5));
	CHECK_EQ(guest_log_count(h.bad, NETIF_RSP_OKAY), 1);
	CHECK_EQ(guest_log_count(h.bad, NETIF_RSP_NULL), 4);
	CHECK(hostile_still_served(&h));
	hostile_stop(&h);
}

/* A request of multicast control is answered, and is no packet. Its grant means nothing. */
static void
multicast_control(void)
{
	struct hostile h;
	netif_extra_info_t e[2] = {
		extra(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0),
		extra(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 0),
	};

	hostile_start(&h);
	uint64_t before = hostile_drops(&h, DROP_GRANT_COPY);
	for (unsigned i = 0; i < 100; i++) {
		put_with_extras(&h, 60, 0, &e[i % 2], 1);
		RING_GET_REQUEST(&h.bad->tx, h.bad->tx.req_prod_pvt - 2)->gref = 0;
		guest_log_clear(h.bad);
		guest_tx_publish(h.bad);
		CHECK(flow_await_responses(h.bad, 2));
		CHECK_EQ(guest_log_count(h.bad, NETIF_RSP_NULL), 1);
		CHECK_EQ(guest_log_count(h.bad, NETIF_RSP_OKAY), 1);
	}
	CHECK_EQ(hostile_drops(&h, DROP_GRANT_COPY), before);
	CHECK(hostile_still_served(&h));
	hostile_stop(&h);
}

/* Sends `len` bytes that are there already in tx buffer 3 with the offload asked for. */
static void
send_offload(struct hostile *h, const uint8_t *data, uint16_t len, uint16_t flags, uint8_t gso_type,
	     uint16_t gso_size)
{
	struct guest_packet packet = {
		.data = data,
		.len = len,
		.flags = flags,
		.gso_type = gso_type,
		.gso_size = gso_size,
	};

	flow_drain(h->bad);
	flow_send(h->bad, &packet);
}

/*
 * Each of these is no frame that could be segmented or summed: dropped and counted, and nothing
 * else happens.
 */
static void
bad_headers(enum frame_kind kind, uint8_t gso_type, void (*spoil)(uint8_t *data, unsigned i),
	    unsigned n)
{
	static uint8_t data[3000];
	struct hostile h;

	hostile_start(&h);
	uint64_t before = hostile_drops(&h, DROP_BAD_HEADERS);
	for (unsigned i = 0; i < n; i++) {
		struct frame f = flow_frame(h.bad, h.n1, kind, 3000, i);

		f.len = gso_type == XEN_NETIF_GSO_TYPE_NONE ? 200 : 3000;
		frame_build_blank(&f, data);
		spoil(data, i);
		send_offload(&h, data, (uint16_t)f.len, NETTXF_csum_blank, gso_type, 1000);
	}
	CHECK(hostile_still_served(&h));
	sim_check(hostile_drops(&h, DROP_BAD_HEADERS) == before + n, "%u of %u dropped",
		  (unsigned)(hostile_drops(&h, DROP_BAD_HEADERS) - before), n);
	hostile_stop(&h);
}

static void
spoil_tcp4(uint8_t *data, unsigned i)
{
	static const struct {
		uint16_t at;
		uint8_t value;
	} changes[] = {
		{ 12, 0x08 + 0x80 }, /* no IP at all */
		{ 14, 0x65 },        /* IP version 6 in an IPv4 frame */
		{ 14, 0x40 },        /* header of 0 bytes */
		{ 14, 0x44 },        /* of 16 */
		{ 16, 0xff },        /* total length beyond the frame */
		{ 20, 0x20 },        /* more fragments */
		{ 21, 0x01 },        /* a later fragment */
		{ 23, 1 },           /* ICMP */
		{ 23, 47 },          /* GRE */
		{ 46, 0x00 },        /* TCP header of 0 bytes */
		{ 46, 0x40 },        /* of 16 */
	};

	data[changes[i % 11].at] = changes[i % 11].value;
	if (i >= 11) { /* a total length that ends within the headers */
		data[16] = 0;
		data[17] = (uint8_t)(20 + i - 11);
	}
}

static void
csum_bad_headers4(void)
{
	bad_headers(FRAME_TCP4, XEN_NETIF_GSO_TYPE_NONE, spoil_tcp4, 20);
}

static void
gso_bad_headers4(void)
{
	bad_headers(FRAME_TCP4, XEN_NETIF_GSO_TYPE_TCPV4, spoil_tcp4, 20);
}

static void
spoil_tcp6(uint8_t *data, unsigned i)
{
	static const uint8_t next[] = { 0, 43, 44, 59, 60, 58, 50, 255 };

	data[20] = next[i % 8];
	/* What follows looks like an endless chain of extension headers. */
	for (unsigned at = 54; at < 190; at += 8) {
		data[at] = i < 8 ? next[i % 8] : 60;
		data[at + 1] = i < 8 ? 0 : 255;
	}
}

static void
csum_bad_headers6(void)
{
	bad_headers(FRAME_TCP6, XEN_NETIF_GSO_TYPE_NONE, spoil_tcp6, 16);
}

static void
gso_bad_headers6(void)
{
	bad_headers(FRAME_TCP6, XEN_NETIF_GSO_TYPE_TCPV6, spoil_tcp6, 16);
}

static void
spoil_nothing(uint8_t *data, unsigned i)
{
	(void)data;
	(void)i;
}

static void
gso_on_udp(void)
{
	bad_headers(FRAME_UDP4, XEN_NETIF_GSO_TYPE_TCPV4, spoil_nothing, 3);
}

static void
gso_of_other_version(void)
{
	bad_headers(FRAME_TCP4, XEN_NETIF_GSO_TYPE_TCPV6, spoil_nothing, 3);
}

static void
gso_on_no_ip(void)
{
	bad_headers(FRAME_RAW, XEN_NETIF_GSO_TYPE_TCPV4, spoil_nothing, 3);
}

static void
csum_on_no_ip(void)
{
	bad_headers(FRAME_RAW, XEN_NETIF_GSO_TYPE_NONE, spoil_nothing, 3);
}

static void
spoil_vlan(uint8_t *data, unsigned i)
{
	for (unsigned at = 12; at < 12 + 4 * (3 + i); at += 4)
		memcpy(data + at, (const uint8_t[]){ 0x81, 0x00, 0x00, 0x05 }, 4);
}

static void
csum_behind_many_vlan_tags(void)
{
	bad_headers(FRAME_UDP4, XEN_NETIF_GSO_TYPE_NONE, spoil_vlan, 6);
}

/* A frame that asks for a checksum or for GSO and ends at any byte of its headers. */
static void
truncated_headers(void)
{
	static uint8_t data[200];
	struct hostile h;

	hostile_start(&h);
	for (uint16_t len = 14; len < 80; len++) {
		for (unsigned kind = FRAME_UDP4; kind < FRAME_N_KINDS; kind++) {
			struct frame f = flow_frame(h.bad, h.n1, kind, 200, len);
			bool v4 = kind == FRAME_UDP4 || kind == FRAME_TCP4;

			frame_build_blank(&f, data);
			send_offload(&h, data, len, NETTXF_csum_blank, XEN_NETIF_GSO_TYPE_NONE, 0);
			send_offload(&h, data, len, NETTXF_csum_blank,
				     v4 ? XEN_NETIF_GSO_TYPE_TCPV4 : XEN_NETIF_GSO_TYPE_TCPV6, 100);
		}
	}
	CHECK(hostile_still_served(&h));
	hostile_stop(&h);
}

/* Segments of one byte, and of more than the frame has, to guests that cannot take GSO. */
static void
gso_odd_sizes(void)
{
	static const uint16_t sizes[] = { 1, 7, 63, 88, 536, 2945, 2946, 2947, 65535 };
	static uint8_t data[65535];
	struct hostile h;

	hostile_start(&h);
	struct guest *plain = sim_add(&h.s);
	sim_connect(&h.s, plain, FRONT_NO_CSUM);
	CHECK(flow_exchange(plain, h.n1, 10));
	for (unsigned i = 0; i < 9; i++) {
		for (uint32_t len = 3000; len <= 65535; len += 62535) {
			struct frame f =
				flow_frame(h.bad, i % 2 ? plain : h.n1, FRAME_TCP4, len, i);

			frame_build_blank(&f, data);
			send_offload(&h, data, (uint16_t)len, NETTXF_csum_blank,
				     XEN_NETIF_GSO_TYPE_TCPV4, sizes[i]);
			flow_drain(plain);
		}
	}
	CHECK(hostile_still_served(&h));
	CHECK(flow_exchange(h.n1, h.n2, 50));
	hostile_stop(&h);
}

/* XSA-423: the headers come in pieces, cut at every byte; they leave in one. */
static void
headers_cut_anywhere(void)
{
	static uint8_t data[300];
	struct hostile h;

	hostile_start(&h);
	for (uint16_t cut = 1; cut < 128; cut++) {
		struct frame f =
			flow_frame(h.bad, h.n1, cut % 2 ? FRAME_TCP4 : FRAME_TCP6, 300, cut);
		uint16_t sizes[] = { cut, (uint16_t)(300 - cut) };
		struct guest_packet packet = {
			.data = data,
			.len = 300,
			.flags = NETTXF_csum_blank,
			.sizes = sizes,
			.n_sizes = 2,
		};

		frame_build_blank(&f, data);
		CHECK_EQ(guest_send(h.bad, &packet), 0);
		if (!flow_expect(h.n1, &f, FRAME_BLANK))
			break;
		flow_drain(h.bad);
	}
	CHECK(hostile_still_served(&h));
	hostile_stop(&h);
}

static void
headers_in_single_bytes(void)
{
	uint16_t sizes[17];
	static uint8_t data[300];
	struct hostile h;

	hostile_start(&h);
	for (unsigned i = 0; i < 16; i++)
		sizes[i] = 1;
	sizes[16] = 284;
	struct frame f = flow_frame(h.bad, h.n1, FRAME_TCP4, 300, 9);
	struct guest_packet packet = {
		.data = data,
		.len = 300,
		.flags = NETTXF_csum_blank,
		.sizes = sizes,
		.n_sizes = 17,
	};
	frame_build_blank(&f, data);
	CHECK_EQ(guest_send(h.bad, &packet), 0);
	CHECK(flow_expect(h.n1, &f, FRAME_BLANK));
	CHECK(hostile_still_served(&h));
	hostile_stop(&h);
}

CU_TestInfo hostile_offload_cases[] = {
	{ "extra_missing", extra_missing },
	{ "extra_missing_after_more", extra_missing_after_more },
	{ "extra_type_0", extra_type_0 },
	{ "extra_type_5", extra_type_5 },
	{ "extra_type_6", extra_type_6 },
	{ "extra_type_255", extra_type_255 },
	{ "gso_size_0", gso_size_0 },
	{ "gso_type_0", gso_type_0 },
	{ "gso_type_3", gso_type_3 },
	{ "extra_chain_fills_ring", extra_chain_fills_ring },
	{ "extra_chain_without_end", extra_chain_without_end },
	{ "extra_chain_of_kinds", extra_chain_of_kinds },
	{ "multicast_control", multicast_control },
	{ "csum_bad_headers4", csum_bad_headers4 },
	{ "gso_bad_headers4", gso_bad_headers4 },
	{ "csum_bad_headers6", csum_bad_headers6 },
	{ "gso_bad_headers6", gso_bad_headers6 },
	{ "gso_on_udp", gso_on_udp },
	{ "gso_of_other_version", gso_of_other_version },
	{ "gso_on_no_ip", gso_on_no_ip },
	{ "csum_on_no_ip", csum_on_no_ip },
	{ "csum_behind_many_vlan_tags", csum_behind_many_vlan_tags },
	{ "truncated_headers", truncated_headers },
	{ "gso_odd_sizes", gso_odd_sizes },
	{ "headers_cut_anywhere", headers_cut_anywhere },
	{ "headers_in_single_bytes", headers_in_single_bytes },
	CU_TEST_INFO_NULL,
};
