/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding table of the learning switch: which port a MAC address of a LAN is behind.
 *
 * Guests choose the addresses that are learnt, so the table bounds what one of them can do to the others:
 *  - a quarter of the table is for guests, the rest for uplinks, so that neither can crowd out the other;
 *  - a guest owns at most LIMIT_MACS_PER_PORT entries;
 *  - where its part is full, a port may still take the oldest entry of one that owns many, if that one owns more than twice as
 *    many as itself: so each gets its share, and who has little loses nothing;
 *  - an address that moves from port to port faster than LIMIT_MAC_MOVES is put back where it was and stays there for a while;
 *  - the hash is keyed with a random seed, so that a guest cannot aim its addresses at one bucket;
 *  - an entry counts only until its age is reached, even where fdb_age() has not come by to free it.
 *
 * Memory is taken when the table is made and never again. Threads: a table belongs to one poller; the
 * functions that only read counters may be called by any thread and are then approximate. `port` is always
 * below LIMIT_PORTS: the switch checks it once, when a port becomes a member. `lan` is whatever the switch keeps apart: a
 * VLAN of a bridge.
 */
#ifndef VPE_SW_FDB_H
#define VPE_SW_FDB_H

#include <stdbool.h>
#include <stdint.h>

struct fdb;

/* Creates an empty table; arguments and result as of sw_create(). */
struct fdb *fdb_create(const char *name, unsigned n_entries, uint64_t age_ms);

/* NULL is allowed. */
void fdb_destroy(struct fdb *fdb);

/* Which part of the table the port has; without a call, that of guests. The port must own no entries. */
void fdb_set_uplink(struct fdb *fdb, uint16_t port, bool is_uplink);

/*
 * Remembers that the six bytes at `mac` are behind `port`, or that they still are. Without effect where the port owns its maximum,
 * its part of the table is full, or the address is held behind another port.
 */
void fdb_learn(struct fdb *fdb, uint32_t lan, const uint8_t *mac, uint16_t port, uint64_t now_ms);

/* The port that `mac` is behind, or -1 if that is not known. */
int fdb_lookup(struct fdb *fdb, uint32_t lan, const uint8_t *mac, uint64_t now_ms);

/* Removes all entries of `port`; costs as much as there are. */
void fdb_flush_port(struct fdb *fdb, uint16_t port);

/* Frees entries that are too old, among the next few positions of the table. */
void fdb_age(struct fdb *fdb, uint64_t now_ms);

/* The same counters as of struct sw_stats. */
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

/* Entries of `port`. */
unsigned fdb_port_entries(const struct fdb *fdb, uint16_t port);

#endif
