/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A note about a refused frame, which control logs: the first frame since control last looked. The
 * packet path itself does not log.
 *
 * Threads: the port's owner writes while `full` is false, then sets it (release). Control reads
 * while it is true (acquire), then clears it (release).
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
	uint16_t vid;       /* of the first tag; 0: none */
	uint16_t ethertype; /* behind the tags */
	uint8_t ip[16];     /* if has_ip: source of IPv4 (4 bytes) or IPv6, or sender of ARP (4) */
	bool has_ip;
};

/* Whether drops for this reason are reported. */
bool note_is_wanted(enum drop_reason reason);

/* Fills the note, unless it is full. Owner only. */
void note_take(struct port_note *note, struct rte_mbuf *m, enum drop_reason reason);

#endif
