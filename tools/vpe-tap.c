/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vpe-tap: connects a vif that it drives itself to the guest's own network stack, by a TAP device.
 *
 * Frames are read from the TAP straight into buffers granted to the backend, and written to the TAP
 * from such buffers. So the kernel's copy is the only one in each direction.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "program.h"
#include "tap.h"

#define BURST 32u
#define PARTS 17u /* buffers for the longest frame from a TAP */
#define CONTROL_MS 200
#define SPINS 2000u /* rounds without a frame before it sleeps */

struct bridge {
	struct vpe_fe *fe;
	int tap;
	bool always;                    /* never sleep */
	struct vpe_fe_buf *part[PARTS]; /* buffers for the next frame from the TAP */
	unsigned n_parts;
	struct vpe_fe_buf *waiting; /* a frame from the TAP for which the ring had no room */
	unsigned long n_dropped;
	uint64_t control_ms; /* when control() is due */
};

/* ---- vif to TAP ------------------------------------------------------------------------------ */

static void
give(struct bridge *b, const struct vpe_fe_buf *frame)
{
	struct iovec iov[1 + VPE_FE_BUFS_MAX];
	struct virtio_net_hdr hdr;
	int n = 0;

	if (!tap_header_of(frame, &hdr)) {
		b->n_dropped++;
		return;
	}
	iov[n++] = (struct iovec){ &hdr, sizeof(hdr) };
	for (; frame != NULL; frame = frame->next)
		iov[n++] = (struct iovec){ frame->data, frame->len };
	if (writev(b->tap, iov, n) < 0) /* the device is down, or the frame is malformed */
		b->n_dropped++;
}

static unsigned
from_vif(struct bridge *b)
{
	struct vpe_fe_buf *frame[BURST];
	unsigned n = vpe_fe_rx_burst(b->fe, 0, frame, BURST);

	for (unsigned i = 0; i < n; i++) {
		give(b, frame[i]);
		vpe_fe_free(b->fe, frame[i]);
	}
	return n;
}

/* ---- TAP to vif ------------------------------------------------------------------------------ */

static bool
have_parts(struct bridge *b)
{
	while (b->n_parts < PARTS && (b->part[b->n_parts] = vpe_fe_alloc(b->fe, 0)) != NULL)
		b->n_parts++;
	return b->n_parts == PARTS;
}

/*
 * Makes a frame from the parts that hold the `len` bytes read; the others stay for the next frame.
 */
static struct vpe_fe_buf *
take_parts(struct bridge *b, uint32_t len)
{
	struct vpe_fe_buf *first = b->part[0];
	unsigned n = 0;

	for (uint32_t n_bytes; len > 0; len -= n_bytes, n++) {
		n_bytes = len < VPE_FE_BUF_SIZE ? len : VPE_FE_BUF_SIZE;
		b->part[n]->len = (uint16_t)n_bytes;
		b->part[n]->next = len > n_bytes ? b->part[n + 1] : NULL;
	}
	memmove(b->part, b->part + n, (b->n_parts - n) * sizeof(b->part[0]));
	b->n_parts -= n;
	return first;
}

/* Returns the next frame from the TAP, or NULL if there is none. */
static struct vpe_fe_buf *
read_tap(struct bridge *b)
{
	struct iovec iov[1 + PARTS];
	struct virtio_net_hdr hdr;

	if (!have_parts(b))
		return NULL;
	iov[0] = (struct iovec){ &hdr, sizeof(hdr) };
	for (unsigned i = 0; i < PARTS; i++)
		iov[1 + i] = (struct iovec){ b->part[i]->page, VPE_FE_BUF_SIZE };
	ssize_t n = readv(b->tap, iov, 1 + PARTS);
	if (n <= (ssize_t)sizeof(hdr))
		return NULL;
	struct vpe_fe_buf *frame = take_parts(b, (uint32_t)n - (uint32_t)sizeof(hdr));
	if (!tap_marks_of(&hdr, frame)) {
		vpe_fe_free(b->fe, frame);
		b->n_dropped++;
		return NULL;
	}
	return frame;
}

