/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The learning L2 switch as one poller sees it: bridges with their member ports, and one forwarding table.
 *
 * Theory of operation: every poller has its own `struct sw` with all ports of the daemon as members. The
 * source address of each frame that the poller handles (received by it or crossing to it) is learnt; the
 * destination is looked up; unknown, broadcast and multicast destinations go to all other members of the
 * bridge. Entries age out, and each port has its share of them (sw/fdb.h).
 *
 * A port may have a policy (sw/policy.h): then what comes from it is checked by sw_admit() before anything is learnt. A guest whose
 * policy checks its MAC is guarded: it owns that address. Nobody else is learnt to have it, no frame with it comes in by another port,
 * and frames for addresses that are not known do not go to the guest.
 *
 * Whether a bridge filters VLANs (sw/vlan.h) is said by sw_set_bridge(), and by nothing that a guest can do; unless it does, tags mean
 * nothing to it.
 *
 * Threads: a `struct sw` belongs to one poller. Source: IEEE 802.1D learning bridge without spanning tree.
 */
#ifndef VPE_SW_SWITCH_H
#define VPE_SW_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/drop.h"
#include "sw/vlan.h"

struct sw;
struct policy;

/*
 * Creates an empty switch whose table holds `n_entries` addresses, each for `age_ms` milliseconds after its
 * last use as a source. `n_entries` is at least 8. `name` must be unique in the process and shorter than 20
 * bytes. NULL with errno.
 */
struct sw *sw_create(const char *name, unsigned n_entries, uint64_t age_ms);

/* NULL is allowed. */
void sw_destroy(struct sw *sw);

/*
 * Makes port id `port` (below LIMIT_PORTS) a member of bridge `bridge` (below LIMIT_BRIDGES): an uplink without policy, until
 * sw_set_policy() says otherwise. 0 or -errno.
 */
int sw_add_port(struct sw *sw, uint16_t port, uint16_t bridge);

/* Removes it with all its table entries. No effect if it is no member. */
void sw_del_port(struct sw *sw, uint16_t port);

/* What is special about a bridge. */
#define SW_BRIDGE_VLANS (1u << 0) /* it filters them */
#define SW_BRIDGE_PAIR (1u << 1)  /* of two members: what one sends is for the other, and nothing is learnt */

/* Sets the flags of `bridge` (below LIMIT_BRIDGES), also of one without members; at first there are none. */
void sw_set_bridge(struct sw *sw, uint16_t bridge, unsigned flags);

/*
 * Broadcasts that a guest may send in a second, 0 for any number (as at first); and whether frames for unknown addresses go to guarded
 * guests, too (at first not).
 */
void sw_set_floods(struct sw *sw, unsigned broadcast_rate, bool to_guarded);

enum sw_role {
	SW_GUEST,
	SW_UPLINK, /* a trunk of all VLANs, where a bridge filters them */
};

/*
 * What the member `port` is, and its policy (or NULL), which must stay until another one is set or the port is removed. Without
 * effect on other ports, but that none can have an address that a guarded one owns. What was learnt behind the port is forgotten if
 * its VLANs change.
 */
void sw_set_policy(struct sw *sw, uint16_t port, enum sw_role role, const struct policy *policy);

/* What has to be asked about frames of a port. Changes only with sw_set_policy() for it and sw_set_bridge() for its bridge. */
#define SW_RULE_SENDER (1u << 0) /* sw_admit() for those that come in */
#define SW_RULE_VLANS (1u << 1)  /* sw_admit() for those that come in, sw_egress() for those that leave */

unsigned sw_rules(const struct sw *sw, uint16_t port);

/*
 * Whether a frame of `len` bytes, at least 14, may come in from `in_port`: DROP_N with its VID in `vid`, or why not. For a
 * port without rules the answer would be DROP_N and VLAN_NONE.
 */
enum drop_reason sw_admit(const struct sw *sw, uint16_t in_port, const uint8_t *frame, uint32_t len, uint16_t *vid);

/* What has to be done to a frame of `vid` that leaves by `out_port`. */
enum vlan_edit sw_egress(const struct sw *sw, uint16_t out_port, uint16_t vid, const uint8_t *frame, uint32_t len);

enum sw_verdict {
	SW_UNICAST,   /* one port: out[0] */
	SW_FLOOD,     /* out[0..n-1], the sender is not among them; n may be 0 */
	SW_SAME_PORT, /* the destination is behind the sender: drop */
	SW_NOT_OWNER, /* the source is the address of a guarded guest: drop */
	SW_STORM,     /* more broadcasts than the guest may send: drop */
};

/*
 * Remembers that the source address of the Ethernet frame at `frame` (at least 14 bytes) is behind `in_port` in VLAN `vid`.
 * Multicast addresses and the zero address are no sources and are never learnt.
 */
void sw_learn(struct sw *sw, uint16_t in_port, uint16_t vid, const uint8_t *frame, uint64_t now_ms);

/*
 * Where a frame from `in_port`, of VLAN `vid` as sw_admit() said, goes. Learns its source too, as sw_learn() does. `out` has room
 * for LIMIT_PORTS ids; `n` gets their number. A frame to 01:80:c2:00:00:01 .. 0f (PAUSE, LACP, LLDP, ...: for the
 * next bridge only) goes nowhere, and neither does one from a port that is no member: SW_FLOOD with `n` 0.
 */
enum sw_verdict sw_forward(struct sw *sw, uint16_t in_port, uint16_t vid, const uint8_t *frame, uint64_t now_ms,
			   uint16_t *out, unsigned *n);

/* Frees a few entries that are too old; call it once a millisecond or so. Bounded work. */
void sw_tick(struct sw *sw, uint64_t now_ms);

struct sw_stats {
	unsigned n_entries;       /* addresses that are known now */
	uint64_t n_learned;
	uint64_t n_moved;         /* an address appeared behind another port */
	uint64_t n_aged;
	uint64_t n_refused_port;  /* not learnt: the port owns its maximum */
	uint64_t n_refused_full;  /* not learnt: the port's part of the table is full */
	uint64_t n_held;          /* an address moved too often and stays where it was for some seconds */
	uint64_t n_flooded;       /* frames */
};

/* May be called from any thread; the numbers are then approximate. */
void sw_get_stats(const struct sw *sw, struct sw_stats *stats);

/* Addresses that are known behind `port`; any thread, approximate. */
unsigned sw_port_entries(const struct sw *sw, uint16_t port);

#endif
