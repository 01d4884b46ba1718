/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding table of the learning switch.
 *
 * Theory of operation: rte_hash maps a key (LAN and MAC) to a position, and entries[position] holds
 * the port and the expiry time. A free position has ENTRY_FREE as its LAN, so ageing only scans the
 * array and uses the hash only to delete. The entries of a port form a list, from the youngest to
 * the oldest. A small table of hints by key caches positions and saves most hash look-ups.
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

/* LAN of a free position. */
#define ENTRY_FREE UINT64_MAX

/* Positions per call of fdb_age(): 64 thousand a second if called each millisecond. */
#define AGE_STEP 64u

#define N_HINTS 256u /* 2 to the number of bits of hint_of() */

#define POS_NONE UINT32_MAX

/* refusals per search for a rich port: the search takes longer than forwarding a frame */
#define LOOK_FOR_RICH_EVERY 64u

/* The guests' part of the table is 1/GUEST_PART, but at least GUEST_PART_MIN entries. */
#define GUEST_PART 4u
#define GUEST_PART_MIN 16u

/* Moves are counted in windows of 1024 ms. Window numbers have 8 bits. */
#define WINDOW_SHIFT 10
#define HELD_WINDOWS 8u

/* Only 68 bits are used, but rte_hash has a fast comparison for 16 bytes. */
struct fdb_key {
	uint64_t mac;
	uint64_t lan;
};

struct fdb_entry {
	struct fdb_key key; /* same as in the hash */
	uint64_t expires_ms;
	uint16_t port;
	uint16_t home; /* port before the first move in `window` */
	/* n_flushes[home] at that time; if it differs now, the id may belong to another port */
	uint16_t home_flushes;
	uint8_t window;  /* window of the last move */
	uint8_t n_moves; /* moves in that window */
};

/* Neighbours in the port's list of entries. */
struct fdb_links {
	uint32_t younger, older;
};

/* The part of the table for guests, or for uplinks. */
struct fdb_part {
	uint32_t n_entries, n_max;
	uint32_t n_asked; /* times that no port was rich enough to give an entry */
	uint16_t rich;    /* a port that owns, or owned, many entries */
};

struct fdb {
	struct rte_hash *hash;
	uint64_t age_ms;
	uint32_t n_positions;
	uint32_t age_idx; /* next position for fdb_age() */
	struct fdb_stats stats;
	struct fdb_part part[2]; /* by is_uplink */
	bool is_uplink[LIMIT_PORTS];
	uint16_t n_flushes[LIMIT_PORTS];
	uint32_t n_owned[LIMIT_PORTS];
	uint32_t youngest[LIMIT_PORTS], oldest[LIMIT_PORTS];
	struct fdb_links *links; /* by position */
	uint32_t hint[N_HINTS];  /* positions, by hint_of() */
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

/* Not CRC: with CRC, the same keys collide whatever the seed is. */
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
	/* the top bits depend on all bits of the key */
	return (uint32_t)((key->mac ^ key->lan << 48 ^ key->lan) * 0x9e3779b97f4a7c15u >> 56);
}

/* Returns the key's position, negative if there is none. */
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

/*
 * Creates the hash for `n_entries` keys. Returns NULL with errno on error. Extendable buckets
 * guarantee that all keys fit, whatever the addresses are.
 */
static struct rte_hash *
hash_create(const char *name, unsigned n_entries)
{
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

	if (hash == NULL)
		errno = rte_errno;
	return hash;
}

static void
init_entries(struct fdb *fdb, unsigned n_entries)
{
	fdb->part[false].n_max =
		util_min(util_max(n_entries / GUEST_PART, GUEST_PART_MIN), n_entries);
	fdb->part[true].n_max = n_entries - util_min(fdb->part[false].n_max, n_entries / 2);
	for (uint32_t pos = 0; pos < fdb->n_positions; pos++)
		fdb->entries[pos].key.lan = ENTRY_FREE;
	for (unsigned port = 0; port < LIMIT_PORTS; port++)
		fdb->youngest[port] = fdb->oldest[port] = POS_NONE;
}

