/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The learning L2 switch as one poller sees it: bridges with member ports, and one forwarding
 * table.
 *
 * Theory of operation: every poller has its own `struct sw`, with all ports of the daemon as
 * members. The switch learns the source address of each frame that the poller handles, whether
 * received or crossing to it. It looks the destination up. Frames to unknown, broadcast and
 * multicast destinations go to all other members of the bridge. Entries age out, and each port has
 * a share of them (sw/fdb.h).
 *
 * A port may have a policy (sw/policy.h). Then sw_admit() checks its frames before anything is
 * learnt. A guest whose policy checks its MAC is guarded: it owns that address. The address is not
 * learnt behind other ports, frames from it on other ports are dropped, and frames to unknown
 * addresses do not go to the guest.
 *
 * Only sw_set_bridge() decides whether a bridge filters VLANs (sw/vlan.h); a guest cannot influence
 * it. A bridge that does not filter ignores tags.
 *
 * Threads: a `struct sw` belongs to one poller.
 * Source: IEEE 802.1D learning bridge without spanning tree.
 */
#ifndef VPE_SW_SWITCH_H
#define VPE_SW_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/drop.h"
#include "sw/vlan.h"

struct sw;
struct policy;
struct rte_mbuf;

/*
 * Creates an empty switch. Its table holds `n_entries` addresses (at least 8), each for `age_ms`
 * milliseconds after its last use as a source. `name` must be unique in the process and shorter
 * than 20 bytes. Returns NULL with errno on error.
 */
struct sw *sw_create(const char *name, unsigned n_entries, uint64_t age_ms);

/* NULL is allowed. */
void sw_destroy(struct sw *sw);

/*
 * Makes port id `port` (below LIMIT_PORTS) a member of bridge `bridge` (below LIMIT_BRIDGES). It is
 * an uplink without a policy until sw_set_policy() changes that. Returns 0 or -errno.
 */
int sw_add_port(struct sw *sw, uint16_t port, uint16_t bridge);

/* Removes the port and all its table entries. Does nothing if it is not a member. */
void sw_del_port(struct sw *sw, uint16_t port);

/* Flags of a bridge. */
#define SW_BRIDGE_VLANS (1u << 0) /* it filters VLANs */
/* it has two members: each gets what the other sends, and nothing is learnt */
#define SW_BRIDGE_PAIR (1u << 1)

/* Sets the flags of `bridge` (below LIMIT_BRIDGES), which may have no members. Default: none. */
void sw_set_bridge(struct sw *sw, uint16_t bridge, unsigned flags);

/*
 * Sets the number of broadcasts per second that a guest may send (0, the default: no limit), and
 * whether frames to unknown addresses also go to guarded guests (default: no).
 */
void sw_set_floods(struct sw *sw, unsigned broadcast_rate, bool to_guarded);

enum sw_role {
	SW_GUEST,
	SW_UPLINK, /* a trunk of all VLANs if the bridge filters them */
};

/*
 * Sets the role of the member `port`, and its policy or NULL. The policy must exist until another
 * one is set or the port is removed. Other ports are not affected, except that they cannot use an
 * address that a guarded port owns. If the port's VLANs or role change, what was learnt behind it
 * is forgotten.
 */
void sw_set_policy(struct sw *sw, uint16_t port, enum sw_role role, const struct policy *policy);

/*
 * Checks that the port's frames need. They change only with sw_set_policy() for the port and
 * sw_set_bridge() for its bridge.
 */
#define SW_RULE_SENDER (1u << 0) /* call sw_admit() for incoming frames */
/* call sw_admit() for incoming frames and sw_egress() for outgoing ones */
#define SW_RULE_VLANS (1u << 1)

unsigned sw_rules(const struct sw *sw, uint16_t port);

/*
 * Checks a frame, of at least 14 bytes, from `in_port`. Returns DROP_N with the VID in `vid`
 * if it may come in, else the reason. For a port without rules it would return DROP_N and
 * VLAN_NONE.
 */
enum drop_reason sw_admit(const struct sw *sw, uint16_t in_port, struct rte_mbuf *m, uint16_t *vid);

/* Returns how to edit the tag of a frame of `vid` that leaves by `out_port`. */
enum vlan_edit sw_egress(const struct sw *sw, uint16_t out_port, uint16_t vid, const uint8_t *frame,
			 uint32_t len);

enum sw_verdict {
	SW_UNICAST,   /* one port: out[0] */
	SW_FLOOD,     /* out[0..n-1], without the sender; n may be 0 */
	SW_SAME_PORT, /* the destination is behind the sender: drop */
	SW_NOT_OWNER, /* the source address belongs to a guarded guest: drop */
	SW_STORM,     /* the guest exceeded its broadcast rate: drop */
};

/*
 * Learns that the source address of the Ethernet frame at `frame` (at least 14 bytes) is behind
 * `in_port` in VLAN `vid`. Multicast addresses and the zero address are never learnt, and none in a
 * VLAN that the port is not in.
 */
void sw_learn(struct sw *sw, uint16_t in_port, uint16_t vid, const uint8_t *frame, uint64_t now_ms);

/*
 * Determines the output ports of a frame from `in_port` in VLAN `vid`, the one from sw_admit().
 * Also learns its source, like sw_learn(). `out` has room for LIMIT_PORTS ids; `n` gets their
 * number. The result is SW_FLOOD with `n` 0 for a frame to 01:80:c2:00:00:01 .. 0f (PAUSE, LACP,
 * LLDP, ..., which bridges do not forward) and for one from a port that is not a member.
 */
enum sw_verdict sw_forward(struct sw *sw, uint16_t in_port, uint16_t vid, const uint8_t *frame,
			   uint64_t now_ms, uint16_t *out, unsigned *n);

/* Frees a few expired entries. Call it about once a millisecond. Bounded work. */
void sw_tick(struct sw *sw, uint64_t now_ms);

struct sw_stats {
	unsigned n_entries; /* addresses known now */
	uint64_t n_learned;
	uint64_t n_moved; /* an address appeared behind another port */
	uint64_t n_aged;
	uint64_t n_refused_port; /* not learnt: the port owns its maximum */
	uint64_t n_refused_full; /* not learnt: the port's part of the table is full */
	/* times an address moved too often and was held at its port */
	uint64_t n_held;
	uint64_t n_flooded; /* frames */
};

/* Any thread; the values are then approximate. */
void sw_get_stats(const struct sw *sw, struct sw_stats *stats);

/* Number of addresses known behind `port`. Any thread, approximate. */
unsigned sw_port_entries(const struct sw *sw, uint16_t port);

#endif
