/* SPDX-License-Identifier: BSD-3-Clause */
/* Ethernet frames for tests. Called by tests, calls nothing of vpe: its checksums are its own. */
#include "fakes/frames.h"

#include <string.h>

#define ETH_LEN 14u
#define VLAN_LEN 4u
#define IP4_LEN 20u
#define IP6_LEN 40u
#define UDP_LEN 8u
#define TCP_LEN 20u

#define PROTO_TCP 6u
#define PROTO_UDP 17u

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

static uint32_t
l3_at(const struct frame *f)
{
	return ETH_LEN + (f->vlan != 0 ? VLAN_LEN : 0);
}

static uint32_t
l4_at(const struct frame *f)
{
	return l3_at(f) + (is_ip4(f->kind) ? IP4_LEN : IP6_LEN);
}

uint32_t
frame_header_len(const struct frame *f)
{
	if (f->kind == FRAME_RAW)
		return l3_at(f);
	return l4_at(f) + (is_tcp(f->kind) ? TCP_LEN : UDP_LEN);
}

uint8_t
frame_payload(uint32_t seed, uint32_t i)
{
	return (uint8_t)((seed * 2654435761u >> 16) + i * 167u + (i >> 8) * 59u);
}

void
frame_mac(uint32_t domid, uint8_t mac[6])
{
	const uint8_t text[6] = { 0x00, 0x16, 0x3e, 0x00, (uint8_t)domid, 0x00 };

	memcpy(mac, text, 6);
}

static void
put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void
put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static uint16_t
get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* RFC 1071, not yet folded. */
static uint32_t
sum(const uint8_t *data, uint32_t len, uint32_t start)
{
	for (uint32_t i = 0; i + 1 < len; i += 2)
		start += get16(data + i);
	if (len % 2 != 0)
		start += (uint32_t)data[len - 1] << 8;
	return start;
}

static uint16_t
fold(uint32_t value)
{
	while (value >> 16 != 0)
		value = (value & 0xffff) + (value >> 16);
	return (uint16_t)value;
}

static void
put_ip4(const struct frame *f, uint8_t *ip)
{
	ip[0] = 0x45;
	put16(ip + 2, f->len - l3_at(f));
	put16(ip + 4, f->seed);
	ip[6] = 0x40; /* don't fragment */
	ip[8] = 64;
	ip[9] = is_tcp(f->kind) ? PROTO_TCP : PROTO_UDP;
	memcpy(ip + 12, (const uint8_t[]){ 10, 0, 0, 1, 10, 0, 0, 2 }, 8);
	put16(ip + 10, (uint16_t)~fold(sum(ip, IP4_LEN, 0)));
}

static void
put_ip6(const struct frame *f, uint8_t *ip)
{
	ip[0] = 0x60;
	put16(ip + 4, f->len - l4_at(f));
	ip[6] = is_tcp(f->kind) ? PROTO_TCP : PROTO_UDP;
	ip[7] = 64;
	ip[8] = ip[24] = 0xfd;
	ip[23] = 1;
	ip[39] = 2;
}

static void
put_l4(const struct frame *f, uint8_t *l4)
{
	put16(l4, 5001);
	put16(l4 + 2, 5002);
	if (!is_tcp(f->kind)) {
		put16(l4 + 4, f->len - l4_at(f));
		return;
	}
	put32(l4 + 4, f->seed);
	put32(l4 + 8, 1);
	l4[12] = TCP_LEN / 4 << 4;
	l4[13] = f->tcp_flags != 0 ? f->tcp_flags : 0x10;
	put16(l4 + 14, 0xffff);
}

/* The pseudo header's sum, folded. `l4_len` bytes follow the IP header. */
static uint32_t
pseudo(const uint8_t *ip, bool ip4, uint8_t proto, uint32_t l4_len)
{
	uint32_t start = proto + (l4_len & 0xffff) + (l4_len >> 16);

	return fold(ip4 ? sum(ip + 12, 8, start) : sum(ip + 8, 32, start));
}

static uint8_t *
csum_field(const struct frame *f, uint8_t *data)
{
	return data + l4_at(f) + (is_tcp(f->kind) ? 16 : 6);
}