struct fdb *
fdb_create(const char *name, unsigned n_entries, uint64_t age_ms)
{
	struct rte_hash *hash = hash_create(name, n_entries);
	struct fdb *fdb;
	uint32_t n_positions;

	if (hash == NULL)
		return NULL;
	n_positions = (uint32_t)rte_hash_max_key_id(hash) + 1;
	fdb = rte_zmalloc(name, sizeof(*fdb) + n_positions * sizeof(fdb->entries[0]),
			  RTE_CACHE_LINE_SIZE);
	if (fdb != NULL)
		fdb->links =
			rte_malloc(name, n_positions * sizeof(fdb->links[0]), RTE_CACHE_LINE_SIZE);
	if (fdb == NULL || fdb->links == NULL) {
		rte_free(fdb);
		rte_hash_free(hash);
		errno = ENOMEM;
		return NULL;
	}
	fdb->hash = hash;
	/* adding the current time must not overflow */
	fdb->age_ms = util_min(age_ms, UINT64_MAX / 2);
	fdb->n_positions = n_positions;
	init_entries(fdb, n_entries);
	return fdb;
}

void
fdb_destroy(struct fdb *fdb)
{
	if (fdb == NULL)
		return;
	rte_hash_free(fdb->hash);
	rte_free(fdb->links);
	rte_free(fdb);
}

void
fdb_set_uplink(struct fdb *fdb, uint16_t port, bool is_uplink)
{
	fdb->is_uplink[port] = is_uplink;
}

/*
 * ---- ownership of entries
 * ------------------------------------------------------------------------------
 */

/* Makes the entry at `pos` the youngest one of `port`. */
static void
own(struct fdb *fdb, uint32_t pos, uint16_t port)
{
	uint32_t older = fdb->youngest[port];

	fdb->links[pos] = (struct fdb_links){ .younger = POS_NONE, .older = older };
	if (older == POS_NONE)
		fdb->oldest[port] = pos;
	else
		fdb->links[older].younger = pos;
	fdb->youngest[port] = pos;
	fdb->entries[pos].port = port;
	fdb->n_owned[port]++;
	fdb->part[fdb->is_uplink[port]].n_entries++;
}

static void
disown(struct fdb *fdb, uint32_t pos)
{
	struct fdb_links *at = &fdb->links[pos];
	uint16_t port = fdb->entries[pos].port;

	if (at->younger == POS_NONE)
		fdb->youngest[port] = at->older;
	else
		fdb->links[at->younger].older = at->older;
	if (at->older == POS_NONE)
		fdb->oldest[port] = at->younger;
	else
		fdb->links[at->older].younger = at->younger;
	fdb->n_owned[port]--;
	fdb->part[fdb->is_uplink[port]].n_entries--;
}

static void
entry_del(struct fdb *fdb, uint32_t pos)
{
	rte_hash_del_key(fdb->hash, &fdb->entries[pos].key);
	disown(fdb, pos);
	fdb->stats.n_entries--;
	fdb->entries[pos].key.lan = ENTRY_FREE;
}

/* Returns the port with the most entries in that part. */
static uint16_t
richest(const struct fdb *fdb, bool is_uplink)
{
	uint16_t best = 0;
	uint32_t n = 0;

	for (uint16_t port = 0; port < LIMIT_PORTS; port++) {
		if (fdb->is_uplink[port] == is_uplink && fdb->n_owned[port] > n) {
			best = port;
			n = fdb->n_owned[port];
		}
	}
	return best;
}

/* Whether `rich` owns so much more of its part than `port` that it must give an entry. */
static bool
must_give(const struct fdb *fdb, uint16_t rich, uint16_t port)
{
	return fdb->is_uplink[rich] == fdb->is_uplink[port] &&
	       fdb->n_owned[rich] > 2 * (fdb->n_owned[port] + 1);
}

/*
 * Returns whether the port may have one more entry. If its part is full, takes the oldest entry of
 * a port that owns many.
 */
