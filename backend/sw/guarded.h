/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which ports own a MAC address of a bridge by the operator's word: those whose frames must come from it (mac-antispoof). Nobody
 * else can be learnt to have it. Normally one port does; more than one may, each in VLANs of its own.
 *
 * The addresses are the operator's, so nobody can choose them to collide. Threads: as struct sw, whose part it is. `port` is
 * below LIMIT_PORTS, `bridge` below LIMIT_BRIDGES.
 */
#ifndef VPE_SW_GUARDED_H
#define VPE_SW_GUARDED_H

#include <stdint.h>

#include "proto/limits.h"

#define GUARDED_NONE UINT16_MAX /* no port */
#define GUARDED_SLOTS 1024u     /* a power of two, at least twice as many as ports: a search ends soon */

_Static_assert(GUARDED_SLOTS >= 2 * LIMIT_PORTS, "half of the slots stay free");

/* Zero-initialise it. */
struct guarded {
	unsigned n;                     /* ports that own an address */
	uint64_t key[LIMIT_PORTS];      /* by port; 0: it owns none */
	uint16_t next[LIMIT_PORTS];     /* the next owner of the same address */
	uint16_t first[GUARDED_SLOTS];
	uint64_t slot[GUARDED_SLOTS];   /* keys; 0: free */
};

/* `port` owns `mac`, six bytes that are not all zero, on `bridge`; NULL: it owns none any more. */
void guarded_set(struct guarded *guarded, uint16_t port, uint16_t bridge, const uint8_t *mac);

/* The first owner of `mac` on `bridge`, or GUARDED_NONE. */
uint16_t guarded_first(const struct guarded *guarded, uint16_t bridge, const uint8_t *mac);

/* The next one behind `port`, or GUARDED_NONE. */
static inline uint16_t
guarded_next(const struct guarded *guarded, uint16_t port)
{
	return guarded->next[port];
}

#endif
