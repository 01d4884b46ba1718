/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames that simulated guests exchange. */
#include "frames/frame.h"

#include <string.h>

#include "frames/packet.h"

static const uint8_t ip4[8] = { 10, 0, 0, 1, 10, 0, 0, 2 };
static const uint8_t ip6[32] = { [0] = 0xfd, [15] = 1, [16] = 0xfd, [31] = 2 };

static bool
is_ip4(enum frame_kind kind)
{
	return kind == FRAME_UDP4 || kind == FRAME_TCP4;
}

static bool
is_tcp(enum frame_kind kind)
{
	return kind == FRAME_TCP4 || kind == FRAME_TCP6;
}

/* Without the length of the payload. */
static struct packet
headers_of(const struct frame *f)
{
	struct packet p = {
		.n_tags = f->vlan != 0,
		.vid = f->vlan,
		.family = f->kind == FRAME_RAW ? 0
			  : is_ip4(f->kind)    ? 4
					       : 6,
		.protocol = is_tcp(f->kind) ? WIRE_TCP : WIRE_UDP,
		.tcp_flags = f->tcp_flags != 0 ? f->tcp_flags : 0x10,
		.seq = f->seed,
		.id = (uint16_t)f->seed,
		.seed = f->seed,
		.dst = f->dst,
		.src = f->src,
		.addresses = is_ip4(f->kind) ? ip4 : ip6,
		.ports = { 5001, 5002 },
	};

	return p;
}

static struct packet
packet_of(const struct frame *f)
{
	struct packet p = headers_of(f);

	p.payload_size = f->len - (uint32_t)packet_headers_size(&p);
	return p;
}

uint32_t
frame_header_len(const struct frame *f)
{
	struct packet p = headers_of(f);

	return (uint32_t)packet_headers_size(&p);
}

void
frame_mac(uint32_t domid, uint8_t mac[6])
{
	const uint8_t text[6] = { 0x00, 0x16, 0x3e, 0x00, (uint8_t)domid, 0x00 };

	memcpy(mac, text, 6);
}

void
frame_build_blank(const struct frame *f, uint8_t *out)
{
	struct packet p = packet_of(f);
	size_t len = packet_build(&p, out);

	if (p.family != 0)
		wire_put_be16(out + packet_csum_start(&p),
			      packet_pseudo_sum(&p, out, len - packet_l4_start(&p)));
}

void
frame_build(const struct frame *f, uint8_t *out)
{
	struct packet p = packet_of(f);
	size_t len = packet_build(&p, out), l4_start = packet_l4_start(&p);

	if (p.family != 0)
		wire_put_csum(out + l4_start, len - l4_start, out + packet_csum_start(&p),
			      packet_pseudo_sum(&p, out, len - l4_start), p.protocol);
}

bool
frame_equal(const struct frame *f, enum frame_csum csum, const uint8_t *data, uint32_t len)
{
	static __thread uint8_t want[PACKET_SIZE_MAX];

	if (len != f->len)
		return false;
	if (csum == FRAME_BLANK)
		frame_build_blank(f, want);
	else
		frame_build(f, want);
	return memcmp(want, data, len) == 0;
}

/* Where the IP header starts and its family; false if it is no IP frame. */
static bool
find_ip(const uint8_t *data, uint32_t len, uint32_t *l3, unsigned *family)
{
	*l3 = WIRE_ETH_SIZE;
	if (len > WIRE_ETH_SIZE + WIRE_TAG_SIZE && wire_be16(data + 12) == 0x8100)
		*l3 += WIRE_TAG_SIZE;
	if (len < *l3 + WIRE_IP4_SIZE)
		return false;
	*family = wire_be16(data + *l3 - 2) == 0x0800 ? 4 : 6;
	return *family == 4 || (wire_be16(data + *l3 - 2) == 0x86dd && len >= *l3 + WIRE_IP6_SIZE);
}

bool
frame_checksums_right(const uint8_t *data, uint32_t len)
{
	uint32_t l3;
	unsigned family;

	if (!find_ip(data, len, &l3, &family))
		return false;
	const uint8_t *ip = data + l3;
	uint32_t ip_len = family == 4 ? (uint32_t)(ip[0] & 15) * 4 : WIRE_IP6_SIZE;
	uint32_t l4_len = family == 4 ? wire_be16(ip + 2) - ip_len : wire_be16(ip + 4);
	if (ip_len + l4_len > len - l3 || (family == 4 && wire_sum(ip, ip_len, 0) != 0xffff))
		return false;
	uint32_t start = wire_pseudo_sum(family, ip + (family == 4 ? 12 : 8),
					 ip[family == 4 ? 9 : 6], l4_len);
	return wire_sum(ip + ip_len, l4_len, start) == 0xffff;
}

bool
frame_segment_of(const struct frame *f, uint32_t at, const uint8_t *data, uint32_t len, uint32_t *n)
{
	struct packet p = headers_of(f);
	uint32_t header = (uint32_t)packet_headers_size(&p);

	if (len < header)
		return false;
	*n = len - header;
	uint32_t seq = wire_be32(data + packet_l4_start(&p) + 4);
	if (seq != f->seed + at || at + *n > f->len - header)
		return false;
	for (uint32_t i = 0; i < *n; i++)
		if (data[header + i] != packet_payload(f->seed, at + i))
			return false;
	return memcmp(data, f->dst, 6) == 0 && memcmp(data + 6, f->src, 6) == 0;
}
