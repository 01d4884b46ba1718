/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies through a guest's memory: only what its grant table allows, only while marked, and nothing
 * left mapped.
 */
#include "dp/vif/foreign.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define PAGE 4096u
#define ENTRIES (PAGE / sizeof(struct foreign_grant))
#define N_FRAMES (4 * FOREIGN_PAGES)
#define REF 600u /* in the table's second frame */

/* The guest. All its pages look alike but for the first word, which is the frame's number. */
struct foreign {
	struct foreign_grant table[2][ENTRIES];
	unsigned n_tables;
	unsigned n_pages;
	unsigned n_maps;
	bool no_maps;
	uint16_t seen_flags; /* of REF, as a page was mapped */
};

static struct foreign guest;
static struct foreign_pages *pages;
static uint32_t marked;

static struct foreign_grant *
stub_map_table(struct foreign *memory, unsigned frame)
{
	if (frame >= 2)
		return NULL;
	memory->n_tables++;
	return memory->table[frame];
}

static void
stub_unmap_table(struct foreign *memory, struct foreign_grant *table)
{
	CHECK(table == memory->table[0] || table == memory->table[1]);
	memory->n_tables--;
}

static const void *
stub_map_page(struct foreign *memory, uint64_t frame)
{
	memory->seen_flags = memory->table[REF / ENTRIES][REF % ENTRIES].use.flags;
	memory->n_maps++;
	if (memory->no_maps || frame >= N_FRAMES)
		return NULL;
	memory->n_pages++;
	uint32_t *page = malloc(PAGE);
	memset(page, 0x5a, PAGE);
	page[0] = (uint32_t)frame;
	return page;
}

static void
stub_unmap_page(struct foreign *memory, const void *page)
{
	memory->n_pages--;
	free((void *)(uintptr_t)page);
}

static const struct foreign_ops stub_ops = {
	.map_table = stub_map_table,
	.unmap_table = stub_unmap_table,
	.map_page = stub_map_page,
	.unmap_page = stub_unmap_page,
};

static struct foreign_grant *
grant(uint32_t ref, uint16_t flags, uint16_t domid, uint32_t frame)
{
	struct foreign_grant *entry = &guest.table[ref / ENTRIES][ref % ENTRIES];

	entry->use.flags = flags;
	entry->use.domid = domid;
	entry->frame = frame;
	return entry;
}

static void
setup(void)
{
	memset(&guest, 0, sizeof(guest));
	marked = 0;
	pages = foreign_create(&stub_ops, &guest, &marked);
	REQUIRE_NOT_NULL(pages);
}

static void
teardown(void)
{
	foreign_destroy(pages);
	CHECK_EQ(guest.n_pages, 0);
	CHECK_EQ(guest.n_tables, 0);
}

/* Whether the frame's number comes over. */
static bool
copies(uint32_t ref, uint32_t frame)
{
	uint32_t got = ~0u;

	return foreign_copy(pages, ref, 0, &got, sizeof(got)) && got == frame;
}

static void
copy_second_time(void)
{
	setup();
	struct foreign_grant *entry =
		grant(REF, FOREIGN_GRANT_PERMIT | FOREIGN_GRANT_READONLY, 0, 7);
	uint8_t tail[16];

	CHECK_FALSE(copies(REF, 7)); /* Xen's turn */
	CHECK_EQ(guest.n_maps, 0);
	CHECK(copies(REF, 7));
	CHECK(guest.seen_flags & FOREIGN_GRANT_READING);
	CHECK_EQ(entry->use.flags, FOREIGN_GRANT_PERMIT | FOREIGN_GRANT_READONLY);
	CHECK(foreign_copy(pages, REF, PAGE - sizeof(tail), tail, sizeof(tail)));
	CHECK_EQ(tail[15], 0x5a);
	CHECK_EQ(guest.n_maps, 1);
	CHECK_EQ(foreign_mapped(pages), 1);
	/* the guest uses the reference again, for another page */
	grant(REF, FOREIGN_GRANT_PERMIT, 0, 8);
	CHECK_FALSE(copies(REF, 8));
	CHECK(copies(REF, 8));
	teardown();
}

static void
copy_not_allowed(void)
{
	static const struct {
		uint16_t flags, domid;
	} bad[] = {
		{ 0, 0 },                    /* GTF_invalid */
		{ 2, 0 },                    /* GTF_accept_transfer */
		{ 3, 0 },                    /* GTF_transitive */
		{ FOREIGN_GRANT_PERMIT, 1 }, /* somebody else's */
		/* in use: by Xen, or so the guest says */
		{ FOREIGN_GRANT_PERMIT | FOREIGN_GRANT_READING, 0 },
		{ FOREIGN_GRANT_PERMIT | (1u << 4), 0 }, /* GTF_writing */
		{ FOREIGN_GRANT_PERMIT | (1u << 8), 0 }, /* GTF_sub_page */
	};

	setup();
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct foreign_grant *entry = grant(REF, bad[i].flags, bad[i].domid, 7);
		CHECK_FALSE(copies(REF, 7));
		CHECK_FALSE(copies(REF, 7));
		CHECK_EQ(entry->use.flags, bad[i].flags); /* as it was */
	}
	CHECK_EQ(guest.n_maps, 0);
	teardown();
}