static bool
make_room(struct fdb *fdb, uint16_t port)
{
	bool is_uplink = fdb->is_uplink[port];
	struct fdb_part *part = &fdb->part[is_uplink];

	if (!is_uplink && fdb->n_owned[port] >= LIMIT_MACS_PER_PORT) {
		fdb->stats.n_refused_port++;
		return false;
	}
	if (part->n_entries < part->n_max)
		return true;
	if (!must_give(fdb, part->rich, port) && part->n_asked++ % LOOK_FOR_RICH_EVERY == 0)
		part->rich = richest(fdb, is_uplink);
	if (!must_give(fdb, part->rich, port)) {
		fdb->stats.n_refused_full++;
		return false;
	}
	entry_del(fdb, fdb->oldest[part->rich]);
	return true;
}

/* ---- learning -------------------------------------------------------------------------------- */

/* Returns the new entry, or NULL if it was refused. */
static struct fdb_entry *
entry_add(struct fdb *fdb, const struct fdb_key *key, uint16_t port)
{
	int32_t pos;

	if (!make_room(fdb, port))
		return NULL;
	pos = rte_hash_add_key(fdb->hash, key);
	if (pos < 0) {
		fdb->stats.n_refused_full++;
		return NULL;
	}
	fdb->entries[pos] = (struct fdb_entry){ .key = *key };
	own(fdb, (uint32_t)pos, port);
	fdb->stats.n_entries++;
	fdb->stats.n_learned++;
	return &fdb->entries[pos];
}

/*
 * Returns whether the entry may move now. An entry that moves too often within a window is held: it
 * returns to its home port and does not move for HELD_WINDOWS windows.
 */
static bool
may_move(struct fdb *fdb, uint32_t pos, uint64_t now_ms)
{
	struct fdb_entry *entry = &fdb->entries[pos];
	uint8_t window = (uint8_t)(now_ms >> WINDOW_SHIFT);
	uint8_t n_passed = (uint8_t)(window - entry->window);
	bool is_held = entry->n_moves > LIMIT_MAC_MOVES;

	if (n_passed >= (is_held ? HELD_WINDOWS : 1) || entry->n_moves == 0) {
		entry->window = window;
		entry->home = entry->port;
		entry->home_flushes = fdb->n_flushes[entry->port];
		entry->n_moves = 0;
		is_held = false;
	}
	if (is_held)
		return false;
	if (++entry->n_moves <= LIMIT_MAC_MOVES)
		return true;
	fdb->stats.n_held++;
	if (entry->home != entry->port && entry->home_flushes == fdb->n_flushes[entry->home]) {
		disown(fdb, pos);
		own(fdb, pos, entry->home);
	}
	return false;
}

/* Returns the entry, or NULL if it did not move. */
static struct fdb_entry *
entry_move(struct fdb *fdb, uint32_t pos, uint16_t port, uint64_t now_ms)
{
	struct fdb_entry *entry = &fdb->entries[pos];

	if (now_ms < entry->expires_ms && !may_move(fdb, pos, now_ms))
		return NULL;
	/* within one part, which does not grow */
	if (fdb->is_uplink[port] == fdb->is_uplink[entry->port]) {
		if (!fdb->is_uplink[port] && fdb->n_owned[port] >= LIMIT_MACS_PER_PORT) {
			fdb->stats.n_refused_port++;
			return NULL;
		}
	} else if (!make_room(fdb, port)) {
		return NULL;
	}
	disown(fdb, pos);
	own(fdb, pos, port);
	fdb->stats.n_moved++;
	return entry;
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
		entry = entry_move(fdb, (uint32_t)pos, port, now_ms);
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
	fdb->n_flushes[port]++;
	while (fdb->oldest[port] != POS_NONE)
		entry_del(fdb, fdb->oldest[port]);
}

void
fdb_age(struct fdb *fdb, uint64_t now_ms)
{
	for (unsigned i = 0; i < AGE_STEP; i++) {
		struct fdb_entry *entry = &fdb->entries[fdb->age_idx];

		if (entry->key.lan != ENTRY_FREE && now_ms >= entry->expires_ms) {
			entry_del(fdb, fdb->age_idx);
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