static uint16_t
blank_csum(const struct frame *f, const uint8_t *data)
{
	return (uint16_t)pseudo(data + l3_at(f), is_ip4(f->kind), is_tcp(f->kind) ? PROTO_TCP : PROTO_UDP,
				f->len - l4_at(f));
}

void
frame_build_blank(const struct frame *f, uint8_t *out)
{
	uint32_t header = frame_header_len(f);

	memset(out, 0, header);
	memcpy(out, f->dst, 6);
	memcpy(out + 6, f->src, 6);
	if (f->vlan != 0) {
		put16(out + 12, 0x8100);
		put16(out + 14, f->vlan);
	}
	put16(out + l3_at(f) - 2, f->kind == FRAME_RAW ? 0x88b5 : is_ip4(f->kind) ? 0x0800 : 0x86dd);
	for (uint32_t i = 0; i < f->len - header; i++)
		out[header + i] = frame_payload(f->seed, i);
	if (f->kind == FRAME_RAW)
		return;
	if (is_ip4(f->kind))
		put_ip4(f, out + l3_at(f));
	else
		put_ip6(f, out + l3_at(f));
	put_l4(f, out + l4_at(f));
	put16(csum_field(f, out), blank_csum(f, out));
}

void
frame_build(const struct frame *f, uint8_t *out)
{
	frame_build_blank(f, out);
	if (f->kind == FRAME_RAW)
		return;
	uint16_t csum = (uint16_t)~fold(sum(out + l4_at(f), f->len - l4_at(f), 0));
	put16(csum_field(f, out), csum == 0 && !is_tcp(f->kind) ? 0xffff : csum);
}

bool
frame_equal(const struct frame *f, enum frame_csum csum, const uint8_t *data, uint32_t len)
{
	static __thread uint8_t want[65536];

	if (len != f->len)
		return false;
	if (csum == FRAME_BLANK)
		frame_build_blank(f, want);
	else
		frame_build(f, want);
	return memcmp(want, data, len) == 0;
}

/* Where the IP header starts and its type; false if it is no IP frame. */
static bool
find_ip(const uint8_t *data, uint32_t len, uint32_t *l3, bool *ip4)
{
	*l3 = ETH_LEN;
	if (len > ETH_LEN + VLAN_LEN && get16(data + 12) == 0x8100)
		*l3 += VLAN_LEN;
	if (len < *l3 + IP4_LEN)
		return false;
	*ip4 = get16(data + *l3 - 2) == 0x0800;
	return *ip4 || (get16(data + *l3 - 2) == 0x86dd && len >= *l3 + IP6_LEN);
}

bool
frame_checksums_right(const uint8_t *data, uint32_t len)
{
	uint32_t l3;
	bool ip4;

	if (!find_ip(data, len, &l3, &ip4))
		return false;
	const uint8_t *ip = data + l3;
	uint32_t ip_len = ip4 ? (uint32_t)(ip[0] & 15) * 4 : IP6_LEN;
	uint32_t l4_len = ip4 ? get16(ip + 2) - ip_len : get16(ip + 4);
	if (ip_len + l4_len > len - l3 || (ip4 && fold(sum(ip, ip_len, 0)) != 0xffff))
		return false;
	uint32_t start = pseudo(ip, ip4, ip[ip4 ? 9 : 6], l4_len);
	return fold(sum(ip + ip_len, l4_len, start)) == 0xffff;
}

bool
frame_segment_of(const struct frame *f, uint32_t at, const uint8_t *data, uint32_t len, uint32_t *n)
{
	uint32_t header = frame_header_len(f);
	const uint8_t *tcp = data + l4_at(f);

	if (len < header)
		return false;
	*n = len - header;
	uint32_t seq = (uint32_t)get16(tcp + 4) << 16 | get16(tcp + 6);
	if (seq != f->seed + at || at + *n > f->len - header)
		return false;
	for (uint32_t i = 0; i < *n; i++)
		if (data[header + i] != frame_payload(f->seed, at + i))
			return false;
	return memcmp(data, f->dst, 6) == 0 && memcmp(data + 6, f->src, 6) == 0;
}
