/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The learning L2 switch.
 *
 * Theory of operation: the members of a bridge form a ring through members[].next. To flood a
 * frame, the switch walks from the sender's successor until it is back at the sender: one step per
 * member. A port that is not a member of any bridge has BRIDGE_NONE and takes part in nothing.
 *
 * The forwarding table distinguishes LANs: a bridge that filters VLANs has one for each VID, any
 * other bridge is a single one. Addresses that the operator assigned (guarded.h) take precedence
 * over learnt ones.
 */
#include "sw/switch.h"

#include <errno.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "base/util.h"
#include "proto/limits.h"
#include "sw/fdb.h"
#include "sw/guarded.h"
#include "sw/policy.h"
#include "sw/vlan.h"

#define BRIDGE_NONE UINT16_MAX
#define PORT_NONE UINT16_MAX
_Static_assert(LIMIT_BRIDGES < BRIDGE_NONE && LIMIT_PORTS < PORT_NONE, "the marks are not ids");

/* A guest's token bucket for broadcasts. The credit is in thousandths of a broadcast. */
struct allowance {
	uint64_t credit;
	uint64_t filled_ms;
};

struct sw_port {
	uint16_t bridge;
	uint16_t next; /* in the bridge's ring; a single member is its own neighbour */
	uint16_t prev;
	enum sw_role role;
	enum vlan_part part;         /* if the bridge filters VLANs */
	const struct policy *policy; /* or NULL */
	struct allowance broadcasts;
};

