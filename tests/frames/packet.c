/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames of most tests. */
#include "frames/packet.h"

#include <assert.h>
#include <string.h>

#define DESTINATION_OPTIONS 60u /* the number of this extension header */

#define TCP .protocol = WIRE_TCP, .payload_size = 100
#define UDP .protocol = WIRE_UDP, .payload_size = 37

const struct packet packet_shapes[] = {
	{ TCP, .family = 4 },
	{ TCP, .family = 4, .n_tags = 1 },
	{ TCP, .family = 4, .n_tags = 2, .ip_options_size = 40, .tcp_options_size = 40 },
	{ TCP, .family = 4, .ip_options_size = 4, .tcp_options_size = 12 },
	{ TCP, .family = 6 },
	{ TCP, .family = 6, .n_tags = 1, .tcp_options_size = 12 },
	{ TCP, .family = 6, .n_tags = 2, .ip_options_size = 8, .tcp_options_size = 40 },
	/* an IP header of 496 bytes; mbufs count to 511 */
	{ TCP, .family = 6, .ip_options_size = 456 },
	{ UDP, .family = 4 },
	{ UDP, .family = 4, .n_tags = 2, .ip_options_size = 40 },
	{ UDP, .family = 6 },
	{ UDP, .family = 6, .n_tags = 1, .ip_options_size = 24 },
};
const unsigned packet_n_shapes = sizeof(packet_shapes) / sizeof(packet_shapes[0]);

static const uint8_t default_dst[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t default_src[6] = { 2, 0, 0, 0, 0, 1 };
/* Large bytes and small ones, so that sums have carries. */
static const uint8_t default_ip4[8] = { 192, 168, 1, 254, 10, 7, 255, 3 };
static const uint8_t default_ip6[32] = { 0xfe, 0x80, 0,    0,    0,    0,    0,    0,
					 0x12, 0x34, 0x56, 0xff, 0xfe, 0x78, 0x9a, 0xbc,
					 0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0,    0,
					 0xde, 0xad, 0xbe, 0xef, 0,    0,    0,    0x99 };

uint8_t
packet_payload(uint32_t seed, size_t i)
{
	return (uint8_t)((seed * 2654435761u >> 16) + i * 167 + (i >> 8) * 59);
}

size_t
packet_l2_size(const struct packet *p)
{
	return WIRE_ETH_SIZE + WIRE_TAG_SIZE * p->n_tags;
}

size_t
packet_l3_size(const struct packet *p)
{
	if (p->family == 0)
		return 0;
	return (p->family == 4 ? WIRE_IP4_SIZE : WIRE_IP6_SIZE) + p->ip_options_size;
}

size_t
packet_l4_size(const struct packet *p)
{
	if (p->family == 0)
		return 0;
	return p->protocol == WIRE_TCP ? WIRE_TCP_SIZE + p->tcp_options_size : WIRE_UDP_SIZE;
}

size_t
packet_l4_start(const struct packet *p)
{
	return packet_l2_size(p) + packet_l3_size(p);
}

size_t
packet_csum_start(const struct packet *p)
{
	return packet_l4_start(p) + (p->protocol == WIRE_TCP ? 16 : 6);
}

size_t
packet_headers_size(const struct packet *p)
{
	return packet_l4_start(p) + packet_l4_size(p);
}

static void
build_ethernet(const struct packet *p, uint8_t *at)
{
	unsigned type = p->family == 0 ? WIRE_TYPE_TEST : p->family == 4 ? 0x0800 : 0x86dd;
	unsigned tag_type = p->n_tags == 2 ? 0x88a8 : 0x8100;
	unsigned vid = p->vid != 0 ? p->vid : 100;

	wire_put_ethernet(at, p->dst != NULL ? p->dst : default_dst,
			  p->src != NULL ? p->src : default_src, p->n_tags > 0 ? tag_type : type);
	at += WIRE_ETH_SIZE;
	for (unsigned i = 0; i < p->n_tags; i++, at += WIRE_TAG_SIZE)
		wire_put_tag(at, vid + i, i + 1 < p->n_tags ? 0x8100 : type);
}

static void
build_ip4(const struct packet *p, uint8_t *at, size_t l4_total)
{
	struct wire_ip4 ip = {
		.header_size = packet_l3_size(p),
		.size = packet_l3_size(p) + l4_total,
		.id = p->id,
		.fragment = 0x4000, /* don't fragment */
		.protocol = (uint8_t)p->protocol,
		.addresses = p->addresses != NULL ? p->addresses : default_ip4,
	};

	wire_put_ip4(at, &ip);
}

static void
build_ip6(const struct packet *p, uint8_t *at, size_t l4_total)
{
	wire_put_ip6(at, p->ip_options_size + l4_total,
		     p->ip_options_size == 0 ? p->protocol : DESTINATION_OPTIONS,
		     p->addresses != NULL ? p->addresses : default_ip6);
	if (p->ip_options_size == 0)
		return;
	at += WIRE_IP6_SIZE;
	memset(at, 0, p->ip_options_size); /* option 0 is one byte of padding */
	at[0] = (uint8_t)p->protocol;
	at[1] = (uint8_t)(p->ip_options_size / 8 - 1);
}

static void
build_transport(const struct packet *p, uint8_t *at, size_t l4_total)
{
	struct wire_tcp tcp = {
		.ports = { p->ports[0] != 0 ? p->ports[0] : 40000,
			   p->ports[1] != 0 ? p->ports[1] : 443 },
		.header_size = packet_l4_size(p),
		.seq = p->seq,
		.flags = p->tcp_flags,
	};

	if (p->protocol == WIRE_TCP)
		wire_put_tcp(at, &tcp);
	else
		wire_put_udp(at, tcp.ports, l4_total);
	wire_put_be16(at + (p->protocol == WIRE_TCP ? 16 : 6), 0xdead);
}

size_t
packet_build(const struct packet *p, uint8_t *out)
{
	size_t headers_size = packet_headers_size(p);
	size_t l4_total = packet_l4_size(p) + p->payload_size;
	size_t end = headers_size + p->payload_size;

	assert(end + p->padding_size <= PACKET_SIZE_MAX);
	build_ethernet(p, out);
	if (p->family == 4)
		build_ip4(p, out + packet_l2_size(p), l4_total);
	else if (p->family == 6)
		build_ip6(p, out + packet_l2_size(p), l4_total);
	if (p->family != 0)
		build_transport(p, out + packet_l4_start(p), l4_total);
	for (size_t i = 0; i < p->payload_size; i++)
		out[headers_size + i] = packet_payload(p->seed, i);
	memset(out + end, 0xa5, p->padding_size);
	return end + p->padding_size;
}

uint32_t
packet_pseudo_sum(const struct packet *p, const uint8_t *frame, size_t l4_size)
{
	const uint8_t *ip = frame + packet_l2_size(p);

	return wire_pseudo_sum(p->family, ip + (p->family == 4 ? 12 : 8), p->protocol, l4_size);
}

bool
packet_csums_hold(const struct packet *p, const uint8_t *frame, size_t size)
{
	size_t l4_start = packet_l4_start(p);
	size_t l4_size = size - l4_start;

	if (p->family == 4 && wire_sum(frame + packet_l2_size(p), packet_l3_size(p), 0) != 0xffff)
		return false;
	if (p->protocol == WIRE_UDP && wire_be16(frame + packet_csum_start(p)) == 0)
		return false;
	return wire_sum(frame + l4_start, l4_size, packet_pseudo_sum(p, frame, l4_size)) == 0xffff;
}
