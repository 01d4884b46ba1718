/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Logs frames that ports refused: the first frame of each port at once, later ones at most once a
 * minute, with a count (dp/frame/note.h). Threads: control thread.
 */
#ifndef VPE_CTL_NOTES_H
#define VPE_CTL_NOTES_H

#include <stdint.h>

#include "ctl/ports/attachment.h"

#define NOTES_AGAIN_MS 60000u

/* Zero-initialise it. */
struct notes {
	uint64_t looked_ms;
	uint64_t now_ms;
};

/* Returns when notes_run() is due next. */
uint64_t notes_due(const struct notes *notes);

/* Checks all ports, at most once a second. */
void notes_run(struct notes *notes, struct attachments *attachments, uint64_t now_ms);

/* Writes the log line for the queue's note, which must be set. */
void notes_text(const struct port *queue, char *text, size_t text_size);

#endif