static void
copy_beyond(void)
{
	setup();
	CHECK_FALSE(copies(2 * ENTRIES, 0)); /* no such frame of the table */
	CHECK_FALSE(copies(2 * ENTRIES, 0));
	CHECK_FALSE(copies(64 * ENTRIES, 0));
	CHECK_FALSE(copies(UINT32_MAX, 0));
	grant(REF, FOREIGN_GRANT_PERMIT, 0, N_FRAMES); /* not the guest's page */
	for (unsigned i = 0; i < 4; i++)
		CHECK_FALSE(copies(REF, N_FRAMES));
	CHECK_EQ(guest.table[REF / ENTRIES][REF % ENTRIES].use.flags, FOREIGN_GRANT_PERMIT);
	teardown();
}

/*
 * Pages in turns, as a ring uses them: after some rounds all are mapped, though they come to share
 * places.
 */
static void
copy_in_turns(void)
{
	unsigned n_missed = 0;

	setup();
	for (unsigned round = 0; round < 600; round++) {
		for (uint32_t frame = 1000; frame < 2000; frame++) {
			grant(REF, FOREIGN_GRANT_PERMIT, 0, frame);
			n_missed += !copies(REF, frame) && round > 300;
		}
		foreign_age(pages);
	}
	CHECK_LT(n_missed, 300 * 1000 / 50);
	CHECK_GT(foreign_mapped(pages), 950);
	teardown();
}

/*
 * A guest with ever new pages gets no more mapped than there is room, nor more often than it is
 * time for.
 */
static void
copy_many(void)
{
	setup();
	for (uint32_t frame = 0; frame < N_FRAMES; frame++) {
		grant(REF, FOREIGN_GRANT_PERMIT, 0, frame);
		for (unsigned i = 0; i < 3; i++)
			copies(REF, frame);
	}
	CHECK_GT(guest.n_maps, 0);
	CHECK_LE(guest.n_maps, 4);
	unsigned before = guest.n_maps;
	for (uint32_t frame = 0; frame < N_FRAMES; frame++) {
		grant(REF, FOREIGN_GRANT_PERMIT, 0, frame);
		for (unsigned i = 0; i < 4; i++)
			copies(REF, frame);
		if (frame % 4 == 0)
			foreign_age(pages);
	}
	CHECK_GT(guest.n_maps, before + FOREIGN_PAGES / 8);
	CHECK_LE(guest.n_maps, before + 4 * N_FRAMES / 4);
	CHECK_LE(guest.n_pages, FOREIGN_PAGES);
	CHECK_EQ(guest.n_pages, foreign_mapped(pages));
	teardown();
}

static void
age_unused(void)
{
	setup();
	grant(REF, FOREIGN_GRANT_PERMIT, 0, 7);
	grant(REF + 1, FOREIGN_GRANT_PERMIT, 0, 8);
	for (unsigned i = 0; i < 2; i++) {
		copies(REF, 7);
		copies(REF + 1, 8);
	}
	CHECK_EQ(foreign_mapped(pages), 2);
	CHECK_EQ(foreign_take_maps(pages), 3); /* and the table */
	CHECK_EQ(foreign_take_maps(pages), 0);
	for (unsigned i = 0; i < 2 * FOREIGN_PAGES; i++) {
		CHECK(copies(REF, 7));
		foreign_age(pages);
	}
	CHECK_EQ(foreign_mapped(pages), 1);
	CHECK_EQ(foreign_take_maps(pages), 1);
	CHECK(copies(REF, 7));
	teardown();
}

static void
map_fails(void)
{
	setup();
	grant(REF, FOREIGN_GRANT_PERMIT, 0, 7);
	guest.no_maps = true;
	for (unsigned i = 0; i < 4; i++)
		CHECK_FALSE(copies(REF, 7));
	guest.no_maps = false;
	foreign_age(pages);
	copies(REF, 7);
	CHECK(copies(REF, 7));
	teardown();
}

void test_foreign(CU_pSuite suite);
void
test_foreign(CU_pSuite suite)
{
	UNIT_ADD(suite, copy_second_time);
	UNIT_ADD(suite, copy_not_allowed);
	UNIT_ADD(suite, copy_beyond);
	UNIT_ADD(suite, copy_in_turns);
	UNIT_ADD(suite, copy_many);
	UNIT_ADD(suite, age_unused);
	UNIT_ADD(suite, map_fails);
}
