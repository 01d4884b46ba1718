/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for the guest tools: writes headers to plain bytes and reads them from there. Any thread.
 */
#ifndef VPE_TOOLS_PACKET_H
#define VPE_TOOLS_PACKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define PACKET_ETH_LEN 14u
#define PACKET_MIN 60u /* shortest Ethernet frame, without its FCS */
#define PACKET_ARP_LEN 42u
#define PACKET_ICMP_LEN 42u
#define PACKET_UDP_LEN 42u
#define PACKET_TCP_LEN 54u
#define PACKET_ECHO_LEN 24u /* own EtherType, with a mark and a sequence number */

struct packet_ends {
	uint8_t src_mac[6], dst_mac[6];
	struct in_addr src, dst;
};

extern const uint8_t packet_broadcast[6];

/* Parses "a:b:c:d:e:f". Returns false if it is not a MAC. */
bool packet_parse_mac(const char *text, uint8_t mac[6]);

/*
 * Each function writes the headers of a frame of `len` bytes in total, at least PACKET_*_LEN, and
 * nothing behind them. Checksums: that of UDP is 0 (RFC 768: none); that of TCP covers the pseudo
 * header, for VPE_FE_CSUM_BLANK; that of ICMP is complete and covers the current `len` bytes.
 */
void packet_put_udp(uint8_t *frame, uint32_t len, const struct packet_ends *ends);
void packet_put_tcp(uint8_t *frame, uint32_t len, const struct packet_ends *ends);
void packet_put_icmp_echo(uint8_t *frame, uint32_t len, const struct packet_ends *ends, uint16_t id,
			  uint16_t seq);
/* The frame is padded to 60 bytes. */
void packet_put_arp(uint8_t *frame, const struct packet_ends *ends, bool is_reply);
void packet_put_echo(uint8_t *frame, const struct packet_ends *ends, uint32_t mark, uint32_t seq);

/* Check a received frame of `len` bytes with any contents. */
bool packet_is_echo(const uint8_t *frame, uint32_t len, uint32_t mark, uint32_t seq);
bool packet_is_icmp_reply(const uint8_t *frame, uint32_t len, uint16_t id, uint16_t seq);
/*
 * Check for an ARP request for `ip` (*from gets the asking station), or for a reply with the MAC of
 * `ip`.
 */
bool packet_is_arp_request(const uint8_t *frame, uint32_t len, struct in_addr ip,
			   struct packet_ends *from);
bool packet_is_arp_reply(const uint8_t *frame, uint32_t len, struct in_addr ip, uint8_t mac[6]);

/*
 * Finds the TCP or UDP checksum of a frame: *start of the header and *offset of the field in it, as
 * in virtio_net.h. `len` bytes of the frame are accessible. Returns false if it is not plain TCP or
 * UDP over IP.
 */
bool packet_find_csum(const uint8_t *frame, uint32_t len, uint16_t *start, uint16_t *offset);

void packet_swap_macs(uint8_t *frame);

#endif
