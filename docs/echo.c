/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive, swap addresses, send back: an application that polls its virtual network interface
 * itself.
 *
 * 	cc -O2 -o echo echo.c $(pkg-config --cflags --libs vpefront)
 * 	modprobe -a xen-evtchn xen-gntalloc
 * 	./echo 1		the guest's second vif; the kernel gets it back at the end
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <vpe/frontend.h>

#define BURST 32u

static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
	(void)signal;
	stopped = 1;
}

int
main(int argc, char **argv)
{
	const struct vpe_fe_params params = { .vif = argc > 1 ? (unsigned)atoi(argv[1]) : 0,
					      .take_over = true };
	struct vpe_fe_buf *frame[BURST];
	unsigned long n_rounds = 0;
	uint8_t mac[6];

	struct vpe_fe *fe = vpe_fe_open(&params);
	if (fe == NULL)
		errx(EXIT_FAILURE, "%s", vpe_fe_error());
	signal(SIGINT, stop);
	while (!stopped) {
		unsigned n = vpe_fe_rx_burst(fe, 0, frame, BURST), n_sent = 0;
		for (unsigned i = 0; i < n; i++) {
			memcpy(mac, frame[i]->data, 6);
			memmove(frame[i]->data, frame[i]->data + 6, 6);
			memcpy(frame[i]->data + 6, mac, 6);
		}
		while (n_sent < n)
			n_sent += vpe_fe_tx_burst(fe, 0, frame + n_sent, n - n_sent);
		/* Now and then: has the backend gone, or come back? */
		if (++n_rounds % 1000000 == 0 && vpe_fe_process(fe) == -ENODEV)
			break;
	}
	return vpe_fe_close(fe) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
