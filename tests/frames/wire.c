/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers as they are on the wire. */
#include "frames/wire.h"

#include <string.h>

uint16_t
wire_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] * 256 + at[1]);
}

uint32_t
wire_be32(const uint8_t *at)
{
	return (uint32_t)wire_be16(at) << 16 | wire_be16(at + 2);
}

void
wire_put_be16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

void
wire_put_be32(uint8_t *at, uint32_t value)
{
	wire_put_be16(at, value >> 16);
	wire_put_be16(at + 2, value);
}

uint32_t
wire_sum(const uint8_t *bytes, size_t size, uint32_t sum)
{
	uint64_t wide = sum;

	for (size_t i = 0; i + 1 < size; i += 2)
		wide += wire_be16(bytes + i);
	if (size % 2 != 0)
		wide += (uint32_t)bytes[size - 1] << 8;
	while (wide >> 16 != 0)
		wide = (wide & 0xffff) + (wide >> 16);
	return (uint32_t)wide;
}

uint32_t
wire_pseudo_sum(unsigned family, const uint8_t *addresses, unsigned protocol, size_t size)
{
	uint8_t rest[4] = { 0, (uint8_t)protocol, (uint8_t)(size >> 8), (uint8_t)size };

	return wire_sum(addresses, family == 4 ? 8 : 32, wire_sum(rest, sizeof(rest), 0));
}

void
wire_put_csum(uint8_t *at, size_t size, uint8_t *csum_at, uint32_t sum, unsigned protocol)
{
	wire_put_be16(csum_at, 0);
	uint32_t csum = ~wire_sum(at, size, sum) & 0xffff;
	wire_put_be16(csum_at, protocol == WIRE_UDP && csum == 0 ? 0xffff : csum);
}

void
wire_put_ethernet(uint8_t *at, const uint8_t dst[6], const uint8_t src[6], unsigned type)
{
	memcpy(at, dst, 6);
	memcpy(at + 6, src, 6);
	wire_put_be16(at + 12, type);
}

void
wire_put_tag(uint8_t *at, unsigned tci, unsigned type)
{
	wire_put_be16(at, tci);
	wire_put_be16(at + 2, type);
}

void
wire_put_ip4(uint8_t *at, const struct wire_ip4 *ip)
{
	memset(at, 1, ip->header_size); /* option 1 is "no operation" */
	at[0] = (uint8_t)(0x40 | ip->header_size / 4);
	at[1] = 0;
	wire_put_be16(at + 2, (unsigned)ip->size);
	wire_put_be16(at + 4, ip->id);
	wire_put_be16(at + 6, ip->fragment);
	at[8] = 64;
	at[9] = ip->protocol;
	memcpy(at + 12, ip->addresses, 8);
	wire_put_csum(at, ip->header_size, at + 10, 0, 0);
}

void
wire_put_ip6(uint8_t *at, size_t size, unsigned next, const uint8_t addresses[32])
{
	memset(at, 0, 8);
	at[0] = 0x60;
	wire_put_be16(at + 4, (unsigned)size);
	at[6] = (uint8_t)next;
	at[7] = 64;
	memcpy(at + 8, addresses, 32);
}

void
wire_put_udp(uint8_t *at, const uint16_t ports[2], size_t size)
{
	wire_put_be16(at, ports[0]);
	wire_put_be16(at + 2, ports[1]);
	wire_put_be16(at + 4, (unsigned)size);
	wire_put_be16(at + 6, 0);
}

void
wire_put_tcp(uint8_t *at, const struct wire_tcp *tcp)
{
	memset(at, 1, tcp->header_size); /* option 1 is "no operation" */
	wire_put_be16(at, tcp->ports[0]);
	wire_put_be16(at + 2, tcp->ports[1]);
	wire_put_be32(at + 4, tcp->seq);
	wire_put_be32(at + 8, 1);
	at[12] = (uint8_t)(tcp->header_size / 4 << 4);
	at[13] = tcp->flags;
	wire_put_be16(at + 14, 0xffff);
	wire_put_be32(at + 16, 0); /* checksum, urgent pointer */
}
