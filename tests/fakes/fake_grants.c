/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Grant tables of the fake domains, and mapping. Called through fake_xen()->grants; calls
 * fake_pages.c. Source of the rules: Xen common/grant_table.c acquire_grant_for_copy(),
 * map_grant_ref().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/fake_internal.h"
#include "fakes/fake_grants_table.h"
#include "fakes/fake_pages.h"

#define TABLE_SIZE 32768u /* 64 frames of 512 entries: gnttab_max_frames */
#define N_DOMAINS 128u

struct table {
	uint32_t domid;
	bool dying;
	uint32_t n; /* entries ever used */
	unsigned n_mapped;
	uint32_t free_ref;
	struct grant_entry *entries;
	struct grant_entry others; /* of references up to last_other without an entry */
	uint32_t last_other;
};

struct mapping {
	TAILQ_ENTRY(mapping) link;
	struct alias alias;
	uint32_t domid;
	struct grant_entry *entry;
};

static struct table tables[N_DOMAINS];
static unsigned n_tables;
static struct grants *handles;
static struct fake_fault map_fault;

static struct table *
table_find(uint32_t domid)
{
	for (unsigned i = 0; i < n_tables; i++)
		if (tables[i].domid == domid)
			return &tables[i];
	return NULL;
}

static struct table *
table_get(uint32_t domid)
{
	struct table *table = table_find(domid);

	if (table != NULL || n_tables == N_DOMAINS)
		return table;
	table = &tables[n_tables++];
	*table = (struct table){ .domid = domid,
				 .n = FAKE_GRANT_REF_FIRST,
				 .free_ref = FAKE_GRANT_REF_FIRST,
				 .others.page = PAGES_NONE };
	table->entries = calloc(TABLE_SIZE, sizeof(struct grant_entry));
	for (uint32_t ref = 0; ref < TABLE_SIZE; ref++)
		table->entries[ref].page = PAGES_NONE;
	return table;
}

void
fake_grants_reset(void)
{
	for (unsigned i = 0; i < n_tables; i++)
		free(tables[i].entries);
	n_tables = 0;
	memset(&map_fault, 0, sizeof(map_fault));
	fake_copy_reset();
}

void
fake_grants_leaks(struct fake_leaks *leaks)
{
	for (const struct grants *grants = handles; grants != NULL; grants = grants->next) {
		const struct mapping *m;

		leaks->n_grant_handles++;
		TAILQ_FOREACH(m, &grants->mappings, link) {
			leaks->n_mapped++;
		}
	}
}

void
fake_grants_domain_dies(uint32_t domid)
{
	struct table *table = table_find(domid);

	if (table != NULL)
		table->dying = true;
}

unsigned
fake_domain_mapped(uint32_t domid)
{
	pthread_mutex_lock(&fake_lock);
	const struct table *table = table_find(domid);
	unsigned n = table == NULL ? 0 : table->n_mapped;
	pthread_mutex_unlock(&fake_lock);
	return n;
}

/* ---- what guests do -------------------------------------------------------------------------- */

void *
fake_page_alloc(uint32_t domid)
{
	pthread_mutex_lock(&fake_lock);
	uint32_t page = pages_alloc(domid);
	pthread_mutex_unlock(&fake_lock);
	return page == PAGES_NONE ? NULL : pages_addr(page);
}

void
fake_page_free(void *addr)
{
	if (addr == NULL)
		return;
	pthread_mutex_lock(&fake_lock);
	uint32_t page = pages_of(addr);
	struct table *table = table_find(pages_get(page)->domid);
	for (uint32_t ref = 0; table != NULL && ref < table->n; ref++)
		if (table->entries[ref].page == page)
			table->entries[ref].page = PAGES_NONE;
	if (table != NULL && table->others.page == page)
		table->others.page = PAGES_NONE;
	pages_free(page);
	pthread_mutex_unlock(&fake_lock);
}

static uint32_t
grant(void *addr, const struct grant_entry *entry)
{
	uint32_t ref = FAKE_GRANT_REF_NONE;

	pthread_mutex_lock(&fake_lock);
	uint32_t page = pages_of(addr);
	struct table *table = table_get(pages_get(page)->domid);
	for (uint32_t n = 0; table != NULL && n < TABLE_SIZE; n++) {
		uint32_t at = table->free_ref++;

		if (table->free_ref >= TABLE_SIZE)
			table->free_ref = FAKE_GRANT_REF_FIRST;
		if (table->entries[at].page != PAGES_NONE || table->entries[at].n_mapped != 0)
			continue;
		table->entries[at] = *entry;
		table->entries[at].page = page;
		if (at >= table->n)
			table->n = at + 1;
		ref = at;
		break;
	}
	pthread_mutex_unlock(&fake_lock);
	return ref;
}

uint32_t
fake_grant(void *page, uint32_t to, enum fake_grant_access access)
{
	struct grant_entry entry = { .to = to, .read_only = access == FAKE_GRANT_READ_ONLY };

	return grant(page, &entry);
}

uint32_t
fake_grant_sub_page(void *page, uint32_t to, uint16_t offset, uint16_t len)
{
	struct grant_entry entry = { .to = to, .sub_page = true, .offset = offset, .len = len };

	return grant(page, &entry);
}

