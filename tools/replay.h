/* SPDX-License-Identifier: BSD-3-Clause */
/* Replays the frames of a pcap file from memory, endlessly. For vpe-pktgen. One thread. */
#ifndef VPE_TOOLS_REPLAY_H
#define VPE_TOOLS_REPLAY_H

#include <stddef.h>
#include <stdint.h>

struct replay;

struct replay_frame {
	uint32_t len;
	uint8_t *data;
};

/*
 * Reads all frames of the file, at most 64 MiB. Returns NULL with a sentence in `why` if the file
 * cannot be read, is not Ethernet, is empty or too big, or has a frame that was truncated, is
 * longer than `max_len` or shorter than 14 bytes.
 */
struct replay *replay_open(const char *path, uint32_t max_len, char *why, size_t why_size);
void replay_close(struct replay *replay); /* NULL is allowed */
const struct replay_frame *replay_peek(const struct replay *replay);
void replay_advance(struct replay *replay);
/* Goes back by `n` frames that were not sent. */
void replay_rewind(struct replay *replay, unsigned n);

#endif
