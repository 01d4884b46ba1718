/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of dp/vif/static_grants.c. */
#include "dp/vif/static_grants.h"

#include <stdlib.h>

#include "proto/limits.h"
#include "unit.h"

static uint8_t page[LIMIT_STATIC_GRANTS];
static struct static_grant list[LIMIT_STATIC_GRANTS];

/* A reference by number, as a guest may choose them. */
typedef uint32_t choose_fn(unsigned i);

static uint32_t
in_a_row(unsigned i)
{
	return 8 + i;
}

static uint32_t
by_frames_of_the_table(unsigned i)
{
	return i * 512;
}

static uint32_t
in_the_upper_bits(unsigned i)
{
	return i << 21;
}

/* All of these fell into one place of a table with Knuth's multiplier and no key. */
static uint32_t
colliding(unsigned i)
{
	static uint32_t next;

	if (i == 0)
		next = 0;
	while ((next * 2654435761u >> 8 & 4095) != 7)
		next++;
	return next++;
}

static void
fill_list(choose_fn *choose, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		list[i] = (struct static_grant){ .ref = choose(i),
						 .writable = i % 2 == 0,
						 .page = &page[i] };
}

static bool
holds_all(const struct static_grants *grants, unsigned n)
{
	unsigned n_right = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct static_grant *found = static_grants_find(grants, list[i].ref);
		n_right += found != NULL && found->page == &page[i] &&
			   found->writable == list[i].writable && found->place == i;
	}
	return n_right == n && grants->n == n && static_grants_find(grants, 0x7fffffff) == NULL;
}

/*
 * Whatever the guest chooses, all are found, and within STATIC_GRANTS_STEPS: the table has no room
 * for others.
 */
static void
static_grants_find_any(void)
{
	static choose_fn *const choose[] = { in_a_row, by_frames_of_the_table, in_the_upper_bits,
					     colliding };

	for (unsigned c = 0; c < 4; c++) {
		for (unsigned n = LIMIT_STATIC_GRANTS; n > 0; n /= 2) {
			fill_list(choose[c], n);
			struct static_grants *grants = static_grants_create(list, n);

			REQUIRE_NOT_NULL(grants);
			CHECK(holds_all(grants, n));
			static_grants_destroy(grants);
		}
	}
	struct static_grants *none = static_grants_create(list, 0);
	CHECK(none != NULL && holds_all(none, 0));
	static_grants_destroy(none);
	CHECK_NULL(static_grants_find(NULL, 8));
}

/*
 * The guest cannot find out which references fall together: two tables of the same list are not
 * laid out alike.
 */
static void
static_grants_create_keyed(void)
{
	struct static_grants *first, *second;
	unsigned n_same = 0;

	fill_list(in_a_row, 512);
	first = static_grants_create(list, 512);
	second = static_grants_create(list, 512);
	CHECK_NOT_NULL(first);
	CHECK_NOT_NULL(second);
	for (unsigned i = 0; i < 512; i++)
		n_same += static_grants_place(first, list[i].ref) ==
			  static_grants_place(second, list[i].ref);
	CHECK_LT(n_same, 256);
	static_grants_destroy(first);
	static_grants_destroy(second);
}

/* What has no page is left out, and the others close up. */
static void
static_grants_create_gaps(void)
{
	fill_list(in_a_row, 100);
	for (unsigned i = 0; i < 100; i += 3)
		list[i].page = NULL;
	struct static_grants *grants = static_grants_create(list, 100);

	REQUIRE_NOT_NULL(grants);
	CHECK_EQ(grants->n, 66);
	for (unsigned i = 0, place = 0; i < 100; i++) {
		const struct static_grant *found = static_grants_find(grants, list[i].ref);

		CHECK(i % 3 == 0 ? found == NULL : found != NULL && found->place == place++);
	}
	static_grants_destroy(grants);
}

void test_static_grants(CU_pSuite suite);

void
test_static_grants(CU_pSuite suite)
{
	UNIT_ADD(suite, static_grants_find_any);
	UNIT_ADD(suite, static_grants_create_keyed);
	UNIT_ADD(suite, static_grants_create_gaps);
}
