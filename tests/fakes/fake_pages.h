/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of the fake domains: pages of one memory file, each between two inaccessible ones, that
 * can be mapped a second time as gntdev does. Nothing here knows of grants. The caller holds the
 * lock.
 */
#ifndef VPE_FAKES_FAKE_PAGES_H
#define VPE_FAKES_FAKE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGES_MAX 65536u
#define PAGES_NONE UINT32_MAX

struct page {
	uint32_t domid;
	unsigned n_mapped; /* second mappings */
	bool used;         /* owned by a domain; or else free once n_mapped is 0 */
};

/* A zeroed page. PAGES_NONE if there is none. */
uint32_t pages_alloc(uint32_t domid);
void pages_free(uint32_t idx);
struct page *pages_get(uint32_t idx);
/* Where its owner sees it. */
uint8_t *pages_addr(uint32_t idx);
/* The page at `addr`, which pages_addr() returned, or PAGES_NONE. */
uint32_t pages_of(const void *addr);

/* A second mapping of a page. */
struct alias {
	uint8_t *addr;
	uint32_t page;
	bool writable;
};

/*
 * The content of all pages that were ever used, which a forked process shares with this one: so
 * that what it does to them can be undone. `size` is that of `bytes`, at least pages_size().
 */
size_t pages_size(void);
void pages_save(void *bytes, size_t size);
void pages_restore(const void *bytes, size_t size);

/* Maps the page once more; the caller set all but `addr`. */
void pages_map(struct alias *alias);
/* Afterwards touching that address is fatal for a while. */
void pages_unmap(const struct alias *alias);

#endif
