/* SPDX-License-Identifier: BSD-3-Clause */
/* Forwarding table: learning, ageing, and what a guest that invents addresses can do. */
#include "sw/fdb.h"

#include <errno.h>
#include <string.h>

#include <rte_cycles.h>

#include "proto/limits.h"
#include "unit.h"

#define AGE_MS 1000u
#define N_ENTRIES 8192u /* a quarter of them for guests */
#define AGE_STEP 64u    /* positions that one fdb_age() looks at, at most */

static struct fdb *
table(unsigned n_entries)
{
	struct fdb *fdb = fdb_create("test", n_entries, AGE_MS);

	REQUIRE_NOT_NULL(fdb);
	return fdb;
}

/* The `i`th of many different unicast addresses. */
struct mac {
	uint8_t bytes[6];
};

static struct mac
mac(unsigned i)
{
	return (struct mac){
		{ 0x02, 0, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i },
	};
}

/* Learns the addresses first .. first+n-1. */
static void
learn(struct fdb *fdb, uint16_t bridge, unsigned first, unsigned n, uint16_t port, uint64_t now_ms)
{
	for (unsigned i = first; i < first + n; i++)
		fdb_learn(fdb, bridge, mac(i).bytes, port, now_ms);
}

/* How many of the addresses first .. first+n-1 are known to be behind `port`. */
static unsigned
count(struct fdb *fdb, uint16_t bridge, unsigned first, unsigned n, int port, uint64_t now_ms)
{
	unsigned n_found = 0;

	for (unsigned i = first; i < first + n; i++)
		n_found += fdb_lookup(fdb, bridge, mac(i).bytes, now_ms) == port;
	return n_found;
}

static struct fdb_stats
stats(const struct fdb *fdb)
{
	struct fdb_stats s;

	fdb_get_stats(fdb, &s);
	return s;
}

static void
fdb_create_hostile(void)
{
	struct fdb *fdb = table(N_ENTRIES);

	errno = 0;
	CHECK_NULL(fdb_create("test", N_ENTRIES, AGE_MS)); /* the name is taken */
	CHECK_EQ(errno, EEXIST);
	errno = 0;
	CHECK_NULL(fdb_create("none", 0, AGE_MS));
	CHECK_EQ(errno, EINVAL);
	fdb_destroy(fdb);
	fdb_destroy(NULL);
}

