/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a port's owner notes down of a frame that was refused, for control to tell: the first one since control last looked. The packet
 * path writes no log.
 *
 * Threads: the port's owner writes while `full` is false and then sets it (release); control reads while it is true (acquire), and
 * clears it (release).
 */
#ifndef VPE_DP_NOTE_H
#define VPE_DP_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "base/drop.h"

struct port_note {
	bool full;
	enum drop_reason reason;
	uint8_t mac[6];     /* source of the frame */
	uint16_t vid;       /* of its first tag; 0: none */
	uint16_t ethertype; /* behind the tags */
	uint8_t ip[16];     /* source of IPv4 (4 bytes) or IPv6, sender of ARP (4), if has_ip */
	bool has_ip;
};

/* Whether anybody is to be told of drops for this reason. */
bool note_is_wanted(enum drop_reason reason);

/* Notes the frame down, unless there is a note already. Cheap then. The owner. */
void note_take(struct port_note *note, const struct rte_mbuf *m, enum drop_reason reason);

#endif
