/* SPDX-License-Identifier: BSD-3-Clause */
/* Which queue of a vif a frame leaves by. Called by port.h and to_guest.c; calls DPDK's Toeplitz and Jenkins hashes. */
#include "dp/steering.h"

#include <string.h>

#include <netinet/in.h>

#include <rte_ip.h>
#include <rte_jhash.h>
#include <rte_thash.h>

#include "proto/netif.h"
#include "sw/ether.h"

#define EXT_HEADERS_MAX 8 /* as in offload.c */
#define WORDS_MAX 9u      /* two IPv6 addresses and the ports */

_Static_assert((WORDS_MAX + 1) * sizeof(uint32_t) == STEERING_KEY_SIZE, "rte_softrss() reads one word more than the input has");

/* What tells one flow from another: addresses and ports, as in the packet. */
struct flow {
	const uint8_t *addresses; /* source, then destination */
	uint32_t addresses_size;  /* bytes of both; 0: no IP packet */
	const uint8_t *ports;     /* source, then destination; NULL: none, or those of another fragment */
	uint8_t protocol;
};

/* ---- parsing; each step looks at nothing beyond the frame ------------------------------------------------------- */

static void
take_ports(struct flow *flow, const uint8_t *at, uint32_t room)
{
	if ((flow->protocol == IPPROTO_TCP || flow->protocol == IPPROTO_UDP) && room >= 4)
		flow->ports = at;
}

static void
take_ipv4(struct flow *flow, const uint8_t *at, uint32_t room)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)at;

	if (room < sizeof(*ip) || at[0] >> 4 != IPVERSION)
		return;
	flow->addresses = at + offsetof(struct rte_ipv4_hdr, src_addr);
	flow->addresses_size = 8;
	flow->protocol = ip->next_proto_id;
	uint32_t size = rte_ipv4_hdr_len(ip);
	bool fragment = (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) != 0;
	if (!fragment && size >= sizeof(*ip) && size <= room)
		take_ports(flow, at + size, room - size);
}

static void
take_ipv6(struct flow *flow, const uint8_t *at, uint32_t room)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)at;
	uint32_t size = sizeof(*ip);

	if (room < size || at[0] >> 4 != 6)
		return;
	flow->addresses = at + offsetof(struct rte_ipv6_hdr, src_addr);
	flow->addresses_size = 32;
	flow->protocol = ip->proto;
	for (unsigned i = 0; i < EXT_HEADERS_MAX; i++) {
		if (flow->protocol != IPPROTO_HOPOPTS && flow->protocol != IPPROTO_DSTOPTS && flow->protocol != IPPROTO_ROUTING)
			break;
		if (room - size < 2 || room - size < (at[size + 1] + 1u) * 8)
			return;
		flow->protocol = at[size];
		size += (at[size + 1] + 1u) * 8;
	}
	take_ports(flow, at + size, room - size);
}

static struct flow
flow_of(const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct flow flow = { 0 };
	uint32_t at;
	int ethertype = ether_payload(frame, m->data_len, &at);

	if (ethertype == RTE_ETHER_TYPE_IPV4)
		take_ipv4(&flow, frame + at, m->data_len - at);
	else if (ethertype == RTE_ETHER_TYPE_IPV6)
		take_ipv6(&flow, frame + at, m->data_len - at);
	return flow;
}

/* The flow as words in the packet's byte order; returns how many. */
static uint32_t
flow_words(const struct flow *flow, bool with_ports, uint32_t *words)
{
	uint32_t n = flow->addresses_size / sizeof(uint32_t);

	memcpy(words, flow->addresses, flow->addresses_size);
	if (with_ports)
		memcpy(&words[n++], flow->ports, sizeof(uint32_t));
	return n;
}

/* ---- the hashes --------------------------------------------------------------------------------------------------- */

/* Ours. What is not IP has one queue. */
static uint32_t
default_hash(const struct rte_mbuf *m)
{
	struct flow flow = flow_of(m);
	uint32_t words[WORDS_MAX];

	if (flow.addresses_size == 0)
		return 0;
	return rte_jhash_32b(words, flow_words(&flow, flow.ports != NULL, words), flow.protocol);
}

bool
steering_is_chosen(const struct steering *steering)
{
	return steering != NULL && steering->algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ && steering->types != 0;
}

/* The type of the flow's hash, the maximal one that was chosen; -1: none of its types was. */
static int
hash_type(const struct steering *steering, const struct flow *flow)
{
	bool is_ipv4 = flow->addresses_size == 8;
	int tcp = is_ipv4 ? _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP : _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP;
	int ip = is_ipv4 ? _XEN_NETIF_CTRL_HASH_TYPE_IPV4 : _XEN_NETIF_CTRL_HASH_TYPE_IPV6;

	if (flow->addresses_size == 0)
		return -1;
	if (flow->ports != NULL && flow->protocol == IPPROTO_TCP && (steering->types & 1u << tcp))
		return tcp;
	return (steering->types & 1u << ip) ? ip : -1;
}

bool
steering_has_hash(const struct steering *steering, const struct rte_mbuf *m)
{
	struct flow flow = flow_of(m);

	return hash_type(steering, &flow) >= 0;
}

bool
steering_hash(const struct steering *steering, const struct rte_mbuf *m, uint8_t *type, uint32_t *hash)
{
	struct flow flow = flow_of(m);
	int chosen = hash_type(steering, &flow);
	uint32_t words[WORDS_MAX];

	if (chosen < 0)
		return false;
	bool with_ports = chosen == _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP || chosen == _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP;
	uint32_t n = flow_words(&flow, with_ports, words);
	for (uint32_t i = 0; i < n; i++)
		words[i] = rte_be_to_cpu_32(words[i]);
	*type = (uint8_t)chosen;
	*hash = rte_softrss(words, n, steering->key);
	return true;
}

unsigned
steering_queue(const struct steering *steering, const struct rte_mbuf *m, unsigned n_queues)
{
	uint32_t hash = 0;
	uint8_t type;

	if (!steering_is_chosen(steering))
		return default_hash(m) % n_queues;
	/* As in xen-netback, what has no hash counts as 0. */
	steering_hash(steering, m, &type, &hash);
	return steering->n_map == 0 ? hash % n_queues : steering->map[hash % steering->n_map] % n_queues;
}
