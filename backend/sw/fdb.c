/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding table of the learning switch. Called by switch.c; calls DPDK's hash library.
 *
 * Theory of operation: rte_hash maps a key (LAN and MAC) to a position, and entries[position]
 * holds the port and the time at which the entry expires. An unused position has ENTRY_FREE as its LAN, so
 * that ageing and flushing walk the array alone and ask the hash only to delete. Before the hash is asked for a key, the position
 * where a key like it was last time is looked at.
 */
#include "sw/fdb.h"

#include <errno.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_jhash.h>
#include <rte_malloc.h>
#include <rte_random.h>

#include "base/util.h"
#include "proto/limits.h"

/* The LAN of an unused position. */
#define ENTRY_FREE UINT64_MAX

/*
 * Positions that one fdb_age() looks at: 2 KB of memory; 64 thousand a second if called each millisecond.
 */
#define AGE_STEP 64u

/* A power of two. */
#define N_HINTS 256u

/* 68 bits of it are used. 16 bytes is a size for which rte_hash has a comparison of its own. */
struct fdb_key {
	uint64_t mac;
	uint64_t lan;
};

struct fdb_entry {
	struct fdb_key key; /* as in the hash */
	uint64_t expires_ms;
	uint16_t port;
};

struct fdb {
	struct rte_hash *hash;
	uint64_t age_ms;
	uint32_t n_positions;
	uint32_t age_idx; /* where fdb_age() goes on */
	struct fdb_stats stats;
	uint32_t n_owned[LIMIT_PORTS];
	uint32_t hint[N_HINTS]; /* positions, by hint_of() */
	struct fdb_entry entries[];
};

static struct fdb_key
key_make(uint32_t lan, const uint8_t *mac)
{
	uint32_t low;
	uint16_t high;

	memcpy(&low, mac, sizeof(low));
	memcpy(&high, mac + sizeof(low), sizeof(high));
	return (struct fdb_key){ .mac = (uint64_t)high << 32 | low, .lan = lan };
}

/* Not CRC: which keys collide there does not depend on the seed. */
static uint32_t
key_hash(const void *key, uint32_t key_size, uint32_t seed)
{
	const struct fdb_key *k = key;

	(void)key_size;
	return rte_jhash_3words((uint32_t)k->mac, (uint32_t)(k->mac >> 32), (uint32_t)k->lan, seed);
}

static uint32_t
hint_of(const struct fdb_key *key)
{
	return (uint32_t)((key->mac ^ key->lan) * 0x9e3779b97f4a7c15u >> 32) % N_HINTS;
}

/* Position of the key, negative if there is none. */
static int32_t
find(struct fdb *fdb, const struct fdb_key *key)
{
	uint32_t *hint = &fdb->hint[hint_of(key)];
	const struct fdb_key *there = &fdb->entries[*hint].key;

	if (there->mac == key->mac && there->lan == key->lan)
		return (int32_t)*hint;
	int32_t pos = rte_hash_lookup(fdb->hash, key);
	if (pos >= 0)
		*hint = (uint32_t)pos;
	return pos;
}

struct fdb *
fdb_create(const char *name, unsigned n_entries, uint64_t age_ms)
{
	/* Extendable buckets: all n_entries fit, whatever the addresses are. */
	struct rte_hash_parameters params = {
		.name = name,
		.entries = n_entries,
		.key_len = sizeof(struct fdb_key),
		.hash_func = key_hash,
		.hash_func_init_val = (uint32_t)rte_rand(),
		.socket_id = SOCKET_ID_ANY,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};
	struct rte_hash *hash = rte_hash_create(&params);
	struct fdb *fdb;
	uint32_t n_positions;

	if (hash == NULL) {
		errno = rte_errno;
		return NULL;
	}
	n_positions = (uint32_t)rte_hash_max_key_id(hash) + 1;
	fdb = rte_zmalloc(name, sizeof(*fdb) + n_positions * sizeof(fdb->entries[0]), RTE_CACHE_LINE_SIZE);
	if (fdb == NULL) {
		rte_hash_free(hash);
		errno = ENOMEM;
		return NULL;
	}
	fdb->hash = hash;
	fdb->age_ms = util_min(age_ms, UINT64_MAX / 2); /* so that adding the time of day does not overflow */
	fdb->n_positions = n_positions;
	for (uint32_t pos = 0; pos < n_positions; pos++)
		fdb->entries[pos].key.lan = ENTRY_FREE;
	return fdb;
}

