/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies from a guest through mappings of its memory. */
#include "dp/vif/foreign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Xen's default maximum for a domain (gnttab_max_frames). References beyond it use grant copies. */
#define TABLE_FRAMES 64u
#define TABLE_ENTRIES (4096u / sizeof(struct foreign_grant))

/*
 * Maximum number of pages mapped or evicted between two calls of foreign_age(). It bounds the
 * hypercalls that a guest with ever new pages costs.
 */
#define MAPS_PER_AGE 4u

/* In the order in which places are reused. */
enum place_state {
	PLACE_EMPTY,
	PLACE_SEEN,   /* missed once, not mapped */
	PLACE_MAPPED, /* not used since the last scan */
	PLACE_USED,
};

struct place {
	uint32_t frame;
	enum place_state state;
	const uint8_t *page;
};

struct foreign_pages {
	const struct foreign_ops *ops;
	struct foreign *memory;
	uint32_t *marked; /* see foreign_create() */
	unsigned n_mapped;
	unsigned n_may_map;
	unsigned n_maps; /* maps and unmaps since foreign_take_maps() */
	uint32_t oldest; /* next place that foreign_age() examines */
	struct foreign_grant *table[TABLE_FRAMES];
	bool table_failed[TABLE_FRAMES]; /* mapping failed and is not retried */
	struct place place[FOREIGN_PAGES];
};

/* the cache is 4-way set associative; neighbouring frames are in different sets */
#define PLACES_OF_FRAME 4u
_Static_assert(FOREIGN_PAGES % PLACES_OF_FRAME == 0, "whole rows");

static void
let_go(struct foreign_pages *pages, struct place *place)
{
	if (place->page != NULL) {
		pages->ops->unmap_page(pages->memory, place->page);
		pages->n_mapped--;
		pages->n_maps++;
	}
	*place = (struct place){ 0 };
}

void
foreign_destroy(struct foreign_pages *pages)
{
	if (pages == NULL)
		return;
	for (unsigned i = 0; i < FOREIGN_PAGES; i++)
		let_go(pages, &pages->place[i]);
	for (unsigned i = 0; i < TABLE_FRAMES; i++) {
		if (pages->table[i] != NULL)
			pages->ops->unmap_table(pages->memory, pages->table[i]);
	}
	free(pages);
}

void
foreign_age(struct foreign_pages *pages)
{
	struct place *place = &pages->place[pages->oldest++ % FOREIGN_PAGES];

	pages->n_may_map = MAPS_PER_AGE;
	if (place->state == PLACE_USED)
		place->state = PLACE_MAPPED;
	else
		let_go(pages, place);
}

unsigned
foreign_take_maps(struct foreign_pages *pages)
{
	unsigned n = pages->n_maps;

	pages->n_maps = 0;
	return n;
}

unsigned
foreign_mapped(const struct foreign_pages *pages)
{
	return pages->n_mapped;
}

static struct foreign_grant *
entry_of(struct foreign_pages *pages, uint32_t ref)
{
	uint32_t frame = ref / TABLE_ENTRIES;

	if (frame >= TABLE_FRAMES || pages->table_failed[frame])
		return NULL;
	if (pages->table[frame] == NULL) {
		pages->table[frame] = pages->ops->map_table(pages->memory, frame);
		pages->n_maps++;
		pages->table_failed[frame] = pages->table[frame] == NULL;
		if (pages->table_failed[frame])
			return NULL;
	}
	return &pages->table[frame][ref % TABLE_ENTRIES];
}

/* Finds `frame` in its set. Returns NULL if it is not there. */
static struct place *
place_of(struct place *place, uint32_t frame)
{
	for (unsigned i = 0; i < PLACES_OF_FRAME; i++) {
		if (place[i].frame == frame && place[i].state != PLACE_EMPTY)
			return &place[i];
	}
	return NULL;
}

/*
 * Records a miss of `frame` in an empty place, or in one that was missed once. If all places of the
 * set have a page, evicts one that was not used since the last scan; if all were used, clears their
 * marks.
 */