struct sw {
	struct fdb *fdb;
	uint64_t n_flooded;
	unsigned broadcast_rate; /* broadcasts per second and guest; 0: no limit */
	bool floods_guarded;
	struct sw_port members[LIMIT_PORTS];
	uint16_t first[LIMIT_BRIDGES]; /* any member of the bridge, or PORT_NONE */
	unsigned flags[LIMIT_BRIDGES]; /* SW_BRIDGE_* */
	struct guarded guarded;
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

void
sw_set_floods(struct sw *sw, unsigned broadcast_rate, bool to_guarded)
{
	sw->broadcast_rate = broadcast_rate;
	sw->floods_guarded = to_guarded;
}

int
sw_add_port(struct sw *sw, uint16_t port, uint16_t bridge)
{
	struct sw_port *member;
	uint16_t first;

	if (port >= LIMIT_PORTS || bridge >= LIMIT_BRIDGES)
		return -EINVAL;
	if (is_member(sw, port))
		return -EEXIST;
	member = &sw->members[port];
	*member = (struct sw_port){
		.bridge = bridge, .next = port, .prev = port, .role = SW_UPLINK, .part = VLAN_TRUNK
	};
	fdb_set_uplink(sw->fdb, port, true);
	first = sw->first[bridge];
	if (first == PORT_NONE) {
		sw->first[bridge] = port;
		return 0;
	}
	member->next = first;
	member->prev = sw->members[first].prev;
	sw->members[member->prev].next = port;
	sw->members[first].prev = port;
	return 0;
}

void
sw_del_port(struct sw *sw, uint16_t port)
{
	struct sw_port *member;

	if (!is_member(sw, port))
		return;
	fdb_flush_port(sw->fdb, port);
	guarded_set(&sw->guarded, port, 0, NULL);
	member = &sw->members[port];
	if (sw->first[member->bridge] == port)
		sw->first[member->bridge] = member->next == port ? PORT_NONE : member->next;
	sw->members[member->prev].next = member->next;
	sw->members[member->next].prev = member->prev;
	member->bridge = BRIDGE_NONE;
}

/* ---- policies -------------------------------------------------------------------------------- */

static bool
filters_vlans(const struct sw *sw, const struct sw_port *member)
{
	return (sw->flags[member->bridge] & SW_BRIDGE_VLANS) != 0;
}

static bool
is_guarded(const struct sw_port *member)
{
	static const uint8_t none[6];

	return member->role == SW_GUEST && member->policy != NULL && member->policy->check_mac &&
	       memcmp(member->policy->mac, none, sizeof(none)) != 0;
}

static const struct policy_vlans *
vlans_of(const struct sw_port *member)
{
	return member->policy != NULL ? &member->policy->vlans : NULL;
}

/* Whether two states of a member have the same VLANs. */
static bool
has_same_vlans(const struct sw_port *a, const struct sw_port *b)
{
	return a->part == b->part &&
	       (a->part != VLAN_LISTED ||
		memcmp(vlans_of(a), vlans_of(b), sizeof(struct policy_vlans)) == 0);
}

void
sw_set_policy(struct sw *sw, uint16_t port, enum sw_role role, const struct policy *policy)
{
	struct sw_port *member, next;

	if (!is_member(sw, port))
		return;
	member = &sw->members[port];
	if (member->role == role && member->policy == policy)
		return;
	next = *member;
	next.role = role;
	next.policy = policy;
	next.part = role == SW_UPLINK ? VLAN_TRUNK : policy != NULL ? policy->part : VLAN_PLAIN;
	/* The old policy still exists, see dp/port/port.h. */
	if (role != member->role || !has_same_vlans(&next, member))
		fdb_flush_port(sw->fdb, port);
	*member = next;
	fdb_set_uplink(sw->fdb, port, role == SW_UPLINK);
	guarded_set(&sw->guarded, port, member->bridge, is_guarded(member) ? policy->mac : NULL);
}

/* Flushes all entries of the bridge, since they may be wrong with the new flags. */
void
sw_set_bridge(struct sw *sw, uint16_t bridge, unsigned flags)
{
	uint16_t port = sw->first[bridge];

	if (sw->flags[bridge] == flags)
		return;
	sw->flags[bridge] = flags;
	if (port == PORT_NONE)
		return;
	do {
		fdb_flush_port(sw->fdb, port);
		port = sw->members[port].next;
	} while (port != sw->first[bridge]);
}

unsigned
sw_rules(const struct sw *sw, uint16_t port)
{
	const struct sw_port *member;
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
sw_admit(const struct sw *sw, uint16_t in_port, struct rte_mbuf *m, uint16_t *vid)
{
	const struct sw_port *member;
	int in_vid = VLAN_NONE;

	if (!is_member(sw, in_port))
		return DROP_NO_PORT;
	member = &sw->members[in_port];
	if (filters_vlans(sw, member))
		in_vid = vlan_ingress(member->part, vlans_of(member),
				      rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
	if (in_vid < 0)
		return DROP_VLAN;
	*vid = (uint16_t)in_vid;
	return member->policy != NULL ? policy_check(member->policy, m) : DROP_N;
}

enum vlan_edit
sw_egress(const struct sw *sw, uint16_t out_port, uint16_t vid, const uint8_t *frame, uint32_t len)
{
	const struct sw_port *member;

	if (!is_member(sw, out_port))
		return VLAN_DROP;
	member = &sw->members[out_port];
	/*
	 * Another poller may already know that the bridge filters VLANs. Then the frame has a VID.
	 */
	if (!filters_vlans(sw, member) && vid == VLAN_NONE)
		return VLAN_KEEP;
	return vlan_egress(member->part, vlans_of(member), vid, frame, len);
}

/* Whether frames of `vid` go to this member of its bridge. */
static bool
carries(const struct sw *sw, uint16_t port, uint16_t vid)
{
	const struct sw_port *member = &sw->members[port];

	return !filters_vlans(sw, member) || vlan_is_member(member->part, vlans_of(member), vid);
}

/* ---- addresses ------------------------------------------------------------------------------- */

static uint32_t
lan_of(const struct sw *sw, uint16_t port, uint16_t vid)
{
	return (uint32_t)sw->members[port].bridge * POLICY_VIDS + vid;
}

/* Guarded members that own an address. */
struct owners {
	uint16_t port; /* the first owner that carries the VLAN, or GUARDED_NONE */
	unsigned n;    /* number of owners that carry the VLAN */
	bool is_one;   /* in_port is one of them */
};

static struct owners
owners_of(const struct sw *sw, uint16_t in_port, uint16_t vid, const struct rte_ether_addr *mac)
{
	struct owners owners = { .port = GUARDED_NONE };
	uint16_t port = guarded_first(&sw->guarded, sw->members[in_port].bridge, mac->addr_bytes);

	for (; port != GUARDED_NONE; port = guarded_next(&sw->guarded, port)) {
		if (!carries(sw, port, vid))
			continue;
		if (owners.n++ == 0)
			owners.port = port;
		owners.is_one |= port == in_port;
	}
	return owners;
}

/*
 * Learns the source address, unless the operator assigned it. Returns false if it belongs to a
 * guarded guest on another port.
 */
static bool
learn(struct sw *sw, uint16_t in_port, uint16_t vid, const struct rte_ether_addr *src,
      uint64_t now_ms)
{
	struct owners owners;

	/* nearly every frame of a guarded guest */
	if (guarded_is_sole(&sw->guarded, in_port, sw->members[in_port].bridge, src->addr_bytes))
		return true;
	if (!rte_is_valid_assigned_ether_addr(src))
		return true;
	owners = owners_of(sw, in_port, vid, src);
	if (owners.n > 0 && !owners.is_one)
		return false;
	if (owners.n != 1)
		fdb_learn(sw->fdb, lan_of(sw, in_port, vid), src->addr_bytes, in_port, now_ms);
	return true;
}

/* Returns the port that the address is behind, or -1. */
static int
look_up(struct sw *sw, uint16_t in_port, uint16_t vid, const struct rte_ether_addr *dst,
	uint64_t now_ms)
{
	struct owners owners = owners_of(sw, in_port, vid, dst);
	int port;

	if (owners.n == 1)
		return owners.port;
	port = fdb_lookup(sw->fdb, lan_of(sw, in_port, vid), dst->addr_bytes, now_ms);
	return port < 0 && owners.n > 1 ? owners.port : port;
}

static bool
is_pair(const struct sw *sw, uint16_t port)
{
	return (sw->flags[sw->members[port].bridge] & SW_BRIDGE_PAIR) != 0;
}

void
sw_learn(struct sw *sw, uint16_t in_port, uint16_t vid, const uint8_t *frame, uint64_t now_ms)
{
	const struct rte_ether_hdr *eth = (const struct rte_ether_hdr *)frame;

	/* No sw_admit() of this switch let the frame in: its port may have left the VLAN since. */
	if (is_member(sw, in_port) && !is_pair(sw, in_port) && carries(sw, in_port, vid))
		learn(sw, in_port, vid, &eth->src_addr, now_ms);
}

/* ---- forwarding ------------------------------------------------------------------------------ */

/*
 * IEEE 802.1Q table 8-1: group addresses that bridges must not forward. Among them is PAUSE, with
 * which a guest could stop the physical link. The first one, spanning tree's, is forwarded: a
 * bridge without spanning tree must not hide a loop from bridges that use it.
 */
static bool
is_link_local(const struct rte_ether_addr *addr)
{
	static const uint8_t prefix[5] = { 0x01, 0x80, 0xc2, 0x00, 0x00 };

	return memcmp(addr->addr_bytes, prefix, sizeof(prefix)) == 0 &&
	       addr->addr_bytes[5] >= 0x01 && addr->addr_bytes[5] <= 0x0f;
}

/* Takes a token for one broadcast. Returns false if the guest has none left. */
static bool
may_broadcast(struct sw *sw, struct sw_port *member, uint64_t now_ms)
{
	struct allowance *a = &member->broadcasts;
	uint64_t full = (uint64_t)sw->broadcast_rate * 1000;

	if (full == 0 || member->role != SW_GUEST)
		return true;
	if (now_ms < a->filled_ms || now_ms - a->filled_ms >= 1000 || a->filled_ms == 0)
		a->credit = full; /* also after the clock went back */
	else
		a->credit =
			util_min(full, a->credit + (now_ms - a->filled_ms) * sw->broadcast_rate);
	a->filled_ms = now_ms;
	if (a->credit < 1000)
		return false;
	a->credit -= 1000;
	return true;
}

/*
 * Writes all other members of the sender's LAN to `out`, guarded ones only with `to_guarded`. A
 * ring has at most LIMIT_PORTS members. A guarded guest has one address, whose location is known,
 * so it needs no frames for unknown ones.
 */
static enum sw_verdict
flood(struct sw *sw, uint16_t in_port, uint16_t vid, bool to_guarded, uint16_t *out, unsigned *n)
{
	for (uint16_t port = sw->members[in_port].next; port != in_port;
	     port = sw->members[port].next) {
		if (carries(sw, port, vid) && (to_guarded || !is_guarded(&sw->members[port])))
			out[(*n)++] = port;
	}
	sw->n_flooded++;
	return SW_FLOOD;
}

/* Forwards a frame to a group address. */
static enum sw_verdict
forward_group(struct sw *sw, uint16_t in_port, uint16_t vid, const struct rte_ether_addr *dst,
	      uint64_t now_ms, uint16_t *out, unsigned *n)
{
	if (is_link_local(dst))
		return SW_FLOOD;
	if (rte_is_broadcast_ether_addr(dst) && !may_broadcast(sw, &sw->members[in_port], now_ms))
		return SW_STORM;
	return flood(sw, in_port, vid, true, out, n);
}

/* Forwards a frame from one member of a pair to the other. */
static enum sw_verdict
forward_pair(struct sw *sw, uint16_t in_port, const struct rte_ether_addr *dst, uint16_t *out,
	     unsigned *n)
{
	uint16_t other = sw->members[in_port].next;

	if (other == in_port || is_link_local(dst))
		return SW_FLOOD;
	out[(*n)++] = other;
	return SW_UNICAST;
}

enum sw_verdict
sw_forward(struct sw *sw, uint16_t in_port, uint16_t vid, const uint8_t *frame, uint64_t now_ms,
	   uint16_t *out, unsigned *n)
{
	const struct rte_ether_hdr *eth = (const struct rte_ether_hdr *)frame;
	int port;

	*n = 0;
	if (!is_member(sw, in_port))
		return SW_FLOOD;
	if (is_pair(sw, in_port))
		return forward_pair(sw, in_port, &eth->dst_addr, out, n);
	if (!learn(sw, in_port, vid, &eth->src_addr, now_ms))
		return SW_NOT_OWNER;
	if (rte_is_multicast_ether_addr(&eth->dst_addr))
		return forward_group(sw, in_port, vid, &eth->dst_addr, now_ms, out, n);
	port = look_up(sw, in_port, vid, &eth->dst_addr, now_ms);
	if (port < 0 || !carries(sw, (uint16_t)port, vid))
		return flood(sw, in_port, vid, sw->floods_guarded, out, n);
	if (port == in_port)
		return SW_SAME_PORT;
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
		.n_entries = fdb.n_entries + sw->guarded.n,
		.n_learned = fdb.n_learned,
		.n_moved = fdb.n_moved,
		.n_aged = fdb.n_aged,
		.n_refused_port = fdb.n_refused_port,
		.n_refused_full = fdb.n_refused_full,
		.n_held = fdb.n_held,
		.n_flooded = sw->n_flooded,
	};
}

unsigned
sw_port_entries(const struct sw *sw, uint16_t port)
{
	return port < LIMIT_PORTS ? fdb_port_entries(sw->fdb, port) + (sw->guarded.key[port] != 0)
				  : 0;
}
