/* SPDX-License-Identifier: BSD-3-Clause */
/* The multicast filter of a vif. */
#include "dp/frame/mcast.h"

#include <pthread.h>

#include "unit.h"

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t unicast[6] = { 0x00, 0x16, 0x3e, 1, 2, 3 };
static const uint8_t zero[6];

struct address {
	uint8_t bytes[6];
};

static struct address
group(unsigned i)
{
	return (struct address){ { 0x01, 0x00, 0x5e, 0, (uint8_t)(i >> 8), (uint8_t)i } };
}

static unsigned
n_held(const struct mcast_filter *filter)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LIMIT_MCAST_ADDRS; i++)
		n += filter->addr[i] != 0;
	return n;
}

static void
mcast_blocks_only_multicast(void)
{
	struct mcast_filter filter = { .applies = true };

	CHECK(!mcast_blocks(NULL, group(1).bytes));
	CHECK(mcast_blocks(&filter, group(1).bytes));
	CHECK(!mcast_blocks(&filter, broadcast));
	CHECK(!mcast_blocks(&filter, unicast));
	CHECK(!mcast_blocks(&filter, zero));
	mcast_apply(&filter, false);
	CHECK(!mcast_blocks(&filter, group(1).bytes));
}

static void
mcast_add_and_del(void)
{
	struct mcast_filter filter = { .applies = true };

	CHECK(mcast_add(&filter, group(7).bytes));
	CHECK(!mcast_blocks(&filter, group(7).bytes));
	CHECK(mcast_blocks(&filter, group(8).bytes));
	mcast_del(&filter, group(8).bytes);
	CHECK(!mcast_blocks(&filter, group(7).bytes));
	mcast_del(&filter, group(7).bytes);
	CHECK(mcast_blocks(&filter, group(7).bytes));
	CHECK_EQ(n_held(&filter), 0);
}

static void
mcast_add_too_many(void)
{
	struct mcast_filter filter = { .applies = true };

	for (unsigned i = 0; i < LIMIT_MCAST_ADDRS; i++)
		CHECK(mcast_add(&filter, group(i).bytes));
	CHECK(!mcast_add(&filter, group(LIMIT_MCAST_ADDRS).bytes));
	CHECK(mcast_blocks(&filter, group(LIMIT_MCAST_ADDRS).bytes));
	CHECK(mcast_add(&filter, group(3).bytes)); /* is there already */
	mcast_del(&filter, group(3).bytes);
	CHECK(mcast_add(&filter, group(LIMIT_MCAST_ADDRS).bytes));
	CHECK(mcast_blocks(&filter, group(3).bytes));
}

static void
mcast_add_twice_counts_once(void)
{
	struct mcast_filter filter = { .applies = true };

	for (unsigned i = 0; i < 1000; i++)
		CHECK(mcast_add(&filter, group(5).bytes));
	CHECK_EQ(n_held(&filter), 1);
}

/* Frames to these pass anyway, so the request is fulfilled and takes no place. */
static void
mcast_add_no_multicast(void)
{
	struct mcast_filter filter = { .applies = true };

	CHECK(mcast_add(&filter, broadcast));
	CHECK(mcast_add(&filter, unicast));
	CHECK(mcast_add(&filter, zero));
	CHECK_EQ(n_held(&filter), 0);
	mcast_del(&filter, zero);
	mcast_del(&filter, broadcast);
	CHECK_EQ(n_held(&filter), 0);
}

static struct mcast_filter shared;

static void *
add_and_del(void *arg)
{
	unsigned first = *(const unsigned *)arg;

	for (unsigned round = 0; round < 20000; round++) {
		for (unsigned i = 0; i < 8; i++)
			mcast_add(&shared, group(first + i).bytes);
		for (unsigned i = 0; i < 8; i++)
			mcast_del(&shared, group(first + i).bytes);
	}
	return NULL;
}

/*
 * Two pollers change it while a third looks: what none of them touches is always found, and nothing
 * is left over.
 */
static void
mcast_add_from_two_threads(void)
{
	static unsigned first[2] = { 100, 104 }; /* half of them are the same addresses */
	pthread_t thread[2];
	unsigned n_missed = 0;

	CHECK(mcast_add(&shared, group(1).bytes));
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, add_and_del, &first[i]);
	for (unsigned i = 0; i < 200000; i++)
		n_missed += !mcast_holds(&shared, group(1).bytes);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	CHECK_EQ(n_missed, 0);
	mcast_del(&shared, group(1).bytes);
	CHECK_EQ(n_held(&shared), 0);
}

void test_mcast(CU_pSuite suite);

void
test_mcast(CU_pSuite suite)
{
	UNIT_ADD(suite, mcast_blocks_only_multicast);
	UNIT_ADD(suite, mcast_add_and_del);
	UNIT_ADD(suite, mcast_add_too_many);
	UNIT_ADD(suite, mcast_add_twice_counts_once);
	UNIT_ADD(suite, mcast_add_no_multicast);
	UNIT_ADD(suite, mcast_add_from_two_threads);
}
