/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for the tests. Called by the tests of offload.c and segment.c. */
#include "packet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#define TCP .protocol = IPPROTO_TCP, .payload_size = 100
#define UDP .protocol = IPPROTO_UDP, .payload_size = 37

const struct packet packet_shapes[] = {
	{ TCP, .family = 4 },
	{ TCP, .family = 4, .n_tags = 1 },
	{ TCP, .family = 4, .n_tags = 2, .ip_options_size = 40, .tcp_options_size = 40 },
	{ TCP, .family = 4, .ip_options_size = 4, .tcp_options_size = 12 },
	{ TCP, .family = 6 },
	{ TCP, .family = 6, .n_tags = 1, .tcp_options_size = 12 },
	{ TCP, .family = 6, .n_tags = 2, .ip_options_size = 8, .tcp_options_size = 40 },
	{ TCP, .family = 6, .ip_options_size = 456 }, /* an IP header of 496 bytes; mbufs count to 511 */
	{ UDP, .family = 4 },
	{ UDP, .family = 4, .n_tags = 2, .ip_options_size = 40 },
	{ UDP, .family = 6 },
	{ UDP, .family = 6, .n_tags = 1, .ip_options_size = 24 },
};
const unsigned packet_n_shapes = sizeof(packet_shapes) / sizeof(packet_shapes[0]);

uint16_t
packet_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] * 256 + at[1]);
}

uint32_t
packet_be32(const uint8_t *at)
{
	return (uint32_t)packet_be16(at) << 16 | packet_be16(at + 2);
}

void
packet_put_be16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

uint8_t
packet_payload(size_t i)
{
	return (uint8_t)(i * 167 + (i >> 8) * 31 + 5);
}

size_t
packet_l2_size(const struct packet *p)
{
	return 14 + 4 * p->n_tags;
}

size_t
packet_l3_size(const struct packet *p)
{
	return (p->family == 4 ? 20 : 40) + p->ip_options_size;
}

size_t
packet_l4_size(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP ? 20 + p->tcp_options_size : 8;
}

size_t
packet_l4_start(const struct packet *p)
{
	return packet_l2_size(p) + packet_l3_size(p);
}

size_t
packet_csum_start(const struct packet *p)
{
	return packet_l4_start(p) + (p->protocol == IPPROTO_TCP ? 16 : 6);
}

size_t
packet_headers_size(const struct packet *p)
{
	return packet_l4_start(p) + packet_l4_size(p);
}

