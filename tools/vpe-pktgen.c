/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vpe-pktgen: sends, receives or returns frames over a vif that it drives itself, and counts them.
 *
 * Only the headers of generated frames are written, so that the figures measure the vif and not
 * memset().
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "program.h"
#include "replay.h"
#include "vpe/frontend.h"

#define BURST 32u
#define CONTROL_EVERY_NS 200000000u
#define WAIT_US 1000u /* then check what no event reports: time, signals, the rate */
#define MSS 1448u

struct pktgen {
	struct vpe_fe *fe;
	struct packet_ends ends;
	const struct mode *mode;
	struct replay *replay;
	unsigned size;
	uint64_t rate;    /* frames per second; 0 = as many as possible */
	uint64_t n_count; /* 0 = no limit */
	double seconds;   /* 0 = no limit */
	bool gso;
	bool wait; /* sleep while there is nothing to do */
	bool json;
	uint64_t n_frames, n_bytes;
	double took;
};

/* ---- frames ---------------------------------------------------------------------------------- */

static uint32_t
frame_len(const struct vpe_fe_buf *buf)
{
	uint32_t len = 0;

	for (; buf != NULL; buf = buf->next)
		len += buf->len;
	return len;
}

static void
count(struct pktgen *g, const struct vpe_fe_buf *frame)
{
	g->n_frames++;
	g->n_bytes += frame_len(frame);
}

/* Allocates buffers for a frame of `len` bytes. Returns NULL if there are not enough now. */
static struct vpe_fe_buf *
new_frame(struct pktgen *g, uint32_t len)
{
	struct vpe_fe_buf *first = NULL, **at = &first;

	for (uint32_t left = len, n; left > 0; left -= n) {
		n = left < VPE_FE_BUF_SIZE ? left : VPE_FE_BUF_SIZE;
		*at = vpe_fe_alloc(g->fe, 0);
		if (*at == NULL) {
			vpe_fe_free(g->fe, first);
			return NULL;
		}
		(*at)->len = (uint16_t)n;
		at = &(*at)->next;
	}
	return first;
}

static struct vpe_fe_buf *
generated_frame(struct pktgen *g)
{
	struct vpe_fe_buf *frame = new_frame(g, g->size);

	if (frame == NULL)
		return NULL;
	if (!g->gso) {
		packet_put_udp(frame->data, g->size, &g->ends);
		return frame;
	}
	packet_put_tcp(frame->data, g->size, &g->ends);
	frame->flags = VPE_FE_CSUM_BLANK | VPE_FE_GSO_TCPV4;
	frame->gso_size = MSS;
	return frame;
}

static struct vpe_fe_buf *
replayed_frame(struct pktgen *g)
{
	const struct replay_frame *next = replay_peek(g->replay);
	struct vpe_fe_buf *frame = new_frame(g, next->len);
	uint32_t at = 0;

	if (frame == NULL)
		return NULL;
	for (struct vpe_fe_buf *buf = frame; buf != NULL; buf = buf->next) {
		memcpy(buf->data, next->data + at, buf->len);
		at += buf->len;
	}
	replay_advance(g->replay);
	return frame;
}

/* ---- modes: each function does one round; it returns false if there was nothing to do -------- */

/* Returns the number of frames that are due `ns` after the start, at most BURST. */
static unsigned
due(const struct pktgen *g, uint64_t ns)
{
	uint64_t n = BURST;

	if (g->rate != 0) {
		uint64_t total = (uint64_t)((double)ns / 1e9 * (double)g->rate);
		n = total > g->n_frames ? total - g->n_frames : 0;
	}
	if (g->n_count != 0 && n > g->n_count - g->n_frames)
		n = g->n_count - g->n_frames;
	return n < BURST ? (unsigned)n : BURST;
}

/*
 * Drops received frames. Clears their buffers, since only headers are written to generated frames:
 * otherwise received data would leave again as payload.
 */
static void
drop_received(struct pktgen *g)
{
	struct vpe_fe_buf *frame[BURST];
	unsigned n = vpe_fe_rx_burst(g->fe, 0, frame, BURST);

	for (unsigned i = 0; i < n; i++) {
		for (struct vpe_fe_buf *buf = frame[i]; buf != NULL; buf = buf->next)
			memset(buf->page, 0, VPE_FE_BUF_SIZE);
		vpe_fe_free(g->fe, frame[i]);
	}
}

