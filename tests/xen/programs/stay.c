/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stay VIF: keeps a vif open and sends frames that must come back, 100 a second at most. When the
 * library says that the vif is another one now, as after its guest was restored, it closes the vif
 * and opens it again. Prints a line for everything that happens, with the frames that came back
 * until then, and ends by a signal.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "vpe/frontend.h"

#define WAIT_US 10000

static volatile sig_atomic_t stopped;
static unsigned long n_back;

static void
on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static void
say(const char *what)
{
	printf("%s after %lu\n", what, n_back);
	fflush(stdout);
}

static struct vpe_fe *
open_vif(unsigned vif)
{
	struct vpe_fe *fe = vpe_fe_open(&(struct vpe_fe_params){ .vif = vif });

	if (fe == NULL)
		errx(1, "%s", vpe_fe_error());
	say("open");
	return fe;
}

static void
close_vif(struct vpe_fe *fe)
{
	int ret = vpe_fe_close(fe);

	if (ret < 0)
		errx(1, "close: %s", strerror(-ret));
	say("closed");
}

/* One frame there, and what has come back. */
static void
exchange(struct vpe_fe *fe)
{
	struct packet_ends ends = { .dst_mac = { 2, 0, 0, 0, 0, 0x99 } };
	struct vpe_fe_buf *frame = vpe_fe_alloc(fe, 0);
	struct vpe_fe_info info;

	vpe_fe_get_info(fe, &info);
	memcpy(ends.src_mac, info.mac, sizeof(info.mac));
	if (frame != NULL) {
		packet_put_udp(frame->data, PACKET_MIN, &ends);
		frame->len = PACKET_MIN;
		if (vpe_fe_tx_burst(fe, 0, &frame, 1) == 0)
			vpe_fe_free(fe, frame);
	}
	vpe_fe_wait(fe, 0, WAIT_US);
	while (vpe_fe_rx_burst(fe, 0, &frame, 1) == 1) {
		vpe_fe_free(fe, frame);
		n_back++;
	}
}

int
main(int argc, char **argv)
{
	unsigned vif = argc == 2 ? (unsigned)atoi(argv[1]) : 0;
	struct vpe_fe *fe = open_vif(vif);
	int ret = 0, last;

	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	while (!stopped) {
		last = ret;
		ret = vpe_fe_process(fe);
		if (ret == -ENODEV) {
			say("gone");
			close_vif(fe);
			fe = open_vif(vif);
			ret = 0;
		} else if (ret == -EPROTO) {
			errx(1, "the backend broke a rule");
		} else if (ret != last) {
			say(ret < 0 ? strerror(-ret) : ret == 1 ? "connected again" : "goes on");
		}
		exchange(fe);
	}
	close_vif(fe);
	return 0;
}
