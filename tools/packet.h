/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for vpe-ping and vpe-pktgen: headers written into, and read from, plain bytes. Any thread. */
#ifndef VPE_TOOLS_PACKET_H
#define VPE_TOOLS_PACKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define PACKET_ETH_LEN 14u
#define PACKET_MIN 60u /* an Ethernet frame without its checksum */
#define PACKET_ARP_LEN 42u
#define PACKET_ICMP_LEN 42u
#define PACKET_UDP_LEN 42u
#define PACKET_TCP_LEN 54u
#define PACKET_ECHO_LEN 24u /* our own ethertype, with a mark and a sequence number */

struct packet_ends {
	uint8_t src_mac[6], dst_mac[6];
	struct in_addr src, dst;
};

extern const uint8_t packet_broadcast[6];

/* "a:b:c:d:e:f". False: it is none. */
bool packet_parse_mac(const char *text, uint8_t mac[6]);

/*
 * Each writes the headers of a frame of `len` bytes in all, at least PACKET_*_LEN, and touches nothing behind them.
 * Checksums: that of UDP is 0 (RFC 768: none); that of TCP covers the pseudo header, for VPE_FE_CSUM_BLANK; that of ICMP is complete
 * and covers the `len` bytes as they are.
 */
void packet_put_udp(uint8_t *frame, uint32_t len, const struct packet_ends *ends);
void packet_put_tcp(uint8_t *frame, uint32_t len, const struct packet_ends *ends);
void packet_put_icmp_echo(uint8_t *frame, uint32_t len, const struct packet_ends *ends, uint16_t id, uint16_t seq);
/* 60 bytes, padded. */
void packet_put_arp(uint8_t *frame, const struct packet_ends *ends, bool is_reply);
void packet_put_echo(uint8_t *frame, const struct packet_ends *ends, uint32_t mark, uint32_t seq);

/* A received frame of `len` bytes, whatever is in it. */
bool packet_is_echo(const uint8_t *frame, uint32_t len, uint32_t mark, uint32_t seq);
bool packet_is_icmp_reply(const uint8_t *frame, uint32_t len, uint16_t id, uint16_t seq);
/* An ARP packet about `ip`: a request for it (then *from is who asks), or a reply of it. */
bool packet_is_arp_request(const uint8_t *frame, uint32_t len, struct in_addr ip, struct packet_ends *from);
bool packet_is_arp_reply(const uint8_t *frame, uint32_t len, struct in_addr ip, uint8_t mac[6]);

/*
 * Where the TCP or UDP checksum of a frame lies: *start of the header that it covers, *offset of the field in it, as
 * virtio_net.h has them. `len` bytes of the frame are at hand. False: it is no plain TCP or UDP over IP.
 */
bool packet_find_csum(const uint8_t *frame, uint32_t len, uint16_t *start, uint16_t *offset);

void packet_swap_macs(uint8_t *frame);

#endif
