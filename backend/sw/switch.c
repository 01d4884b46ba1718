/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The learning L2 switch. Called by the poller for each frame; calls fdb.c.
 *
 * Theory of operation: the members of a bridge form a ring through members[].next, in which a flood from one
 * port walks from its successor until it is back: it costs as many steps as there are members. A port that
 * is no member of any bridge has BRIDGE_NONE and takes no part in anything.
 *
 * What the forwarding table keeps apart are LANs: a bridge that does not filter VLANs is one, and one that does has one for
 * each VID.
 */
#include "sw/switch.h"

#include <errno.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_malloc.h>

#include "proto/limits.h"
#include "sw/fdb.h"
#include "sw/policy.h"
#include "sw/vlan.h"

#define BRIDGE_NONE UINT16_MAX
#define PORT_NONE UINT16_MAX
_Static_assert(LIMIT_BRIDGES < BRIDGE_NONE && LIMIT_PORTS < PORT_NONE, "the marks are not ids");

struct member {
	uint16_t bridge;
	uint16_t next; /* within the bridge's ring; a lone member is its own neighbour */
	uint16_t prev;
	enum vlan_part part;         /* where the bridge filters VLANs */
	const struct policy *policy; /* or NULL */
};

struct sw {
	struct fdb *fdb;
	uint64_t n_flooded;
	struct member members[LIMIT_PORTS];
	uint16_t first[LIMIT_BRIDGES]; /* any member of the bridge, or PORT_NONE */
	uint16_t n_listed[LIMIT_BRIDGES]; /* members whose policy lists VLANs: if there are any, the bridge filters */
};

