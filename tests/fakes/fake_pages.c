/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of the fake domains. Called by fake_grants.c.
 *
 * Theory of operation: one arena of address space holds a guard page and a data page for each index, and a guard at
 * its end. A second mapping gets guards of its own. When it is undone its addresses stay reserved and inaccessible
 * for a while, so that a stale pointer faults instead of finding something else.
 * Under ThreadSanitizer the second mapping is the first one: it follows memory by address and would not see that an
 * index written at one and read at the other orders two threads.
 */
#include "fakes/fake_pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define STRIDE (2 * PAGE)
#define N_RETIRED 1024u

#if defined(__SANITIZE_THREAD__)
#define ALIAS_IS_SAME 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ALIAS_IS_SAME 1
#endif
#endif
#ifndef ALIAS_IS_SAME
#define ALIAS_IS_SAME 0
#endif

static int file = -1;
static uint8_t *arena;
static struct page table[PAGES_MAX];
static uint32_t next_idx; /* where the search for a free page starts */
static void *retired[N_RETIRED];
static unsigned n_retired;

static void
arena_init(void)
{
	file = memfd_create("fake-guests", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, (off_t)PAGES_MAX * PAGE) != 0)
		abort();
	arena = mmap(NULL, (size_t)PAGES_MAX * STRIDE + PAGE, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		abort();
}

static void *
map_at(void *addr, uint32_t idx)
{
	return mmap(addr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, (off_t)idx * PAGE);
}

uint8_t *
pages_addr(uint32_t idx)
{
	return arena + (size_t)idx * STRIDE + PAGE;
}

struct page *
pages_get(uint32_t idx)
{
	return &table[idx];
}

uint32_t
pages_alloc(uint32_t domid)
{
	if (arena == NULL)
		arena_init();
	for (uint32_t n = 0; n < PAGES_MAX; n++) {
		uint32_t idx = (next_idx + n) % PAGES_MAX;
		struct page *page = &table[idx];

		if (page->used || page->n_mapped != 0)
			continue;
		if (map_at(pages_addr(idx), idx) == MAP_FAILED)
			return PAGES_NONE;
		memset(pages_addr(idx), 0, PAGE);
		page->used = true;
		page->domid = domid;
		next_idx = idx + 1;
		return idx;
	}
	return PAGES_NONE;
}

/* Whoever has it mapped goes on seeing it, as with a page that a dead domain leaves. */
void
pages_free(uint32_t idx)
{
	table[idx].used = false;
	if (!ALIAS_IS_SAME || table[idx].n_mapped == 0)
		mmap(pages_addr(idx), PAGE, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
}

uint32_t
pages_of(const void *addr)
{
	size_t at = (size_t)((const uint8_t *)addr - arena);

	if (arena == NULL || (const uint8_t *)addr < arena || at >= (size_t)PAGES_MAX * STRIDE ||
	    at % STRIDE != PAGE)
		return PAGES_NONE;
	return (uint32_t)(at / STRIDE);
}

void *
pages_map(uint32_t idx)
{
	if (ALIAS_IS_SAME) {
		table[idx].n_mapped++;
		return pages_addr(idx);
	}
	uint8_t *hole = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (hole == MAP_FAILED)
		return NULL;
	if (map_at(hole + PAGE, idx) == MAP_FAILED) {
		munmap(hole, 3 * PAGE);
		return NULL;
	}
	table[idx].n_mapped++;
	return hole + PAGE;
}

void
pages_unmap(uint32_t idx, void *alias)
{
	table[idx].n_mapped--;
	if (ALIAS_IS_SAME) {
		if (!table[idx].used && table[idx].n_mapped == 0)
			pages_free(idx);
		return;
	}
	uint8_t *hole = (uint8_t *)alias - PAGE;
	mmap(hole, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	void **slot = &retired[n_retired++ % N_RETIRED];
	if (*slot != NULL)
		munmap(*slot, 3 * PAGE);
	*slot = hole;
}