void
fake_grant_others(void *addr, uint32_t to, uint32_t last)
{
	pthread_mutex_lock(&fake_lock);
	uint32_t page = pages_of(addr);
	struct table *table = table_get(pages_get(page)->domid);
	if (table != NULL) {
		table->others = (struct grant_entry){ .page = page, .to = to };
		table->last_other = last;
	}
	pthread_mutex_unlock(&fake_lock);
}

bool
fake_grant_end(uint32_t domid, uint32_t ref)
{
	bool ended = true;

	pthread_mutex_lock(&fake_lock);
	struct table *table = table_find(domid);
	if (table != NULL && ref < table->n) {
		if (table->entries[ref].n_mapped != 0)
			ended = false;
		else
			table->entries[ref].page = PAGES_NONE;
	}
	pthread_mutex_unlock(&fake_lock);
	return ended;
}

/* ---- what gntdev does ------------------------------------------------------------------------ */

static struct grants *
op_open(void)
{
	struct grants *grants = calloc(1, sizeof(*grants));

	TAILQ_INIT(&grants->mappings);
	pthread_mutex_lock(&fake_lock);
	grants->next = handles;
	handles = grants;
	pthread_mutex_unlock(&fake_lock);
	return grants;
}

/* The entry of a reference, or NULL. */
static struct grant_entry *
entry_of(struct table *table, uint32_t ref)
{
	struct grant_entry *own = ref < TABLE_SIZE ? &table->entries[ref] : NULL;
	bool granted = own != NULL && own->page != PAGES_NONE;

	if (!granted && table->others.page != PAGES_NONE && ref <= table->last_other)
		return &table->others;
	return own;
}

struct grant_entry *
fake_grants_acquire(uint32_t domid, uint32_t ref, bool for_write, int16_t *status)
{
	struct table *table = table_find(domid);

	*status = GNTST_BAD_DOMAIN;
	if (table == NULL || table->dying)
		return NULL;
	*status = GNTST_BAD_GNTREF;
	struct grant_entry *entry = entry_of(table, ref);
	if (entry == NULL)
		return NULL;
	*status = GNTST_GENERAL_ERROR;
	if (entry->page == PAGES_NONE || entry->to != fake_self() ||
	    (for_write && entry->read_only))
		return NULL;
	*status = GNTST_OKAY;
	return entry;
}

static void
unmap(struct grants *grants, struct mapping *m)
{
	struct table *table = table_find(m->domid);

	pages_unmap(&m->alias);
	if (table != NULL) {
		table->n_mapped--;
		m->entry->n_mapped--;
	}
	TAILQ_REMOVE(&grants->mappings, m, link);
	free(m);
}

static void
op_close(struct grants *grants)
{
	pthread_mutex_lock(&fake_lock);
	struct grants **link = &handles;
	while (*link != grants)
		link = &(*link)->next;
	*link = grants->next;
	while (!TAILQ_EMPTY(&grants->mappings))
		unmap(grants, TAILQ_FIRST(&grants->mappings));
	pthread_mutex_unlock(&fake_lock);
	free(grants);
}

static void *
op_map(struct grants *grants, uint32_t domid, uint32_t ref, bool writable)
{
	struct mapping *m = NULL;
	int16_t status;

	fake_busy_enter(&grants->busy, "grants");
	pthread_mutex_lock(&fake_lock);
	int error = fake_fault_take(&map_fault);
	struct grant_entry *entry = fake_grants_acquire(domid, ref, writable, &status);
	if (error == 0 && (entry == NULL || entry->sub_page))
		error = EINVAL;
	if (error == 0) {
		m = calloc(1, sizeof(*m));
		*m = (struct mapping){ .alias = { .page = entry->page, .writable = writable },
				       .domid = domid,
				       .entry = entry };
		pages_map(&m->alias);
		TAILQ_INSERT_TAIL(&grants->mappings, m, link);
		entry->n_mapped++;
		table_find(domid)->n_mapped++;
	}
	pthread_mutex_unlock(&fake_lock);
	fake_busy_leave(&grants->busy);
	errno = error;
	return m == NULL ? NULL : m->alias.addr;
}

static int
op_unmap(struct grants *grants, void *page)
{
	struct mapping *m;

	fake_busy_enter(&grants->busy, "grants");
	pthread_mutex_lock(&fake_lock);
	TAILQ_FOREACH(m, &grants->mappings, link) {
		if (m->alias.addr == page)
			break;
	}
	if (m != NULL)
		unmap(grants, m);
	else
		fake_violate("unmap of %p, which this handle has not mapped", page);
	pthread_mutex_unlock(&fake_lock);
	fake_busy_leave(&grants->busy);
	return m != NULL ? 0 : -EINVAL;
}

void
fake_map_fail(unsigned skip, unsigned n, int error)
{
	pthread_mutex_lock(&fake_lock);
	map_fault = (struct fake_fault){ skip, n, error };
	pthread_mutex_unlock(&fake_lock);
}

const struct grants_ops fake_grants_ops = {
	.open = op_open,
	.close = op_close,
	.map = op_map,
	.unmap = op_unmap,
	.copy = fake_copy,
};
