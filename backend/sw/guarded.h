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

#include <stdint.h>

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
	uint16_t first[GUARDED_SLOTS];
	uint64_t slot[GUARDED_SLOTS]; /* keys; 0: free */
};

/*
 * Makes `port` the owner of `mac`, 6 bytes that are not all zero, on `bridge`. NULL: it owns no
 * address any more.
 */
void guarded_set(struct guarded *guarded, uint16_t port, uint16_t bridge, const uint8_t *mac);

/* Returns the first owner of `mac` on `bridge`, or GUARDED_NONE. */
uint16_t guarded_first(const struct guarded *guarded, uint16_t bridge, const uint8_t *mac);

/* Returns the owner after `port`, or GUARDED_NONE. */
static inline uint16_t
guarded_next(const struct guarded *guarded, uint16_t port)
{
	return guarded->next[port];
}

#endif
