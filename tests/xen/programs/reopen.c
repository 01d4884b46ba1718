/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reopen VIF TIMES [BUFFERS]: opens the vif with so many buffers (as many as the library chooses),
 * sends a frame that must come back, closes the vif, and so on. Fails if this process holds more
 * descriptors, mappings or memory at the end than after the first tenth.
 */
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "vpe/frontend.h"

#define ANSWER_MS 2000
#define MEMORY_SLACK_KB 256

struct held {
	unsigned n_fds, n_maps, rss_kb;
};

static struct held
held(void)
{
	struct held h = { 0 };
	char line[512];
	DIR *fds = opendir("/proc/self/fd");
	FILE *maps = fopen("/proc/self/maps", "r"), *status = fopen("/proc/self/status", "r");

	if (fds == NULL || maps == NULL || status == NULL)
		err(1, "/proc/self");
	while (readdir(fds) != NULL)
		h.n_fds++;
	while (fgets(line, sizeof(line), maps) != NULL)
		h.n_maps++;
	while (fgets(line, sizeof(line), status) != NULL)
		sscanf(line, "VmRSS: %u kB", &h.rss_kb);
	closedir(fds);
	fclose(maps);
	fclose(status);
	return h;
}

static void
send_one(struct vpe_fe *fe)
{
	struct packet_ends ends = { .dst_mac = { 2, 0, 0, 0, 0, 0x99 } };
	struct vpe_fe_buf *frame = vpe_fe_alloc(fe, 0);
	struct vpe_fe_info info;

	if (frame == NULL)
		errx(1, "a fresh vif has no buffer");
	vpe_fe_get_info(fe, &info);
	memcpy(ends.src_mac, info.mac, 6);
	packet_put_udp(frame->data, PACKET_MIN, &ends);
	frame->len = PACKET_MIN;
	if (vpe_fe_tx_burst(fe, 0, &frame, 1) != 1)
		errx(1, "a fresh vif takes no frame");
	for (unsigned ms = 0; vpe_fe_rx_burst(fe, 0, &frame, 1) == 0; ms++) {
		if (ms == ANSWER_MS)
			errx(1, "the frame did not come back");
		vpe_fe_wait(fe, 0, 1000);
	}
	vpe_fe_free(fe, frame);
}

int
main(int argc, char **argv)
{
	struct vpe_fe_params params = { 0 };
	struct held before = { 0 };
	int n;

	if (argc < 3 || argc > 4 || (n = atoi(argv[2])) < 10)
		errx(1, "reopen VIF TIMES [BUFFERS]");
	params.vif = (unsigned)atoi(argv[1]);
	params.n_buffers = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
	for (int i = 0; i < n; i++) {
		struct vpe_fe *fe = vpe_fe_open(&params);
		if (fe == NULL)
			errx(1, "open %d: %s", i, vpe_fe_error());
		send_one(fe);
		int ret = vpe_fe_close(fe);
		if (ret < 0)
			errx(1, "close %d: %s", i, strerror(-ret));
		if (i == n / 10)
			before = held();
	}
	struct held after = held();
	printf("fds %u %u, mappings %u %u, memory %u %u kB\n", before.n_fds, after.n_fds,
	       before.n_maps, after.n_maps, before.rss_kb, after.rss_kb);
	return after.n_fds > before.n_fds || after.n_maps > before.n_maps ||
	       after.rss_kb > before.rss_kb + MEMORY_SLACK_KB;
}
