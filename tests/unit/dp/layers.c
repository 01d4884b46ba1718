/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames of any stack of headers. Called by test_exchange.c. */
#include "layers.h"

#include <string.h>

#include "packet.h"

#define UDP_SIZE 8u
#define TCP_SIZE 32u /* with a timestamp */

/* What a layer needs to know of the ones before it. */
struct above {
	unsigned family; /* of IP; 0: none yet */
	bool routed;
};

static const uint8_t ip4_addresses[8] = { 192, 168, 1, 254, 10, 7, 255, 3 };
static const uint8_t ip6_addresses[32] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0x56, 0xff, 0xfe, 0x78, 0x9a, 0xbc,
					   0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0, 0, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0x99 };
static const uint8_t last_segment[16] = { 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x77, 0x66, 0x55, 0x44 };

static size_t build(struct layers *l, const char *stack, struct above above, uint8_t *frame, size_t at);

static unsigned
ethertype_of(char layer)
{
	switch (layer) {
	case 'T':
		return 0x8100;
	case 'A':
		return 0x88a8;
	case 'E':
		return 0x6558;
	case 'a':
		return 0x0806;
	case '6':
	case 'h':
	case 'R':
		return 0x86dd;
	default:
		return 0x0800;
	}
}

static uint8_t
protocol_of(char layer)
{
	switch (layer) {
	case 't':
		return 6;
	case 'i':
		return 1;
	case '4':
		return 4;
	case '6':
		return 41;
	case 'G':
	case 'g':
		return 47;
	default:
		return 17;
	}
}

static size_t
header_size(char layer)
{
	switch (layer) {
	case 'E':
		return 14;
	case 'T':
	case 'A':
	case 'G':
		return 4;
	case '4':
	case 'x':
		return 20;
	case 'o':
		return 60;
	case '6':
		return 40;
	case 'h':
		return 40 + 8 + 24;
	case 'R':
		return 40 + 24;
	case 'g':
		return 12;
	case 'V':
	case 'v':
		return UDP_SIZE + 8;
	case 'N':
		return UDP_SIZE + 8 + 12;
	case 'F':
	case 'u':
		return UDP_SIZE;
	case 't':
		return TCP_SIZE;
	default:
		return 0;
	}
}

size_t
layers_headers(const char *stack)
{
	size_t size = 14;

	for (; *stack != '\0'; stack++)
		size += header_size(*stack);
	return size;
}

static uint32_t
pseudo(struct above above, uint8_t protocol, size_t size)
{
	uint8_t rest[4] = { 0, protocol, (uint8_t)(size >> 8), (uint8_t)size };
	uint32_t sum = packet_sum(rest, sizeof(rest), 0);

	if (above.family == 4)
		return packet_sum(ip4_addresses, 8, sum);
	sum = packet_sum(ip6_addresses, 16, sum);
	return packet_sum(above.routed ? last_segment : ip6_addresses + 16, 16, sum);
}

/* Sums `size` bytes at `at`, with 0 at csum_at, and puts the checksum there. */
static void
put_sum(uint8_t *at, size_t size, uint8_t *csum_at, uint32_t start, bool is_udp)
{
	packet_put_be16(csum_at, 0);
	uint32_t csum = ~packet_sum(at, size, start) & 0xffff;
	packet_put_be16(csum_at, is_udp && csum == 0 ? 0xffff : csum);
}

static size_t
build_ipv4(struct layers *l, const char *stack, uint8_t *frame, size_t at)
{
	uint8_t *ip = frame + at;
	size_t size = header_size(*stack);
	size_t end = build(l, stack + 1, (struct above){ .family = 4 }, frame, at + size);

	memset(ip, 1, size); /* option 1 is "no operation" */
	ip[0] = (uint8_t)(0x40 | size / 4);
	ip[1] = 0;
	packet_put_be16(ip + 2, (unsigned)(end - at));
	packet_put_be16(ip + 4, l->id);
	packet_put_be16(ip + 6, *stack == 'x' ? 0x2000 : 0x4000);
	ip[8] = 64;
	ip[9] = protocol_of(stack[1]);
	memcpy(ip + 12, ip4_addresses, 8);
	put_sum(ip, size, ip + 10, 0, false);
	return end;
}

static size_t
build_ipv6(struct layers *l, const char *stack, uint8_t *frame, size_t at)
{
	uint8_t *ip = frame + at, *ext = ip + 40;
	size_t size = header_size(*stack);
	struct above above = { .family = 6, .routed = *stack == 'R' };
	size_t end = build(l, stack + 1, above, frame, at + size);

	memset(ip, 0, size); /* option 0 is one byte of padding */
	ip[0] = 0x60;
	packet_put_be16(ip + 4, (unsigned)(end - at - 40));
	ip[6] = protocol_of(stack[1]);
	ip[7] = 64;
	memcpy(ip + 8, ip6_addresses, 32);
	if (*stack == 'h') {
		ip[6] = 0;
		ext[0] = 60;
		ext[8] = protocol_of(stack[1]);
		ext[9] = 2;
	} else if (*stack == 'R') {
		ip[6] = 43;
		memcpy(ext, (const uint8_t[]){ protocol_of(stack[1]), 2, 4, 1 }, 4);
		memcpy(ext + 8, last_segment, 16);
	}
	return end;
}