static void
fdb_lookup_empty(void)
{
	static const uint8_t zero[6];
	static const uint8_t ones[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct fdb *fdb = table(N_ENTRIES);

	CHECK_EQ(fdb_lookup(fdb, 0, mac(1).bytes, 0), -1);
	CHECK_EQ(fdb_lookup(fdb, 0, zero, 0), -1);
	CHECK_EQ(fdb_lookup(fdb, LIMIT_BRIDGES - 1, ones, 0), -1);
	CHECK_EQ(stats(fdb).n_entries, 0);
	fdb_destroy(fdb);
}

static void
fdb_learn_one(void)
{
	struct fdb *fdb = table(N_ENTRIES);

	learn(fdb, 3, 7, 1, 42, 100);
	CHECK_EQ(fdb_lookup(fdb, 3, mac(7).bytes, 100), 42);
	CHECK_EQ(fdb_lookup(fdb, 3, mac(8).bytes, 100), -1);
	CHECK_EQ(stats(fdb).n_entries, 1);
	CHECK_EQ(stats(fdb).n_learned, 1);
	CHECK_EQ(fdb_port_entries(fdb, 42), 1);
	CHECK_EQ(fdb_port_entries(fdb, 41), 0);
	fdb_destroy(fdb);
}

/* Every byte of the address and the bridge tells entries apart. */
static void
fdb_learn_distinct(void)
{
	struct fdb *fdb = table(N_ENTRIES);
	struct mac base = mac(0);

	for (unsigned byte = 0; byte < 6; byte++) {
		struct mac other = base;

		other.bytes[byte] ^= 0x40;
		fdb_learn(fdb, 1, other.bytes, (uint16_t)(10 + byte), 0);
	}
	fdb_learn(fdb, 1, base.bytes, 20, 0);
	fdb_learn(fdb, 2, base.bytes, 21, 0);
	fdb_learn(fdb, LIMIT_BRIDGES - 1, base.bytes, LIMIT_PORTS - 1, 0);
	for (unsigned byte = 0; byte < 6; byte++) {
		struct mac other = base;

		other.bytes[byte] ^= 0x40;
		CHECK_EQ(fdb_lookup(fdb, 1, other.bytes, 0), (int)(10 + byte));
		CHECK_EQ(fdb_lookup(fdb, 2, other.bytes, 0), -1);
	}
	CHECK_EQ(fdb_lookup(fdb, 1, base.bytes, 0), 20);
	CHECK_EQ(fdb_lookup(fdb, 2, base.bytes, 0), 21);
	CHECK_EQ(fdb_lookup(fdb, LIMIT_BRIDGES - 1, base.bytes, 0), LIMIT_PORTS - 1);
	CHECK_EQ(stats(fdb).n_entries, 9);
	fdb_destroy(fdb);
}

static void
fdb_learn_again(void)
{
	struct fdb *fdb = table(N_ENTRIES);

	learn(fdb, 0, 0, 10, 1, 0);
	learn(fdb, 0, 0, 10, 1, AGE_MS - 1); /* refreshes */
	CHECK_EQ(count(fdb, 0, 0, 10, 1, 2 * AGE_MS - 2), 10);
	CHECK_EQ(count(fdb, 0, 0, 10, 1, 2 * AGE_MS - 1), 0);
	CHECK_EQ(stats(fdb).n_learned, 10);
	CHECK_EQ(stats(fdb).n_moved, 0);
	fdb_destroy(fdb);
}

static void
fdb_learn_moves(void)
{
	struct fdb *fdb = table(N_ENTRIES);

	learn(fdb, 0, 0, 10, 1, 0);
	learn(fdb, 0, 0, 4, 2, 5);
	CHECK_EQ(count(fdb, 0, 0, 4, 2, 5), 4);
	CHECK_EQ(count(fdb, 0, 4, 6, 1, 5), 6);
	CHECK_EQ(fdb_port_entries(fdb, 1), 6);
	CHECK_EQ(fdb_port_entries(fdb, 2), 4);
	CHECK_EQ(stats(fdb).n_entries, 10);
	CHECK_EQ(stats(fdb).n_moved, 4);
	fdb_destroy(fdb);
}

/* A guest that invents addresses gets its share and no more, and its neighbour notices nothing. */
static void
fdb_learn_quota(void)
{
	struct fdb *fdb = table(N_ENTRIES);

	learn(fdb, 0, 0, 3, 1, 0);
	learn(fdb, 0, 1000, LIMIT_MACS_PER_PORT + 500, 2, 0);
	CHECK_EQ(fdb_port_entries(fdb, 2), LIMIT_MACS_PER_PORT);
	CHECK_EQ(count(fdb, 0, 1000, LIMIT_MACS_PER_PORT, 2, 0), LIMIT_MACS_PER_PORT);
	CHECK_EQ(count(fdb, 0, 1000 + LIMIT_MACS_PER_PORT, 500, -1, 0), 500);
	CHECK_EQ(stats(fdb).n_refused_port, 500);
	CHECK_EQ(count(fdb, 0, 0, 3, 1, 0), 3);
	learn(fdb, 0, 0, 3, 2, 0); /* nor can it take its neighbour's */
	CHECK_EQ(count(fdb, 0, 0, 3, 1, 0), 3);
	CHECK_EQ(stats(fdb).n_refused_port, 503);
	CHECK_EQ(stats(fdb).n_moved, 0);
	learn(fdb, 0, 1000, 1, 2, AGE_MS / 2); /* what it owns, it may refresh */
	CHECK_EQ(count(fdb, 0, 1000, 1, 2, AGE_MS), 1);
	fdb_destroy(fdb);
}

/*
 * The guests' part is full: who has little still gets what it needs, from the one that has the
 * most, and no more than half of what that one has.
 */
static void
fdb_learn_full(void)
{
	struct fdb *fdb = table(N_ENTRIES);
	unsigned n = N_ENTRIES / 4 - LIMIT_MACS_PER_PORT;

	learn(fdb, 0, 0, LIMIT_MACS_PER_PORT, 1, 0);
	learn(fdb, 0, 10000, n / 2, 2, 0);
	learn(fdb, 0, 11000, n / 2, 3, 0);
	CHECK_EQ(stats(fdb).n_entries, N_ENTRIES / 4);
	learn(fdb, 0, 20000, 10, 9, 0);
	CHECK_EQ(count(fdb, 0, 20000, 10, 9, 0), 10);
	/* the oldest went */
	CHECK_EQ(count(fdb, 0, 10, LIMIT_MACS_PER_PORT - 10, 1, 0), LIMIT_MACS_PER_PORT - 10);
	CHECK_EQ(count(fdb, 0, 10000, n / 2, 2, 0), n / 2);
	learn(fdb, 0, 30000, 2000, 9, 0);
	CHECK_GT(fdb_port_entries(fdb, 9), 300);
	CHECK_LT(fdb_port_entries(fdb, 9), 600);
	CHECK_GT(fdb_port_entries(fdb, 1), 600);
	CHECK_EQ(fdb_port_entries(fdb, 2), n / 2);
	CHECK_EQ(stats(fdb).n_entries, N_ENTRIES / 4);
	CHECK_EQ(stats(fdb).n_refused_full, 2010 - fdb_port_entries(fdb, 9));
	fdb_flush_port(fdb, 2);
	learn(fdb, 0, 40000, 10, 4, 0);
	CHECK_EQ(count(fdb, 0, 40000, 10, 4, 0), 10);
	fdb_destroy(fdb);
}

/*
 * An uplink has thousands of hosts behind it, and guests cannot crowd them out, nor they the
 * guests.
 */
static void
fdb_learn_uplink(void)
{
	struct fdb *fdb = table(N_ENTRIES);
	unsigned n = N_ENTRIES / 4 * 3;

	fdb_set_uplink(fdb, 0, true);
	learn(fdb, 0, 0, 4000, 0, 0);
	for (uint16_t port = 1; port < 11; port++)
		learn(fdb, 0, 100000u * port, 1500, port, 0);
	CHECK_EQ(count(fdb, 0, 0, 4000, 0, 0), 4000);
	learn(fdb, 0, 10000, N_ENTRIES, 0, 0);
	CHECK_EQ(fdb_port_entries(fdb, 0), n);
	CHECK_EQ(stats(fdb).n_entries, N_ENTRIES);
	learn(fdb, 1, 0, 5, 11, 0); /* a guest of another bridge */
	CHECK_EQ(count(fdb, 1, 0, 5, 11, 0), 5);
	CHECK_EQ(fdb_port_entries(fdb, 0), n);
	learn(fdb, 0, 0, 1, 5, 0); /* a host moves into a guest, where the guests' part is full */
	CHECK_EQ(count(fdb, 0, 0, 1, 5, 0) + count(fdb, 0, 0, 1, 0, 0), 1);
	CHECK_LE(stats(fdb).n_entries, N_ENTRIES);
	fdb_destroy(fdb);
}

/*
 * An address that moves too often goes back to where it was, stays there for some seconds, and
 * moves again then.
 */
static void
fdb_learn_held(void)
{
	struct fdb *fdb = fdb_create("test", N_ENTRIES, 300000);

	REQUIRE_NOT_NULL(fdb);
	learn(fdb, 0, 0, 2, 7, 1024);
	for (unsigned i = 0; i < LIMIT_MAC_MOVES; i++)
		learn(fdb, 0, 0, 1, (uint16_t)(1 + i % 2), 1024 + i);
	CHECK_EQ(count(fdb, 0, 0, 1, 2, 1100), 1);
	CHECK_EQ(stats(fdb).n_held, 0);
	learn(fdb, 0, 0, 1, 1, 1100);
	CHECK_EQ(count(fdb, 0, 0, 1, 7, 1100), 1);
	CHECK_EQ(stats(fdb).n_held, 1);
	CHECK_EQ(fdb_port_entries(fdb, 7), 2);
	for (unsigned i = 0; i < 1000; i++)
		learn(fdb, 0, 0, 1, (uint16_t)(1 + i % 2), 1200 + i);
	CHECK_EQ(count(fdb, 0, 0, 2, 7, 3000), 2);
	CHECK_EQ(stats(fdb).n_held, 1); /* told once */
	CHECK_EQ(stats(fdb).n_moved, LIMIT_MAC_MOVES);
	learn(fdb, 0, 1, 1, 2, 3000); /* others are free to move */
	CHECK_EQ(count(fdb, 0, 1, 1, 2, 3000), 1);
	learn(fdb, 0, 0, 1, 2, 12000);
	CHECK_EQ(count(fdb, 0, 0, 1, 2, 12000), 1);
	for (unsigned i = 0; i < 100; i++) /* now and then is no loop */
		learn(fdb, 0, 0, 1, (uint16_t)(1 + i % 2), 20000 + 200 * i);
	CHECK_EQ(stats(fdb).n_held, 1);
	fdb_destroy(fdb);
}

/* The port where it was may have become another one meanwhile: then it stays where it is. */
static void
fdb_learn_held_homeless(void)
{
	struct fdb *fdb = table(N_ENTRIES);

	learn(fdb, 0, 0, 1, 7, 0);
	for (unsigned i = 0; i < LIMIT_MAC_MOVES; i++)
		learn(fdb, 0, 0, 1, (uint16_t)(1 + i % 2), i);
	fdb_flush_port(fdb, 7);
	learn(fdb, 0, 0, 1, 1, 100);
	CHECK_EQ(count(fdb, 0, 0, 1, 2, 100), 1);
	CHECK_EQ(stats(fdb).n_held, 1);
	CHECK_EQ(fdb_port_entries(fdb, 7), 0);
	fdb_destroy(fdb);
}

static void
fdb_lookup_expired(void)
{
	struct fdb *fdb = table(N_ENTRIES);

	learn(fdb, 0, 0, 1, 1, 50);
	CHECK_EQ(count(fdb, 0, 0, 1, 1, 49), 1); /* clocks of two callers may differ a little */
	CHECK_EQ(count(fdb, 0, 0, 1, 1, 50 + AGE_MS - 1), 1);
	CHECK_EQ(count(fdb, 0, 0, 1, 1, 50 + AGE_MS), 0);
	CHECK_EQ(stats(fdb).n_entries, 1); /* still there, for fdb_age() */
	learn(fdb, 0, 0, 1, 2, 50 + AGE_MS);
	CHECK_EQ(count(fdb, 0, 0, 1, 2, 50 + AGE_MS), 1);
	fdb_destroy(fdb);
}

static void
fdb_lookup_ageless(void)
{
	struct fdb *fdb = fdb_create("test", N_ENTRIES, UINT64_MAX);

	REQUIRE_NOT_NULL(fdb);
	learn(fdb, 0, 0, 1, 1, 1u << 30);
	CHECK_EQ(count(fdb, 0, 0, 1, 1, UINT64_MAX / 2), 1);
	fdb_destroy(fdb);
}

static void
fdb_age_empty(void)
{
	struct fdb *fdb = table(8);

	for (unsigned i = 0; i < 100; i++)
		fdb_age(fdb, i * AGE_MS);
	CHECK_EQ(stats(fdb).n_aged, 0);
	fdb_destroy(fdb);
}

/* One call does a bounded part; as many calls as there are parts do all; young entries stay. */
static void
fdb_age_partial(void)
{
	struct fdb *fdb = table(N_ENTRIES);
	uint64_t n_before = 0;

	learn(fdb, 0, 0, 900, 1, 0);
	learn(fdb, 0, 1000, 900, 2, 500);
	fdb_age(fdb, AGE_MS - 1);
	CHECK_EQ(stats(fdb).n_aged, 0);
	for (unsigned i = 0; i <= N_ENTRIES / AGE_STEP + 1; i++) {
		fdb_age(fdb, AGE_MS);
		CHECK_LE(stats(fdb).n_aged - n_before, AGE_STEP);
		n_before = stats(fdb).n_aged;
	}
	CHECK_EQ(stats(fdb).n_aged, 900);
	CHECK_EQ(stats(fdb).n_entries, 900);
	CHECK_EQ(fdb_port_entries(fdb, 1), 0);
	CHECK_EQ(count(fdb, 0, 0, 900, -1, 500), 900); /* gone, not merely expired */
	CHECK_EQ(count(fdb, 0, 1000, 900, 2, AGE_MS), 900);
	fdb_destroy(fdb);
}

/* Round after round over a table smaller than one step, the room of old entries is used again. */
static void
fdb_age_wrap(void)
{
	struct fdb *fdb = table(16);

	for (unsigned round = 0; round < 200; round++) {
		uint64_t now_ms = (uint64_t)round * AGE_MS;

		fdb_age(fdb, now_ms);
		REQUIRE_EQ(stats(fdb).n_entries, 0);
		learn(fdb, 0, round * 16, 16, (uint16_t)round, now_ms);
		REQUIRE_EQ(count(fdb, 0, round * 16, 16, (int)round, now_ms), 16);
	}
	CHECK_EQ(stats(fdb).n_refused_full, 0);
	fdb_destroy(fdb);
}

static void
fdb_flush_port_empty(void)
{
	struct fdb *fdb = table(N_ENTRIES);

	learn(fdb, 0, 0, 5, 1, 0);
	fdb_flush_port(fdb, 2);
	CHECK_EQ(count(fdb, 0, 0, 5, 1, 0), 5);
	fdb_destroy(fdb);
}

static void
fdb_flush_port_many(void)
{
	struct fdb *fdb = table(N_ENTRIES);

	for (unsigned i = 0; i < 1500; i++)
		learn(fdb, i % 2, i, 1, (uint16_t)(i % 3), 0);
	fdb_flush_port(fdb, 1);
	CHECK_EQ(fdb_port_entries(fdb, 0), 500);
	CHECK_EQ(fdb_port_entries(fdb, 1), 0);
	CHECK_EQ(fdb_port_entries(fdb, 2), 500);
	CHECK_EQ(stats(fdb).n_entries, 1000);
	CHECK_EQ(stats(fdb).n_aged, 0);
	for (unsigned i = 0; i < 1500; i++)
		CHECK_EQ(fdb_lookup(fdb, i % 2, mac(i).bytes, 0), i % 3 == 1 ? -1 : (int)(i % 3));
	fdb_destroy(fdb);
}

/* The least time of many that it takes to flush a port of one entry, in a table that is full. */
static uint64_t
flush_ticks(unsigned n_entries)
{
	struct fdb *fdb = table(n_entries);
	uint64_t least = UINT64_MAX;

	fdb_set_uplink(fdb, 0, true);
	learn(fdb, 0, 100000, n_entries, 0, 0);
	for (unsigned i = 0; i < 200; i++) {
		learn(fdb, 0, i, 1, 3, 0);
		uint64_t start = rte_rdtsc();
		fdb_flush_port(fdb, 3);
		uint64_t ticks = rte_rdtsc() - start;
		if (ticks < least)
			least = ticks;
		CHECK_EQ(fdb_port_entries(fdb, 3), 0);
	}
	fdb_destroy(fdb);
	return least;
}

/* A flush costs its entries, not the table. */
static void
fdb_flush_port_cost(void)
{
	uint64_t small = flush_ticks(256), large = flush_ticks(1u << 16);

	CHECK_LT(large, 8 * small);
	if (large >= 8 * small)
		printf("%llu ticks, and %llu in a large table\n", (unsigned long long)small,
		       (unsigned long long)large);
}

void test_fdb(CU_pSuite suite);

void
test_fdb(CU_pSuite suite)
{
	UNIT_ADD(suite, fdb_create_hostile);
	UNIT_ADD(suite, fdb_lookup_empty);
	UNIT_ADD(suite, fdb_learn_one);
	UNIT_ADD(suite, fdb_learn_distinct);
	UNIT_ADD(suite, fdb_learn_again);
	UNIT_ADD(suite, fdb_learn_moves);
	UNIT_ADD(suite, fdb_learn_quota);
	UNIT_ADD(suite, fdb_learn_full);
	UNIT_ADD(suite, fdb_learn_uplink);
	UNIT_ADD(suite, fdb_learn_held);
	UNIT_ADD(suite, fdb_learn_held_homeless);
	UNIT_ADD(suite, fdb_lookup_expired);
	UNIT_ADD(suite, fdb_lookup_ageless);
	UNIT_ADD(suite, fdb_age_empty);
	UNIT_ADD(suite, fdb_age_partial);
	UNIT_ADD(suite, fdb_age_wrap);
	UNIT_ADD(suite, fdb_flush_port_empty);
	UNIT_ADD(suite, fdb_flush_port_many);
	UNIT_ADD(suite, fdb_flush_port_cost);
}