static unsigned
from_tap(struct bridge *b)
{
	unsigned n = 0;

	for (; n < BURST; n++) {
		if (b->waiting == NULL)
			b->waiting = read_tap(b);
		if (b->waiting == NULL || vpe_fe_tx_burst(b->fe, 0, &b->waiting, 1) == 0)
			break;
		b->waiting = NULL;
	}
	return n;
}

/* ---- the event loop -------------------------------------------------------------------------- */

static void
rest(struct bridge *b)
{
	struct pollfd pfd[] = {
		{ .fd = vpe_fe_fd(b->fe, 0), .events = POLLIN },
		{ .fd = b->tap, .events = POLLIN },
	};

	/* While a frame waits for room on the ring, only the vif matters. */
	if (vpe_fe_arm(b->fe, 0))
		poll(pfd, b->waiting == NULL ? 2 : 1, CONTROL_MS);
	vpe_fe_disarm(b->fe, 0);
}

/* Processes the connection if it is due. Returns false if it has ended for good. */
static bool
control(struct bridge *b)
{
	uint64_t now = program_now_ns() / 1000000;

	if (now < b->control_ms)
		return true;
	b->control_ms = now + CONTROL_MS;
	int ret = vpe_fe_process(b->fe);
	if (ret == -ENODEV)
		warnx("the vif was removed");
	else if (ret == -EPROTO)
		warnx("the backend broke a rule of netif.h");
	return ret != -ENODEV && ret != -EPROTO;
}

static void
run(struct bridge *b)
{
	unsigned n_rounds = 0, n_idle = 0;
	bool going = true;

	while (going && !program_is_stopped()) {
		n_idle = from_vif(b) + from_tap(b) > 0 ? 0 : n_idle + 1;
		bool tired = n_idle >= SPINS && !b->always;
		if (tired)
			rest(b);
		if (tired || ++n_rounds % SPINS == 0)
			going = control(b);
	}
}

static void __attribute__((noreturn)) usage(int status)
{
	fprintf(status == 0 ? stdout : stderr,
		"usage: vpe-tap [-v VIF] [-n NAME] [-kp]\n"
		"  -v VIF   number of the interface (0)\n"
		"  -n NAME  of the TAP device (the kernel chooses)\n"
		"  -k       take the vif from the kernel, and give it back at the end\n"
		"  -p       poll all the time: never sleep\n"
		"It prints the device's name when it is there.\n");
	exit(status);
}

static void
parse(struct bridge *b, struct vpe_fe_params *params, char name[16], int argc, char **argv)
{
	char *end;
	int opt;

	while ((opt = getopt(argc, argv, "v:n:kph")) != -1) {
		switch (opt) {
		case 'v':
			params->vif = (unsigned)strtoul(optarg, &end, 10);
			if (*optarg < '0' || *optarg > '9' || *end != '\0' || params->vif > 65535)
				errx(EXIT_FAILURE, "-v %s: a number from 0 to 65535", optarg);
			break;
		case 'n':
			if (strlen(optarg) >= IFNAMSIZ)
				errx(EXIT_FAILURE, "-n %s: longer than 15 bytes", optarg);
			strcpy(name, optarg);
			break;
		case 'k':
			params->take_over = true;
			break;
		case 'p':
			b->always = true;
			break;
		default:
			usage(opt == 'h' ? 0 : EXIT_FAILURE);
		}
	}
	if (optind != argc)
		usage(EXIT_FAILURE);
}

int
main(int argc, char **argv)
{
	struct vpe_fe_params params = { .vif = 0 };
	struct bridge b = { .tap = -1 };
	struct vpe_fe_info info;
	char name[16] = "";

	parse(&b, &params, name, argc, argv);
	b.fe = program_open(&params);
	vpe_fe_get_info(b.fe, &info);
	b.tap = tap_open(name, &info);
	if (b.tap < 0) {
		warnx("TAP device %s: %s", name, strerror(-b.tap));
	} else {
		printf("%s\n", name);
		fflush(stdout);
		run(&b);
	}
	if (b.n_dropped > 0)
		warnx("%lu frames could not be passed on", b.n_dropped);
	int status = program_close(b.fe);
	return b.tap < 0 ? EXIT_FAILURE : status;
}