static bool
round_tx(struct pktgen *g, uint64_t ns)
{
	struct vpe_fe_buf *frame[BURST];
	unsigned n = due(g, ns), n_made = 0, n_sent;

	while (n_made < n &&
	       (frame[n_made] = g->replay != NULL ? replayed_frame(g) : generated_frame(g)) != NULL)
		n_made++;
	n_sent = vpe_fe_tx_burst(g->fe, 0, frame, n_made);
	/* The library owns the frames it took: only their number is known. */
	for (unsigned i = n_sent; i < n_made; i++)
		vpe_fe_free(g->fe, frame[i]);
	if (g->replay != NULL)
		replay_rewind(g->replay, n_made - n_sent);
	g->n_frames += n_sent;
	drop_received(g);
	return n_sent > 0;
}

static bool
round_rx(struct pktgen *g, uint64_t ns)
{
	struct vpe_fe_buf *frame[BURST];
	unsigned n = vpe_fe_rx_burst(g->fe, 0, frame, BURST);

	(void)ns;
	for (unsigned i = 0; i < n; i++) {
		count(g, frame[i]);
		vpe_fe_free(g->fe, frame[i]);
	}
	return n > 0;
}

/*
 * Returns whether the frame was sent to this vif. Only such frames are returned: a flooded frame
 * would loop for ever.
 */
static bool
is_for_us(const struct pktgen *g, const struct vpe_fe_buf *frame)
{
	return frame->len >= PACKET_ETH_LEN && memcmp(frame->data, g->ends.src_mac, 6) == 0;
}

static bool
round_echo(struct pktgen *g, uint64_t ns)
{
	struct vpe_fe_buf *frame[BURST];
	unsigned n = vpe_fe_rx_burst(g->fe, 0, frame, BURST), n_back = 0;

	(void)ns;
	for (unsigned i = 0; i < n; i++) {
		if (!is_for_us(g, frame[i])) {
			vpe_fe_free(g->fe, frame[i]);
			continue;
		}
		packet_swap_macs(frame[i]->data);
		count(g, frame[i]);
		frame[n_back++] = frame[i];
	}
	for (unsigned done = 0; done < n_back && !program_is_stopped();)
		done += vpe_fe_tx_burst(g->fe, 0, frame + done, n_back - done);
	return n > 0;
}

static const struct mode {
	const char *name;
	bool (*round)(struct pktgen *g, uint64_t ns);
} modes[] = {
	{ "tx", round_tx },
	{ "rx", round_rx },
	{ "echo", round_echo },
};

/* ---- main loop ------------------------------------------------------------------------------- */

static bool
is_over(const struct pktgen *g, uint64_t ns)
{
	return program_is_stopped() || (g->seconds > 0 && (double)ns >= g->seconds * 1e9) ||
	       (g->n_count != 0 && g->n_frames >= g->n_count);
}

static void
control(struct pktgen *g)
{
	int ret = vpe_fe_process(g->fe);

	if (ret == -EPROTO || ret == -ENODEV) {
		warnx("%s", ret == -ENODEV ? "the vif was removed"
					   : "the backend broke a rule of netif.h");
		program_stop();
	}
}

static void
run(struct pktgen *g)
{
	uint64_t start = program_now_ns(), ns = 0, next = CONTROL_EVERY_NS;

	while (!is_over(g, ns)) {
		if (!g->mode->round(g, ns) && g->wait)
			vpe_fe_wait(g->fe, 0, WAIT_US);
		ns = program_now_ns() - start;
		if (ns >= next) {
			control(g);
			next = ns + CONTROL_EVERY_NS;
		}
	}
	g->took = (double)ns / 1e9;
}

static void
report(struct pktgen *g)
{
	struct vpe_fe_stats stats;
	const char *name;
	json_t *value;

	vpe_fe_get_stats(g->fe, 0, &stats);
	if (g->mode->round == round_tx)
		g->n_bytes = stats.n_tx_bytes;
	json_t *all =
		json_pack("{s:s, s:f, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:I}", "mode",
			  g->mode->name, "seconds", g->took, "frames", (json_int_t)g->n_frames,
			  "bytes", (json_int_t)g->n_bytes, "pps",
			  g->took > 0 ? (double)g->n_frames / g->took : 0, "mbps",
			  g->took > 0 ? (double)g->n_bytes * 8 / 1e6 / g->took : 0, "tx_refused",
			  (json_int_t)stats.n_tx_refused, "tx_failed",
			  (json_int_t)stats.n_tx_failed, "rx_dropped",
			  (json_int_t)stats.n_rx_dropped, "notified", (json_int_t)stats.n_notified);
	if (g->json) {
		json_dumpf(all, stdout, JSON_REAL_PRECISION(9));
		putchar('\n');
	} else {
		json_object_foreach(all, name, value) {
			if (json_is_number(value))
				printf("%-12s %.9g\n", name, json_number_value(value));
		}
	}
	json_decref(all);
}

/* ---- start ----------------------------------------------------------------------------------- */

