/* SPDX-License-Identifier: BSD-3-Clause */
/* The multicast filter of a guest. */
#include "dp/frame/mcast.h"

bool
mcast_holds(const struct mcast_filter *filter, const uint8_t *addr)
{
	uint64_t word = mcast_word(addr);

	for (unsigned i = 0; i < LIMIT_MCAST_ADDRS; i++) {
		if (__atomic_load_n(&filter->addr[i], __ATOMIC_RELAXED) == word)
			return true;
	}
	return false;
}

bool
mcast_add(struct mcast_filter *filter, const uint8_t *addr)
{
	if (!mcast_is_multicast(addr) || mcast_holds(filter, addr))
		return true;
	for (unsigned i = 0; i < LIMIT_MCAST_ADDRS; i++) {
		uint64_t empty = 0;
		if (__atomic_compare_exchange_n(&filter->addr[i], &empty, mcast_word(addr), false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

void
mcast_del(struct mcast_filter *filter, const uint8_t *addr)
{
	if (!mcast_is_multicast(addr)) /* the word 0 marks a free entry */
		return;
	for (unsigned i = 0; i < LIMIT_MCAST_ADDRS; i++) {
		uint64_t word = mcast_word(addr);
		__atomic_compare_exchange_n(&filter->addr[i], &word, 0, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
	}
}

void
mcast_apply(struct mcast_filter *filter, bool applies)
{
	__atomic_store_n(&filter->applies, applies, __ATOMIC_RELAXED);
}
