/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of the fake domains. Called by fake_grants.c.
 *
 * Theory of operation: one arena of address space holds a guard page and a data page for each
 * index, and a guard at its end. A second mapping, an alias, gets guards of its own. When it is
 * undone it becomes inaccessible and stays so for a while, so that a stale pointer faults instead
 * of finding something else; then its addresses serve for another mapping. Under AddressSanitizer
 * inaccessible means poisoned, which takes no system call.
 * Under ThreadSanitizer the second mapping is the first one: it follows memory by address and would
 * not see that an index written at one and read at the other orders two threads.
 */
#include "fakes/fake_pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define STRIDE (2 * PAGE)
#define N_RETIRED 4096u
#define N_UNUSABLE 1024u /* of these, the latest */

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define ALIAS_IS_SAME 1
#else
#define ALIAS_IS_SAME 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define CAN_POISON 1
#else
#define CAN_POISON 0
#define ASAN_POISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#endif

static int file = -1;
static uint8_t *arena;
static struct page table[PAGES_MAX];
static uint32_t next_idx;               /* where the search for a free page starts */
static uint32_t n_ever;                 /* highest index that was ever used, plus 1 */
static struct alias retired[N_RETIRED]; /* a ring of undone mappings */
static unsigned first_retired, n_retired;

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
	return mmap(addr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file,
		    (off_t)idx * PAGE);
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
		n_ever = n_ever > idx ? n_ever : idx + 1;
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

size_t
pages_size(void)
{
	return (size_t)n_ever * PAGE;
}

void
pages_save(void *bytes, size_t size)
{
	if (pread(file, bytes, size, 0) != (ssize_t)size)
		abort();
}

void
pages_restore(const void *bytes, size_t size)
{
	if (pwrite(file, bytes, size, 0) != (ssize_t)size)
		abort();
}

static struct alias
take_oldest(void)
{
	struct alias oldest = retired[first_retired];

	first_retired = (first_retired + 1) % N_RETIRED;
	n_retired--;
	return oldest;
}

/* An inaccessible address between guards. */
static struct alias
make_alias(void)
{
	uint8_t *hole =
		mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (hole == MAP_FAILED)
		abort();
	return (struct alias){ .addr = hole + PAGE, .page = PAGES_NONE };
}

void
pages_map(struct alias *alias)
{
	struct alias old;

	table[alias->page].n_mapped++;
	alias->addr = pages_addr(alias->page);
	if (ALIAS_IS_SAME)
		return;
	old = n_retired > N_UNUSABLE ? take_oldest() : make_alias();
	alias->addr = old.addr;
	if (old.page != alias->page && map_at(old.addr, alias->page) == MAP_FAILED)
		abort();
	if (!CAN_POISON || old.page != alias->page || old.writable != alias->writable)
		mprotect(old.addr, PAGE, PROT_READ | (alias->writable ? PROT_WRITE : 0));
	ASAN_UNPOISON_MEMORY_REGION(old.addr, PAGE);
}

void
pages_unmap(const struct alias *alias)
{
	table[alias->page].n_mapped--;
	if (ALIAS_IS_SAME) {
		if (!table[alias->page].used && table[alias->page].n_mapped == 0)
			pages_free(alias->page);
		return;
	}
	if (!CAN_POISON)
		mprotect(alias->addr, PAGE, PROT_NONE);
	ASAN_POISON_MEMORY_REGION(alias->addr, PAGE);
	if (n_retired == N_RETIRED)
		munmap(take_oldest().addr - PAGE, 3 * PAGE);
	retired[(first_retired + n_retired++) % N_RETIRED] = *alias;
}
