/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding table of the learning switch: which port a MAC address of a LAN is behind.
 *
 * Guests choose the addresses that are learnt, so the table bounds what one of them can do to the others:
 *  - a port owns at most LIMIT_MACS_PER_PORT entries, and a live entry is never evicted for a new one;
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

#include <stdint.h>

struct fdb;

/* Creates an empty table; arguments and result as of sw_create(). */
struct fdb *fdb_create(const char *name, unsigned n_entries, uint64_t age_ms);

/* NULL is allowed. */
void fdb_destroy(struct fdb *fdb);

/*
 * Remembers that the six bytes at `mac` are behind `port`, or that they still are. Without effect where the
 * port owns its maximum or the table is full.
 */
void fdb_learn(struct fdb *fdb, uint32_t lan, const uint8_t *mac, uint16_t port, uint64_t now_ms);

/* The port that `mac` is behind, or -1 if that is not known. */
int fdb_lookup(struct fdb *fdb, uint32_t lan, const uint8_t *mac, uint64_t now_ms);

/* Removes all entries of `port`. Reads the table once from start to end, unless the port owns none. */
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
};

void fdb_get_stats(const struct fdb *fdb, struct fdb_stats *stats);

/* Entries of `port`. */
unsigned fdb_port_entries(const struct fdb *fdb, uint16_t port);

#endif