static size_t
build_gre(struct layers *l, const char *stack, uint8_t *frame, size_t at)
{
	uint8_t *gre = frame + at;
	size_t end = build(l, stack + 1, (struct above){ 0 }, frame, at + header_size(*stack));

	memset(gre, 0, header_size(*stack));
	packet_put_be16(gre + 2, ethertype_of(stack[1]));
	if (*stack == 'g') {
		gre[0] = 0xa0;
		gre[11] = 7;
		put_sum(gre, end - at, gre + 4, 0, false);
	}
	return end;
}

static size_t
build_udp_tunnel(struct layers *l, const char *stack, struct above above, uint8_t *frame, size_t at)
{
	uint8_t *udp = frame + at;
	size_t end = build(l, stack + 1, (struct above){ 0 }, frame, at + header_size(*stack));

	memset(udp, 0, header_size(*stack));
	packet_put_be16(udp, 51234);
	packet_put_be16(udp + 2, *stack == 'N' ? 6081 : *stack == 'F' ? 5555 : 4789);
	packet_put_be16(udp + 4, (unsigned)(end - at));
	if (*stack == 'N') {
		udp[8] = 3;
		packet_put_be16(udp + 10, ethertype_of(stack[1]));
	} else if (*stack != 'F') {
		udp[8] = 8;
	}
	if (*stack == 'N' || *stack == 'v')
		put_sum(udp, end - at, udp + 6, pseudo(above, 17, end - at), true);
	return end;
}

static size_t
build_transport(struct layers *l, const char *stack, struct above above, uint8_t *frame, size_t at)
{
	uint8_t *l4 = frame + at;
	bool is_udp = *stack == 'u';
	size_t size = header_size(*stack);
	size_t end = build(l, stack + 1, above, frame, at + size);

	memset(l4, 1, size); /* TCP option 1 is "no operation" */
	packet_put_be16(l4, 40000);
	packet_put_be16(l4 + 2, 443);
	packet_put_be16(l4 + 4, is_udp ? (unsigned)(end - at) : l->seq >> 16);
	if (!is_udp) {
		packet_put_be16(l4 + 6, l->seq & 0xffff);
		l4[12] = (uint8_t)(size / 4 << 4);
		l4[13] = l->tcp_flags;
	}
	l->l4_at = at;
	l->csum_at = at + (is_udp ? 6 : 16);
	l->pseudo_sum = (uint16_t)pseudo(above, protocol_of(*stack), end - at);
	l->pseudo_sum_no_length = (uint16_t)pseudo(above, protocol_of(*stack), 0);
	put_sum(l4, end - at, frame + l->csum_at, l->pseudo_sum, is_udp);
	return end;
}

/* Builds the first layer of `stack` and all that are in it at frame + at. Returns where the frame ends. */
static size_t
build(struct layers *l, const char *stack, struct above above, uint8_t *frame, size_t at)
{
	switch (*stack) {
	case '\0':
		memcpy(frame + at, l->payload, l->payload_size);
		return at + l->payload_size;
	case 'E':
		memcpy(frame + at, "\x02\x00\x00\x00\x00\x09\x02\x00\x00\x00\x00\x08", 12);
		packet_put_be16(frame + at + 12, ethertype_of(stack[1]));
		return build(l, stack + 1, above, frame, at + 14);
	case 'T':
	case 'A': /* the type of what follows; the tag's own is before it */
		packet_put_be16(frame + at, 100 + (unsigned)(at & 15));
		packet_put_be16(frame + at + 2, ethertype_of(stack[1]));
		return build(l, stack + 1, above, frame, at + 4);
	case '4':
	case 'o':
	case 'x':
		return build_ipv4(l, stack, frame, at);
	case '6':
	case 'h':
	case 'R':
		return build_ipv6(l, stack, frame, at);
	case 'G':
	case 'g':
		return build_gre(l, stack, frame, at);
	case 'V':
	case 'v':
	case 'N':
	case 'F':
		return build_udp_tunnel(l, stack, above, frame, at);
	case 't':
	case 'u':
		return build_transport(l, stack, above, frame, at);
	default:
		return build(l, stack + 1, above, frame, at);
	}
}

size_t
layers_build(struct layers *l, uint8_t *out)
{
	memcpy(out, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01", 12);
	packet_put_be16(out + 12, ethertype_of(l->stack[0]));
	return build(l, l->stack, (struct above){ 0 }, out, 14);
}