void
fdb_destroy(struct fdb *fdb)
{
	if (fdb == NULL)
		return;
	rte_hash_free(fdb->hash);
	rte_free(fdb);
}

/* Returns the new entry, or NULL if it may not be made. */
static struct fdb_entry *
entry_add(struct fdb *fdb, const struct fdb_key *key, uint16_t port)
{
	int32_t pos;

	if (fdb->n_owned[port] >= LIMIT_MACS_PER_PORT) {
		fdb->stats.n_refused_port++;
		return NULL;
	}
	pos = rte_hash_add_key(fdb->hash, key);
	if (pos < 0) {
		fdb->stats.n_refused_full++;
		return NULL;
	}
	fdb->entries[pos].key = *key;
	fdb->entries[pos].port = port;
	fdb->n_owned[port]++;
	fdb->stats.n_entries++;
	fdb->stats.n_learned++;
	return &fdb->entries[pos];
}

/* Returns the entry, or NULL if it stays where it was. */
static struct fdb_entry *
entry_move(struct fdb *fdb, struct fdb_entry *entry, uint16_t port)
{
	if (fdb->n_owned[port] >= LIMIT_MACS_PER_PORT) {
		fdb->stats.n_refused_port++;
		return NULL;
	}
	fdb->n_owned[entry->port]--;
	fdb->n_owned[port]++;
	entry->port = port;
	fdb->stats.n_moved++;
	return entry;
}

static void
entry_del(struct fdb *fdb, struct fdb_entry *entry)
{
	rte_hash_del_key(fdb->hash, &entry->key);
	fdb->n_owned[entry->port]--;
	fdb->stats.n_entries--;
	entry->key.lan = ENTRY_FREE;
}

void
fdb_learn(struct fdb *fdb, uint32_t lan, const uint8_t *mac, uint16_t port, uint64_t now_ms)
{
	struct fdb_key key = key_make(lan, mac);
	int32_t pos = find(fdb, &key);
	struct fdb_entry *entry;

	if (pos < 0)
		entry = entry_add(fdb, &key, port);
	else if (fdb->entries[pos].port != port)
		entry = entry_move(fdb, &fdb->entries[pos], port);
	else
		entry = &fdb->entries[pos];
	if (entry != NULL)
		entry->expires_ms = now_ms + fdb->age_ms;
}

int
fdb_lookup(struct fdb *fdb, uint32_t lan, const uint8_t *mac, uint64_t now_ms)
{
	struct fdb_key key = key_make(lan, mac);
	int32_t pos = find(fdb, &key);

	if (pos < 0 || now_ms >= fdb->entries[pos].expires_ms)
		return -1;
	return fdb->entries[pos].port;
}

void
fdb_flush_port(struct fdb *fdb, uint16_t port)
{
	for (uint32_t pos = 0; pos < fdb->n_positions && fdb->n_owned[port] > 0; pos++) {
		struct fdb_entry *entry = &fdb->entries[pos];

		if (entry->key.lan != ENTRY_FREE && entry->port == port)
			entry_del(fdb, entry);
	}
}

void
fdb_age(struct fdb *fdb, uint64_t now_ms)
{
	for (unsigned i = 0; i < AGE_STEP; i++) {
		struct fdb_entry *entry = &fdb->entries[fdb->age_idx];

		if (entry->key.lan != ENTRY_FREE && now_ms >= entry->expires_ms) {
			entry_del(fdb, entry);
			fdb->stats.n_aged++;
		}
		if (++fdb->age_idx == fdb->n_positions)
			fdb->age_idx = 0;
	}
}

void
fdb_get_stats(const struct fdb *fdb, struct fdb_stats *stats)
{
	*stats = fdb->stats;
}

unsigned
fdb_port_entries(const struct fdb *fdb, uint16_t port)
{
	return fdb->n_owned[port];
}
