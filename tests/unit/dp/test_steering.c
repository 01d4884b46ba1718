/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hashes against the answers that Microsoft publishes for receive side scaling, and the choice of a
 * queue.
 */
#include "dp/frame/steering.h"

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/util.h"
#include "packet_mbuf.h"
#include "proto/netif.h"
#include "unit.h"

#define ALL_TYPES 15u

static const uint8_t key[STEERING_KEY_SIZE] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* "Verifying the RSS Hash Calculation" */
static const struct {
	int family;
	const char *src, *dst;
	uint16_t src_port, dst_port;
	uint32_t ip_hash, tcp_hash;
} answers[] = {
	{ 4, "66.9.149.187", "161.142.100.80", 2794, 1766, 0x323e8fc2, 0x51ccc178 },
	{ 4, "199.92.111.2", "65.69.140.83", 14230, 4739, 0xd718262a, 0xc626b0ea },
	{ 4, "24.19.198.95", "12.22.207.184", 12898, 38024, 0xd2d0a5de, 0x5c2b394a },
	{ 4, "38.27.205.30", "209.142.163.6", 48228, 2217, 0x82989176, 0xafc7327f },
	{ 4, "153.39.163.191", "202.188.127.2", 44251, 1303, 0x5d1809c5, 0x10e828a2 },
	{ 6, "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766, 0x2cc18cd5, 0x40207d3d },
	{ 6, "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739, 0x0f0c461c, 0xdde51bbf },
	{ 6, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf", 44251, 38024,
	  0x4b61e985, 0x02d1feef },
};

static uint8_t frame[PACKET_SIZE_MAX];

static struct steering
chosen(uint32_t types)
{
	struct steering s = { .algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, .types = types };

	memcpy(s.key, key, sizeof(key));
	return s;
}

/* Answer `i`'s packet, in any shape. */
static size_t
build(unsigned i, const struct packet *shape)
{
	struct packet p = *shape;
	size_t size = packet_build(&p, frame);
	uint8_t *ip = frame + packet_l2_size(&p), *l4 = frame + packet_l4_start(&p);
	int family = p.family == 4 ? AF_INET : AF_INET6;
	size_t addresses = p.family == 4 ? 12 : 8, address_size = p.family == 4 ? 4 : 16;

	REQUIRE_EQ(inet_pton(family, answers[i].src, ip + addresses), 1);
	REQUIRE_EQ(inet_pton(family, answers[i].dst, ip + addresses + address_size), 1);
	wire_put_be16(l4, answers[i].src_port);
	wire_put_be16(l4 + 2, answers[i].dst_port);
	return size;
}

/* The hash of `frame`, which must have a type. */
static uint32_t
hash_of(const struct steering *s, size_t size, uint8_t expected_type)
{
	uint8_t type = 0xff;
	uint32_t hash = 0;
	struct rte_mbuf m;

	packet_mbuf(&m, frame, size);
	CHECK(steering_hash(s, &m, &type, &hash));
	CHECK_EQ(type, expected_type);
	packet_mbuf_free(&m);
	return hash;
}

/* Whatever options, extension headers and tags there are. */
static void
steering_hash_known_answers(void)
{
	struct steering all = chosen(ALL_TYPES);
	struct steering ip_only =
		chosen(XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV6);
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(answers); i++) {
		for (unsigned j = 0; j < packet_n_shapes; j++) {
			const struct packet *shape = &packet_shapes[j];
			if ((int)shape->family != answers[i].family)
				continue;
			size_t size = build(i, shape);
			uint8_t ip_type = shape->family == 4 ? _XEN_NETIF_CTRL_HASH_TYPE_IPV4
							     : _XEN_NETIF_CTRL_HASH_TYPE_IPV6;
			bool tcp = shape->protocol == IPPROTO_TCP;
			CHECK_EQ(hash_of(&ip_only, size, ip_type), answers[i].ip_hash);
			CHECK_EQ(hash_of(&all, size, tcp ? ip_type + 1 : ip_type),
				 tcp ? answers[i].tcp_hash : answers[i].ip_hash);
			n++;
		}
	}
	CHECK_GT(n, 30);
}

static void
steering_hash_type_not_chosen(void)
{
	static const struct packet tcp4 = { .family = 4,
					    .protocol = IPPROTO_TCP,
					    .payload_size = 10 };
	uint32_t others =
		ALL_TYPES & ~(XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
	struct steering s = chosen(others);
	uint32_t hash;
	uint8_t type;
	struct rte_mbuf m;

	packet_mbuf(&m, frame, build(0, &tcp4));
	CHECK_FALSE(steering_hash(&s, &m, &type, &hash));
	s.n_map = 2;
	s.map[0] = 1;
	CHECK_EQ(steering_queue(&s, &m, 2), 1); /* counts as hash 0 */
	s = chosen(0);
	CHECK_FALSE(steering_is_chosen(&s));
	s = chosen(ALL_TYPES);
	CHECK(steering_is_chosen(&s));
	s.algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_NONE;
	CHECK_FALSE(steering_is_chosen(&s));
	CHECK_FALSE(steering_is_chosen(NULL));
	packet_mbuf_free(&m);
}

/* A fragment has the ports of its packet only in the first one, so none of them counts. */
static void
steering_hash_fragment(void)
{
	static const struct packet tcp4 = { .family = 4,
					    .protocol = IPPROTO_TCP,
					    .payload_size = 10 };
	struct steering s = chosen(ALL_TYPES);

	for (unsigned offset = 1; offset < 0x4000; offset *= 2) {
		size_t size = build(0, &tcp4);
		wire_put_be16(frame + 14 + 6, offset);
		CHECK_EQ(hash_of(&s, size, _XEN_NETIF_CTRL_HASH_TYPE_IPV4), answers[0].ip_hash);
	}
}

/* Zeroes follow a short key; an empty one makes every hash 0. */
static void
steering_hash_empty_key(void)
{
	static const struct packet tcp4 = { .family = 4,
					    .protocol = IPPROTO_TCP,
					    .payload_size = 10 };
	struct steering s = chosen(ALL_TYPES);

	memset(s.key, 0, sizeof(s.key));
	CHECK_EQ(hash_of(&s, build(0, &tcp4), _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP), 0);
}

/* The table decides, modulo its size; without one, the number of queues does. */
static void
steering_queue_map(void)
{
	static const struct packet tcp4 = { .family = 4,
					    .protocol = IPPROTO_TCP,
					    .payload_size = 10 };
	struct steering s = chosen(ALL_TYPES);

	for (unsigned i = 0; i < 5; i++) {
		struct rte_mbuf m;
		packet_mbuf(&m, frame, build(i, &tcp4));
		s.n_map = 0;
		CHECK_EQ(steering_queue(&s, &m, 3), answers[i].tcp_hash % 3);
		s.n_map = STEERING_MAP_SIZE;
		memset(s.map, 1, sizeof(s.map));
		s.map[answers[i].tcp_hash % STEERING_MAP_SIZE] = 2;
		CHECK_EQ(steering_queue(&s, &m, 3), 2);
		s.n_map = 5;
		memset(s.map, 0, sizeof(s.map));
		s.map[answers[i].tcp_hash % 5] = 1;
		CHECK_EQ(steering_queue(&s, &m, 3), 1);
		CHECK_EQ(steering_queue(&s, &m, 1), 0); /* whatever the table says */
		packet_mbuf_free(&m);
	}
}

/* By default, flows are spread, and each of them has one queue whatever its packets look like. */
static void
steering_queue_default(void)
{
	static const struct packet udp4 = { .family = 4,
					    .protocol = IPPROTO_UDP,
					    .payload_size = 10 };
	static const struct packet longer = {
		.family = 4, .protocol = IPPROTO_UDP, .payload_size = 900, .id = 7
	};
	unsigned n[4] = { 0 };

	for (unsigned port = 1; port <= 1000; port++) {
		struct rte_mbuf m;
		size_t size = build(0, &udp4);
		wire_put_be16(frame + 34, port);
		packet_mbuf(&m, frame, size);
		unsigned queue = steering_queue(NULL, &m, 4);
		REQUIRE_LT(queue, 4);
		n[queue]++;
		packet_mbuf_free(&m);
		size = build(0, &longer);
		wire_put_be16(frame + 34, port);
		packet_mbuf(&m, frame, size);
		CHECK_EQ(steering_queue(NULL, &m, 4), queue);
		packet_mbuf_free(&m);
	}
	for (unsigned i = 0; i < 4; i++)
		CHECK_GT(n[i], 150);
}

/* Frames cut off anywhere, and with any byte wrong, stay within their memory and have a queue. */
static void
steering_queue_hostile(void)
{
	struct steering s = chosen(ALL_TYPES);

	s.n_map = 3;
	memset(s.map, 0xff, sizeof(s.map)); /* control would never say that */
	for (unsigned j = 0; j < packet_n_shapes; j++) {
		size_t size = packet_build(&packet_shapes[j], frame);
		size_t headers = packet_headers_size(&packet_shapes[j]);
		for (size_t cut = 14; cut <= size && cut <= headers + 1; cut++) {
			struct rte_mbuf m;
			packet_mbuf(&m, frame, cut);
			uint8_t *bytes = rte_pktmbuf_mtod(&m, uint8_t *);
			CHECK_LT(steering_queue(&s, &m, 2), 2);
			for (size_t at = 12; at < cut; at++) {
				uint8_t was = bytes[at];
				bytes[at] = (uint8_t)rand();
				CHECK_LT(steering_queue(&s, &m, 2), 2);
				CHECK_LT(steering_queue(NULL, &m, 2), 2);
				bytes[at] = was;
			}
			packet_mbuf_free(&m);
		}
	}
}

void test_steering(CU_pSuite suite);

void
test_steering(CU_pSuite suite)
{
	UNIT_ADD(suite, steering_hash_known_answers);
	UNIT_ADD(suite, steering_hash_type_not_chosen);
	UNIT_ADD(suite, steering_hash_fragment);
	UNIT_ADD(suite, steering_hash_empty_key);
	UNIT_ADD(suite, steering_queue_map);
	UNIT_ADD(suite, steering_queue_default);
	UNIT_ADD(suite, steering_queue_hostile);
}