static void
note_frame(struct foreign_pages *pages, struct place *place, uint32_t frame)
{
	struct place *best = &place[0];

	for (unsigned i = 1; i < PLACES_OF_FRAME; i++) {
		if (place[i].state < best->state)
			best = &place[i];
	}
	if (best->state == PLACE_EMPTY || best->state == PLACE_SEEN) {
		*best = (struct place){ .frame = frame, .state = PLACE_SEEN };
	} else if (best->state == PLACE_MAPPED && pages->n_may_map > 0) {
		pages->n_may_map--;
		let_go(pages, best);
	} else {
		for (unsigned i = 0; i < PLACES_OF_FRAME; i++)
			place[i].state = PLACE_MAPPED;
	}
}

/*
 * Returns the page of `frame` if it is mapped, or has missed before and can be mapped now.
 * Otherwise returns NULL.
 */
static const uint8_t *
page_of(struct foreign_pages *pages, uint32_t frame)
{
	struct place *places =
		&pages->place[frame % (FOREIGN_PAGES / PLACES_OF_FRAME) * PLACES_OF_FRAME];
	struct place *place = place_of(places, frame);

	if (place == NULL) {
		note_frame(pages, places, frame);
		return NULL;
	}
	if (place->state == PLACE_SEEN) {
		if (pages->n_may_map == 0)
			return NULL;
		pages->n_may_map--;
		place->page = pages->ops->map_page(pages->memory, frame);
		pages->n_maps++;
		if (place->page == NULL) {
			*place = (struct place){ 0 };
			return NULL;
		}
		pages->n_mapped++;
	}
	place->state = PLACE_USED;
	return place->page;
}

/*
 * Marks the entry as being read, if the guest allows dom0 to read it and nobody else has marked it:
 * whoever sets a mark must be the one to clear it. Source: grant_table.h, "Version 1 of the grant
 * table entry structure".
 */
static bool
begin(struct foreign_grant *entry)
{
	union foreign_grant_use old, marked;

	old.both = __atomic_load_n(&entry->use.both, __ATOMIC_RELAXED);
	if ((old.flags & ~FOREIGN_GRANT_READONLY) != FOREIGN_GRANT_PERMIT || old.domid != 0)
		return false;
	marked = old;
	marked.flags |= FOREIGN_GRANT_READING;
	/* Acquire: the frame number is read after the mark is set. */
	return __atomic_compare_exchange_n(&entry->use.both, &old.both, marked.both, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void
end(struct foreign_grant *entry)
{
	/* Release: the copy is complete before the guest may take the page back. */
	__atomic_fetch_and(&entry->use.flags, (uint16_t)~FOREIGN_GRANT_READING, __ATOMIC_RELEASE);
}

static void
set_marked(struct foreign_pages *pages, uint32_t ref_plus_1)
{
	__atomic_store_n(pages->marked, ref_plus_1, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST); /* before the mark is set or another one is */
}

/*
 * Clears the mark that a killed process left: its guest could never take the page back. If it was
 * killed just before it set the mark, nothing is cleared unless another reader of the same grant
 * has set it, and dom0 has none.
 */
static void
unmark(struct foreign_pages *pages)
{
	struct foreign_grant *entry =
		*pages->marked == 0 ? NULL : entry_of(pages, *pages->marked - 1);

	if (entry != NULL)
		end(entry);
	set_marked(pages, 0);
}

struct foreign_pages *
foreign_create(const struct foreign_ops *ops, struct foreign *memory, uint32_t *marked)
{
	struct foreign_pages *pages = calloc(1, sizeof(*pages));

	if (pages == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	pages->ops = ops;
	pages->memory = memory;
	pages->marked = marked;
	pages->n_may_map = MAPS_PER_AGE;
	unmark(pages);
	return pages;
}

bool
foreign_copy(struct foreign_pages *pages, uint32_t ref, uint16_t offset, void *to, uint16_t len)
{
	struct foreign_grant *entry = entry_of(pages, ref);

	if (entry == NULL)
		return false;
	set_marked(pages, ref + 1);
	if (!begin(entry)) {
		set_marked(pages, 0);
		return false;
	}
	const uint8_t *page = page_of(pages, __atomic_load_n(&entry->frame, __ATOMIC_RELAXED));
	if (page != NULL)
		memcpy(to, page + offset, len);
	end(entry);
	set_marked(pages, 0);
	return page != NULL;
}