static void
build_ethernet(const struct packet *p, uint8_t *at)
{
	memcpy(at, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01", 12);
	at += 12;
	for (unsigned i = 0; i < p->n_tags; i++, at += 4) {
		packet_put_be16(at, i == 0 && p->n_tags == 2 ? 0x88a8 : 0x8100);
		packet_put_be16(at + 2, 100 + i);
	}
	packet_put_be16(at, p->family == 4 ? 0x0800 : 0x86dd);
}

static void
build_ipv4(const struct packet *p, uint8_t *at, size_t l4_total)
{
	size_t l3_size = packet_l3_size(p);

	memset(at, 1, l3_size); /* IPv4 option 1 is "no operation" */
	at[0] = (uint8_t)(0x40 | l3_size / 4);
	at[1] = 0;
	packet_put_be16(at + 2, (unsigned)(l3_size + l4_total));
	packet_put_be16(at + 4, p->id);
	packet_put_be16(at + 6, 0x4000); /* don't fragment */
	at[8] = 64;
	at[9] = (uint8_t)p->protocol;
	packet_put_be16(at + 10, 0);
	memcpy(at + 12, "\xc0\xa8\x01\xfe\x0a\x07\xff\x03", 8);
	packet_put_be16(at + 10, ~packet_sum(at, l3_size, 0) & 0xffff);
}

static void
build_ipv6(const struct packet *p, uint8_t *at, size_t l4_total)
{
	memset(at, 0, 40);
	at[0] = 0x60;
	packet_put_be16(at + 4, (unsigned)(p->ip_options_size + l4_total));
	at[6] = (uint8_t)p->protocol;
	at[7] = 64;
	memcpy(at + 8, "\xfe\x80\x00\x00\x00\x00\x00\x00\x12\x34\x56\xff\xfe\x78\x9a\xbc", 16);
	memcpy(at + 24, "\x20\x01\x0d\xb8\xff\xff\x00\x00\xde\xad\xbe\xef\x00\x00\x00\x99", 16);
	if (p->ip_options_size == 0)
		return;
	at[6] = IPPROTO_DSTOPTS;
	at += 40;
	memset(at, 0, p->ip_options_size); /* option 0 is one byte of padding */
	at[0] = (uint8_t)p->protocol;
	at[1] = (uint8_t)(p->ip_options_size / 8 - 1);
}

static void
build_transport(const struct packet *p, uint8_t *at, size_t l4_total)
{
	memset(at, 1, packet_l4_size(p)); /* TCP option 1 is "no operation" */
	packet_put_be16(at, 40000);
	packet_put_be16(at + 2, 443);
	packet_put_be16(at + (p->protocol == IPPROTO_TCP ? 16 : 6), 0xdead);
	if (p->protocol == IPPROTO_UDP) {
		packet_put_be16(at + 4, (unsigned)l4_total);
		return;
	}
	packet_put_be16(at + 4, p->seq >> 16);
	packet_put_be16(at + 6, p->seq & 0xffff);
	at[12] = (uint8_t)(packet_l4_size(p) / 4 << 4);
	at[13] = p->tcp_flags;
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
		build_ipv4(p, out + packet_l2_size(p), l4_total);
	else
		build_ipv6(p, out + packet_l2_size(p), l4_total);
	build_transport(p, out + packet_l4_start(p), l4_total);
	for (size_t i = 0; i < p->payload_size; i++)
		out[headers_size + i] = packet_payload(i);
	memset(out + end, 0xa5, p->padding_size);
	return end + p->padding_size;
}

uint32_t
packet_sum(const uint8_t *bytes, size_t size, uint32_t sum)
{
	for (size_t i = 0; i < size; i++) {
		sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

uint32_t
packet_pseudo_sum(const struct packet *p, const uint8_t *frame, size_t l4_size)
{
	const uint8_t *ip = frame + packet_l2_size(p);
	uint8_t rest[4] = { 0, (uint8_t)p->protocol, (uint8_t)(l4_size >> 8), (uint8_t)l4_size };
	uint32_t sum = p->family == 4 ? packet_sum(ip + 12, 8, 0) : packet_sum(ip + 8, 32, 0);

	return packet_sum(rest, sizeof(rest), sum);
}

bool
packet_csums_hold(const struct packet *p, const uint8_t *frame, size_t size)
{
	size_t l4_start = packet_l4_start(p);
	size_t l4_size = size - l4_start;

	if (p->family == 4 && packet_sum(frame + packet_l2_size(p), packet_l3_size(p), 0) != 0xffff)
		return false;
	if (p->protocol == IPPROTO_UDP && packet_be16(frame + packet_csum_start(p)) == 0)
		return false;
	return packet_sum(frame + l4_start, l4_size, packet_pseudo_sum(p, frame, l4_size)) == 0xffff;
}

void
packet_mbuf(struct rte_mbuf *m, const uint8_t *bytes, size_t size)
{
	memset(m, 0, sizeof(*m));
	m->buf_addr = malloc(size);
	assert(size == 0 || m->buf_addr != NULL);
	if (size != 0)
		memcpy(m->buf_addr, bytes, size);
	m->buf_len = (uint16_t)size;
	m->data_len = (uint16_t)size;
	m->pkt_len = (uint32_t)size;
	m->nb_segs = 1;
	rte_mbuf_refcnt_set(m, 1);
}

void
packet_mbuf_free(struct rte_mbuf *m)
{
	free(m->buf_addr);
	m->buf_addr = NULL;
}