static void __attribute__((noreturn)) usage(int status)
{
	fprintf(status == 0 ? stdout : stderr,
		"usage: vpe-pktgen [-v VIF] [-T SECONDS] [-n FRAMES] [-wokj] rx|echo\n"
		"       vpe-pktgen [-v VIF] [-T SECONDS] [-n FRAMES] [-wokj] [-r PPS] [-d MAC] [-S IP] [-D IP] [-s BYTES] [-g] tx\n"
		"       vpe-pktgen [-v VIF] [-T SECONDS] [-n FRAMES] [-wokj] [-r PPS] -f PCAP tx\n"
		"  -v VIF      number of the interface (0)\n"
		"  -T SECONDS  to run; -n FRAMES to move: whichever comes first (until a signal)\n"
		"  -r PPS      frames a second (as many as go)\n"
		"  -d MAC      of the receiver (broadcast)\n"
		"  -S IP -D IP addresses of the UDP packets (10.0.0.1, 10.0.0.2)\n"
		"  -s BYTES    of each frame, from 60 (60)\n"
		"  -g          TCP with segmentation left to the backend\n"
		"  -f PCAP     the frames of a file, again and again\n"
		"  -w          wait for events while there is nothing to do, instead of polling\n"
		"  -o          ordinary grants: the backend maps no buffers for good\n"
		"  -k          take the vif from the kernel, and give it back at the end\n"
		"  -j, --json  print JSON\n");
	exit(status);
}

static double
number(const char *text, double least, double most, char option)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= least && value <= most))
		errx(EXIT_FAILURE, "-%c %s: a number from %g to %g", option, text, least, most);
	return value;
}

static void
parse_end(struct pktgen *g, char option, const char *text)
{
	bool ok = option == 'd' ? packet_parse_mac(text, g->ends.dst_mac)
				: inet_aton(text, option == 'S' ? &g->ends.src : &g->ends.dst) != 0;

	if (!ok)
		errx(EXIT_FAILURE, "-%c %s: no %s", option, text,
		     option == 'd' ? "MAC" : "IPv4 address");
}

static void
parse_file(struct pktgen *g, const char *path)
{
	char why[256];

	g->replay = replay_open(path, VPE_FE_FRAME_MAX, why, sizeof(why));
	if (g->replay == NULL)
		errx(EXIT_FAILURE, "%s", why);
}

static void
parse(struct pktgen *g, struct vpe_fe_params *params, int argc, char **argv)
{
	static const struct option words[] = { { "json", 0, NULL, 'j' },
					       { "help", 0, NULL, 'h' },
					       { 0 } };
	int opt;

	while ((opt = getopt_long(argc, argv, "v:T:n:r:d:S:D:s:gf:wokjh", words, NULL)) != -1) {
		switch (opt) {
		case 'v':
			params->vif = (unsigned)number(optarg, 0, 65535, 'v');
			break;
		case 'T':
			g->seconds = number(optarg, 0.001, 1e9, 'T');
			break;
		case 'n':
			g->n_count = (uint64_t)number(optarg, 1, 1e15, 'n');
			break;
		case 'r':
			g->rate = (uint64_t)number(optarg, 1, 1e9, 'r');
			break;
		case 's':
			g->size = (unsigned)number(optarg, PACKET_MIN, VPE_FE_FRAME_MAX, 's');
			break;
		case 'd':
		case 'S':
		case 'D':
			parse_end(g, (char)opt, optarg);
			break;
		case 'f':
			parse_file(g, optarg);
			break;
		case 'g':
			g->gso = true;
			break;
		case 'w':
			g->wait = true;
			break;
		case 'o':
			params->no_static = true;
			break;
		case 'k':
			params->take_over = true;
			break;
		case 'j':
			g->json = true;
			break;
		default:
			usage(opt == 'h' ? 0 : EXIT_FAILURE);
		}
	}
	for (unsigned i = 0; optind == argc - 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[optind], modes[i].name) == 0)
			g->mode = &modes[i];
	if (g->mode == NULL)
		usage(EXIT_FAILURE);
}

int
main(int argc, char **argv)
{
	struct pktgen g = { .size = PACKET_MIN };
	struct vpe_fe_params params = { .vif = 0 };
	struct vpe_fe_info info;

	memcpy(g.ends.dst_mac, packet_broadcast, 6);
	inet_aton("10.0.0.1", &g.ends.src);
	inet_aton("10.0.0.2", &g.ends.dst);
	parse(&g, &params, argc, argv);
	g.fe = program_open(&params);
	vpe_fe_get_info(g.fe, &info);
	memcpy(g.ends.src_mac, info.mac, 6);
	run(&g);
	report(&g);
	replay_close(g.replay);
	return program_close(g.fe);
}
