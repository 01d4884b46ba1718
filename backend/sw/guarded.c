/* SPDX-License-Identifier: BSD-3-Clause */
/* MAC addresses that the operator assigned to ports: a hash table with open addressing. */
#include "sw/guarded.h"

#include <string.h>

/* Never 0, since the address is not 0. */
static uint64_t
key_of(uint16_t bridge, const uint8_t *mac)
{
	uint64_t key = 0;

	memcpy(&key, mac, 6);
	return key << 16 | bridge;
}

_Static_assert(GUARDED_SLOTS == 1u << (64 - 54), "as many as find() has bits for");

/* Returns the slot that holds the key, or the free slot for it. */
static unsigned
find(const struct guarded *guarded, uint64_t key)
{
	/* the top bits depend on all bits of the key */
	unsigned i = (unsigned)(key * 0x9e3779b97f4a7c15u >> 54);

	while (guarded->slot[i] != 0 && guarded->slot[i] != key)
		i = (i + 1) % GUARDED_SLOTS;
	return i;
}

/*
 * Addresses change only when the operator changes them or a vif comes or goes, so rebuilding the
 * table is fast enough.
 */
static void
rebuild(struct guarded *guarded)
{
	memset(guarded->slot, 0, sizeof(guarded->slot));
	guarded->n = 0;
	for (uint16_t port = LIMIT_PORTS; port-- > 0;) {
		if (guarded->key[port] == 0)
			continue;
		unsigned i = find(guarded, guarded->key[port]);
		guarded->next[port] = guarded->slot[i] == 0 ? GUARDED_NONE : guarded->first[i];
		guarded->first[i] = port;
		guarded->slot[i] = guarded->key[port];
		guarded->n++;
	}
}

void
guarded_set(struct guarded *guarded, uint16_t port, uint16_t bridge, const uint8_t *mac)
{
	uint64_t key = mac == NULL ? 0 : key_of(bridge, mac);

	if (guarded->key[port] == key)
		return;
	guarded->key[port] = key;
	rebuild(guarded);
}

uint16_t
guarded_first(const struct guarded *guarded, uint16_t bridge, const uint8_t *mac)
{
	if (guarded->n == 0)
		return GUARDED_NONE;
	uint64_t key = key_of(bridge, mac);
	unsigned i = find(guarded, key);
	return guarded->slot[i] == key ? guarded->first[i] : GUARDED_NONE;
}
