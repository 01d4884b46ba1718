/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding table of the learning switch: maps a MAC address of a LAN to a port.
 *
 * Guests choose the addresses that are learnt, so the table limits what a guest can do to others:
 * - a quarter of the table is for guests and the rest for uplinks, so neither can crowd out the
 *   other;
 * - a guest owns at most LIMIT_MACS_PER_PORT entries;
 * - if its part is full, a port may take the oldest entry of a port that owns more than twice as
 *   many as itself: each gets its share, and a port with few entries loses none;
 * - an address that moves between ports more often than LIMIT_MAC_MOVES a second returns to its
 *   original port and stays there for a while;
 * - the hash has a random seed, so a guest cannot aim its addresses at one bucket;
 * - an entry is ignored once it is too old, even before fdb_age() frees it.
 *
 * Memory is allocated only when the table is created. `port` is always below LIMIT_PORTS; the
 * switch checks that when the port becomes a member. A `lan` is a bridge, or a VLAN of one.
 * Threads: a table belongs to one poller. Any thread may call the functions that only read
 * counters; the values are then approximate.
 */
#ifndef VPE_SW_FDB_H
#define VPE_SW_FDB_H

#include <stdbool.h>
#include <stdint.h>

struct fdb;

/* Creates an empty table. Arguments and result are as for sw_create(). */
struct fdb *fdb_create(const char *name, unsigned n_entries, uint64_t age_ms);

/* NULL is allowed. */
void fdb_destroy(struct fdb *fdb);

/* Selects the part of the table for the port; guests' by default. The port must own no entries. */
void fdb_set_uplink(struct fdb *fdb, uint16_t port, bool is_uplink);

/*
 * Learns or refreshes that the address `mac`, 6 bytes, is behind `port`. Does nothing if the port
 * owns its maximum, its part of the table is full, or the address is held at another port.
 */
void fdb_learn(struct fdb *fdb, uint32_t lan, const uint8_t *mac, uint16_t port, uint64_t now_ms);

/* Returns the port that `mac` is behind, or -1 if unknown. */
int fdb_lookup(struct fdb *fdb, uint32_t lan, const uint8_t *mac, uint64_t now_ms);

/* Removes all entries of `port`; the cost is proportional to their number. */
void fdb_flush_port(struct fdb *fdb, uint16_t port);

/* Frees expired entries among the next few positions of the table. */
void fdb_age(struct fdb *fdb, uint64_t now_ms);

/* Counters as in struct sw_stats. */
struct fdb_stats {
	unsigned n_entries;
	uint64_t n_learned;
	uint64_t n_moved;
	uint64_t n_aged;
	uint64_t n_refused_port;
	uint64_t n_refused_full;
	uint64_t n_held;
};

void fdb_get_stats(const struct fdb *fdb, struct fdb_stats *stats);

/* Number of entries of `port`. */
unsigned fdb_port_entries(const struct fdb *fdb, uint16_t port);

#endif
