/* SPDX-License-Identifier: BSD-3-Clause */
/* MAC addresses that the operator assigned to ports: a hash table with open addressing. */
#include "sw/guarded.h"

#include <string.h>

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
		unsigned i = guarded_find(guarded, guarded->key[port]);
		uint16_t other = guarded->slot[i] == 0 ? GUARDED_NONE : guarded->first[i];
		guarded->next[port] = other;
		guarded->is_sole[port] = other == GUARDED_NONE;
		if (other != GUARDED_NONE)
			guarded->is_sole[other] = false;
		guarded->first[i] = port;
		guarded->slot[i] = guarded->key[port];
		guarded->n++;
	}
}

void
guarded_set(struct guarded *guarded, uint16_t port, uint16_t bridge, const uint8_t *mac)
{
	uint64_t key = mac == NULL ? 0 : guarded_key(bridge, mac);

	if (guarded->key[port] == key)
		return;
	guarded->key[port] = key;
	rebuild(guarded);
}
