/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames of any stack of headers. */
#include "frames/layers.h"

#include <string.h>

#include "frames/wire.h"

#define TCP_SIZE 32u /* with a timestamp */

/* What a layer needs to know of the ones before it. */
struct above {
	unsigned family; /* of IP; 0: none yet */
	bool routed;
};

static const uint8_t macs[2][6] = { { 2, 0, 0, 0, 0, 2 }, { 2, 0, 0, 0, 0, 1 } };
static const uint8_t inner_macs[2][6] = { { 2, 0, 0, 0, 0, 9 }, { 2, 0, 0, 0, 0, 8 } };
static const uint8_t ip4_addresses[8] = { 192, 168, 1, 254, 10, 7, 255, 3 };
static const uint8_t ip6_addresses[32] = { 0xfe, 0x80, 0,    0,    0,    0,    0,    0,
					   0x12, 0x34, 0x56, 0xff, 0xfe, 0x78, 0x9a, 0xbc,
					   0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0,    0,
					   0xde, 0xad, 0xbe, 0xef, 0,    0,    0,    0x99 };
static const uint8_t last_segment[16] = { 0xfd, 0, 0, 0, 0,    0,    0,    0,
					  0,    0, 0, 0, 0x77, 0x66, 0x55, 0x44 };

static size_t build(struct layers *l, const char *stack, struct above above, uint8_t *frame,
		    size_t at);

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
		return WIRE_UDP_SIZE + 8;
	case 'N':
		return WIRE_UDP_SIZE + 8 + 12;
	case 'F':
	case 'u':
		return WIRE_UDP_SIZE;
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
pseudo(struct above above, unsigned protocol, size_t size)
{
	uint8_t addresses[32];

	if (above.family == 4)
		return wire_pseudo_sum(4, ip4_addresses, protocol, size);
	memcpy(addresses, ip6_addresses, 32);
	if (above.routed)
		memcpy(addresses + 16, last_segment, 16);
	return wire_pseudo_sum(6, addresses, protocol, size);
}

static size_t
build_ip4(struct layers *l, const char *stack, uint8_t *frame, size_t at)
{
	size_t size = header_size(*stack);
	size_t end = build(l, stack + 1, (struct above){ .family = 4 }, frame, at + size);
	struct wire_ip4 ip = {
		.header_size = size,
		.size = end - at,
		.id = l->id,
		.fragment = *stack == 'x' ? 0x2000 : 0x4000,
		.protocol = protocol_of(stack[1]),
		.addresses = ip4_addresses,
	};

	wire_put_ip4(frame + at, &ip);
	return end;
}

static size_t
build_ip6(struct layers *l, const char *stack, uint8_t *frame, size_t at)
{
	uint8_t *ip = frame + at, *ext = ip + WIRE_IP6_SIZE, protocol = protocol_of(stack[1]);
	size_t size = header_size(*stack);
	struct above above = { .family = 6, .routed = *stack == 'R' };
	size_t end = build(l, stack + 1, above, frame, at + size);

	wire_put_ip6(ip, end - at - WIRE_IP6_SIZE, protocol, ip6_addresses);
	memset(ext, 0, size - WIRE_IP6_SIZE); /* option 0 is one byte of padding */
	if (*stack == 'h') {
		ip[6] = 0;
		ext[0] = 60;
		ext[8] = protocol;
		ext[9] = 2;
	} else if (*stack == 'R') {
		ip[6] = 43;
		memcpy(ext, (const uint8_t[]){ protocol, 2, 4, 1 }, 4);
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
	wire_put_be16(gre + 2, ethertype_of(stack[1]));
	if (*stack == 'g') {
		gre[0] = 0xa0;
		gre[11] = 7;
		wire_put_csum(gre, end - at, gre + 4, 0, 0);
	}
	return end;
}

static size_t
build_udp_tunnel(struct layers *l, const char *stack, struct above above, uint8_t *frame, size_t at)
{
	uint8_t *udp = frame + at;
	size_t end = build(l, stack + 1, (struct above){ 0 }, frame, at + header_size(*stack));
	uint16_t ports[2] = { 51234, *stack == 'N' ? 6081 : *stack == 'F' ? 5555 : 4789 };

	memset(udp, 0, header_size(*stack));
	wire_put_udp(udp, ports, end - at);
	if (*stack == 'N') {
		udp[8] = 3;
		wire_put_be16(udp + 10, ethertype_of(stack[1]));
	} else if (*stack != 'F') {
		udp[8] = 8;
	}
	if (*stack == 'N' || *stack == 'v')
		wire_put_csum(udp, end - at, udp + 6, pseudo(above, WIRE_UDP, end - at), WIRE_UDP);
	return end;
}

static size_t
build_transport(struct layers *l, const char *stack, struct above above, uint8_t *frame, size_t at)
{
	unsigned protocol = protocol_of(*stack);
	size_t size = header_size(*stack);
	size_t end = build(l, stack + 1, above, frame, at + size);
	struct wire_tcp tcp = {
		.ports = { 40000, 443 },
		.header_size = size,
		.seq = l->seq,
		.flags = l->tcp_flags,
	};

	if (protocol == WIRE_TCP)
		wire_put_tcp(frame + at, &tcp);
	else
		wire_put_udp(frame + at, tcp.ports, end - at);
	l->l4_at = at;
	l->csum_at = at + (protocol == WIRE_TCP ? 16 : 6);
	l->pseudo_sum = (uint16_t)pseudo(above, protocol, end - at);
	l->pseudo_sum_no_length = (uint16_t)pseudo(above, protocol, 0);
	wire_put_csum(frame + at, end - at, frame + l->csum_at, l->pseudo_sum, protocol);
	return end;
}

/*
 * Builds the first layer of `stack` and all that are in it at frame + at. Returns where the frame
 * ends.
 */
static size_t
build(struct layers *l, const char *stack, struct above above, uint8_t *frame, size_t at)
{
	switch (*stack) {
	case '\0':
		memcpy(frame + at, l->payload, l->payload_size);
		return at + l->payload_size;
	case 'E':
		wire_put_ethernet(frame + at, inner_macs[0], inner_macs[1], ethertype_of(stack[1]));
		return build(l, stack + 1, above, frame, at + 14);
	case 'T':
	case 'A': /* the type of what follows; the tag's own is before it */
		wire_put_tag(frame + at, 100 + (unsigned)(at & 15), ethertype_of(stack[1]));
		return build(l, stack + 1, above, frame, at + 4);
	case '4':
	case 'o':
	case 'x':
		return build_ip4(l, stack, frame, at);
	case '6':
	case 'h':
	case 'R':
		return build_ip6(l, stack, frame, at);
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
	wire_put_ethernet(out, macs[0], macs[1], ethertype_of(l->stack[0]));
	return build(l, l->stack, (struct above){ 0 }, out, 14);
}
