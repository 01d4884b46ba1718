/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a pcap file with libpcap and replays its frames. */
#include "replay.h"

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX (64u * 1024 * 1024)
#define LEN_MIN 14u

struct replay {
	struct replay_frame *frame;
	size_t n, n_room, next;
	size_t n_bytes;
};

static bool
add(struct replay *r, const uint8_t *data, uint32_t len)
{
	if (r->n == r->n_room) {
		size_t n_room = r->n_room == 0 ? 64 : 2 * r->n_room;
		struct replay_frame *frame = realloc(r->frame, n_room * sizeof(*frame));
		if (frame == NULL)
			return false;
		r->frame = frame;
		r->n_room = n_room;
	}
	uint8_t *copy = malloc(len);
	if (copy == NULL)
		return false;
	memcpy(copy, data, len);
	r->frame[r->n++] = (struct replay_frame){ .len = len, .data = copy };
	r->n_bytes += len;
	return true;
}

/* Reads all frames. Returns NULL, or an error text. */
static const char *
read_all(struct replay *r, pcap_t *pcap, uint32_t max_len)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	int ret;

	if (pcap_datalink(pcap) != DLT_EN10MB)
		return "not recorded on Ethernet";
	while ((ret = pcap_next_ex(pcap, &header, &data)) == 1) {
		if (header->caplen != header->len)
			return "a frame was cut when it was recorded";
		if (header->len < LEN_MIN || header->len > max_len)
			return "a frame is too short or too long";
		if (r->n_bytes + header->len > BYTES_MAX)
			return "more than 64 MiB";
		if (!add(r, data, header->len))
			return "out of memory";
	}
	if (ret != PCAP_ERROR_BREAK)
		return pcap_geterr(pcap);
	return r->n == 0 ? "no frame" : NULL;
}

struct replay *
replay_open(const char *path, uint32_t max_len, char *why, size_t why_size)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, error);

	if (pcap == NULL) {
		snprintf(why, why_size, "%s", error);
		return NULL;
	}
	struct replay *r = calloc(1, sizeof(*r));
	const char *wrong = r == NULL ? "out of memory" : read_all(r, pcap, max_len);
	if (wrong != NULL) {
		snprintf(why, why_size, "%s: %s", path, wrong);
		replay_close(r);
		r = NULL;
	}
	pcap_close(pcap);
	return r;
}

void
replay_close(struct replay *r)
{
	if (r == NULL)
		return;
	while (r->n > 0)
		free(r->frame[--r->n].data);
	free(r->frame);
	free(r);
}

const struct replay_frame *
replay_peek(const struct replay *r)
{
	return &r->frame[r->next];
}

void
replay_advance(struct replay *r)
{
	r->next = (r->next + 1) % r->n;
}

void
replay_rewind(struct replay *r, unsigned n)
{
	r->next = (r->next + r->n - n % r->n) % r->n;
}
