/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * steer VIF FRAMES: opens the vif with two queues, has the backend spread TCP packets over them by
 * a table, and checks each of FRAMES packets against a hash of its own; then has all sent to the
 * second queue. Fails if one comes by another queue.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "vpe/frontend.h"

#define N_QUEUES 2u
#define ROUNDS_MAX 60000u /* of a millisecond */
#define OLD_MS 500        /* that a packet may have been on its way */

/* Bit by bit as netif.h tells it, which is not how the backend does it. */
static uint32_t
toeplitz(const uint8_t *key, const uint8_t *input, unsigned len)
{
	uint32_t hash = 0;

	for (unsigned bit = 0; bit < 8 * len; bit++) {
		if (!(input[bit / 8] & 0x80 >> bit % 8))
			continue;
		for (unsigned i = 0; i < 32; i++) {
			unsigned at = bit + i;
			if (key[at / 8] & 0x80 >> at % 8)
				hash ^= 0x80000000u >> i;
		}
	}
	return hash;
}

/* An IPv4 TCP packet without options. */
static bool
is_tcp(const struct vpe_fe_buf *frame)
{
	const uint8_t *d = frame->data;

	return frame->len >= 54 && d[12] == 0x08 && d[13] == 0 && d[14] == 0x45 && d[23] == 6;
}

/* Takes TCP packets until there were `n`. Returns how many came by the second queue. */
static unsigned
take(struct vpe_fe *fe, const struct vpe_fe_rss *rss, unsigned n)
{
	unsigned n_second = 0, done = 0;

	for (unsigned round = 0; done < n; round++) {
		if (round == ROUNDS_MAX)
			errx(1, "only %u packets came", done);
		vpe_fe_wait(fe, round % N_QUEUES, 1000);
		for (unsigned q = 0; q < N_QUEUES; q++) {
			struct vpe_fe_buf *frame;
			while (done < n && vpe_fe_rx_burst(fe, q, &frame, 1) == 1) {
				unsigned want = rss->map[toeplitz(rss->key, frame->data + 26, 12) %
							 rss->n_map];
				if (is_tcp(frame) && q != want)
					errx(1, "a packet came by queue %u instead of %u", q, want);
				done += is_tcp(frame);
				n_second += is_tcp(frame) && q == 1;
				vpe_fe_free(fe, frame);
			}
		}
	}
	return n_second;
}

/* Drops what was steered before the last set(). */
static void
drop_old(struct vpe_fe *fe)
{
	struct vpe_fe_buf *frame;

	for (uint64_t end = util_now_ms() + OLD_MS; util_now_ms() < end;) {
		vpe_fe_wait(fe, 0, 1000);
		for (unsigned q = 0; q < N_QUEUES; q++) {
			while (vpe_fe_rx_burst(fe, q, &frame, 1) == 1)
				vpe_fe_free(fe, frame);
		}
	}
}

static void
set(struct vpe_fe *fe, const struct vpe_fe_rss *rss)
{
	int ret = vpe_fe_set_rss(fe, rss);

	if (ret < 0)
		errx(1, "vpe_fe_set_rss: %s", strerror(-ret));
}

int
main(int argc, char **argv)
{
	struct vpe_fe_params params = { .vif = argc == 3 ? (unsigned)atoi(argv[1]) : 0,
					.n_queues = N_QUEUES,
					.n_buffers = 520,
					.take_over = true };
	struct vpe_fe_rss rss = { .types = VPE_FE_RSS_IPV4 | VPE_FE_RSS_IPV4_TCP, .n_map = 16 };
	unsigned n = argc == 3 ? (unsigned)atoi(argv[2]) : 0, n_second;
	struct vpe_fe_info info;

	if (n < 10)
		errx(1, "steer VIF FRAMES");
	struct vpe_fe *fe = vpe_fe_open(&params);
	if (fe == NULL)
		errx(1, "%s", vpe_fe_error());
	vpe_fe_get_info(fe, &info);
	if (info.n_queues != N_QUEUES)
		errx(1, "the backend gives %u queues", info.n_queues);
	for (unsigned i = 0; i < sizeof(rss.key); i++)
		rss.key[i] = (uint8_t)(i * 37 + 11);
	for (unsigned i = 0; i < rss.n_map; i++)
		rss.map[i] = i % 3 == 0;
	set(fe, &rss);
	puts("ready");
	fflush(stdout);
	n_second = take(fe, &rss, n);
	printf("by the table: %u of %u by the second queue\n", n_second, n);
	if (n_second == 0 || n_second == n)
		errx(1, "one queue got all");
	memset(rss.map, 1, sizeof(rss.map));
	set(fe, &rss);
	drop_old(fe);
	printf("all to the second: %u of %u\n", take(fe, &rss, n), n);
	return vpe_fe_close(fe) < 0;
}
