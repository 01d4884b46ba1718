/* SPDX-License-Identifier: BSD-3-Clause */
/* Choice of the vif queue that a frame leaves by. */
#include "dp/frame/steering.h"

#include <string.h>

#include <netinet/in.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_jhash.h>
#include <rte_thash.h>

#include "proto/netif.h"
#include "sw/frame_headers.h"

#define WORDS_MAX 9u /* two IPv6 addresses and the ports */

_Static_assert((WORDS_MAX + 1) * sizeof(uint32_t) == STEERING_KEY_SIZE,
	       "rte_softrss() reads one word more than the input has");

/* The identity of a flow: addresses and ports, as in the packet. */
struct flow {
	const uint8_t *addresses; /* source, then destination */
	uint32_t addresses_size;  /* bytes of both; 0: not an IP packet */
	/* source, then destination; NULL: none, or not in this fragment */
	const uint8_t *ports;
	uint8_t protocol;
};

static struct flow
flow_of(struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct flow flow = { 0 };
	struct headers h = frame_headers(m);

	if (h.l3_len == 0 || (h.flags & HEADERS_LLC) != 0)
		return flow;
	bool is_ipv4 = h.ethertype == RTE_ETHER_TYPE_IPV4;
	size_t offset = is_ipv4 ? offsetof(struct rte_ipv4_hdr, src_addr)
				: offsetof(struct rte_ipv6_hdr, src_addr);
	flow.addresses = frame + h.l2_len + offset;
	flow.addresses_size = is_ipv4 ? 8 : 32;
	flow.protocol = h.protocol;
	if ((h.flags & (HEADERS_BAD_IP | HEADERS_FRAGMENT | HEADERS_RARE_EXT)) == 0 &&
	    headers_l4_room(&h) >= 4 && (h.protocol == IPPROTO_TCP || h.protocol == IPPROTO_UDP))
		flow.ports = frame + h.l2_len + h.l3_len;
	return flow;
}

/* Writes the flow as words in the packet's byte order. Returns their number. */
static uint32_t
flow_words(const struct flow *flow, bool with_ports, uint32_t *words)
{
	uint32_t n = flow->addresses_size / sizeof(uint32_t);

	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): callers know that it is IP */
	memcpy(words, flow->addresses, flow->addresses_size);
	if (with_ports)
		memcpy(&words[n++], flow->ports, sizeof(uint32_t));
	return n;
}

/* ---- the hashes ------------------------------------------------------------------------------ */

/* The default hash. Frames that are not IP share one queue. */
static uint32_t
default_hash(struct rte_mbuf *m)
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
	return steering != NULL && steering->algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ &&
	       steering->types != 0;
}

/* Returns the most specific hash type that the guest chose and the flow has, or -1. */
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
steering_has_hash(const struct steering *steering, struct rte_mbuf *m)
{
	struct flow flow = flow_of(m);

	return hash_type(steering, &flow) >= 0;
}

bool
steering_hash(const struct steering *steering, struct rte_mbuf *m, uint8_t *type, uint32_t *hash)
{
	struct flow flow = flow_of(m);
	int chosen = hash_type(steering, &flow);
	uint32_t words[WORDS_MAX];

	if (chosen < 0)
		return false;
	bool with_ports = chosen == _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP ||
			  chosen == _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP;
	uint32_t n = flow_words(&flow, with_ports, words);
	for (uint32_t i = 0; i < n; i++)
		words[i] = rte_be_to_cpu_32(words[i]);
	*type = (uint8_t)chosen;
	*hash = rte_softrss(words, n, steering->key);
	return true;
}

unsigned
steering_queue(const struct steering *steering, struct rte_mbuf *m, unsigned n_queues)
{
	uint32_t hash = 0;
	uint8_t type;

	if (!steering_is_chosen(steering))
		return default_hash(m) % n_queues;
	/* As in xen-netback, frames without a hash count as 0. */
	steering_hash(steering, m, &type, &hash);
	return steering->n_map == 0 ? hash % n_queues
				    : steering->map[hash % steering->n_map] % n_queues;
}
