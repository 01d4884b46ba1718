/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells the log of frames that ports refused: the first one of each port at once, and then once a minute at most, with how many
 * there have been (dp/note.h). Threads: control thread.
 */
#ifndef VPE_CTL_NOTES_H
#define VPE_CTL_NOTES_H

#include <stdint.h>

#include "ctl/member.h"

#define NOTES_AGAIN_MS 60000u

/* Zero-initialise it. */
struct notes {
	uint64_t looked_ms;
	uint64_t now_ms;
};

/* When notes_run() is to be called next. */
uint64_t notes_due(const struct notes *notes);

/* Looks at all ports, once a second at most. */
void notes_run(struct notes *notes, struct members *members, uint64_t now_ms);

/* The sentence on the queue's note, which is there. */
void notes_text(const struct port *queue, char *text, size_t text_size);

#endif
