/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports that own a MAC address of a bridge because the operator assigned it: those whose frames
 * must come from it (mac-antispoof). The address is never learnt behind any other port. Normally
 * one port owns an address. Several may, each in VLANs of its own.
 *
 * The addresses are the operator's, so guests cannot make them collide. `port` is below
 * LIMIT_PORTS, `bridge` below LIMIT_BRIDGES.
 * Threads: as the struct sw that contains it.
 */
#ifndef VPE_SW_GUARDED_H
#define VPE_SW_GUARDED_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proto/limits.h"

#define GUARDED_NONE UINT16_MAX /* no port */
/* a power of two, at least twice the number of ports: probe sequences stay short */
#define GUARDED_SLOTS 1024u

_Static_assert(GUARDED_SLOTS >= 2 * LIMIT_PORTS, "half of the slots stay free");

/* Zero-initialise it. */
struct guarded {
	unsigned n;                 /* number of ports that own an address */
	uint64_t key[LIMIT_PORTS];  /* by port; 0: none */
	uint16_t next[LIMIT_PORTS]; /* next owner of the same address */
	bool is_sole[LIMIT_PORTS];  /* nobody else owns the port's address */
	uint16_t first[GUARDED_SLOTS];
	uint64_t slot[GUARDED_SLOTS]; /* keys; 0: free */
};

/*
 * Makes `port` the owner of `mac`, 6 bytes that are not all zero, on `bridge`. NULL: it owns no
 * address any more.
 */
void guarded_set(struct guarded *guarded, uint16_t port, uint16_t bridge, const uint8_t *mac);

/* Never 0, since the address is not 0. */
static inline uint64_t
guarded_key(uint16_t bridge, const uint8_t *mac)
{
	uint64_t key = 0;

	memcpy(&key, mac, 6);
	return key << 16 | bridge;
}

_Static_assert(GUARDED_SLOTS == 1u << (64 - 54), "as many as guarded_find() has bits for");

/* Returns the slot that holds the key, or the free slot for it. */
static inline unsigned
guarded_find(const struct guarded *guarded, uint64_t key)
{
	/* the top bits depend on all bits of the key */
	unsigned i = (unsigned)(key * 0x9e3779b97f4a7c15u >> 54);

	while (guarded->slot[i] != 0 && guarded->slot[i] != key)
		i = (i + 1) % GUARDED_SLOTS;
	return i;
}

/* Returns the first owner of `mac` on `bridge`, or GUARDED_NONE. */
static inline uint16_t
guarded_first(const struct guarded *guarded, uint16_t bridge, const uint8_t *mac)
{
	uint64_t key = guarded_key(bridge, mac);
	unsigned i;

	if (guarded->n == 0)
		return GUARDED_NONE;
	i = guarded_find(guarded, key);
	return guarded->slot[i] == key ? guarded->first[i] : GUARDED_NONE;
}

/* Whether `port` owns `mac` on `bridge`, and nobody else does. */
static inline bool
guarded_is_sole(const struct guarded *guarded, uint16_t port, uint16_t bridge, const uint8_t *mac)
{
	return guarded->is_sole[port] && guarded->key[port] == guarded_key(bridge, mac);
}

/* Returns the owner after `port`, or GUARDED_NONE. */
static inline uint16_t
guarded_next(const struct guarded *guarded, uint16_t port)
{
	return guarded->next[port];
}

#endif