struct sw *
sw_create(const char *name, unsigned n_entries, uint64_t age_ms)
{
	struct sw *sw = rte_zmalloc(name, sizeof(*sw), RTE_CACHE_LINE_SIZE);

	if (sw == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	sw->fdb = fdb_create(name, n_entries, age_ms);
	if (sw->fdb == NULL) {
		int err = errno;

		rte_free(sw);
		errno = err;
		return NULL;
	}
	for (unsigned port = 0; port < LIMIT_PORTS; port++)
		sw->members[port].bridge = BRIDGE_NONE;
	for (unsigned bridge = 0; bridge < LIMIT_BRIDGES; bridge++)
		sw->first[bridge] = PORT_NONE;
	return sw;
}

void
sw_destroy(struct sw *sw)
{
	if (sw == NULL)
		return;
	fdb_destroy(sw->fdb);
	rte_free(sw);
}

static bool
is_member(const struct sw *sw, uint16_t port)
{
	return port < LIMIT_PORTS && sw->members[port].bridge != BRIDGE_NONE;
}

int
sw_add_port(struct sw *sw, uint16_t port, uint16_t bridge)
{
	struct member *member;
	uint16_t first;

	if (port >= LIMIT_PORTS || bridge >= LIMIT_BRIDGES)
		return -EINVAL;
	if (is_member(sw, port))
		return -EEXIST;
	if (sw->first[bridge] == PORT_NONE) {
		sw->first[bridge] = port;
		sw->members[port] = (struct member){ .bridge = bridge, .next = port, .prev = port, .part = VLAN_TRUNK };
		return 0;
	}
	first = sw->first[bridge];
	member = &sw->members[port];
	*member = (struct member){ .bridge = bridge, .next = first, .prev = sw->members[first].prev, .part = VLAN_TRUNK };
	sw->members[member->prev].next = port;
	sw->members[first].prev = port;
	return 0;
}

void
sw_del_port(struct sw *sw, uint16_t port)
{
	struct member *member;

	if (!is_member(sw, port))
		return;
	fdb_flush_port(sw->fdb, port);
	member = &sw->members[port];
	sw->n_listed[member->bridge] -= member->part == VLAN_LISTED;
	if (sw->first[member->bridge] == port)
		sw->first[member->bridge] = member->next == port ? PORT_NONE : member->next;
	sw->members[member->prev].next = member->next;
	sw->members[member->next].prev = member->prev;
	member->bridge = BRIDGE_NONE;
}

/* ---- policies ------------------------------------------------------------------------------------------ */

void
sw_set_policy(struct sw *sw, uint16_t port, enum sw_role role, const struct policy *policy)
{
	enum vlan_part part = role == SW_UPLINK ? VLAN_TRUNK : VLAN_PLAIN;
	struct member *member;

	if (!is_member(sw, port))
		return;
	if (policy != NULL && policy->filters_vlans)
		part = VLAN_LISTED;
	member = &sw->members[port];
	if (member->part == VLAN_LISTED || part == VLAN_LISTED)
		fdb_flush_port(sw->fdb, port); /* what was learnt in VLANs that it may not be in any more */
	sw->n_listed[member->bridge] -= member->part == VLAN_LISTED;
	sw->n_listed[member->bridge] += part == VLAN_LISTED;
	member->part = part;
	member->policy = policy;
}

static bool
filters_vlans(const struct sw *sw, const struct member *member)
{
	return sw->n_listed[member->bridge] > 0;
}

static const struct policy_vlans *
vlans_of(const struct member *member)
{
	return member->policy != NULL ? &member->policy->vlans : NULL;
}

unsigned
sw_rules(const struct sw *sw, uint16_t port)
{
	const struct member *member;
	unsigned rules = 0;

	if (!is_member(sw, port))
		return 0;
	member = &sw->members[port];
	if (member->policy != NULL && (member->policy->check_mac || member->policy->check_ip))
		rules |= SW_RULE_SENDER;
	if (filters_vlans(sw, member))
		rules |= SW_RULE_VLANS;
	return rules;
}

enum drop_reason
sw_admit(const struct sw *sw, uint16_t in_port, const uint8_t *frame, uint32_t len, uint16_t *vid)
{
	const struct member *member;
	int in_vid = VLAN_NONE;

	if (!is_member(sw, in_port))
		return DROP_NO_PORT;
	member = &sw->members[in_port];
	if (filters_vlans(sw, member))
		in_vid = vlan_ingress(member->part, vlans_of(member), frame, len);
	if (in_vid < 0)
		return DROP_VLAN;
	*vid = (uint16_t)in_vid;
	return member->policy != NULL ? policy_check(member->policy, frame, len) : DROP_N;
}

enum vlan_edit
sw_egress(const struct sw *sw, uint16_t out_port, uint16_t vid, const uint8_t *frame, uint32_t len)
{
	const struct member *member;

	if (!is_member(sw, out_port))
		return VLAN_DROP;
	member = &sw->members[out_port];
	/* Another poller may know of a new policy already: its frame says so with its VID. */
	if (!filters_vlans(sw, member) && vid == VLAN_NONE)
		return VLAN_KEEP;
	return vlan_egress(member->part, vlans_of(member), vid, frame, len);
}

/* Whether frames of `vid` go to this member of the bridge. */
static bool
carries(const struct sw *sw, uint16_t port, uint16_t vid)
{
	const struct member *member = &sw->members[port];

	return !filters_vlans(sw, member) || vlan_is_member(member->part, vlans_of(member), vid);
}

/* ---- forwarding ---------------------------------------------------------------------------------------- */

static uint32_t
lan_of(const struct sw *sw, uint16_t port, uint16_t vid)
{
	return (uint32_t)sw->members[port].bridge * POLICY_VIDS + vid;
}

void
sw_learn(struct sw *sw, uint16_t in_port, uint16_t vid, const uint8_t *frame, uint64_t now_ms)
{
	const struct rte_ether_hdr *eth = (const struct rte_ether_hdr *)frame;

	if (is_member(sw, in_port) && rte_is_valid_assigned_ether_addr(&eth->src_addr))
		fdb_learn(sw->fdb, lan_of(sw, in_port, vid), eth->src_addr.addr_bytes, in_port, now_ms);
}

/*
 * IEEE 802.1Q table 8-1: group addresses that mean the next bridge itself and that no bridge forwards. Among
 * them is PAUSE, with which a guest could stop the physical link. The first one, spanning tree's, is let
 * through: a bridge that takes no part in spanning tree must not hide a loop from those that do.
 */
static bool
is_link_local(const struct rte_ether_addr *addr)
{
	static const uint8_t prefix[5] = { 0x01, 0x80, 0xc2, 0x00, 0x00 };

	return memcmp(addr->addr_bytes, prefix, sizeof(prefix)) == 0 && addr->addr_bytes[5] >= 0x01 &&
	       addr->addr_bytes[5] <= 0x0f;
}

/* Writes all members of the sender's LAN but the sender. A ring has at most LIMIT_PORTS members. */
static enum sw_verdict
flood(struct sw *sw, uint16_t in_port, uint16_t vid, uint16_t *out, unsigned *n)
{
	for (uint16_t port = sw->members[in_port].next; port != in_port; port = sw->members[port].next) {
		if (carries(sw, port, vid))
			out[(*n)++] = port;
	}
	sw->n_flooded++;
	return SW_FLOOD;
}

enum sw_verdict
sw_forward(struct sw *sw, uint16_t in_port, uint16_t vid, const uint8_t *frame, uint64_t now_ms, uint16_t *out,
	   unsigned *n)
{
	const struct rte_ether_hdr *eth = (const struct rte_ether_hdr *)frame;
	int port;

	*n = 0;
	if (!is_member(sw, in_port))
		return SW_FLOOD;
	sw_learn(sw, in_port, vid, frame, now_ms);
	if (rte_is_multicast_ether_addr(&eth->dst_addr)) {
		if (is_link_local(&eth->dst_addr))
			return SW_FLOOD;
		return flood(sw, in_port, vid, out, n);
	}
	port = fdb_lookup(sw->fdb, lan_of(sw, in_port, vid), eth->dst_addr.addr_bytes, now_ms);
	if (port < 0)
		return flood(sw, in_port, vid, out, n);
	if (port == in_port)
		return SW_SAME_PORT;
	if (!carries(sw, (uint16_t)port, vid))
		return SW_FLOOD;
	out[(*n)++] = (uint16_t)port;
	return SW_UNICAST;
}

void
sw_tick(struct sw *sw, uint64_t now_ms)
{
	fdb_age(sw->fdb, now_ms);
}

void
sw_get_stats(const struct sw *sw, struct sw_stats *stats)
{
	struct fdb_stats fdb;

	fdb_get_stats(sw->fdb, &fdb);
	*stats = (struct sw_stats){
		.n_entries = fdb.n_entries,
		.n_learned = fdb.n_learned,
		.n_moved = fdb.n_moved,
		.n_aged = fdb.n_aged,
		.n_refused_port = fdb.n_refused_port,
		.n_refused_full = fdb.n_refused_full,
		.n_flooded = sw->n_flooded,
	};
}

unsigned
sw_port_entries(const struct sw *sw, uint16_t port)
{
	return port < LIMIT_PORTS ? fdb_port_entries(sw->fdb, port) : 0;
}
